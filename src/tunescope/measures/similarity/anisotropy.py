"""Anisotropy: the mean cosine of two targets, which says how narrow the cone is that the vectors crowd into."""

from __future__ import annotations

import math

import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.shapes import Figures, SentenceIds, Vectors, Weights
from tunescope.measures.similarity.cosine import unit_rows, why_no_cosine
from tunescope.measures.validation import check_resampling, check_vectors, number_sentences

__all__ = ["mean_cosine", "mean_cosine_estimate"]


def mean_cosine(x: Vectors) -> float:
    """Return the mean cosine over the pairs of distinct targets.

    With unit vectors uᵢ it is (‖Σ uᵢ‖² − n) / (n (n − 1)) (Ethayarajh 2019, section 3.3, there over sampled pairs;
    here over all).

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.

    Returns:
        A figure in [−1, 1]; higher means a narrower cone. NaN if a row is a zero vector.

    Raises:
        InputError: ``x`` is no finite matrix of at least two rows.

    >>> mean_cosine(np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]))
    0.3333333333333333
    """
    vectors = check_vectors(x, "x", min_examples=2)
    if why_no_cosine(x=vectors):
        return math.nan
    return float(_mean_cosines(unit_rows(vectors), np.ones((len(vectors), 1)))[0])


def mean_cosine_estimate(
    x: Vectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`mean_cosine` with its interval over sentences.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`mean_cosine`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> estimate = mean_cosine_estimate(rng.normal(1, 1, (60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    vectors = check_vectors(x, "x", min_examples=2)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(vectors))
    halves = half_samples(sentences, n_resamples, rng)
    reason = why_no_cosine(x=vectors)
    if reason:
        undefined = np.full(n_resamples, math.nan)
        return interval(math.nan, undefined, sentence_ids=sentences, level=level, status=reason)
    figures = _mean_cosines(unit_rows(vectors), resampling_weights(halves))
    return interval(float(figures[0]), figures[1:], sentence_ids=sentences, level=level, bounds=(-1.0, 1.0))


def _mean_cosines(unit: Vectors, weights: Weights) -> Figures:
    counts = weights.sum(axis=0)
    sums = weights.T @ unit
    pairs = counts * (counts - 1)
    figures: Figures = np.clip(divide(np.einsum("rh,rh->r", sums, sums) - counts, pairs), -1, 1)
    return figures
