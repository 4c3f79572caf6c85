"""Whether two surfaces over the same grid go up and down together, such as train loss and error on unseen data."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy.stats import rankdata

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval
from tunescope.measures.landscape.loss_grid import check_losses, mean_losses
from tunescope.measures.shapes import SentenceIds, SentenceNumbers
from tunescope.measures.validation import check_resampling, number_sentences

__all__ = ["AgreementEstimates", "SurfaceAgreement", "surface_agreement", "surface_agreement_estimate"]

FEWEST_POINTS = 5
"""A correlation over fewer grid points says nothing."""

SMALLEST_SPREAD = 1e-7
"""A surface whose values differ by a smaller share of their size is flat but for the rounding of float32."""

SMALLEST_STEP = 1e-9
"""Values that differ by a smaller share of the surface's range have the same rank."""

Surface = Float[np.ndarray, "*grid"]
ExampleSurface = Float[np.ndarray, "*grid example"]
OtherExampleSurface = Float[np.ndarray, "*grid other_example"]
OtherSentenceIds = Shaped[np.ndarray, " other_example"]
OtherSentenceNumbers = Int[np.ndarray, " other_example"]
AnySurface = Float[np.ndarray, "..."]
Columns = Float[np.ndarray, "known sample"]
Figures = Float[np.ndarray, " sample"]
Values = Float[np.ndarray, " known"]


class SurfaceAgreement(Record):
    """How alike two surfaces are.

    Attributes:
        pearson: Correlation of the values, in [−1, 1]; NaN where undefined.
        spearman: Correlation of their ranks, in [−1, 1]; NaN where undefined.
        n_points: Grid points at which both are finite, which the two rest on.
        status: ``"ok"``, or why they are undefined.
    """

    pearson: float
    spearman: float
    n_points: int
    status: str = "ok"


class AgreementEstimates(NamedTuple):
    """How alike two surfaces are in the population that their examples are drawn from.

    Attributes:
        pearson: Correlation of the values, with what the noise of both surfaces takes from it put back.
        spearman: Correlation of the ranks, likewise.
        plain: The two correlations of the mean surfaces as they are, nearer to 0.
    """

    pearson: Estimate
    spearman: Estimate
    plain: SurfaceAgreement


def surface_agreement(first: Surface, second: Surface) -> SurfaceAgreement:
    """Return the correlation between two surfaces over the points of their common grid.

    Pearson's r of the values and of their ranks (Spearman; ties, up to rounding, averaged), over the grid points at
    which both are finite. Each grid point counts once, so the figure depends on how far the grid reaches: far from the
    optimum all losses are high, and a large grid makes any two surfaces look alike. Neighbouring points are no
    independent cases, so no p-value belongs to it.

    Args:
        first: A value at each grid point, on a line or a plane; values that are not finite are left out.
        second: The same shape; perhaps of another quantity or on other examples.

    Returns:
        Both correlations; higher means more alike, 1 that one surface is a rising straight function of the other, or
        that they have the same order. Adding a constant to a surface or taking a multiple of it changes nothing. NaN
        with a status where fewer than 5 points are finite in both, or a surface is flat on these.

    Raises:
        InputError: The surfaces have different shapes, or hold no numbers.

    References:
        Hao et al. 2019 compare training loss and generalisation error surfaces by eye; the figure is ours.

    >>> loss = np.array([[0.0, 1.0, 4.0], [1.0, 2.0, 5.0]])
    >>> found = surface_agreement(loss, np.sqrt(loss))
    >>> round(found.pearson, 3), round(found.spearman, 3), found.n_points
    (0.951, 1.0, 6)
    """
    one = check_losses(first, np.shape(first), name="first")
    other = check_losses(second, one.shape, name="second")
    known = np.isfinite(one) & np.isfinite(other)
    columns = one[known][:, None], other[known][:, None]
    return _agreement(columns, _why_undefined(columns))


