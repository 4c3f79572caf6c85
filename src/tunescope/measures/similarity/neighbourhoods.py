"""Neighbourhood overlap: does each target keep its nearest neighbours?"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Int

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import interval, mean_estimate
from tunescope.measures.shapes import Numbers, OtherVectors, SentenceIds, Vectors
from tunescope.measures.similarity.cosine import unit_rows, why_no_cosine
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["neighbourhood_overlap", "neighbourhood_overlap_estimate", "neighbourhood_overlaps"]

Neighbours = Int[np.ndarray, "example neighbour"]

BLOCK = 512
"""Rows of the similarity matrix that are in memory at a time."""

RESOLUTION = 1e9
"""Cosines are told apart to one part in this; finer differences are rounding."""


def neighbourhood_overlaps(x: Vectors, y: OtherVectors, *, k: int = 10) -> Numbers:
    """Return, for each target, how far its nearest neighbours in two representations are the same.

    |N ∩ M| / |N ∪ M| (Jaccard), where N and M hold the k targets of highest cosine with the target, itself left
    out. Of equal cosines (to 1e-9), the targets that come first count as nearer, in both representations.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        k: Neighbours per target, at least 1; default 10.

    Returns:
        Shape (example,), in [0, 1]; higher means more alike. By chance it is about k / (2 n − k) for n examples.
        NaN if a row is a zero vector, or if k + 1 or fewer examples make every target a neighbour.

    Raises:
        InputError: The matrices are not finite, have different numbers of rows, or ``k`` is below 1.

    >>> x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> neighbourhood_overlaps(x, x[:, ::-1], k=1)
    array([1., 1., 1., 1.])
    """
    first, second = check_pair(x, y)
    if k < 1:
        raise InputError("k is too small.", expected="at least one neighbour; 10 by default", got=k)
    if _why_undefined(first, second, k):
        return np.full(len(first), math.nan)
    before, after = _nearest(unit_rows(first), k), _nearest(unit_rows(second), k)
    shared = (before[:, :, None] == after[:, None, :]).sum(axis=(1, 2))
    overlaps: Numbers = shared / (2 * k - shared)
    return overlaps


def neighbourhood_overlap(x: Vectors, y: OtherVectors, *, k: int = 10) -> float:
    """Return the mean of :func:`neighbourhood_overlaps`; its parameters, range and errors are the same.

    >>> x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> neighbourhood_overlap(x, x[[0, 2, 1, 3]], k=1)
    0.0
    """
    return float(neighbourhood_overlaps(x, y, k=k).mean())


def neighbourhood_overlap_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    k: int = 10,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`neighbourhood_overlap` with its interval over sentences.

    The interval holds the pool fixed: the neighbours are searched among all targets, and the overlaps of the
    targets of half of the sentences are averaged. Fewer targets would have other neighbours, and so another figure.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        k: Neighbours per target, at least 1; default 10.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`neighbourhood_overlaps`, or the ids do not fit, or the resampling settings are out of
            range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 8))
    >>> estimate = neighbourhood_overlap_estimate(x, x + rng.normal(size=(60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    overlaps = neighbourhood_overlaps(x, y, k=k)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(overlaps))
    if np.isnan(overlaps).any():
        status = _why_undefined(*check_pair(x, y), k) or "undefined"
        undefined = np.full(n_resamples, math.nan)
        return interval(math.nan, undefined, sentence_ids=sentences, level=level, status=status)
    return mean_estimate(
        overlaps, sentences, bounds=(0.0, 1.0), n_resamples=n_resamples, level=level, rng=rng
    )


def _why_undefined(x: Vectors, y: OtherVectors, k: int) -> str | None:
    if len(x) <= k + 1:
        return f"empty by construction: among {len(x)} examples, all others are the {k} nearest neighbours"
    return why_no_cosine(x=x, y=y)


def _nearest(unit: Vectors, k: int) -> Neighbours:
    """Return the k nearest neighbours of each row, in no order; of equal cosines, those that come first."""
    n_examples = len(unit)
    nearest = np.empty((n_examples, k), dtype=np.int64)
    for start in range(0, n_examples, BLOCK):
        rank = unit[start : start + BLOCK] @ unit.T
        rows = np.arange(len(rank))
        np.rint(np.multiply(rank, -RESOLUTION, out=rank), out=rank)
        rank *= n_examples  # whole numbers below 2**53, so that the place in the order can break ties
        rank += np.arange(n_examples)
        rank[rows, start + rows] = np.inf
        nearest[start : start + BLOCK] = np.argpartition(rank, k - 1, axis=1)[:, :k]
    return nearest
