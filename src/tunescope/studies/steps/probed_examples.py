"""The sentences of a labelled text that probes are trained and tested on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tunescope._core.errors import InputError
from tunescope.studies.measuring.vectors import sample_sentences
from tunescope.tasks.task import Examples, Task

__all__ = ["probed_examples"]


def probed_examples(task: Task, max_targets: int, seed: int) -> tuple[Examples, Examples]:
    """Return training and test sentences; test targets whose label the training sentences lack stand aside.

    Args:
        task: A task whose labels are classes.
        max_targets: Most targets of each set, those of whole sentences.
        seed: Which sentences.

    Raises:
        InputError: There is a single label to train on, or nothing to test.
    """
    train, sampled = (_sample(task.splits[split], max_targets, seed) for split in ("train", "test"))
    known = {target.label for example in train for target in example.targets}
    test = tuple(
        replace(example, targets=tuple(target for target in example.targets if target.label in known))
        for example in sampled
    )
    n_test = sum(len(example.targets) for example in test)
    if len(known) < 2 or not n_test:
        raise InputError(
            "There is nothing to probe.",
            where=task.name,
            expected="training sentences with at least two labels, and test sentences with some of these",
            got=f"{len(known)} labels to train on, {n_test} targets with these to test on",
        )
    return train, test


def _sample(examples: Examples, max_targets: int, seed: int) -> Examples:
    ids = np.repeat(np.arange(len(examples)), [len(example.targets) for example in examples])
    kept = np.unique(ids[sample_sentences(ids, max_targets, seed)])
    return tuple(examples[i] for i in kept)