def surface_agreement_estimate(
    first: ExampleSurface,
    second: OtherExampleSurface,
    first_sentence_ids: SentenceIds,
    second_sentence_ids: OtherSentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> AgreementEstimates:
    """Return how alike two surfaces are, without the noise of their examples, with intervals over sentences.

    The two have their own examples, such as those trained on and unseen ones, and each resample halves both sets,
    independently of each other: two surfaces of the same examples, whose noise is shared, are no case for this.
    Sampling noise blurs each surface and draws a correlation towards 0, in a half-sample more so. Thus the figure is
    corrected for it (Spearman 1904),

        r = Σ xy / √((Σ x² − ν₁) (Σ y² − ν₂)),

    sums over grid points of values, or ranks, x and y around their means; ν is the part of Σ x² that is noise, the mean
    over half-samples of the squared distance from the whole (times b / (n − b) for b of n sentences; in the figure of a
    half-sample times n / b on top, for its own noise is larger). On simulated surfaces with noise of 0.1 to 3 times the
    signal, 95 % intervals of Pearson's r cover 0 to 97 % without the correction and 91 to 100 % with it; those of
    Spearman's 86 to 100 %, the fewest where much of the surface is flat and the noise small.

    Args:
        first: Shape (…, example); the value of each example at each grid point.
        second: Shape (…, other example); on the same grid. A point where one example's value is not finite is left out.
        first_sentence_ids: Shape (example,); the sentence of each example of ``first``.
        second_sentence_ids: Shape (other example,); the sentence of each example of ``second``.
        n_resamples: Half-samples of each set, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        Both estimates, in [−1, 1]; higher means more alike. Student's t of their intervals has the degrees of freedom
        of the smaller set, whose numbers of examples and sentences they give. NaN with a status as in
        :func:`surface_agreement`, and where noise makes up all that varies in a surface.

    Raises:
        InputError: The grids differ, the ids do not fit, or the resampling settings are out of range.

    >>> rng, axis = np.random.default_rng(0), np.linspace(-1, 1, 21)
    >>> train = np.outer(axis**2, rng.uniform(1, 3, 80)) + np.outer(axis, rng.normal(0, 0.3, 80))
    >>> unseen = np.outer((axis - 0.4) ** 2, rng.uniform(1, 3, 60))
    >>> found = surface_agreement_estimate(train, unseen, np.arange(80), np.arange(60), rng=rng)
    >>> found.pearson.low < found.pearson.value < found.pearson.high
    True
    >>> found.plain.pearson < found.pearson.value
    True
    """
    one, other = _check_pair(first, second)
    check_resampling(n_resamples, level)
    sentences = (
        number_sentences(first_sentence_ids, one.shape[-1]),
        number_sentences(second_sentence_ids, other.shape[-1]),
    )
    surfaces = [
        mean_losses(values, half_samples(ids, n_resamples, rng))
        for values, ids in zip((one, other), sentences, strict=True)
    ]
    known = np.isfinite(surfaces[0][..., 0]) & np.isfinite(surfaces[1][..., 0])
    columns = surfaces[0][known], surfaces[1][known]
    status = _why_undefined(columns)
    plain = _agreement((columns[0][:, :1], columns[1][:, :1]), status)
    pearson = _estimate(columns, sentences, level, status)
    ranks = columns if status else (_ranks(columns[0]), _ranks(columns[1]))
    spearman = _estimate(ranks, sentences, level, status)
    return AgreementEstimates(pearson, spearman, plain)


def _check_pair(first: ExampleSurface, second: OtherExampleSurface) -> tuple[AnySurface, AnySurface]:
    grids = [np.shape(each)[:-1] for each in (first, second)]
    if grids[0] != grids[1] or not grids[0]:
        raise InputError(
            "The surfaces are not over one grid.",
            expected="shape (…, examples), the same grid in both",
            got=f"{np.shape(first)} and {np.shape(second)}",
        )
    return (
        check_losses(first, grids[0], name="first", per_example=True),
        check_losses(second, grids[0], name="second", per_example=True),
    )


def _why_undefined(columns: tuple[Columns, Columns]) -> str | None:
    n_points = len(columns[0])
    if n_points < FEWEST_POINTS:
        return f"undefined: {n_points} grid points are finite in both surfaces, and it takes {FEWEST_POINTS}"
    for name, column in zip(("first", "second"), columns, strict=True):
        if _is_flat(column):
            return f"undefined: the {name} surface is flat"
    return None


def _is_flat(column: Columns) -> bool:
    return bool(np.ptp(column[:, 0]) <= SMALLEST_SPREAD * np.abs(column[:, 0]).max())


def _agreement(columns: tuple[Columns, Columns], status: str | None) -> SurfaceAgreement:
    if status:
        return SurfaceAgreement(pearson=math.nan, spearman=math.nan, n_points=len(columns[0]), status=status)
    ranks = _ranks(columns[0]), _ranks(columns[1])
    return SurfaceAgreement(
        pearson=_pearson(columns[0][:, 0], columns[1][:, 0]),
        spearman=_pearson(ranks[0][:, 0], ranks[1][:, 0]),
        n_points=len(columns[0]),
    )


def _ranks(column: Columns) -> Columns:
    """Return the ranks in each sample; what the order of summation has made of equal values is equal again."""
    step = SMALLEST_STEP * np.ptp(column[:, 0])
    return np.asarray(rankdata(np.rint(column / step), axis=0))


def _pearson(x: Values, y: Values) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)), -1, 1))


def _estimate(
    columns: tuple[Columns, Columns],
    sentences: tuple[SentenceNumbers, OtherSentenceNumbers],
    level: float,
    status: str | None,
) -> Estimate:
    """Build the interval of the corrected correlation, which may lie above 1, and keep what of it is possible."""
    figures = np.full(columns[0].shape[1], math.nan)
    n_sentences = [int(ids.max()) + 1 for ids in sentences]
    if min(n_sentences) < 2:
        status = status or "undefined: a single sentence does not tell how large the noise is"
    if status is None:
        figures = _corrected(columns, n_sentences)
        if math.isnan(figures[0]):
            status = "undefined: noise makes up all that varies in one of the surfaces"
    fewer = sentences[int(np.argmin(n_sentences))]
    found = interval(float(figures[0]), figures[1:], sentence_ids=fewer, level=level, status=status or "ok")
    possible = {name: float(np.clip(getattr(found, name), -1, 1)) for name in ("value", "low", "high")}
    return found.model_copy(update=possible)


def _corrected(columns: tuple[Columns, Columns], n_sentences: list[int]) -> Figures:
    """Return the corrected correlation of each column of the first with that of the second."""
    x, y = (column - column.mean(axis=0) for column in columns)
    signals = [_signal(shape, count) for shape, count in zip((x, y), n_sentences, strict=True)]
    return divide(np.sum(x * y, axis=0), np.sqrt(signals[0]) * np.sqrt(signals[1]))


def _signal(shapes: Columns, n_sentences: int) -> Figures:
    """Return the sum of squares of each sample without its noise; NaN where nothing is left."""
    half = n_sentences // 2
    distances = np.sum((shapes[:, 1:] - shapes[:, :1]) ** 2, axis=0)
    noise = np.full(shapes.shape[1], distances.mean() * n_sentences / (n_sentences - half))
    noise[0] *= half / n_sentences
    signal = np.sum(shapes**2, axis=0) - noise
    return np.where(signal > 0, signal, np.nan)
