"""The area of an optimum in a plane: the connected region around a point in which the loss is below a threshold."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples
from tunescope.measures.landscape.extent_interval import extent_estimate
from tunescope.measures.landscape.loss_grid import (
    Axis,
    LossBound,
    check_axis,
    check_bound,
    check_losses,
    check_place,
    mean_losses,
)
from tunescope.measures.landscape.triangulated_surface import TriangulatedSurface
from tunescope.measures.shapes import SentenceIds
from tunescope.measures.validation import check_resampling, number_sentences

__all__ = ["BasinArea", "basin_area", "basin_area_estimate"]

OtherAxis = Float[np.ndarray, " other_point"]
Surface = Float[np.ndarray, "point other_point"]
ExampleSurface = Float[np.ndarray, "point other_point example"]


class BasinArea(Record):
    """How large the region around a point of a plane is in which the loss stays below a threshold.

    Attributes:
        value: The area, in the product of the units of the two axes; NaN where undefined.
        threshold: The loss up to which a point belongs to the region; NaN where undefined.
        is_lower_bound: Whether the true area may be larger, for the region reaches the border or a loss in it is not
            finite.
        status: ``"ok"``; or why the area is undefined; or ``"at least: …"`` with what keeps it from being known.
    """

    value: float
    threshold: float
    is_lower_bound: bool = False
    status: str = "ok"


def basin_area(
    alphas: Axis,
    betas: OtherAxis,
    losses: Surface,
    *,
    at: tuple[float, float] = (0.0, 0.0),
    rise: float | None = None,
    threshold: float | None = None,
) -> BasinArea:
    """Return the area of the connected region around a point of a plane in which the loss is at most a threshold.

    Each cell of the grid is divided into four triangles that meet in its middle, where the loss is the mean of the four
    corners, and the loss is linear on each: so the area, and what is connected with what, follow without a choice of
    diagonal (marching squares, with saddles decided by the middle). A cell with a corner that is not finite is unknown
    and adds nothing. The region around a minimum with Hessian H has the area 2π rise / √det H, up to the grid.

    Args:
        alphas: Shape (point,), rising; coordinates along the first axis.
        betas: Shape (other point,), rising; coordinates along the second axis.
        losses: Shape (point, other point); the loss at each α (row) and β (column).
        at: The point (α, β), within the grid; default (0, 0). Between grid points its loss is interpolated.
        rise: How far the loss may rise above that at the point, above 0. Either this or ``threshold``.
        threshold: The highest loss. Compare models by this one.

    Returns:
        The area in units of the axes (× ‖δ₁‖ ‖δ₂‖ sin of their angle in weight space); higher means a wider optimum. A
        constant added to the losses, and to ``threshold``, changes nothing. NaN where the loss at the point is not
        finite or above ``threshold``; a lower bound with a status where the region reaches the border of the grid or a
        loss that is not finite.

    Raises:
        InputError: The coordinates do not rise, the losses do not fit them, the point lies outside the grid, or not
            exactly one of ``rise`` and ``threshold`` is given.

    >>> axis = np.linspace(-2, 2, 41)
    >>> found = basin_area(axis, axis, axis[:, None] ** 2 + axis**2, rise=1.0)
    >>> round(found.value, 2), found.status  # a circle of radius 1
    (3.13, 'ok')
    >>> basin_area(axis, axis, axis[:, None] ** 2 + 0 * axis, rise=1.0).status
    'at least: the region reaches the border of the grid'
    """
    first, second = check_axis(alphas, "alphas"), check_axis(betas, "betas")
    heights = check_losses(losses, (len(first), len(second)))
    bound = check_bound(rise, threshold)
    place = check_place(at[0], first, "at[0]"), check_place(at[1], second, "at[1]")
    return _area(first, second, heights, place, bound)


def basin_area_estimate(
    alphas: Axis,
    betas: OtherAxis,
    losses: ExampleSurface,
    sentence_ids: SentenceIds,
    *,
    at: tuple[float, float] = (0.0, 0.0),
    rise: float | None = None,
    threshold: float | None = None,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the :func:`basin_area` of the mean loss over examples with its interval over sentences.

    Args:
        alphas: Shape (point,), rising; coordinates along the first axis.
        betas: Shape (other point,), rising; coordinates along the second axis.
        losses: Shape (point, other point, example); the loss of each example at each point. A point where one of them
            is not finite is unknown.
        sentence_ids: Shape (example,); the sentence of each example.
        at: The point (α, β), within the grid; default (0, 0).
        rise: How far the loss may rise above that at the point: in a half-sample above its own loss there.
        threshold: The highest loss; either this or ``rise``.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate; with a lower end alone, and a status, where the area is a lower bound, on all examples or on more
        than a tenth of the half-samples.

    Raises:
        InputError: As :func:`basin_area`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng, axis = np.random.default_rng(0), np.linspace(-2, 2, 9)
    >>> losses = (axis[:, None] ** 2 + axis**2)[..., None] * rng.uniform(1, 3, size=100)
    >>> estimate = basin_area_estimate(axis, axis, losses, np.arange(100), rise=2.0, n_resamples=50, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    first, second = check_axis(alphas, "alphas"), check_axis(betas, "betas")
    heights = check_losses(losses, (len(first), len(second)), per_example=True)
    bound = check_bound(rise, threshold)
    check_resampling(n_resamples, level)
    place = check_place(at[0], first, "at[0]"), check_place(at[1], second, "at[1]")
    sentences = number_sentences(sentence_ids, heights.shape[-1])
    surfaces = np.moveaxis(mean_losses(heights, half_samples(sentences, n_resamples, rng)), -1, 0)
    found = [_area(first, second, surface, place, bound) for surface in surfaces]
    return extent_estimate(
        np.array([each.value for each in found]),
        np.array([each.is_lower_bound for each in found]),
        sentences,
        level=level,
        name="the area",
        status=found[0].status,
    )


def _area(
    alphas: Axis, betas: OtherAxis, heights: Surface, at: tuple[float, float], bound: LossBound
) -> BasinArea:
    surface = TriangulatedSurface(alphas, betas, np.where(np.isfinite(heights), heights, np.nan))
    here = surface.height_at(at)
    highest = bound.above(here)
    if math.isnan(here) or here > highest:
        reason = "is not finite" if math.isnan(here) else f"is {here:g}, above the threshold"
        status = f"undefined: the loss at ({at[0]:g}, {at[1]:g}) {reason}"
        return BasinArea(value=math.nan, threshold=highest, status=status)
    region = surface.region_around(at, highest)
    cuts = ["the region reaches the border of the grid"] * region.at_border
    cuts += ["the region reaches a loss that is not finite"] * region.beside_unknown
    return BasinArea(
        value=region.area,
        threshold=highest,
        is_lower_bound=bool(cuts),
        status=f"at least: {'; '.join(cuts)}" if cuts else "ok",
    )
