"""Checks of what a person hands to a measure; each failure names the parameter and what was found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope.measures.shapes import Labels, OtherVectors, SentenceNumbers, Vectors

__all__ = [
    "check_labels",
    "check_pair",
    "check_resampling",
    "check_same_hidden_size",
    "check_vectors",
    "number_sentences",
]


def check_vectors(vectors: ArrayLike, name: str, *, min_examples: int = 1) -> Vectors:
    """Return ``vectors`` as a two-dimensional array of finite floating-point numbers, without copying floats.

    Args:
        vectors: What was handed over.
        name: The parameter's name, for the message.
        min_examples: The fewest rows that make sense, at least 1.

    Raises:
        InputError: It is no matrix of numbers, has too few rows, no column, or a value that is not finite.
    """
    array = np.asarray(vectors)
    if array.dtype.kind not in "fiu":
        raise InputError(
            f"{name} does not hold numbers.", expected="real numbers", got=f"dtype {array.dtype}"
        )
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(
            f"{name} is not a matrix.", expected="shape (examples, hidden size)", got=f"shape {array.shape}"
        )
    if len(array) < min_examples:
        raise InputError(
            f"{name} has too few rows.", expected=f"at least {min_examples} examples", got=f"{len(array)}"
        )
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    _check_finite(array, name)
    return array


def check_pair(
    x: ArrayLike, y: ArrayLike, *, names: tuple[str, str] = ("x", "y"), min_examples: int = 2
) -> tuple[Vectors, OtherVectors]:
    """Return two representations of the same examples as float64 matrices; their hidden sizes may differ.

    Raises:
        InputError: One of them fails :func:`check_vectors`, or their numbers of rows differ.
    """
    first = check_vectors(x, names[0], min_examples=min_examples)
    second = check_vectors(y, names[1], min_examples=min_examples)
    if len(first) != len(second):
        raise InputError(
            f"{names[0]} and {names[1]} have different numbers of rows.",
            expected="one row for each example, in the same order",
            got=f"{len(first)} and {len(second)}",
        )
    return first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)


def check_same_hidden_size(x: Vectors, y: OtherVectors, *, names: tuple[str, str]) -> None:
    """Refuse two representations of different hidden sizes.

    Raises:
        InputError: The numbers of columns differ.
    """
    if x.shape[1] != y.shape[1]:
        raise InputError(
            f"{names[0]} and {names[1]} have different hidden sizes.",
            expected="vectors of the same layer of two states of one model",
            got=f"{x.shape[1]} and {y.shape[1]}",
        )


def check_labels(labels: ArrayLike, n_examples: int, name: str = "labels") -> Labels:
    """Return ``labels`` as a one-dimensional array with an entry per example.

    Raises:
        InputError: The length is not ``n_examples``, or a number is not finite.
    """
    array = np.asarray(labels)
    if array.shape != (n_examples,):
        raise InputError(
            f"{name} has the wrong shape.",
            expected=f"one entry for each of {n_examples} examples",
            got=array.shape,
        )
    if array.dtype.kind == "f":
        _check_finite(array, name)
    return array


def number_sentences(sentence_ids: ArrayLike, n_examples: int) -> SentenceNumbers:
    """Return the sentence of each example as a number 0, 1, …, in the sorted order of the ids.

    Raises:
        InputError: There is not one id per example.
    """
    return np.unique(check_labels(sentence_ids, n_examples, "sentence_ids"), return_inverse=True)[1]


def check_resampling(n_resamples: int, level: float) -> None:
    """Refuse settings with which no interval can be built.

    Raises:
        InputError: There are fewer than 10 resamples, or the level does not lie between 0 and 1.
    """
    if n_resamples < 10:
        raise InputError("n_resamples is too small.", expected="at least 10; 200 by default", got=n_resamples)
    if not 0 < level < 1:
        raise InputError(
            "level is not a coverage.", expected="a number between 0 and 1, such as 0.95", got=level
        )


def _check_finite(array: np.ndarray, name: str) -> None:
    finite = np.isfinite(array)
    if finite.all():
        return
    place = np.unravel_index(int(np.argmin(finite)), array.shape)
    raise InputError(
        f"{name} has a value that is not finite.",
        where=f"row {int(place[0])}",
        expected="finite numbers",
        got=f"{array[place]}, and {int(np.size(finite) - np.count_nonzero(finite))} such values in all",
        fix="leave these examples out, or look for an overflow where the vectors were computed",
    )
