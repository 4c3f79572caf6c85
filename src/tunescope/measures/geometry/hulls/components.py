"""Merging within labels that conflict, directly or through others, in chunks that can be watched and stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from tunescope.measures.geometry.hulls.depth import overlap_depth
from tunescope.measures.geometry.hulls.linkage import Linkage, forbid, members, new_linkage
from tunescope.measures.geometry.hulls.merging import (
    ASKS,
    COUNTERS,
    DONE,
    REFUSED,
    Merging,
    advance,
    new_refusal,
)
from tunescope.measures.geometry.hulls.min_norm_point import DISJOINT, OVERLAP, UNDECIDED, Goal
from tunescope.measures.geometry.hulls.pairs import measure_pair
from tunescope.measures.geometry.hulls.planes import add_plane, new_planes
from tunescope.measures.geometry.hulls.tolerances import INPUT_ROUNDING
from tunescope.measures.geometry.hulls.warm_starts import new_warm_starts

__all__ = ["Component", "Rejection", "merge_component"]

Rows = Int[np.ndarray, " _"]
Points = Float[np.ndarray, "row rank"]

MOST_CANDIDATES = 256
"""Most candidates between two looks at the clock; fewer where they take longer than a tenth of a second."""

MARGIN = 0.1
"""Two hulls are told apart by the first strip of this share of the widest one's width."""


@dataclass(frozen=True)
class Rejection:
    """A merger that was refused: the union of two clusters of one label meets a cluster of another.

    Attributes:
        status: OVERLAP, or UNDECIDED where no solver could tell.
        union: Shape (corner,); rows of the union.
        obstacle: Shape (corner,); rows of the cluster of the other label.
        weights: Shape (corner,); positive, with sum 1. For OVERLAP the weighted means of both meet.
        depth: Bounds of how far the hulls would have to move to come apart; NaN where undecided.
    """

    status: int
    union: Int[np.ndarray, " corner"]
    obstacle: Int[np.ndarray, " corner"]
    weights: Float[np.ndarray, " corner"]
    depth: tuple[float, float]


@dataclass
class Component:
    """What merging came to.

    Attributes:
        cluster: The cluster of each row, named by its first row.
        finished: Whether every pair was treated; otherwise time ran out.
        rejections: The refused mergers, in order.
        counters: How often what was done; see :data:`COUNTERS`.
    """

    cluster: Rows
    finished: bool = False
    rejections: list[Rejection] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)


