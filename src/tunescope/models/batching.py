"""Batches of sequences of similar length, under a budget of positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int

from tunescope.models.tokenized import TokenizedExamples

__all__ = ["Batch", "BatchPlan", "iterate_batches", "pad_sequences", "plan_batches", "plan_tight_batches"]


BatchPlan = list[Int[np.ndarray, " sequence"]]
"""The sequences of each batch."""

_BATCHES_OF_PRICE = 16
"""To begin a batch takes as long as this part of the positions of a full one."""


@dataclass(frozen=True)
class Batch:
    """Padded sequences, ready for the model.

    Attributes:
        sequences: Which sequences these are, in the order of the rows.
        inputs: Keyword arguments of the model: ``input_ids`` and, where needed, ``attention_mask`` and
            ``token_type_ids``, each (sequence, position).
    """

    sequences: Int[np.ndarray, " sequence"]
    inputs: dict[str, torch.Tensor]


def plan_batches(lengths: Int[np.ndarray, " sequence"], token_budget: int, *, n_done: int = 0) -> BatchPlan:
    """Group sequences of similar length so that padded batches stay within a budget.

    Args:
        lengths: Subwords of each sequence.
        token_budget: Most positions in a batch, padding included; a longer sequence is a batch of its own.
        n_done: Leave out so many of the longest: an earlier attempt, under whatever budget, did them.

    Returns:
        The sequences of each batch, the longest first: what memory is needed shows at once.

    >>> [batch.tolist() for batch in plan_batches(np.array([3, 9, 4, 8]), token_budget=18)]
    [[1, 3], [2, 0]]
    """
    order = np.argsort(-lengths, kind="stable")
    batches, first = [], n_done
    while first < len(order):
        size = max(1, token_budget // int(lengths[order[first]]))
        batches.append(order[first : first + size])
        first += size
    return batches


def plan_tight_batches(lengths: Int[np.ndarray, " sequence"], token_budget: int) -> BatchPlan:
    """Group sequences so that the least is padded, where a batch more costs as much as some positions more.

    A batch begins where a length does, so that sequences of one length share batches, and their cost, positions +
    price × batches, is the least (dynamic programming over the lengths that occur). Takes longer to plan than
    :func:`plan_batches`, and is worth it where the same batches are run many times.

    Args:
        lengths: Subwords of each sequence.
        token_budget: Most positions in a batch, padding included; a longer sequence is a batch of its own.

    Returns:
        The sequences of each batch, the longest first.

    >>> lengths = np.array([4, 30, 4, 31, 4, 30])
    >>> [batch.tolist() for batch in plan_tight_batches(lengths, token_budget=100)]
    [[3, 1, 5], [0, 2, 4]]
    """
    order = np.argsort(-lengths, kind="stable")
    longest, counts = (each[::-1] for each in np.unique(lengths, return_counts=True))
    ends = np.cumsum([0, *counts])
    most = np.maximum(1, token_budget // np.maximum(longest, 1))
    least, cut = np.zeros(len(ends)), np.zeros(len(ends), dtype=int)
    for end in range(1, len(ends)):
        n = ends[end] - ends[:end]
        price = token_budget / _BATCHES_OF_PRICE * -(-n // most[:end])
        costs = least[:end] + n * longest[:end] + price
        cut[end] = int(np.argmin(costs))
        least[end] = costs[cut[end]]
    batches: BatchPlan = []
    end = len(ends) - 1
    while end:
        group = order[ends[cut[end]] : ends[end]]
        batches = [*np.array_split(group, -(-len(group) // most[cut[end]])), *batches]
        end = cut[end]
    return batches


def iterate_batches(
    tokenized: TokenizedExamples,
    plan: BatchPlan,
    *,
    pad_token_id: int,
    device: torch.device,
) -> Iterator[Batch]:
    """Yield the planned batches, padded, on the model's device."""
    for sequences in plan:
        inputs = pad_sequences(tokenized, sequences, pad_token_id)
        yield Batch(sequences, {k: v.to(device, non_blocking=True) for k, v in inputs.items()})


def pad_sequences(
    tokenized: TokenizedExamples, sequences: Int[np.ndarray, " sequence"], pad_token_id: int
) -> dict[str, torch.Tensor]:
    """Return the model's inputs for some sequences; the mask is left out where nothing is padded."""
    lengths = tokenized.lengths[sequences]
    column = np.arange(lengths.max())
    real = column < lengths[:, None]
    position = np.where(real, tokenized.offsets[sequences][:, None] + column, 0)
    inputs = {"input_ids": np.where(real, tokenized.input_ids[position], pad_token_id)}
    if tokenized.token_type_ids is not None:
        inputs["token_type_ids"] = np.where(real, tokenized.token_type_ids[position], 0)
    if not real.all():
        inputs["attention_mask"] = real
    return {name: torch.from_numpy(array.astype(np.int64)) for name, array in inputs.items()}
