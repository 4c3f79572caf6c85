"""Centred kernel alignment with linear kernels, debiased and plain."""

from __future__ import annotations

import math

import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.shapes import Figures, OtherVectors, SentenceIds, Vectors, Weights
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.similarity.pair_sums import PairSums, RowSums, pair_sums
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["SMALLEST_SHARE", "cka", "cka_estimate", "debiased_ratio", "plain_cka"]

SMALLEST_SHARE = 1e-12
"""An HSIC that is a smaller share of the sums it is the difference of is rounding only."""


def cka(x: Vectors, y: OtherVectors) -> float:
    """Return the debiased linear CKA of two representations of the same targets.

    HSIC₁(K, L) / √(HSIC₁(K, K) HSIC₁(L, L)) with K = XX', L = YY' and the unbiased estimator HSIC₁ of Song et al.
    (2012, eq. 5), the ratio as in Kornblith et al. (2019, eq. 2). With zeros on the diagonals of K and L,
    HSIC₁ = [tr(KL) + (1'K1)(1'L1) / ((n − 1)(n − 2)) − 2 · 1'KL1 / (n − 2)] / (n (n − 3)). The plain figure of
    independent vectors grows with hidden size over examples; this one stays near 0, and may be below it.

    Args:
        x: Shape (example, hidden), finite, at least 4 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.

    Returns:
        A figure of at most 1; higher means more alike, 1 equality up to rotation, uniform scale and translation.
        NaN if the rows of one representation are all equal, or their inner products are.

    Raises:
        InputError: The matrices are not finite, have fewer than four rows, or different numbers of rows.

    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0], [2.0, 2.0]])
    >>> round(cka(x, 7 - 2 * x[:, ::-1]), 12)
    1.0
    """
    first, second = check_pair(x, y, min_examples=4)
    if why_constant(x=first, y=second):
        return math.nan
    return float(_debiased(first, second, np.ones((len(first), 1)))[0])


def cka_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the debiased :func:`cka` with its interval over sentences.

    Args:
        x: Shape (example, hidden), finite, at least 4 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`cka`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 8))
    >>> estimate = cka_estimate(x, x + rng.normal(size=(60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    first, second = check_pair(x, y, min_examples=4)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)
    status = why_constant(x=first, y=second)
    figures = np.full(n_resamples + 1, math.nan)
    if status is None:
        figures = _debiased(first, second, resampling_weights(halves))
        if math.isnan(figures[0]):
            status = "undefined: the inner products of one of the representations do not vary"
    return interval(
        float(figures[0]),
        figures[1:],
        sentence_ids=sentences,
        level=level,
        bounds=(-math.inf, 1.0),
        status=status or "ok",
    )


def plain_cka(x: Vectors, y: OtherVectors) -> float:
    """Return the plain linear CKA, which is biased upwards where examples are few for the hidden size.

    ‖Y'X‖² / (‖X'X‖ ‖Y'Y‖) with centred columns and Frobenius norms (Kornblith et al. 2019, section 3.3), for
    comparison with published figures.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.

    Returns:
        A figure in [0, 1]; higher means more alike. NaN if the rows of one representation are all equal.

    Raises:
        InputError: The matrices are not finite, have fewer than two rows, or different numbers of rows.

    >>> round(plain_cka(np.array([[0.0], [1.0], [5.0]]), np.array([[1.0], [3.0], [11.0]])), 12)
    1.0
    """
    first, second = check_pair(x, y)
    if why_constant(x=first, y=second):
        return math.nan
    first, second = centred(first), centred(second)
    if len(first) < max(
        first.shape[1], second.shape[1]
    ):  # inner products of Gram matrices are the cheaper form
        k, l = first @ first.T, second @ second.T  # noqa: E741
        alignment = float(np.sum(k * l))
    else:
        k, l = first.T @ first, second.T @ second  # noqa: E741
        alignment = float(np.sum((first.T @ second) ** 2))
    return min(1.0, alignment / float(np.linalg.norm(k) * np.linalg.norm(l)))


def debiased_ratio(sums: PairSums, rows: RowSums, counts: Figures) -> Figures:
    """Return HSIC₁(K, L) / √(HSIC₁(K, K) HSIC₁(L, L)) of each subset from its sums; see :func:`cka`.

    Args:
        sums: Sums over the pairs of each subset.
        rows: Sums over its targets.
        counts: Shape (resample,); how many targets it has.

    >>> x, weights = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]]), np.ones((5, 1))
    >>> debiased_ratio(*pair_sums(x, x**2, weights, rows=True), np.array([5.0])).round(3)
    array([0.969])
    """
    counts = np.where(counts >= 4, counts, np.nan)

    def hsic(
        products: Figures, first: Figures, second: Figures, row_products: Figures
    ) -> tuple[Figures, Figures]:
        """Return HSIC₁ and the size of its largest term, both without the factor that the ratio cancels."""
        product = 2 * products
        totals = 4 * first * second / ((counts - 1) * (counts - 2))
        crossed = 2 * row_products / (counts - 2)
        return product + totals - crossed, np.maximum(
            np.abs(product), np.maximum(np.abs(totals), np.abs(crossed))
        )

    both, _ = hsic(sums.kl, sums.k, sums.l, rows.kl)
    own_k, size_k = hsic(sums.kk, sums.k, sums.k, rows.kk)
    own_l, size_l = hsic(sums.ll, sums.l, sums.l, rows.ll)
    varies = (own_k > SMALLEST_SHARE * size_k) & (own_l > SMALLEST_SHARE * size_l)
    figures: Figures = np.minimum(divide(both, np.sqrt(np.where(varies, own_k * own_l, np.nan))), 1)
    return figures


def _debiased(x: Vectors, y: OtherVectors, weights: Weights) -> Figures:
    """Return the debiased CKA of each subset."""
    sums, rows = pair_sums(centred(x), centred(y), weights, rows=True)
    return debiased_ratio(sums, rows, weights.sum(axis=0))
