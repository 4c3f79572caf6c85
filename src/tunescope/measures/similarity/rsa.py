"""Representational similarity analysis: do the targets stand to each other as they did before?"""

from __future__ import annotations

import math

import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.shapes import Figures, OtherVectors, SentenceIds, Vectors, Weights
from tunescope.measures.similarity.anisotropy import mean_cosine
from tunescope.measures.similarity.cosine import unit_rows, why_no_cosine
from tunescope.measures.similarity.pair_sums import pair_sums
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["rsa", "rsa_estimate"]

SMALLEST_SPREAD = 1e-10
"""Cosines that differ by less (standard deviation) differ by rounding only."""


def rsa(x: Vectors, y: OtherVectors) -> float:
    """Return the correlation between the cosine similarities of the same targets in two representations.

    Pearson's r over the pairs i < j of cos(xᵢ, xⱼ) and cos(yᵢ, yⱼ) (Kriegeskorte et al. 2008; Merchant et al. 2020,
    section 4.2). The diagonals are left out.

    Args:
        x: Shape (example, hidden), finite, at least 3 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.

    Returns:
        A figure in [−1, 1]; higher means more alike, 1 that the cosines agree up to a positive linear map. NaN if a
        row is a zero vector or all cosines of one representation are equal.

    Raises:
        InputError: The matrices are not finite, have fewer than three rows, or different numbers of rows.

    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0]])
    >>> round(rsa(x, 5 * x[:, ::-1]), 12)
    1.0
    """
    first, second = check_pair(x, y, min_examples=3)
    if why_no_cosine(x=first, y=second):
        return math.nan
    return float(_correlations(first, second, np.ones((len(first), 1)))[0])


def rsa_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`rsa` with its interval over sentences.

    Args:
        x: Shape (example, hidden), finite, at least 3 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`rsa`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 8))
    >>> estimate = rsa_estimate(x, x + rng.normal(size=(60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    first, second = check_pair(x, y, min_examples=3)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)
    status = why_no_cosine(x=first, y=second)
    figures = np.full(n_resamples + 1, math.nan)
    if status is None:
        figures = _correlations(first, second, resampling_weights(halves))
        if math.isnan(figures[0]):
            status = "undefined: all cosines of one of the representations are equal"
    return interval(
        float(figures[0]),
        figures[1:],
        sentence_ids=sentences,
        level=level,
        bounds=(-1.0, 1.0),
        status=status or "ok",
    )


def _correlations(x: Vectors, y: OtherVectors, weights: Weights) -> Figures:
    """Return Pearson's r over the pairs of each subset."""
    sums, _ = pair_sums(unit_rows(x), unit_rows(y), weights, shift=(mean_cosine(x), mean_cosine(y)))
    counts = weights.sum(axis=0)
    pairs = counts * (counts - 1) / 2
    mean_k, mean_l = divide(sums.k, pairs), divide(sums.l, pairs)
    covariance = divide(sums.kl, pairs) - mean_k * mean_l
    variances = divide(sums.kk, pairs) - mean_k**2, divide(sums.ll, pairs) - mean_l**2
    spread = [np.where(variance > SMALLEST_SPREAD**2, variance, np.nan) for variance in variances]
    figures: Figures = np.clip(covariance / np.sqrt(spread[0] * spread[1]), -1, 1)
    return figures
