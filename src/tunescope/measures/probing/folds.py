"""Division of labelled examples into folds for cross-validation."""

from __future__ import annotations

import math
import warnings

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from tunescope._core.errors import InputError
from tunescope._core.seeds import make_rng
from tunescope.measures.shapes import Labels, SentenceIds
from tunescope.measures.validation import check_labels, number_sentences

__all__ = ["Division", "divide_into_folds", "hold_out", "rare_classes"]

Division = tuple[np.ndarray, np.ndarray]
"""Rows to train on, and rows to be scored on."""


def divide_into_folds(
    labels: Labels, n_folds: int = 5, *, sentence_ids: SentenceIds | None = None, seed: int
) -> tuple[Division, ...]:
    """Divide examples into folds that each have about the same share of every class.

    Args:
        labels: Shape (example,); classes.
        n_folds: How many folds, at least 2; default 5.
        sentence_ids: Shape (example,); the sentence of each example. Sentences then stay whole: words of one sentence
            know of each other, and a probe that was trained on some is not scored on the others. None divides
            example by example, as the published protocol does.
        seed: Seed of the division.

    Returns:
        For each fold the rows to train on and the rows to be scored on, rising. A class with fewer examples than
        folds is missing from some folds' scored rows, and one with a single example from one fold's training:
        :func:`rare_classes` names them.

    Raises:
        InputError: There are fewer than two folds, or fewer sentences (or examples) than folds.

    >>> folds = divide_into_folds(np.array(["a", "b"] * 4), 2, seed=0)
    >>> [(train.tolist(), scored.tolist()) for train, scored in folds]
    [([0, 2, 3, 7], [1, 4, 5, 6]), ([1, 4, 5, 6], [0, 2, 3, 7])]
    """
    classes = np.unique(check_labels(labels, len(labels)), return_inverse=True)[1]
    groups = None if sentence_ids is None else number_sentences(sentence_ids, len(classes))
    n_units = len(classes) if groups is None else int(groups.max(initial=-1)) + 1
    if not 2 <= n_folds <= n_units:
        raise InputError(
            "The examples cannot be divided into so many folds.",
            where="n_folds",
            expected=f"2 to {n_units}, the number of {'examples' if groups is None else 'sentences'}",
            got=n_folds,
            fix="give more examples" if n_units < 2 else "ask for fewer folds",
        )
    if np.bincount(classes).max() < n_folds:
        # No class can be spread over all folds, which scikit-learn refuses.
        classes = np.zeros_like(classes)
    splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(
        n_folds, shuffle=True, random_state=seed
    )
    with warnings.catch_warnings():
        # It warns of what rare_classes() tells.
        warnings.filterwarnings("ignore", "The least populated class")
        return tuple(splitter.split(np.zeros(len(classes)), classes, groups))


def hold_out(n_examples: int, *, seed: int) -> Division:
    """Return the rows to train on, and the tenth that is held out to tell when to stop.

    Raises:
        InputError: There are fewer than 2 examples.

    >>> train, held_out = hold_out(20, seed=0)
    >>> len(train), len(held_out)
    (18, 2)
    """
    if n_examples < 2:
        raise InputError("There is no example to hold out.", expected="at least 2 examples", got=n_examples)
    order = make_rng(seed, "held out").permutation(n_examples)
    n_held_out = math.ceil(n_examples / 10)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def rare_classes(labels: Labels, n_folds: int, sentence_ids: SentenceIds | None = None) -> tuple[str, ...]:
    """Return the classes with fewer examples, or sentences where these stay whole, than folds, sorted.

    >>> rare_classes(np.array(["a", "a", "b"]), 2)
    ('b',)
    >>> rare_classes(np.array(["a", "a", "b", "b"]), 2, np.array([0, 1, 1, 1]))
    ('b',)
    """
    classes, numbers = np.unique(labels, return_inverse=True)
    units = np.arange(len(numbers)) if sentence_ids is None else number_sentences(sentence_ids, len(numbers))
    own = np.unique(np.stack([numbers, units], axis=1), axis=0)[:, 0]
    counts = np.bincount(own, minlength=len(classes))
    return tuple(str(each) for each in classes[counts < n_folds])
