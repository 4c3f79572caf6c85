"""Representational similarity analysis: do the targets stand to each other as they did before?"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.shapes import Figures, OtherVectors, SentenceIds, Vectors, Weights
from tunescope.measures.similarity.cosine import unit_rows
from tunescope.measures.similarity.pair_similarities import (
    Similarity,
    row_centred,
    similarities,
    similarity_ranks,
    why_no_similarity,
)
from tunescope.measures.similarity.pair_sums import sums_over_pairs
from tunescope.measures.similarity.product_correlation import FEWEST_PER_DIMENSION, product_correlation
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["Comparison", "rsa", "rsa_estimate"]

Comparison = Literal["pearson", "spearman"]
"""The correlation of the similarities themselves, or of their ranks."""

SMALLEST_SPREAD = 1e-10
"""Cosines that differ by less (standard deviation) differ by rounding only."""

_NAMES = {"cosine": "cosines", "correlation": "correlations", "euclidean": "distances"}


def rsa(
    x: Vectors,
    y: OtherVectors,
    *,
    similarity: Similarity = "cosine",
    compare: Comparison = "pearson",
) -> float:
    """Return the correlation between the similarities of the same targets in two representations.

    By default Pearson's r over the pairs i < j of cos(xᵢ, xⱼ) and cos(yᵢ, yⱼ) (Kriegeskorte et al. 2008; Merchant et
    al. 2020, section 4.2). The diagonals are left out.

    Args:
        x: Shape (example, hidden), finite, at least 3 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        similarity: Of two targets: ``"cosine"``, the default; ``"correlation"``, Pearson's r of their two vectors
            over the hidden dimensions; ``"euclidean"``, the negative distance −|xᵢ − xⱼ|, plain and not squared as
            in some programs (the sign is the same on both sides, so the figure is that of the distances).
        compare: ``"pearson"``, the default; ``"spearman"``, Pearson's r of the ranks of all pairs, ties averaged.
            Values that differ by less than 1e-12 (for distances: their squares, by that share of the largest) are
            ties; beyond a million pairs somewhat larger differences are, by which the figure changes less than
            1e-7. Ranking takes up to 45 bytes per pair: 0.4 GB for 4,000 examples, 2.2 GB for 10,000.

    Returns:
        A figure in [−1, 1]; higher means more alike, 1 that the similarities agree up to a positive linear map, or
        in their order. NaN if a row is a zero vector (for correlations: has equal entries; for distances: if all
        rows are equal) or all similarities of one representation are equal.

    Raises:
        InputError: The matrices are not finite, have fewer than three rows, or different numbers of rows; there is
            no such similarity or comparison; or there are more than 65,536 examples to rank.

    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0]])
    >>> round(rsa(x, 5 * x[:, ::-1]), 12)
    1.0
    >>> round(rsa(x, x**3, similarity="euclidean", compare="spearman"), 3)
    0.899
    """
    first, second = check_pair(x, y, min_examples=3)
    _check_choice(similarity, compare)
    if why_no_similarity(similarity, x=first, y=second):
        return math.nan
    wide = max(first.shape[1], second.shape[1])
    # The default, cosines, keeps to the sums over pairs, so that no stored figure changes in its last digits.
    if (similarity, compare) == ("correlation", "pearson") and len(first) >= FEWEST_PER_DIMENSION * wide:
        directions = unit_rows(row_centred(first)), unit_rows(row_centred(second))
        return product_correlation(*directions, smallest_spread=SMALLEST_SPREAD)
    return float(_correlations(first, second, np.ones((len(first), 1)), similarity, compare)[0])


def rsa_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    similarity: Similarity = "cosine",
    compare: Comparison = "pearson",
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`rsa` with its interval over sentences.

    For ``"spearman"`` the pairs are ranked once, among all targets, and a half-sample's figure is Pearson's r of
    these ranks. Ranks among the half's own pairs would be Spearman's correlation proper, at 200 times the cost; what
    differs is mostly a linear map, which Pearson's r does not notice.

    Args:
        x: Shape (example, hidden), finite, at least 3 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        similarity: ``"cosine"`` by default; see :func:`rsa`.
        compare: ``"pearson"`` by default; see :func:`rsa`.
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
    _check_choice(similarity, compare)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)
    status = why_no_similarity(similarity, x=first, y=second)
    figures = np.full(n_resamples + 1, math.nan)
    if status is None:
        figures = _correlations(first, second, resampling_weights(halves), similarity, compare)
        if math.isnan(figures[0]):
            status = f"undefined: all {_NAMES[similarity]} of one of the representations are equal"
    return interval(
        float(figures[0]),
        figures[1:],
        sentence_ids=sentences,
        level=level,
        bounds=(-1.0, 1.0),
        status=status or "ok",
    )


def _check_choice(similarity: str, compare: str) -> None:
    for name, given, known in (("similarity", similarity, Similarity), ("compare", compare, Comparison)):
        if given not in get_args(known):
            raise InputError(f"{name} is unknown.", expected=" or ".join(get_args(known)), got=given)


def _correlations(
    x: Vectors,
    y: OtherVectors,
    weights: Weights,
    similarity: Similarity = "cosine",
    compare: Comparison = "pearson",
) -> Figures:
    """Return Pearson's r, of the similarities or of their ranks, over the pairs of each subset."""
    figures_of = similarities if compare == "pearson" else similarity_ranks
    sums, _ = sums_over_pairs(figures_of(x, similarity), figures_of(y, similarity), weights)
    counts = weights.sum(axis=0)
    pairs = counts * (counts - 1) / 2
    mean_k, mean_l = divide(sums.k, pairs), divide(sums.l, pairs)
    covariance = divide(sums.kl, pairs) - mean_k * mean_l
    variances = divide(sums.kk, pairs) - mean_k**2, divide(sums.ll, pairs) - mean_l**2
    spread = [np.where(variance > SMALLEST_SPREAD**2, variance, np.nan) for variance in variances]
    figures: Figures = np.clip(covariance / np.sqrt(spread[0] * spread[1]), -1, 1)
    return figures
