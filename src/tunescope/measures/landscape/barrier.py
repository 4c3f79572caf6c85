"""The barrier between two solutions: how far the loss rises on the straight line of weights that joins them."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.landscape.loss_grid import Axis, check_axis, check_losses, check_place, mean_losses
from tunescope.measures.resampling_bias import unless_biased
from tunescope.measures.shapes import SentenceIds
from tunescope.measures.validation import check_resampling, number_sentences

__all__ = ["Barrier", "Reference", "barrier", "barrier_estimate"]

Reference = Literal["line", "mean", "higher end"]
"""What the highest loss of the path is compared with: the straight line between the losses of the two ends, at the same
place; the mean of the two; the higher of the two."""

SMALLEST_SHARE = 1e-12
"""A barrier that is a smaller share of the losses is rounding only."""

Losses = Float[np.ndarray, " point"]
ExampleLosses = Float[np.ndarray, "point example"]
Samples = Float[np.ndarray, " sample"]


class Barrier(Record):
    """How far the loss rises between two solutions.

    Attributes:
        value: By how much it is at most above the straight line between the losses of the two ends, in the unit of the
            loss and at least 0; NaN where undefined.
        position: The coordinate where it is; NaN where the barrier is 0 or undefined.
        above_mean: By how much the highest loss of the path is above the mean of the two ends.
        above_higher_end: By how much it is above the higher of the two.
        is_lower_bound: Whether a loss on the path is not finite, so that the barrier may be higher.
        status: ``"ok"``; or why the barrier is undefined; or ``"at least: …"`` with what keeps it from being known.
    """

    value: float
    position: float
    above_mean: float
    above_higher_end: float
    is_lower_bound: bool = False
    status: str = "ok"


class _Heights(NamedTuple):
    """For each sample the barrier by each definition, and where the first of them is."""

    line: Samples
    mean: Samples
    higher_end: Samples
    place: np.ndarray


def barrier(alphas: Axis, losses: Losses, *, between: tuple[float, float] | None = None) -> Barrier:
    """Return the barrier between two solutions from the losses on the line between them.

    max over α of J(α) − [(1 − t) J(first) + t J(second)] with t the share of the way (Entezari et al. 2022).
    Frankle et al. (2020, section 2) take the mean of the two ends instead, which counts a plain slope between
    unequal ends as a barrier; Draxler et al. (2018) and Garipov et al. (2018) look at the loss above the higher end.
    The three are one where the ends have equal losses. The loss between grid points is not looked at, so a narrow
    barrier is higher than it seems.

    Args:
        alphas: Shape (point,), rising; the coordinates of the grid points.
        losses: Shape (point,); the loss, or the error, at each. A point where it is not finite is left out, and the
            result says so.
        between: The coordinates of the two solutions, both grid points; by default the ends of the grid.

    Returns:
        The barrier in the unit of the losses; 0 means that the path nowhere lies above the line, higher means that the
        solutions are further from being linearly connected. A constant added to the losses and any change of
        coordinates along the line leave it as it is. NaN with a status where the loss of a solution is not finite.

    Raises:
        InputError: The coordinates do not rise or are fewer than three, the losses do not fit them, or a solution is no
            grid point.

    >>> found = barrier(np.array([0.0, 0.25, 0.5, 1.0]), np.array([1.0, 3.0, 3.5, 2.0]))
    >>> found.value, found.position, found.above_mean, found.above_higher_end
    (2.0, 0.5, 2.0, 1.5)
    """
    axis = check_axis(alphas, "alphas", min_points=3)
    heights = check_losses(losses, axis.shape)
    path = _path(axis, between)
    axis, heights = axis[path], heights[path]
    unknown = ~np.isfinite(heights)
    status = _status(axis, unknown)
    if status.startswith("undefined"):
        nothing = math.nan
        return Barrier(
            value=nothing, position=nothing, above_mean=nothing, above_higher_end=nothing, status=status
        )
    found = _heights(axis, heights[:, None], unknown)
    value = float(found.line[0])
    return Barrier(
        value=value,
        position=float(axis[found.place[0]]) if value > 0 else math.nan,
        above_mean=float(found.mean[0]),
        above_higher_end=float(found.higher_end[0]),
        is_lower_bound=bool(unknown.any()),
        status=status,
    )


def barrier_estimate(
    alphas: Axis,
    losses: ExampleLosses,
    sentence_ids: SentenceIds,
    *,
    between: tuple[float, float] | None = None,
    above: Reference = "line",
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return a :func:`barrier` of the mean loss over examples with its interval over sentences.

    A maximum over noisy losses is too high on average; where that matters, there is no interval, see
    :func:`~tunescope.measures.resampling_bias.unless_biased`.

    Args:
        alphas: Shape (point,), rising; the coordinates of the grid points.
        losses: Shape (point, example); the loss of each example at each point.
        sentence_ids: Shape (example,); the sentence of each example.
        between: The coordinates of the two solutions, both grid points; by default the ends of the grid.
        above: What the highest loss is compared with; ``"line"`` by default, see :func:`barrier`.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate; without an interval, and with a status, where the barrier is a lower bound. A barrier of 0 has the
        interval 0 to 0 where no half-sample has one either.

    Raises:
        InputError: As :func:`barrier`, or ``above`` is unknown, the ids do not fit, or the resampling settings are out
            of range.

    >>> rng, alphas = np.random.default_rng(0), np.linspace(0, 1, 11)
    >>> heights = rng.uniform(1, 3, size=100)
    >>> estimate = barrier_estimate(alphas, np.outer(alphas * (1 - alphas), heights), np.arange(100), rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    if above not in get_args(Reference):
        raise InputError("above is unknown.", expected=" or ".join(get_args(Reference)), got=above)
    axis = check_axis(alphas, "alphas", min_points=3)
    heights = check_losses(losses, axis.shape, per_example=True)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, heights.shape[-1])
    path = _path(axis, between)
    axis = axis[path]
    curves = mean_losses(heights[path], half_samples(sentences, n_resamples, rng))
    unknown = np.isnan(curves[:, 0])
    status = _status(axis, unknown)
    if status.startswith("undefined"):
        figures = np.full(n_resamples + 1, math.nan)
    else:
        found = _heights(axis, curves, unknown)
        figures = {"line": found.line, "mean": found.mean, "higher end": found.higher_end}[above]
    if unknown.any():
        value, n_sentences = float(figures[0]), int(sentences.max()) + 1
        return Estimate(
            value=value, level=level, n_examples=len(sentences), n_sentences=n_sentences, status=status
        )
    estimate = interval(
        float(figures[0]), figures[1:], sentence_ids=sentences, level=level, bounds=(0.0, math.inf)
    )
    return unless_biased(estimate, figures[1:], name="the barrier")


def _path(axis: Axis, between: tuple[float, float] | None) -> slice:
    """Return which grid points lie on the path, its ends included."""
    if between is None:
        return slice(None)
    ends = []
    for place in between:
        coordinate = check_place(place, axis, "between")
        if coordinate not in axis:
            raise InputError(
                "A solution is no grid point, and its loss not known.",
                where=f"between, {place:g}",
                expected=f"two of {', '.join(f'{each:g}' for each in axis)}",
                fix="take a grid that has points at both solutions",
            )
        ends.append(int(np.searchsorted(axis, coordinate)))
    if ends[1] - ends[0] < 2:
        raise InputError(
            "There is no grid point between the two solutions.",
            where="between",
            expected="two coordinates in rising order with points between them",
            got=between,
        )
    return slice(ends[0], ends[1] + 1)


def _status(axis: Axis, unknown: Bool[np.ndarray, " point"]) -> str:
    if not unknown.any():
        return "ok"
    ends = [f"{axis[place]:g}" for place in (0, -1) if unknown[place]]
    if ends:
        return f"undefined: the loss of the solution at {' and '.join(ends)} is not finite"
    if unknown[1:-1].all():
        return "undefined: no loss between the two solutions is finite"
    return f"at least: the loss is not finite at {', '.join(f'{each:g}' for each in axis[unknown])}"


def _heights(
    axis: Axis, curves: Float[np.ndarray, "point sample"], unknown: Bool[np.ndarray, " point"]
) -> _Heights:
    """Return the barriers of curves whose points are unknown in all samples or in none."""
    shares = ((axis - axis[0]) / (axis[-1] - axis[0]))[:, None]
    known, first, last = curves[~unknown], curves[0], curves[-1]
    excess = known - ((1 - shares) * first + shares * last)[~unknown]
    smallest = SMALLEST_SHARE * np.abs(known).max(axis=0)

    def rise(heights: Float[np.ndarray, "known_point sample"]) -> Samples:
        highest = heights.max(axis=0)
        return np.where(highest <= smallest, 0.0, highest)

    return _Heights(
        line=rise(excess),
        mean=rise(known - (first + last) / 2),
        higher_end=rise(known - np.maximum(first, last)),
        place=np.flatnonzero(~unknown)[excess.argmax(axis=0)],
    )
