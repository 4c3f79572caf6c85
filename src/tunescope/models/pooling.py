"""Vectors of targets from the vectors of subwords."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch.nn.functional import embedding_bag

from tunescope.models.tokenized import TokenizedExamples

__all__ = ["PartIndex", "PoolingPlan", "plan_pooling", "pool", "pool_by_sums"]


@dataclass(frozen=True)
class PoolingPlan:
    """Which positions of a padded batch make up the parts of which targets.

    Attributes:
        target: Target of each part that lies in the batch.
        part: Which part of its target each is: 0, or 1 for the second of a pair.
        positions: Positions of all parts in the batch's flattened (sequence · position) axis, one after another.
        offsets: Where in ``positions`` each part starts.
    """

    target: Int[np.ndarray, " part"]
    part: Int[np.ndarray, " part"]
    positions: torch.Tensor
    offsets: torch.Tensor


class PartIndex:
    """Finds the parts of targets that lie in given sequences, without a look at the others."""

    def __init__(self, tokenized: TokenizedExamples) -> None:
        flat = tokenized.part_sequence.ravel()
        self._order = np.argsort(flat, kind="stable")
        self._first = np.searchsorted(flat[self._order], np.arange(len(tokenized.lengths) + 1))

    def parts_of(self, sequences: Int[np.ndarray, " sequence"]) -> Int[np.ndarray, " part"]:
        """Return the flat (target · part) indices of the parts in ``sequences``, sequence by sequence."""
        parts: Int[np.ndarray, " part"] = self._order[
            _ranges(self._first[sequences], self._first[sequences + 1])
        ]
        return parts


def plan_pooling(
    tokenized: TokenizedExamples,
    index: PartIndex,
    sequences: Int[np.ndarray, " sequence"],
) -> PoolingPlan:
    """Say how to pool the targets of the batch that holds ``sequences``.

    The parts come sequence by sequence, and those of a target one after another.
    """
    parts = index.parts_of(sequences)
    row_of = np.empty(len(tokenized.lengths), dtype=np.int64)
    row_of[sequences] = np.arange(len(sequences))
    width = int(tokenized.lengths[sequences].max())
    base = row_of[tokenized.part_sequence.ravel()[parts]] * width
    start = base + tokenized.part_start.ravel()[parts]
    end = base + tokenized.part_end.ravel()[parts]
    offsets = np.concatenate([[0], np.cumsum(end - start)[:-1]])
    target, part = np.divmod(parts, tokenized.part_start.shape[1])
    return PoolingPlan(
        target=target,
        part=part,
        positions=torch.from_numpy(_ranges(start, end)),
        offsets=torch.from_numpy(offsets),
    )


def pool(
    hidden: Float[torch.Tensor, "sequence position hidden"],
    positions: Int[torch.Tensor, " position"],
    offsets: Int[torch.Tensor, " part"],
) -> Float[torch.Tensor, "part hidden"]:
    """Return the mean vector of each part; ``positions`` and ``offsets`` are those of a :class:`PoolingPlan`."""
    flat = hidden.reshape(-1, hidden.shape[-1])
    return embedding_bag(positions, flat, offsets, mode="mean")


def pool_by_sums(
    hidden: Float[torch.Tensor, "sequence position hidden"],
    positions: Int[torch.Tensor, " position"],
    offsets: Int[torch.Tensor, " part"],
) -> Float[torch.Tensor, "part hidden"]:
    """Return what :func:`pool` returns, by operations that have a second derivative; it is slower."""
    flat = hidden.reshape(-1, hidden.shape[-1])
    ends = torch.cat([offsets[1:], offsets.new_tensor([len(positions)])])
    part = torch.repeat_interleave(torch.arange(len(offsets), device=flat.device), ends - offsets)
    sums = flat.new_zeros(len(offsets), flat.shape[1]).index_add(0, part, flat[positions])
    return sums / (ends - offsets)[:, None]


def _ranges(starts: Int[np.ndarray, " range"], ends: Int[np.ndarray, " range"]) -> Int[np.ndarray, " item"]:
    """Return ``starts[0] … ends[0] - 1, starts[1] … ends[1] - 1, …``.

    >>> _ranges(np.array([5, 0]), np.array([7, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    lengths = ends - starts
    shift = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    items: Int[np.ndarray, " item"] = np.arange(lengths.sum()) + shift
    return items
