"""How many dimensions the vectors of one representation fill: locally (TwoNN) and by variance (participation ratio)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.resampling_bias import unless_biased
from tunescope.measures.shapes import SentenceIds, Vectors
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.validation import check_resampling, check_vectors, number_sentences

__all__ = ["participation_ratio", "participation_ratio_estimate", "two_nn", "two_nn_estimate"]

BLOCK = 512
"""Rows of the distance matrix that are in memory at a time."""

LISTED = 32
"""Nearest neighbours that are listed for each target, so that most half-samples need no further distances."""

SMALLEST_DISTANCE = 1e-5
"""Rows that are nearer, in units of the root mean square distance from the mean, differ by rounding only."""

SMALLEST_RATIO = 1e-9
"""Two distances whose logarithms differ by less are equal but for rounding."""

Chosen = Bool[np.ndarray, " example"]
Squares = Float[np.ndarray, "row other"]
LogRatios = Float[np.ndarray, " ratio"]


class _Neighbours(NamedTuple):
    """The nearest neighbours of each row, the nearest first."""

    places: Int[np.ndarray, "example neighbour"]
    squares: Float[np.ndarray, "example neighbour"]


def two_nn(x: Vectors, *, discarded: float = 0.1) -> float:
    """Return the intrinsic dimension by the ratio of the distances to the two nearest neighbours (TwoNN).

    With r₁ and r₂ the Euclidean distances of a target to its nearest and second nearest neighbour, μ = r₂ / r₁ has the
    distribution function F(μ) = 1 − μ⁻ᵈ where the density is constant over the two. The dimension d is the slope of
    the line through the origin that fits −log(1 − i / n) to log μ₍ᵢ₎ by least squares over the sorted ratios, without
    the largest tenth of them (Facco et al. 2017).

    Rows that are equal, or nearer to each other than a hundred-thousandth of the root mean square distance from the
    mean (rounding), count once: a ratio over a distance of 0 has no meaning. Where a word at a place always has the
    same vector, as in the embeddings, this leaves far fewer rows; :func:`two_nn_estimate` tells how many.

    Args:
        x: Shape (example, hidden), finite, at least 3 rows.
        discarded: Share of the ratios, the largest, that is left out of the fit, in [0, 1); default 0.1.

    Returns:
        A figure above 0; higher means that the vectors fill more dimensions near each target. It does not depend on
        translation, rotation and uniform scale. It is right to a few per cent up to about 3 dimensions, and too low
        above, as a neighbour that is far away lies where the density has changed or beyond an edge: with 120 and
        1,600 examples about 4.5 for a uniform cube of 5 dimensions, 8.1 and 8.6 for one of 10, 14 and 15 for one of
        20; 9.2 and 9.7, 15 and 17 for Gaussian vectors of 10 and 20. Compare equally many examples only. NaN if there
        are fewer than 3 distinct rows, or both neighbours are equally near everywhere, as on a grid.

    Raises:
        InputError: ``x`` is no finite matrix of at least three rows, or ``discarded`` is out of range.

    >>> rng = np.random.default_rng(0)
    >>> plane = rng.uniform(size=(1000, 2)) @ rng.normal(size=(2, 50))
    >>> 1.8 < two_nn(plane) < 2.2
    True
    """
    vectors = check_vectors(x, "x", min_examples=3)
    share = _check_discarded(discarded)
    if why_constant(x=vectors):
        return math.nan
    rows = centred(vectors)
    rows = rows[_distinct(rows)]
    everything = np.ones(len(rows), dtype=bool)
    return _slope(_log_ratios(rows, _neighbours(rows), everything), share)


def two_nn_estimate(
    x: Vectors,
    sentence_ids: SentenceIds,
    *,
    discarded: float = 0.1,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`two_nn` with its interval over sentences.

    The interval is for the figure of this number of examples, which lies below the dimension where that is high. It
    rests on the differences between halves of the sentences and the other halves. Two halves have no sentence in
    common, so the spread of their difference tells that of the whole for any figure whose variance falls as 1 / n. The
    usual deviations of halves from their mean would be a third too wide here, since other neighbours take the place of
    those that are left out, and halves of the ratios, once computed, a fifth too narrow. In simulations with 10 to 150
    sentences of four targets, 95 % intervals cover 92–98 %.

    Args:
        x: Shape (example, hidden), finite, at least 3 rows.
        sentence_ids: Shape (example,); the sentence of each example.
        discarded: Share of the ratios, the largest, that is left out of the fit, in [0, 1); default 0.1.
        n_resamples: Pairs of halves, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate; ``n_examples`` and ``n_sentences`` count the distinct rows, and the sentences in which they first
        occur.

    Raises:
        InputError: As :func:`two_nn`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(90, 3))
    >>> estimate = two_nn_estimate(np.concatenate([x, x[:10]]), np.arange(100) // 2, rng=rng)
    >>> estimate.low < 3 < estimate.high, estimate.n_examples
    (True, 90)
    """
    vectors = check_vectors(x, "x", min_examples=3)
    share = _check_discarded(discarded)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(vectors))
    status = why_constant(x=vectors)
    undefined = np.full(n_resamples, math.nan)
    if status:
        return interval(math.nan, undefined, sentence_ids=sentences, level=level, status=status)
    rows = centred(vectors)
    distinct = _distinct(rows)
    rows, sentences = rows[distinct], sentences[distinct]
    neighbours = _neighbours(rows)

    def dimension(chosen: Chosen) -> float:
        return _slope(_log_ratios(rows, neighbours, chosen), share)

    value = dimension(np.ones(len(rows), dtype=bool))
    if math.isnan(value):
        reason = (
            f"undefined: {len(rows)} distinct rows, and it takes at least 3"
            if len(rows) < 3
            else "undefined: the two nearest neighbours are equally near everywhere"
        )
        return interval(math.nan, undefined, sentence_ids=sentences, level=level, status=reason)
    halves = half_samples(sentences, n_resamples, rng)
    pairs = np.array([(dimension(half), dimension(~half)) for half in halves])
    n_sentences = len(np.unique(sentences))
    # For a mean over sentences this is the half's deviation from the whole, which `interval` expects.
    deviations = (1 - n_sentences // 2 / n_sentences) * np.log(pairs[:, 0] / pairs[:, 1])
    centre = math.log(value)
    on_logarithms = interval(centre, centre + deviations, sentence_ids=sentences, level=level)
    return _from_logarithms(on_logarithms, value)


def participation_ratio(x: Vectors, *, debiased: bool = False) -> float:
    """Return how many dimensions share the variance: the participation ratio of the covariance's eigenvalues.

    (Σ λᵢ)² / Σ λᵢ² = (tr C)² / tr C² with C the covariance of the columns (Gao et al. 2017, among others). Noise
    spreads the eigenvalues of few examples: for Gaussian vectors 1 / ratio is too high by about 1 / n, so that of n
    examples in d equal dimensions the ratio is n d / (n + d). ``debiased`` divides the unbiased estimators of (tr C)²
    and tr C², the means of ‖a − b‖² ‖c − d‖² / 4 and ((a − b)'(c − d))² / 4 over four distinct examples, in the closed
    form of Himeno and Yamada (2014). That figure may come out above the hidden size; it is still too low by what the
    examples of a sentence have in common.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows; 4 if ``debiased``.
        debiased: Whether to take the bias of few examples out; default false, the formula as it stands.

    Returns:
        A figure from 1 (all variance in one direction) to the smaller of hidden size and examples − 1; higher means
        that the variance spreads over more directions. It does not depend on translation, rotation and uniform scale.
        NaN if all rows are equal, or, debiased, if the examples do not suffice to tell tr C² from 0.

    Raises:
        InputError: ``x`` is no finite matrix of at least two rows, or four if ``debiased``.

    >>> participation_ratio(np.array([[2.0, 0, 0], [-2.0, 0, 0], [0, 2.0, 0], [0, -2.0, 0]]))
    2.0
    """
    vectors = check_vectors(x, "x", min_examples=4 if debiased else 2)
    return math.nan if why_constant(x=vectors) else _ratio(centred(vectors), debiased)


def participation_ratio_estimate(
    x: Vectors,
    sentence_ids: SentenceIds,
    *,
    debiased: bool = False,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`participation_ratio` with its interval over sentences, where its bias leaves room for one.

    The plain figure of few examples is too low by more than its noise, and then has no interval, with a status, see
    :func:`~tunescope.measures.resampling_bias.unless_biased`; the debiased one often has one. In
    simulations with sentence effects, 95 % intervals cover 92–97 % where half of the samples or more have one.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows; 4 if ``debiased``.
        sentence_ids: Shape (example,); the sentence of each example.
        debiased: Whether to take the bias of few examples out; default false.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`participation_ratio`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 8))
    >>> estimate = participation_ratio_estimate(x, np.arange(300) // 3, debiased=True, rng=rng)
    >>> estimate.low < 8 < estimate.high
    True
    """
    vectors = check_vectors(x, "x", min_examples=4 if debiased else 2)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(vectors))
    halves = half_samples(sentences, n_resamples, rng)
    status = why_constant(x=vectors)
    value, figures = math.nan, np.full(n_resamples, math.nan)
    if status is None:
        rows = centred(vectors)
        value = _ratio(rows, debiased)
        figures = np.array([_ratio(rows[half], debiased) for half in halves])
        if math.isnan(value):
            status = "undefined: too few examples to tell the squared variances from 0"
    on_logarithms = interval(
        math.log(value), np.log(figures), sentence_ids=sentences, level=level, status=status or "ok"
    )
    estimate = _from_logarithms(on_logarithms, value)
    if estimate.has_interval and not debiased:
        inside = {"low": max(1.0, estimate.low), "high": min(float(vectors.shape[1]), estimate.high)}
        estimate = estimate.model_copy(update=inside)
    return unless_biased(estimate, figures, name="the participation ratio")


def _check_discarded(discarded: float) -> float:
    if not 0 <= discarded < 1:
        raise InputError(
            "discarded is no share.", expected="a number from 0 to below 1; 0.1 by default", got=discarded
        )
    return discarded


def _squares(rows: Vectors, among: Vectors) -> Squares:
    """Return the squared distances of some rows to others."""
    products: Squares = rows @ among.T
    products *= -2
    products += np.einsum("eh,eh->e", rows, rows)[:, None]
    products += np.einsum("eh,eh->e", among, among)
    np.maximum(products, 0, out=products)
    return products


def _distinct(rows: Vectors) -> Chosen:
    """Return which rows stay when of equal ones the first does."""
    distinct = np.ones(len(rows), dtype=bool)
    for start in range(0, len(rows), BLOCK):
        stop = min(start + BLOCK, len(rows))
        near = _squares(rows[start:stop], rows[:stop]) <= SMALLEST_DISTANCE**2
        distinct[start:stop] = ~np.tril(near, start - 1).any(axis=1)
    return distinct


def _neighbours(rows: Vectors) -> _Neighbours:
    n_listed = min(LISTED, len(rows) - 1)
    places = np.empty((len(rows), n_listed), dtype=np.int64)
    squares = np.empty((len(rows), n_listed))
    for start in range(0, len(rows), BLOCK):
        here = slice(start, min(start + BLOCK, len(rows)))
        block = _squares(rows[here], rows)
        block[np.arange(len(block)), np.arange(len(rows))[here]] = np.inf
        nearest = np.argpartition(block, n_listed - 1, axis=1)[:, :n_listed]
        distances = np.take_along_axis(block, nearest, axis=1)
        order = np.argsort(distances, axis=1)
        places[here] = np.take_along_axis(nearest, order, axis=1)
        squares[here] = np.take_along_axis(distances, order, axis=1)
    return _Neighbours(places, squares)


def _log_ratios(rows: Vectors, neighbours: _Neighbours, chosen: Chosen) -> LogRatios:
    """Return log μ of each chosen row, with its neighbours among the chosen; nothing where there are fewer than 3."""
    members = np.flatnonzero(chosen)
    if len(members) < 3:
        return np.empty(0)
    present = chosen[neighbours.places[members]]
    order = np.arange(len(members))
    nearest = present.argmax(axis=1)  # the list is sorted
    present[order, nearest] = False
    second = present.argmax(axis=1)
    two = np.stack([neighbours.squares[members, place] for place in (nearest, second)], axis=1)
    short = np.flatnonzero(~present[order, second])
    for start in range(0, len(short), BLOCK):
        some = short[start : start + BLOCK]
        block = _squares(rows[members[some]], rows[members])
        block[np.arange(len(some)), some] = np.inf
        two[some] = np.partition(block, 1, axis=1)[:, :2]
    ratios: LogRatios = 0.5 * np.log(two[:, 1] / two[:, 0])
    ratios[ratios <= SMALLEST_RATIO] = 0
    return ratios


def _slope(log_ratios: LogRatios, discarded: float) -> float:
    """Return the slope of the fitted line, NaN where there is nothing to fit."""
    n_ratios = len(log_ratios)
    kept = min(int(n_ratios * (1 - discarded) + 1e-9), n_ratios - 1)
    if kept < 1:
        return math.nan
    smallest = np.sort(log_ratios)[:kept]
    size = float(smallest @ smallest)
    heights = -np.log1p(-np.arange(1, kept + 1) / n_ratios)
    return float(smallest @ heights) / size if size > 0 else math.nan


def _ratio(rows: Vectors, debiased: bool) -> float:
    n = len(rows)
    if n < (4 if debiased else 2):
        return math.nan
    rows = rows - rows.mean(axis=0)
    gram = rows.T @ rows if rows.shape[1] < n else rows @ rows.T
    lengths = np.einsum("eh,eh->e", rows, rows)
    total, squares = float(lengths.sum()), float(np.vdot(gram, gram))
    if not debiased:
        return total**2 / squares if squares > 0 else math.nan
    total, squares = total / (n - 1), squares / (n - 1) ** 2
    fourth = n / (n - 1) * float(lengths @ lengths)
    numerator = 2 * squares + (n * n - 3 * n + 1) * total**2 - fourth
    denominator = (n - 1) * (n - 2) * squares + total**2 - fourth
    usable = numerator > 0 and denominator > 1e-12 * fourth
    return numerator / denominator if usable else math.nan


def _from_logarithms(estimate: Estimate, value: float) -> Estimate:
    """Return the estimate of a figure from that of its logarithm, which keeps the ends above 0."""
    ends = {"low": math.exp(estimate.low), "high": math.exp(estimate.high)}
    return estimate.model_copy(update={"value": value, **ends})
