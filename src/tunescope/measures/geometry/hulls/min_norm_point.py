"""The distance between two convex hulls: Wolfe's point of smallest norm of their Minkowski difference.

The hull of A less the hull of B is again convex, with the differences a − b for corners; its point w of smallest
norm has the distance of the hulls for length, and is the direction of the widest strip between them. Wolfe
(1976) finds it as the nearest point to the origin of the affine hull of an *active set* of corners, which gains the
corner that lies farthest towards the origin and loses those that would get a negative weight, until no corner lies
below w.

Near contact w is the small difference of large vectors, and its direction drowns in rounding. Here it is therefore
never formed as a sum of corners. With σ the scale of the data, every corner p becomes a column (σ, p), and
r = e₁ less its projection onto the columns is orthogonal to all differences of active corners, so that

    w = −σ r[1:] / (1 − ‖r‖²),

with full relative accuracy however short w is. Once the columns span the space, r = 0: the origin lies in the
simplex of d + 1 corners, and the hulls overlap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from tunescope.measures.geometry.hulls.compiled import compiled, dot
from tunescope.measures.geometry.hulls.factorisation import (
    Factorisation,
    append_column,
    new_factorisation,
    refresh_residual,
    remove_column,
    solve,
)
from tunescope.measures.geometry.hulls.pricing import lowest, lowest_rows
from tunescope.measures.geometry.hulls.tolerances import CONTACT, INPUT_ROUNDING, ROUNDING, SMALLEST_MARGIN

__all__ = [
    "DISJOINT",
    "OVERLAP",
    "UNDECIDED",
    "ActiveSet",
    "Answer",
    "Goal",
    "minimum_norm_point",
    "new_active_set",
]

UNDECIDED, DISJOINT, OVERLAP = 0, 1, 2

N_CANDIDATES = 48
"""Points of each side that are priced between two passes over all points."""

NEAR_CONTACT = 1e-4
"""Share of the scale below which the residual is made orthogonal anew at every step."""

MAX_STALLS = 100
"""Changes of the active set without a shorter vector, after which only rounding is left to gain."""


class ActiveSet(NamedTuple):
    """Corners of the Minkowski difference with weights: entry k is point ``first[k]`` less point ``second[k]``.

    Attributes:
        first: Rows of the points of the first hull.
        second: Rows of the points of the second hull.
        weights: Positive, with sum 1, over the entries in use.
        factors: The factorisation of their columns.
    """

    first: Int[np.ndarray, " row"]
    second: Int[np.ndarray, " row"]
    weights: Float[np.ndarray, " row"]
    factors: Factorisation


class Goal(NamedTuple):
    """When to stop.

    Attributes:
        scale: Size of the data: the largest norm of a point, about the mean.
        tolerance: Largest relative gap between the bounds of a distance.
        margin: Stop at the first strip that is at least this share of the upper bound wide, and wider than what
            the rounding of the input could undo; infinity for the distance.
        enough: Stop at the first strip at least this wide; infinity for the distance.
        max_pivots: Most changes of the active set.
    """

    scale: float
    tolerance: float
    margin: float
    enough: float
    max_pivots: int


class Answer(NamedTuple):
    """What was found.

    Attributes:
        status: DISJOINT, OVERLAP or UNDECIDED.
        lower: Width of the widest strip found between the hulls; 0 for none.
        upper: Distance of two points of the hulls.
        n_active: Size of the active set.
        n_pivots: Changes of the active set.
    """

    status: int
    lower: float
    upper: float
    n_active: int
    n_pivots: int


def new_active_set(hidden_size: int) -> ActiveSet:
    """Return room for an active set in this many dimensions."""
    n = hidden_size + 1
    return ActiveSet(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n), new_factorisation(n))


@compiled
def minimum_norm_point(
    points: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    goal: Goal,
    active: ActiveSet,
    n_given: int,
    factored: bool,
    hint_first: np.ndarray,
    hint_second: np.ndarray,
    direction: np.ndarray,
) -> Answer:
    """Return how the hulls of two sets of points stand to each other.

    Args:
        points: Shape (row, hidden), float64, centred.
        first: Rows of the first hull, at least one.
        second: Rows of the second hull, at least one.
        goal: When to stop.
        active: Where the active set is left; its first ``n_given`` entries are the start, with their weights. They
            must be points of the two hulls.
        n_given: How many entries to start from; 0 for a cold start.
        factored: Whether the factorisation of the given entries is there already.
        hint_first: Rows of the first hull to look at before all others, for they are new to the given entries.
        hint_second: The same of the second hull.
        direction: Shape (hidden,); for a cold start a guess, from the second hull towards the first. Overwritten
            by w, which for DISJOINT proves it: min over the first of ⟨w, a⟩ > max over the second of ⟨w, b⟩.

    Returns:
        The answer. For OVERLAP the weights of the active set give the common point.
    """
    scale = goal.scale
    heights = np.empty(max(first.size, second.size, N_CANDIDATES))
    near_first = np.empty(N_CANDIDATES, np.int64)
    near_second = np.empty(N_CANDIDATES, np.int64)
    few = first.size + second.size <= 2 * N_CANDIDATES
    n_first, n_second = 0, 0
    full_gap = 0.0
    widest = 0.0
    column = np.empty(direction.size + 1)
    wanted = np.empty(direction.size + 1)

    n_active = n_given if factored else _load(points, active, n_given, goal.scale, column)
    if n_active == 0:
        a, low_first = lowest(points, first, direction, 1.0, heights)
        b, low_second = lowest(points, second, direction, -1.0, heights)
        length = np.sqrt(dot(direction, direction))
        if low_first + low_second >= goal.enough * length > 0.0:
            return Answer(DISJOINT, (low_first + low_second) / length, np.inf, 0, 0)
        n_active = _enter(points, active, 0, a, b, scale, column)
        active.weights[0] = 1.0
    elif hint_first.size + hint_second.size > 0:
        n_first = _candidates(hint_first, active.first, n_active, near_first)
        n_second = _candidates(hint_second, active.second, n_active, near_second)
    n_pivots = 0
    n_stalls, shortest = 0, np.inf
    while True:
        kept = _settle(active, n_active, wanted)
        n_pivots += n_active - kept
        n_active = kept
        if n_active > direction.size:
            return _meet(points, active, n_active, scale, n_pivots)
        upper = _read_direction(active.factors, scale, direction)
        if upper < NEAR_CONTACT * scale:
            refresh_residual(active.factors, n_active)
            upper = _read_direction(active.factors, scale, direction)
        n_stalls = 0 if upper < shortest else n_stalls + 1
        shortest = min(shortest, upper)
        inside = False
        a, b = -1, -1
        if (
            n_first > 0 and n_stalls <= MAX_STALLS
        ):  # the few candidates first, until they are as good as settled
            a, low_first = lowest(points, near_first[:n_first], direction, 1.0, heights)
            b, low_second = lowest(points, near_second[:n_second], direction, -1.0, heights)
            gap = upper * upper - low_first - low_second
            smallest = max(goal.tolerance * upper, ROUNDING * scale) * upper
            inside = gap > 0.1 * full_gap and gap > smallest and not _holds(active, n_active, a, b)
        if not inside:
            refresh_residual(active.factors, n_active)
            upper = _read_direction(active.factors, scale, direction)
            if upper <= 0.1 * ROUNDING * scale:
                return _meet(points, active, n_active, scale, n_pivots)
            a, low_first = lowest(points, first, direction, 1.0, heights)
            if not few:
                n_first = lowest_rows(first, heights, near_first)
            b, low_second = lowest(points, second, direction, -1.0, heights)
            if not few:
                n_second = lowest_rows(second, heights, near_second)
            strip = (low_first + low_second) / upper
            full_gap = (upper - strip) * upper
            widest = max(widest, strip)
            proven = strip > SMALLEST_MARGIN * scale
            wide = strip >= max(goal.margin * upper, INPUT_ROUNDING * scale) or strip >= goal.enough
            if proven and wide:
                return Answer(DISJOINT, strip, upper, n_active, n_pivots)
            optimal = upper - strip <= max(goal.tolerance * upper, ROUNDING * scale)
            given_up = n_stalls > MAX_STALLS or n_pivots >= goal.max_pivots
            if optimal or given_up or _holds(active, n_active, a, b):
                return _conclude(points, active, proven, strip, widest, upper, scale, n_active, n_pivots)
        if n_active == _enter(points, active, n_active, a, b, scale, column):
            if inside:  # rounding hides the way on: look again with all points and a fresh residual
                n_first = 0
                continue
            return _conclude(points, active, proven, strip, widest, upper, scale, n_active, n_pivots)
        n_active += 1
        n_pivots += 1


@compiled
def _conclude(
    points: np.ndarray,
    active: ActiveSet,
    proven: bool,
    strip: float,
    widest: float,
    upper: float,
    scale: float,
    n_active: int,
    n_pivots: int,
) -> Answer:
    """Return what is certain where nothing more can be gained."""
    if proven:
        return Answer(DISJOINT, strip, upper, n_active, n_pivots)
    if upper <= CONTACT * scale:
        return _meet(points, active, n_active, scale, n_pivots)
    return Answer(UNDECIDED, widest, upper, n_active, n_pivots)


@compiled
def _meet(points: np.ndarray, active: ActiveSet, n_active: int, scale: float, n_pivots: int) -> Answer:
    """Return that the hulls overlap, if the weights prove it by themselves."""
    between = np.zeros(points.shape[1])
    for k in range(n_active):
        between += active.weights[k] * (points[active.first[k]] - points[active.second[k]])
    distance = np.sqrt(dot(between, between))
    status = OVERLAP if distance <= CONTACT * scale else UNDECIDED
    return Answer(status, 0.0, distance, n_active, n_pivots)


@compiled
def _load(points: np.ndarray, active: ActiveSet, n_given: int, scale: float, column: np.ndarray) -> int:
    """Factorise the given active set, leaving out what depends on the rest; return how many are in it."""
    active.factors.residual[:] = 0.0
    active.factors.residual[0] = 1.0
    n_active = 0
    total = 0.0
    for k in range(n_given):
        weight = active.weights[k]
        kept = _enter(points, active, n_active, active.first[k], active.second[k], scale, column)
        if kept > n_active:
            active.weights[n_active] = weight
            total += weight
            n_active = kept
    for k in range(n_active):
        active.weights[k] = active.weights[k] / total if total > 0.0 else 1.0 / n_active
    return n_active


@compiled
def _enter(
    points: np.ndarray, active: ActiveSet, n_active: int, a: int, b: int, scale: float, column: np.ndarray
) -> int:
    """Add the corner a − b with weight 0; return the size, unchanged where it depends on the rest."""
    if n_active == column.size:
        return n_active
    column[0] = scale
    column[1:] = points[a] - points[b]
    if not append_column(active.factors, n_active, column):
        return n_active
    active.first[n_active] = a
    active.second[n_active] = b
    active.weights[n_active] = 0.0
    return n_active + 1


@compiled
def _settle(active: ActiveSet, n_active: int, wanted: np.ndarray) -> int:
    """Move to the point of the affine hull nearest to the origin, dropping corners until all weights are positive."""
    weights = active.weights
    while True:
        solve(active.factors, n_active, wanted)
        wanted[:n_active] /= np.sum(wanted[:n_active])
        step, drop = 1.0, -1
        for k in range(n_active):
            if wanted[k] <= 0.0:
                reach = weights[k] / (weights[k] - wanted[k]) if weights[k] > wanted[k] else 0.0
                if drop < 0 or reach < step:
                    step, drop = reach, k
        if drop < 0 or n_active == 1:
            weights[:n_active] = wanted[:n_active]
            return n_active
        weights[drop] = 0.0
        wanted[drop] = 0.0
        for k in range(n_active):
            weights[k] = max(0.0, weights[k] + step * (wanted[k] - weights[k]))
        remove_column(active.factors, n_active, drop)
        n_active -= 1
        for k in range(drop, n_active):
            active.first[k] = active.first[k + 1]
            active.second[k] = active.second[k + 1]
            weights[k] = weights[k + 1]
        total = np.sum(weights[:n_active])
        for k in range(n_active):
            weights[k] = weights[k] / total if total > 0.0 else 1.0 / n_active


@compiled
def _read_direction(factors: Factorisation, scale: float, direction: np.ndarray) -> float:
    """Write w and return its length."""
    residual = factors.residual
    factor = -scale / (1.0 - dot(residual, residual))
    for k in range(direction.size):
        direction[k] = factor * residual[k + 1]
    return np.sqrt(dot(direction, direction))


@compiled
def _candidates(hint: np.ndarray, corners: np.ndarray, n_active: int, chosen: np.ndarray) -> int:
    """Choose the rows of a hint, and as many of the active corners as there is room for."""
    n_hint = min(hint.size, chosen.size - 1)
    n_corners = min(n_active, chosen.size - n_hint)
    chosen[:n_hint] = hint[:n_hint]
    chosen[n_hint : n_hint + n_corners] = corners[:n_corners]
    return n_hint + n_corners


@compiled
def _holds(active: ActiveSet, n_active: int, a: int, b: int) -> bool:
    for k in range(n_active):
        if active.first[k] == a and active.second[k] == b:
            return True
    return False
