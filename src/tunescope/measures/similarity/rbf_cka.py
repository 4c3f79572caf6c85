"""Centred kernel alignment with Gaussian kernels, which sees whether neighbours stay neighbours."""

from __future__ import annotations

import math

import numpy as np

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.shapes import AnyVectors, Figures, OtherVectors, SentenceIds, Vectors, Weights
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.similarity.cka import debiased_ratio
from tunescope.measures.similarity.pair_distances import median_distance, squared_distances
from tunescope.measures.similarity.pair_sums import FillRows, PairSums, RowSums, sums_over_pairs
from tunescope.measures.validation import check_pair, check_resampling, number_sentences

__all__ = ["rbf_cka", "rbf_cka_estimate"]

LARGEST_EXPONENT = 20.0
"""Kernel values are taken relative to that at the median distance, or to exp(−20) where that is larger."""

SMALLEST_SPREAD = 1e-12
"""Squared distances that differ by less, in units of the median's square, differ by rounding only."""

SMALLEST_MEDIAN = 1e-7
"""Of vectors of mean squared length 1, equal ones come out some 1e-8 apart."""


def rbf_cka(x: Vectors, y: OtherVectors, *, bandwidth: float = 1.0, debiased: bool = True) -> float:
    """Return the CKA of two representations of the same targets with Gaussian kernels.

    As :func:`~tunescope.measures.similarity.cka.cka`, with kᵢⱼ = exp(−|xᵢ − xⱼ|² / (2 σ²)), where σ is a multiple of
    the median distance of two targets, in each representation its own (Kornblith et al. 2019, section 3.3, there
    without the debiasing). The narrower the kernel, the more it looks at near neighbours only; the wider, the closer
    the figure comes to that of linear CKA. The median is over all pairs of up to 4,096 examples, and over those of
    4,096 evenly spaced ones if there are more.

    Args:
        x: Shape (example, hidden), finite, at least 4 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        bandwidth: σ in units of the median distance, above 0; default 1. Kornblith et al. try 0.2, 0.4 and 0.8.
        debiased: Whether by HSIC₁ of Song et al. (2012), the default; otherwise by the plain tr(KHLH), which is
            biased upwards.

    Returns:
        A figure of at most 1, and of at least 0 if not ``debiased``; higher means more alike, 1 equality up to
        rotation, uniform scale and translation. NaN if at least half of the pairs of one representation are equal
        vectors, or all kernel values of distinct targets are.

    Raises:
        InputError: The matrices are not finite, have fewer than four rows, or different numbers of rows, or the
            bandwidth is not above 0.

    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0], [2.0, 2.0]])
    >>> round(rbf_cka(x, 7 - 2 * x[:, ::-1]), 12)
    1.0
    """
    first, second = check_pair(x, y, min_examples=4)
    _check_bandwidth(bandwidth)
    points, status = _in_median_distances(x=first, y=second)
    if status:
        return math.nan
    return float(_ratios(points, np.ones((len(first), 1)), bandwidth, debiased=debiased)[0])


def rbf_cka_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    bandwidth: float = 1.0,
    debiased: bool = True,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`rbf_cka` with its interval over sentences, whose half-samples keep the σ of all targets.

    The plain figure is too high where examples are few, the debiased one is not, and on many examples they are the
    same: the plain figure has the interval of the debiased one, which reaches up to it where it lies above.

    Args:
        x: Shape (example, hidden), finite, at least 4 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        bandwidth: σ in units of the median distance, above 0; default 1.
        debiased: Whether by HSIC₁; default true.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`rbf_cka`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 8))
    >>> estimate = rbf_cka_estimate(x, x + rng.normal(size=(60, 8)), np.arange(60) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    first, second = check_pair(x, y, min_examples=4)
    _check_bandwidth(bandwidth)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)
    points, status = _in_median_distances(x=first, y=second)
    figures = np.full(n_resamples + 1, math.nan)
    if status is None:
        figures = _ratios(points, resampling_weights(halves), bandwidth, debiased=True)
        if math.isnan(figures[0]):
            status = "undefined: the kernel values of one of the representations do not vary"
    estimate = interval(
        float(figures[0]),
        figures[1:],
        sentence_ids=sentences,
        level=level,
        bounds=(-math.inf, 1.0),
        status=status or "ok",
    )
    return estimate if debiased else _with_plain_value(estimate, points, bandwidth)


