"""Batches of sentences of similar length, in a random order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Int
from torch.utils.data import Dataset, Sampler

from tunescope._core.seeds import make_rng
from tunescope.finetuning.frozen_prefix import FrozenPrefix
from tunescope.models.batching import pad_sequences
from tunescope.models.pooling import PartIndex, plan_pooling
from tunescope.models.rows import Rows

__all__ = ["Collator", "LengthGroupedBatches", "SequenceNumbers"]

_JITTER = 0.1
"""Lengths are multiplied by a random factor of this spread before sorting, so that batches differ by epoch."""


class SequenceNumbers(Dataset[int]):
    """The numbers of the training sequences; the collator makes batches of them."""

    def __init__(self, n: int) -> None:
        self._n = n

    def __len__(self) -> int:
        """Return the number of sequences."""
        return self._n

    def __getitem__(self, index: int) -> int:
        """Return the number itself."""
        return index


class LengthGroupedBatches(Sampler[list[int]]):
    """Yields batches of similar length in random order: little padding, other batches in every epoch.

    The whole set is sorted by length with some jitter, cut into batches, and the batches are shuffled.
    (The Trainer's own grouping sorts within groups of fifty batches and does nothing on sets of fewer
    than eight.)
    """

    def __init__(self, lengths: Int[np.ndarray, " sequence"], batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return -(-len(self._lengths) // self._batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of the epoch."""
        rng = make_rng(self._seed, "batches", self._epoch)
        jitter = rng.uniform(1 - _JITTER, 1 + _JITTER, len(self._lengths))
        order = np.argsort(self._lengths * jitter, kind="stable")
        batches = [order[i : i + self._batch_size] for i in range(0, len(order), self._batch_size)]
        for index in rng.permutation(len(batches)):
            yield batches[index].tolist()


class Collator:
    """Makes the inputs of a :class:`tunescope.models.task_model.TaskModel` from sequence numbers."""

    def __init__(
        self, rows: Rows, labels: torch.Tensor, pad_token_id: int, prefix: FrozenPrefix | None = None
    ) -> None:
        self._tokenized = rows.tokenized
        self._lengths = rows.lengths
        self._index = PartIndex(rows.tokenized)
        self._labels = labels
        self._pad_token_id = pad_token_id
        self._prefix = prefix

    def __call__(self, numbers: Sequence[int]) -> dict[str, torch.Tensor]:
        """Return the padded inputs, the plan of the pooling, the labels, and what the frozen layers give."""
        sequences = np.asarray(numbers)
        plan = plan_pooling(self._tokenized, self._index, sequences)
        n_parts = self._tokenized.part_start.shape[1]
        below = {} if self._prefix is None else {"below": self._prefix.read(sequences)}
        return {
            **below,
            **pad_sequences(self._tokenized, sequences, self._pad_token_id),
            "positions": plan.positions,
            "offsets": plan.offsets,
            "lengths": torch.from_numpy(self._lengths[sequences]),
            "labels": self._labels[torch.from_numpy(plan.target[::n_parts])],
        }
