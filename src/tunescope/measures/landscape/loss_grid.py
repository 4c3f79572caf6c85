"""Losses on a grid of points: what is checked of them, and their means over half-samples of the examples."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope.measures.intervals import divide, resampling_weights
from tunescope.measures.shapes import HalfSamples

__all__ = ["Axis", "LossBound", "check_axis", "check_bound", "check_losses", "check_place", "mean_losses"]

Axis = Float[np.ndarray, " point"]
"""Coordinates of the grid points along a direction, rising."""

Losses = Float[np.ndarray, "..."]
"""A value at each point of a grid of any dimensions, perhaps for each example."""

SAME_POINT = 1e-9
"""Coordinates that differ by a smaller share of the axis are the same grid point."""


class LossBound(NamedTuple):
    """What bounds a region of low loss.

    Attributes:
        amount: A loss, or a difference of losses.
        is_rise: Whether it counts from the loss at the point that the region is around.
    """

    amount: float
    is_rise: bool

    def above(self, loss: float) -> float:
        """Return the highest loss of the region around a point with this loss."""
        return loss + self.amount if self.is_rise else self.amount


def check_axis(coordinates: ArrayLike, name: str, *, min_points: int = 2) -> Axis:
    """Return the coordinates of grid points as floats.

    Args:
        coordinates: What was handed over.
        name: The parameter's name, for the message.
        min_points: The fewest points that make sense.

    Raises:
        InputError: They are no row of finite numbers that rise from each to the next, or are too few.
    """
    axis = np.asarray(coordinates)
    if axis.ndim != 1 or axis.dtype.kind not in "fiu":
        raise InputError(
            f"{name} is no row of numbers.",
            expected="one coordinate for each grid point along the direction",
            got=f"shape {axis.shape}, dtype {axis.dtype}",
        )
    if len(axis) < min_points:
        raise InputError(f"{name} has too few points.", expected=f"at least {min_points}", got=len(axis))
    axis = axis.astype(np.float64, copy=False)
    rising = np.isfinite(axis[1:]) & (axis[1:] > axis[:-1]) & np.isfinite(axis[:-1])
    if not rising.all():
        place = int(np.argmin(rising))
        raise InputError(
            f"{name} does not rise from each point to the next.",
            where=f"points {place} and {place + 1}",
            expected="finite coordinates in rising order, each once",
            got=f"{axis[place]} and {axis[place + 1]}",
            fix="sort the points, and their losses with them",
        )
    return axis


def check_losses(
    losses: ArrayLike, grid: tuple[int, ...], *, name: str = "losses", per_example: bool = False
) -> Losses:
    """Return losses on a grid as floats; values that are not finite stay as they are.

    Args:
        losses: What was handed over.
        grid: How many points the grid has along each axis.
        name: The parameter's name, for the message.
        per_example: Whether a last dimension, of at least one example, follows those of the grid.

    Raises:
        InputError: They are no numbers, or their shape is another.
    """
    array = np.asarray(losses)
    if array.dtype.kind not in "fiub":
        raise InputError(
            f"{name} does not hold numbers.", expected="real numbers", got=f"dtype {array.dtype}"
        )
    n_dimensions = len(grid) + int(per_example)
    if array.ndim != n_dimensions or array.shape[: len(grid)] != grid or array.size == 0:
        sizes = [str(size) for size in grid] + ["examples"] * per_example
        raise InputError(
            f"{name} has the wrong shape.",
            expected=f"shape ({', '.join(sizes)}): a value for each grid point"
            + " and example" * per_example,
            got=f"shape {array.shape}",
        )
    return array.astype(np.float64, copy=False)


def check_place(place: float, axis: Axis, name: str) -> float:
    """Return a coordinate within an axis; where a grid point is there up to rounding, that point's coordinate.

    Raises:
        InputError: It lies outside the grid, or is not finite.
    """
    reach = SAME_POINT * (axis[-1] - axis[0])
    if not axis[0] - reach <= place <= axis[-1] + reach:
        raise InputError(
            f"{name} lies outside the grid.",
            expected=f"a coordinate from {axis[0]:g} to {axis[-1]:g}",
            got=place,
        )
    nearest = float(axis[np.argmin(np.abs(axis - place))])
    return nearest if abs(nearest - place) <= reach else float(place)


def check_bound(rise: float | None, threshold: float | None) -> LossBound:
    """Return the bound of a region of low loss: a rise above the loss at a point, or a loss.

    Raises:
        InputError: Both are given or none; the rise is not above 0; one is not finite.
    """
    if rise is not None and threshold is None:
        if not 0 < rise < math.inf:
            raise InputError("rise is out of range.", expected="a finite number above 0", got=rise)
        return LossBound(rise, is_rise=True)
    if threshold is not None and rise is None:
        if not math.isfinite(threshold):
            raise InputError("threshold is not a loss.", expected="a finite number", got=threshold)
        return LossBound(threshold, is_rise=False)
    raise InputError(
        "The loss that bounds the region is not clear.",
        expected="either rise, above the loss at the point, or threshold, a loss",
        got=f"rise {rise}, threshold {threshold}",
    )


def mean_losses(
    losses: Float[np.ndarray, "*grid example"], halves: HalfSamples
) -> Float[np.ndarray, "*grid sample"]:
    """Return the mean loss at each grid point, over all examples and over each half-sample.

    Args:
        losses: Shape (…, example); the loss of each example at each grid point.
        halves: Shape (resample, example); see :func:`~tunescope.measures.intervals.half_samples`.

    Returns:
        Shape (…, 1 + resample), all examples first. NaN in every sample at a grid point where one example's loss is
        not finite: without it the mean would be of other examples than at the point beside.

    >>> losses, halves = np.array([[1.0, 2.0], [4.0, np.inf]]), np.array([[True, False]])
    >>> mean_losses(losses, halves)
    array([[1.5, 1. ],
           [nan, nan]])
    """
    finite = np.isfinite(losses).all(axis=-1, keepdims=True)
    weights = resampling_weights(halves)
    means = divide(np.where(finite, losses, 0.0) @ weights, weights.sum(axis=0))
    return np.where(finite, means, np.nan)