def _with_plain_value(estimate: Estimate, points: list[AnyVectors], bandwidth: float) -> Estimate:
    """Return the plain value with the interval of the debiased one: what both would be on many examples."""
    if math.isnan(estimate.value):
        return estimate
    value = float(_ratios(points, np.ones((len(points[0]), 1)), bandwidth, debiased=False)[0])
    if not estimate.has_interval:
        return estimate.model_copy(update={"value": value})
    low, high = min(max(estimate.low, 0.0), value), max(estimate.high, value)
    return estimate.model_copy(update={"value": value, "low": low, "high": high})


def _check_bandwidth(bandwidth: float) -> None:
    if not 0 < bandwidth < math.inf:
        raise InputError(
            "bandwidth is not a positive number.",
            expected="a multiple of the median distance, above 0; 1 by default",
            got=bandwidth,
        )


def _in_median_distances(**vectors: AnyVectors) -> tuple[list[AnyVectors], str | None]:
    """Return the centred rows of each matrix in units of its median distance, or the reason why there is none."""
    scaled: list[AnyVectors] = []
    for name, rows in vectors.items():
        constant = why_constant(**{name: rows})
        if constant:
            return [], constant
        points = centred(rows)
        median = median_distance(points)
        if median < SMALLEST_MEDIAN:
            return [], f"undefined: half of the pairs of {name} or more are equal, at a median distance of 0"
        scaled.append(points / median)
    return scaled, None


def _ratios(points: list[AnyVectors], weights: Weights, bandwidth: float, *, debiased: bool) -> Figures:
    """Return the CKA of each subset."""
    exponent = min(1 / (2 * bandwidth**2), LARGEST_EXPONENT)
    first, second = (_shifted_kernel(each, bandwidth, exponent) for each in points)
    sums, rows = sums_over_pairs(first, second, weights, rows=True)
    counts = weights.sum(axis=0)
    if debiased:
        found = debiased_ratio(sums, rows, counts)
    else:
        found = _plain_ratio(sums, rows, counts, diagonal=math.expm1(exponent))
    spread = divide(np.minimum(sums.kk, sums.ll), counts * (counts - 1) / 2)
    return np.where(spread > (SMALLEST_SPREAD * exponent) ** 2, found, np.nan)


def _shifted_kernel(points: AnyVectors, bandwidth: float, exponent: float) -> FillRows:
    """Return what writes rows of K e^r − 1, r being the exponent; the alignment of K is the same.

    With r that of the median distance, the values vary around 0, so that little is lost where all of K is nearly 1,
    as it is for a wide kernel, and where all of it is tiny.
    """
    fill_squares = squared_distances(points)

    def fill(start: int, stop: int, out: np.ndarray) -> None:
        fill_squares(start, stop, out)
        out *= -1 / (2 * bandwidth**2)
        out += exponent
        np.expm1(out, out=out)

    return fill


def _plain_ratio(sums: PairSums, rows: RowSums, counts: Figures, *, diagonal: float) -> Figures:
    """Return tr(KHLH) / √(tr(KHKH) tr(LHLH)) with H = I − 11'/n; all diagonal entries are the same.

    tr(KHLH) = Σ kᵢⱼ lᵢⱼ − 2/n Σ (Σⱼ kᵢⱼ)(Σⱼ lᵢⱼ) + (Σ kᵢⱼ)(Σ lᵢⱼ) / n².
    """

    def hsic(products: Figures, first: Figures, second: Figures, row_products: Figures) -> Figures:
        every = 2 * products + counts * diagonal**2
        crossed = row_products + 2 * diagonal * (first + second) + counts * diagonal**2
        totals = (2 * first + counts * diagonal) * (2 * second + counts * diagonal)
        found: Figures = every - 2 * divide(crossed, counts) + divide(totals, counts**2)
        return found

    both = hsic(sums.kl, sums.k, sums.l, rows.kl)
    own_k = hsic(sums.kk, sums.k, sums.k, rows.kk)
    own_l = hsic(sums.ll, sums.l, sums.l, rows.ll)
    figures: Figures = np.clip(divide(both, np.sqrt(own_k * own_l)), 0, 1)
    return figures