def merge_component(
    points: Points,
    label: Rows,
    order: Rows,
    sizes: Rows,
    movable: Bool[np.ndarray, " row"],
    conflicts: list[tuple[int, int]],
    *,
    goal: Goal,
    max_memory: int,
    deadline: float = np.inf,
    watch: Callable[[int], None] = lambda _: None,
) -> Component:
    """Merge clusters of one label, nearest centroids first, while no hull meets that of another label.

    Args:
        points: Shape (row, rank), sorted by label.
        label: The label of each, numbered from 0.
        order: What decides ties: the lower first.
        sizes: How many examples each stands for.
        movable: Whether it may merge.
        conflicts: The label pairs, first below second, whose hulls are not known to be disjoint.
        goal: Of a distance.
        max_memory: Bytes for distances, planes and warm starts together.
        deadline: When to stop, by :func:`time.monotonic`.
        watch: Called with the number of pairs treated since the last call.
    """
    linkage = new_linkage(points, label, order, sizes, movable, max_memory=max_memory // 2)
    width = sum(int(linkage.start[p + 1] - linkage.start[p]) for pair in conflicts for p in pair)
    capacity = min(256, max(16, max_memory // 4 // (8 * width)))
    planes = new_planes(linkage.start, conflicts, capacity=capacity)
    for conflict, (p, q) in enumerate(conflicts):
        add_plane(planes, linkage, points, conflict, _discriminant(points, linkage, p, q), 0)
    starts = new_warm_starts(points.shape[1], max_memory=max_memory // 4)
    counters = np.zeros(len(COUNTERS), np.int64)
    merging = Merging(points, linkage, planes, starts, new_refusal(points.shape[1]), counters)
    component = Component(linkage.cluster)
    deciding = goal._replace(margin=MARGIN)
    n_candidates = 1
    while not component.finished and time.monotonic() < deadline:
        merging = _with_room(merging)
        treated, start = int(counters[0]), time.monotonic()
        state = advance(merging, deciding, n_candidates)
        quick = time.monotonic() - start < 0.1
        n_candidates = min(2 * n_candidates, MOST_CANDIDATES) if quick else max(n_candidates // 2, 1)
        if state == REFUSED:
            _refuse(merging, _rejection(merging), component)
        elif state == ASKS:
            _answer(merging, deciding, component)
        component.finished = state == DONE
        watch(int(counters[0]) - treated)
    component.cluster = merging.linkage.cluster
    component.counters = dict(zip(COUNTERS, counters.tolist(), strict=True))
    return component


def _discriminant(points: Points, linkage: Linkage, p: int, q: int) -> Float[np.ndarray, " rank"]:
    """Return Fisher's direction between two labels, a first plane that tells most of their clusters apart."""
    own = points[linkage.start[p] : linkage.start[p + 1]]
    other = points[linkage.start[q] : linkage.start[q + 1]]
    scatter = len(own) * np.cov(own.T, bias=True) + len(other) * np.cov(other.T, bias=True)
    scatter = np.atleast_2d(scatter)
    between = own.mean(axis=0) - other.mean(axis=0)
    scatter[np.diag_indices(len(scatter))] += 1e-3 * np.trace(scatter) / len(scatter)
    if not np.any(between) or not np.any(scatter):
        return np.eye(1, points.shape[1])[0]
    return np.linalg.solve(scatter, between)


def _with_room(merging: Merging) -> Merging:
    """Return the merging with room to forbid one more pair."""
    linkage = merging.linkage
    if linkage.counts[0] < len(linkage.forbidden):
        return merging
    forbidden = np.concatenate([linkage.forbidden, np.zeros_like(linkage.forbidden)])
    return merging._replace(linkage=linkage._replace(forbidden=forbidden))


def _rejection(merging: Merging) -> Rejection:
    """Return the rejection that the kernel noted."""
    refusal, linkage = merging.refusal, merging.linkage
    size = int(refusal.size[0])
    corners = refusal.corners[:, :size].copy()
    own_label = linkage.label[refusal.clusters[0]]
    union, obstacle = corners if linkage.label[corners[0, 0]] == own_label else corners[::-1]
    return _overlap(merging, union, obstacle, refusal.weights[:size].copy())


def _overlap(
    merging: Merging, union: Rows, obstacle: Rows, weights: Float[np.ndarray, " corner"]
) -> Rejection:
    own, other = _sides(merging)
    depth = overlap_depth(merging.points, own, other, (union, obstacle), weights)
    return Rejection(OVERLAP, union, obstacle, weights, depth)


def _refuse(merging: Merging, rejection: Rejection, component: Component) -> None:
    i, j, _ = merging.refusal.clusters
    forbid(merging.linkage, i, j)
    merging.counters[COUNTERS.index("rejections")] += 1
    component.rejections.append(rejection)


def _answer(merging: Merging, goal: Goal, component: Component) -> None:
    """Ask other solvers whether a union meets an obstacle; what none can tell is kept apart, and said."""
    linkage, points = merging.linkage, merging.points
    own, other = _sides(merging)
    found = measure_pair(points, own, other, goal, points[own].mean(axis=0) - points[other].mean(axis=0))
    if found.status == DISJOINT:
        p, q = linkage.label[own[0]], linkage.label[other[0]]
        conflict = merging.planes.conflict[p, q]
        sign = 1.0 if merging.planes.first[conflict] == p else -1.0
        add_plane(merging.planes, linkage, points, conflict, sign * found.direction, merging.counters[0])
        merging.counters[COUNTERS.index("fragile")] += found.lower < INPUT_ROUNDING * goal.scale
    elif found.status == OVERLAP:
        _refuse(merging, _overlap(merging, found.first, found.second, found.weights), component)
    else:
        undecided = Rejection(UNDECIDED, found.first, found.second, found.weights, (math.nan, math.nan))
        _refuse(merging, undecided, component)


def _sides(merging: Merging) -> tuple[Rows, Rows]:
    """Return the rows of the union that was refused, and of the cluster that it meets."""
    i, j, obstacle = merging.refusal.clusters
    return _rows(merging.linkage, (i, j)), _rows(merging.linkage, (obstacle,))


def _rows(linkage: Linkage, clusters: tuple[int, ...]) -> Rows:
    rows = np.empty(linkage.label.size, np.int64)
    count = 0
    for cluster in clusters:
        count = members(linkage, cluster, rows, count)
    return np.sort(rows[:count])
