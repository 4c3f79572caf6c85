"""How two hulls stand to each other, with the proof; where one solver does not decide, another is tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tunescope.measures.geometry.hulls.min_norm_point import (
    DISJOINT,
    OVERLAP,
    UNDECIDED,
    Answer,
    Goal,
    minimum_norm_point,
)
from tunescope.measures.geometry.hulls.second_opinion import common_point_or_plane
from tunescope.measures.geometry.hulls.threads import workspace
from tunescope.measures.geometry.hulls.tolerances import CONTACT

__all__ = ["HullPair", "distance_goal", "is_precise", "measure_pair", "pair_up"]

Rows = Int[np.ndarray, " _"]
NO_ROWS = np.zeros(0, np.int64)
TOLERANCE = 5e-7
"""Relative gap between the bounds of a distance."""


@dataclass(frozen=True)
class HullPair:
    """Two hulls, and what is certain about them.

    Attributes:
        status: DISJOINT, OVERLAP or UNDECIDED.
        lower: Certified lower bound of the distance.
        upper: Certified upper bound of the distance.
        direction: Shape (rank,); the normal of a strip between them, from the second towards the first.
        first: Rows of the first hull whose weighted mean is nearest to that of ``second``.
        second: Rows of the second hull.
        weights: Shape (corner,); what each corner ``first[k]``, ``second[k]`` weighs.
    """

    status: int
    lower: float
    upper: float
    direction: Float[np.ndarray, " rank"]
    first: Int[np.ndarray, " corner"]
    second: Int[np.ndarray, " corner"]
    weights: Float[np.ndarray, " corner"]


def distance_goal(scale: float, rank: int) -> Goal:
    """Return the goal of a distance whose bounds agree to :data:`TOLERANCE`."""
    return Goal(scale, TOLERANCE, np.inf, np.inf, 100 * rank + 1000)


def is_precise(lower: float, upper: float, scale: float) -> bool:
    """Whether two bounds agree as promised: within 1e-6 of the distance, or 1e-9 of the scale."""
    return upper - lower <= max(2 * TOLERANCE * upper, CONTACT * scale)


def measure_pair(
    points: Float[np.ndarray, "row rank"],
    first: Rows,
    second: Rows,
    goal: Goal,
    guess: Float[np.ndarray, " rank"],
) -> HullPair:
    """Return how the hulls of two sets of rows stand to each other; ``guess`` points from the second to the first."""
    best: HullPair | None = None
    for start in (guess, -guess, points[first[0]] - points[second[0]]):
        found = _solve_once(points, first, second, goal, start.copy())
        if best is None or _better(found, best):
            best = found
        if best.status == OVERLAP or (
            best.status == DISJOINT
            and (np.isfinite(goal.margin) or is_precise(best.lower, best.upper, goal.scale))
        ):
            return best
    assert best is not None
    return best if best.status == DISJOINT else _ask_again(points, first, second, goal, best)


def _solve_once(
    points: Float[np.ndarray, "row rank"],
    first: Rows,
    second: Rows,
    goal: Goal,
    direction: Float[np.ndarray, " rank"],
) -> HullPair:
    active = workspace(points.shape[1])
    answer: Answer = minimum_norm_point(
        points, first, second, goal, active, 0, False, NO_ROWS, NO_ROWS, direction
    )
    n = answer.n_active
    return HullPair(
        answer.status,
        answer.lower,
        answer.upper,
        direction,
        active.first[:n].copy(),
        active.second[:n].copy(),
        active.weights[:n].copy(),
    )


def _better(found: HullPair, best: HullPair) -> bool:
    if (found.status != UNDECIDED) != (best.status != UNDECIDED):
        return found.status != UNDECIDED
    return found.upper - found.lower < best.upper - best.lower


def _ask_again(
    points: Float[np.ndarray, "row rank"], first: Rows, second: Rows, goal: Goal, best: HullPair
) -> HullPair:
    """Return the linear programs' answer where they have one, else what is certain without."""
    seeds = np.searchsorted(first, best.first), np.searchsorted(second, best.second)
    direction, meeting = common_point_or_plane(points[first], points[second], seeds, goal.scale)
    if direction is not None:
        strip = (points[first] @ direction).min() - (points[second] @ direction).max()
        lower = float(strip / np.linalg.norm(direction))
        return HullPair(DISJOINT, lower, best.upper, direction, best.first, best.second, best.weights)
    if meeting is not None:
        corners, others, weights = pair_up(*meeting)
        distance = float(np.linalg.norm(weights @ (points[first[corners]] - points[second[others]])))
        return HullPair(OVERLAP, 0.0, distance, best.direction, first[corners], second[others], weights)
    return best


def pair_up(
    weights: Float[np.ndarray, " row"], other_weights: Float[np.ndarray, " other_row"]
) -> tuple[Rows, Rows, Float[np.ndarray, " corner"]]:
    """Return the same two weighted means as weighted pairs: row, other row, and the weight of both.

    >>> pair_up(np.array([0.5, 0.5]), np.array([0.0, 0.25, 0.75]))
    (array([0, 0, 1]), array([1, 2, 2]), array([0.25, 0.25, 0.5 ]))
    """
    ends, other_ends = np.cumsum(weights), np.cumsum(other_weights)
    ends[-1] = other_ends[-1] = 1.0
    cuts = np.union1d(ends, other_ends)
    lengths = np.diff(cuts, prepend=0.0)
    kept = lengths > 0
    middles = (cuts - lengths / 2)[kept]
    return np.searchsorted(ends, middles), np.searchsorted(other_ends, middles), lengths[kept]
