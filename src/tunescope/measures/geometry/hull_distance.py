"""The distance between two convex hulls, with a proof: a separating direction, or a common point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope.measures.geometry.hulls.min_norm_point import DISJOINT, OVERLAP
from tunescope.measures.geometry.hulls.pairs import distance_goal, measure_pair
from tunescope.measures.geometry.hulls.preparation import prepare
from tunescope.measures.geometry.hulls.tolerances import ROUNDING
from tunescope.measures.shapes import AnyVectors
from tunescope.measures.validation import check_vectors

__all__ = ["HullDistance", "hull_distance"]


@dataclass(frozen=True)
class HullDistance:
    """How two convex hulls stand to each other.

    Attributes:
        distance: Between the nearest two points of the hulls, in the unit of the points; 0 where they meet, NaN where
            that could not be decided. The middle of the bounds is never taken: this is ``upper``.
        lower: Certified lower bound: the width of the strip along ``direction``.
        upper: Certified upper bound: the distance between the two nearest points found.
        status: ``"disjoint"``, ``"overlap"`` (touching counts) or ``"undecided"``.
        direction: Shape (hidden,); a unit vector along which every point of the first set lies at least ``lower``
            above every point of the second; NaN unless disjoint.
        nearest: Shape (2, hidden); the nearest point of either hull. Where they overlap, both are the common point.
        first: Shape (corner,); rows of the first set whose weighted mean is ``nearest[0]``.
        second: Shape (corner,); rows of the second set whose weighted mean is ``nearest[1]``.
        weights: Shape (corner,); positive, with sum 1.
    """

    distance: float
    lower: float
    upper: float
    status: Literal["disjoint", "overlap", "undecided"]
    direction: Float[np.ndarray, " hidden"]
    nearest: Float[np.ndarray, "2 hidden"]
    first: Int[np.ndarray, " corner"]
    second: Int[np.ndarray, " corner"]
    weights: Float[np.ndarray, " corner"]


def hull_distance(first: AnyVectors, second: AnyVectors) -> HullDistance:
    """Return the distance between the convex hulls of two sets of points.

    The bounds differ by at most 1e-6 of the distance, or 1e-9 of the scale, which is the largest distance of a
    point from the mean of all. Hulls that come within 1e-9 of the scale count as meeting, unless a strip between
    them was found.

    Args:
        first: Shape (point, hidden), finite, at least one point.
        second: Shape (other point, hidden), finite, at least one point.

    Raises:
        InputError: One of the two is no finite matrix, or their numbers of columns differ.

    >>> found = hull_distance(np.array([[0.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 1.0]]))
    >>> round(found.distance, 9), found.status, found.direction.round(9) + 0.0
    (3.0, 'disjoint', array([-1.,  0.]))
    """
    points = [check_vectors(each, name) for each, name in ((first, "first"), (second, "second"))]
    if points[0].shape[1] != points[1].shape[1]:
        raise InputError(
            "first and second have different numbers of columns.",
            expected="points of one space",
            got=f"{points[0].shape[1]} and {points[1].shape[1]}",
        )
    both = np.concatenate([each.astype(np.float64) for each in points])
    side = np.repeat([0, 1], [len(points[0]), len(points[1])])
    prepared = prepare(both, side, negligible=ROUNDING)
    own, other = prepared.rows_of_label
    guess = prepared.points[own].mean(axis=0) - prepared.points[other].mean(axis=0)
    found = measure_pair(
        prepared.points, own, other, distance_goal(prepared.scale, prepared.points.shape[1]), guess
    )
    corners = prepared.first_example[found.first], prepared.first_example[found.second]
    direction = np.full(both.shape[1], math.nan)
    if found.status == DISJOINT:
        direction = prepared.lift(found.direction[None])[0] / np.linalg.norm(found.direction)
    meets = found.status == OVERLAP
    return HullDistance(
        distance=0.0 if meets else found.upper if found.status == DISJOINT else math.nan,
        lower=found.lower,
        upper=0.0 if meets else found.upper,
        status="overlap" if meets else "disjoint" if found.status == DISJOINT else "undecided",
        direction=direction,
        nearest=np.array([found.weights @ both[each] for each in corners]),
        first=corners[0],
        second=corners[1] - len(points[0]),
        weights=found.weights,
    )
