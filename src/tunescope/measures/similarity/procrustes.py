"""Orthogonal Procrustes distance: what the best rotation cannot undo."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import qr, svdvals

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.resampling_bias import reaching_the_bias
from tunescope.measures.shapes import OtherVectors, SentenceIds, Vectors
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["procrustes_distance", "procrustes_estimate"]

_BOUNDS = (0.0, 2.0)


def procrustes_distance(x: Vectors, y: OtherVectors) -> float:
    """Return the squared distance of two representations after the best rotation or reflection.

    With centred columns and unit Frobenius norms, min over orthogonal Q of ‖X − YQ‖² = 2 − 2 ‖X'Y‖₊, where ‖·‖₊ is
    the nuclear norm (Ding, Denain and Steinhardt 2021, section 2; Schönemann 1966). Where the hidden sizes differ,
    the smaller representation counts as filled up with zeros, which the formula gives by itself.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.

    Returns:
        A distance in [0, 2]; higher means less alike, 0 equality up to rotation, uniform scale and translation. It
        is small by construction where examples are few for the hidden size. NaN if the rows of one representation
        are all equal.

    Raises:
        InputError: The matrices are not finite, have fewer than two rows, or different numbers of rows.

    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    >>> abs(round(procrustes_distance(x, 3 + 2 * x[:, ::-1]), 12))
    0.0
    """
    first, second = check_pair(x, y)
    if why_constant(x=first, y=second):
        return math.nan
    return _distance(first, second)


def procrustes_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 50,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`procrustes_distance` with its interval over sentences.

    The rotation fits the sample, so that the distance is too small where examples are few for the hidden size. The
    interval therefore reaches up by as much as the distance falls from the whole to its halves. With fewer than two
    examples for each dimension of the smaller representation there is none, and the status says so.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 50, for each needs a singular value decomposition.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`procrustes_distance`, or the ids do not fit, or the resampling settings are out of
            range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 8))
    >>> estimate = procrustes_estimate(x, x + rng.normal(size=(60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    first, second = check_pair(x, y)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)
    status = why_constant(x=first, y=second)
    value, resampled = math.nan, np.full(n_resamples, math.nan)
    if status is None:
        value = _distance(first, second)
        small, other = _in_few_columns(centred(first)), _in_few_columns(centred(second))
        resampled = np.array([_distance(small[half], other[half], exact=False) for half in halves])
    estimate = interval(
        value, resampled, sentence_ids=sentences, level=level, bounds=_BOUNDS, status=status or "ok"
    )
    rank = min(first.shape[1], second.shape[1])
    if estimate.has_interval and len(first) < 2 * rank:
        reason = (
            f"no interval: half of {len(first)} examples can be rotated almost at will in {rank} dimensions"
        )
        return estimate.model_copy(update={"low": math.nan, "high": math.nan, "status": reason})
    return reaching_the_bias(estimate, resampled, bounds=_BOUNDS)


def _distance(x: Vectors, y: OtherVectors, *, exact: bool = True) -> float:
    if len(x) < 2 or why_constant(x=x, y=y):
        return math.nan
    first, second = _in_few_columns(centred(x)), _in_few_columns(centred(y))
    overlap = _nuclear_norm(first.T @ second, exact=exact) / len(x)
    return min(max(2 - 2 * overlap, 0.0), 2.0)


def _in_few_columns(vectors: Vectors) -> Vectors:
    """Return coordinates of the rows in the space that they span, where that has fewer dimensions than columns."""
    if vectors.shape[1] <= len(vectors):
        return vectors
    coordinates: Vectors = qr(vectors.T, mode="r", check_finite=False)[0][: len(vectors)].T
    return coordinates


def _nuclear_norm(matrix: np.ndarray, *, exact: bool) -> float:
    """Return the sum of the singular values; if not ``exact``, to about 1e-8 of the largest each, in half the time."""
    if exact:
        return float(svdvals(matrix, check_finite=False).sum())
    gram = matrix.T @ matrix if matrix.shape[1] <= matrix.shape[0] else matrix @ matrix.T
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0)).sum())
