"""Subsets of a set's sentences: the first of a seeded order, so that a smaller one lies within each larger one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.tasks.task import Examples, Task

__all__ = ["examples_in_any", "subset_of", "task_on_subset"]


def subset_of(examples: Examples, size: int | None, seed: int) -> Examples:
    """Return the first ``size`` sentences of an order that depends on the seed alone, in the order of the corpus.

    Args:
        examples: All sentences.
        size: How many; ``None`` for all.
        seed: Of the order. With the same seed, smaller subsets lie within larger ones.

    >>> from tunescope.tasks.example import Example
    >>> examples = tuple(Example(str(number), "text", ()) for number in range(9))
    >>> small, large = ({each.sentence_id for each in subset_of(examples, size, 0)} for size in (3, 6))
    >>> len(small), small < large
    (3, True)
    """
    if size is None or size >= len(examples):
        return examples
    order = make_rng(seed, "study", "subset").permutation(len(examples))
    return tuple(examples[number] for number in np.sort(order[:size]))


def examples_in_any(examples: Examples, size: int | None, seeds: Iterable[int]) -> Examples:
    """Return the sentences that at least one seed's subset holds, in the order of the corpus."""
    chosen = {each.sentence_id for seed in seeds for each in subset_of(examples, size, seed)}
    return tuple(each for each in examples if each.sentence_id in chosen)


def task_on_subset(task: Task, size: int | None, seed: int) -> Task:
    """Return the task with a subset of its training sentences, to be trained on.

    Its test set is one of these sentences: the real one may have labels that the subset lacks, and a training looks at
    no test set.
    """
    train = subset_of(task.splits["train"], size, seed)
    some = next(example for example in train if example.targets)
    return replace(task, splits={"train": train, "test": (some,)}, out_of_domain={})
