"""Targets with their vectors, perhaps gathered from several stores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from tunescope._core.hashing import hash_value
from tunescope._core.seeds import make_rng
from tunescope.representations.store import Representations
from tunescope.tasks.task import Task

__all__ = ["LabelledVectors", "random_partition", "sample_sentences"]


@dataclass(frozen=True)
class LabelledVectors:
    """Some targets of one or more stores; vectors are read from disk layer by layer.

    Attributes:
        pieces: Stores, and which of their targets.
    """

    pieces: tuple[tuple[Representations, Int[np.ndarray, " row"]], ...]

    @classmethod
    def whole(cls, representations: Representations) -> LabelledVectors:
        """Return all targets of a store."""
        return cls(((representations, np.arange(representations.info.n_examples)),))

    def __len__(self) -> int:
        """Return the number of targets."""
        return sum(len(rows) for _, rows in self.pieces)

    @cached_property
    def key(self) -> str:
        """Hash of what the vectors are, for keys of steps."""
        return hash_value([[store.info.model_dump(), rows.tolist()] for store, rows in self.pieces])

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers that can be read."""
        return self.pieces[0][0].info.layers

    def layer(self, layer: int) -> Float[np.ndarray, "example hidden"]:
        """Return the vectors of one layer."""
        return np.concatenate([store.layer(layer, rows) for store, rows in self.pieces])

    @cached_property
    def labels(self) -> np.ndarray:
        """The label of each target."""
        return np.concatenate([store.labels[rows] for store, rows in self.pieces])

    @cached_property
    def words(self) -> np.ndarray:
        """The words of each target, as one text."""
        texts = [store.targets["token"].to_numpy()[rows] for store, rows in self.pieces]
        return np.concatenate(texts).astype(np.str_)

    @cached_property
    def sentence_ids(self) -> Int[np.ndarray, " example"]:
        """The sentence of each target as a number; sentences of different stores are different."""
        numbers, first = [], 0
        for store, rows in self.pieces:
            numbers.append(store.sentence_ids[rows] + first)
            first += int(store.sentence_ids.max()) + 1
        return np.concatenate(numbers)

    def take(self, keep: Bool[np.ndarray, " example"]) -> LabelledVectors:
        """Return the targets for which ``keep`` is true."""
        bounds = np.cumsum([len(rows) for _, rows in self.pieces])[:-1]
        kept = zip(self.pieces, np.split(keep, bounds), strict=True)
        return LabelledVectors(tuple((store, rows[mask]) for (store, rows), mask in kept))

    def sampled(self, max_targets: int, seed: int) -> LabelledVectors:
        """Return whole sentences, drawn at random, with at most ``max_targets`` targets in all."""
        return self.take(sample_sentences(self.sentence_ids, max_targets, seed))


def sample_sentences(
    sentence_ids: Int[np.ndarray, " example"], max_targets: int, seed: int
) -> Bool[np.ndarray, " example"]:
    """Choose whole sentences at random until ``max_targets`` targets are reached; at least one sentence."""
    if len(sentence_ids) <= max_targets:
        return np.ones(len(sentence_ids), dtype=bool)
    numbers, sizes = np.unique(sentence_ids, return_counts=True)
    order = make_rng(seed, "sample of sentences").permutation(len(numbers))
    n = max(1, int(np.searchsorted(np.cumsum(sizes[order]), max_targets, side="right")))
    return np.isin(sentence_ids, numbers[order[:n]])


def random_partition(
    train: LabelledVectors, test: LabelledVectors, task: Task, seed: int
) -> tuple[LabelledVectors, LabelledVectors]:
    """Return train and test targets of the task's random split of the same sizes.

    Test targets whose label the new training set lacks are left out, as :meth:`Task.random_split` does.
    """
    pool = LabelledVectors(train.pieces + test.pieces)
    n_targets = [len(example.targets) for split in ("train", "test") for example in task.splits[split]]
    in_train = np.repeat(task.random_partition(seed), n_targets)
    new_train = pool.take(in_train)
    new_test = pool.take(~in_train)
    if task.labels:
        new_test = new_test.take(np.isin(new_test.labels, new_train.labels))
    return new_train, new_test
