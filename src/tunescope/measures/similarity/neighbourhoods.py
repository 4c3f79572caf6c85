"""Neighbourhood overlap: does each target keep its nearest neighbours?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int
from scipy.special import expit, logit

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.shapes import Numbers, OtherVectors, SentenceIds, Vectors
from tunescope.measures.similarity.cosine import unit_rows, why_no_cosine
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["neighbourhood_overlap", "neighbourhood_overlap_estimate", "neighbourhood_overlaps"]

Chosen = Bool[np.ndarray, " example"]
Neighbours = Int[np.ndarray, "_ neighbour"]

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
    return _jaccard(_nearest(unit_rows(first), k), _nearest(unit_rows(second), k))


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

    The interval is for the figure of this number of examples, which falls as they become more. It rests on the
    differences between halves of the sentences and the other halves, in each of which the neighbours are searched
    anew: which neighbours there are to keep depends on the sentences, too, and with neighbours held fixed intervals are
    a third too narrow. The two halves have no sentence in common, so the spread of their difference, of the figure's
    logit, tells that of the whole.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        k: Neighbours per target, at least 1; default 10.
        n_resamples: Pairs of halves, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate; without an interval, and with a status, where halves have too few targets for k neighbours, or
        every neighbour, or none, is kept.

    Raises:
        InputError: As :func:`neighbourhood_overlaps`, or the ids do not fit, or the resampling settings are out of
            range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 8))
    >>> estimate = neighbourhood_overlap_estimate(x, x + rng.normal(size=(60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    value = neighbourhood_overlap(x, y, k=k)
    check_resampling(n_resamples, level)
    first, second = check_pair(x, y)
    sentences = number_sentences(sentence_ids, len(first))
    if math.isnan(value):
        status = _why_undefined(first, second, k) or "undefined"
        undefined = np.full(n_resamples, math.nan)
        return interval(math.nan, undefined, sentence_ids=sentences, level=level, status=status)
    halves = half_samples(sentences, n_resamples, rng)
    ranked = [_Ranked(unit_rows(vectors), k) for vectors in (first, second)]
    pairs = np.array([[_overlap_within(ranked, chosen) for chosen in (half, ~half)] for half in halves])
    n_sentences = len(np.unique(sentences))
    with np.errstate(divide="ignore", invalid="ignore"):
        # For a mean over sentences this is the half's deviation from the whole, which `interval` expects.
        deviations = (1 - n_sentences // 2 / n_sentences) * (logit(pairs[:, 0]) - logit(pairs[:, 1]))
        centre = float(logit(value))
    on_logits = interval(centre, centre + deviations, sentence_ids=sentences, level=level)
    return on_logits.model_copy(
        update={"value": value, "low": float(expit(on_logits.low)), "high": float(expit(on_logits.high))}
    )


class _Ranked:
    """The targets in the order of their nearness to each target, as far as halves of them will need it."""

    def __init__(self, unit: Vectors, k: int) -> None:
        self.k = k
        self._unit = unit
        self._nearest = _nearest(unit, min(4 * k + 20, len(unit) - 1), in_order=True)

    def among(self, chosen: Chosen) -> Neighbours:
        """Return the k nearest neighbours of the chosen targets among them."""
        rows = np.flatnonzero(chosen)
        candidates = self._nearest[rows]
        inside = chosen[candidates]
        kept = inside & (np.cumsum(inside, axis=1) <= self.k)
        found: Neighbours = candidates[kept]
        if len(found) < len(rows) * self.k:  # some have hardly a near one on this side
            found = rows[_nearest(self._unit[rows], self.k)]
        return found.reshape(len(rows), self.k)


def _overlap_within(ranked: Sequence[_Ranked], chosen: Chosen) -> float:
    """Return the overlap among some of the targets; NaN where they are too few."""
    k = ranked[0].k
    if np.count_nonzero(chosen) <= k + 1:
        return math.nan
    before, after = (each.among(chosen) for each in ranked)
    return float(_jaccard(before, after).mean())


def _jaccard(before: Neighbours, after: Neighbours) -> Numbers:
    shared = (before[:, :, None] == after[:, None, :]).sum(axis=(1, 2))
    overlaps: Numbers = shared / (2 * before.shape[1] - shared)
    return overlaps


def _why_undefined(x: Vectors, y: OtherVectors, k: int) -> str | None:
    if len(x) <= k + 1:
        return f"empty by construction: among {len(x)} examples, all others are the {k} nearest neighbours"
    return why_no_cosine(x=x, y=y)


def _nearest(unit: Vectors, k: int, *, in_order: bool = False) -> Neighbours:
    """Return the k nearest neighbours of each row; of equal cosines, those that come first."""
    n_examples = len(unit)
    nearest = np.empty((n_examples, k), dtype=np.int64)
    for start in range(0, n_examples, BLOCK):
        rank = unit[start : start + BLOCK] @ unit.T
        rows = np.arange(len(rank))
        np.rint(np.multiply(rank, -RESOLUTION, out=rank), out=rank)
        rank *= n_examples  # whole numbers below 2**53, so that the place in the order can break ties
        rank += np.arange(n_examples)
        rank[rows, start + rows] = np.inf
        found = np.argpartition(rank, k - 1, axis=1)[:, :k]
        if in_order:
            found = np.take_along_axis(
                found, np.argsort(np.take_along_axis(rank, found, axis=1), axis=1), axis=1
            )
        nearest[start : start + BLOCK] = found
    return nearest
