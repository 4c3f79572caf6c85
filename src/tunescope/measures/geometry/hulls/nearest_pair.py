"""The smallest distance between a cluster of one group and a cluster of another, without looking at every pair closely.

Pairs are visited in any order, for a plane that an earlier pair left mostly tells that a pair is farther apart than
the nearest found; the others are measured, but only until that much is certain. Pairs of one and the same point are
passed over and counted, so that planes are found for the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from tunescope.measures.geometry.hulls.compiled import compiled, dot
from tunescope.measures.geometry.hulls.min_norm_point import (
    DISJOINT,
    ActiveSet,
    Goal,
    minimum_norm_point,
)

__all__ = ["NearestPair", "Separators", "nearest_pair", "new_separators"]


class Separators(NamedTuple):
    """Planes that together keep every cluster of the first group from every cluster of the second.

    Attributes:
        normals: Shape (plane, hidden); unit vectors, from the second group towards the first.
        heights: Shape (plane, cluster); the lowest height of each cluster, seen from its own side.
        counts: Shape (2,); how many planes there are, and how many were overwritten for want of room.
    """

    normals: Float[np.ndarray, "plane hidden"]
    heights: Float[np.ndarray, "plane cluster"]
    counts: Int[np.ndarray, " 2"]


class NearestPair(NamedTuple):
    """What was found.

    Attributes:
        status: DISJOINT for all pairs, OVERLAP for one, or UNDECIDED for one.
        lower: No pair is nearer than this.
        upper: The nearest pair is no farther apart than this.
        first: The nearest cluster of the first group, or −1 where there was no pair to measure.
        second: The nearest cluster of the second group.
        n_equal: How many pairs of equal points were passed over.
    """

    status: int
    lower: float
    upper: float
    first: int
    second: int
    n_equal: int


def new_separators(hidden_size: int, n_clusters: int, *, max_memory: int) -> Separators:
    """Return room for up to one plane for each pair of clusters; beyond 256, as many as fit into ``max_memory``."""
    room = min(n_clusters**2 // 4 + 8, max(256, max_memory // (8 * (hidden_size + n_clusters))))
    return Separators(np.empty((room, hidden_size)), np.empty((room, n_clusters)), np.zeros(2, np.int64))


@compiled
def nearest_pair(
    points: np.ndarray,
    rows: np.ndarray,
    start: np.ndarray,
    n_first: int,
    centroids: np.ndarray,
    goal: Goal,
    active: ActiveSet,
    separators: Separators,
) -> NearestPair:
    """Return the nearest pair of clusters; stops at the first pair that is not disjoint.

    Args:
        points: Shape (row, hidden), float64, centred.
        rows: The rows of all clusters, one after another.
        start: Where each cluster begins in ``rows``, and where the last ends.
        n_first: How many of the clusters are the first group.
        centroids: Shape (cluster, hidden).
        goal: How precise the distance has to be.
        active: Scratch; holds the common point's corners and weights at the end where two hulls overlap.
        separators: Takes the planes.
    """
    n_clusters = start.size - 1
    direction = np.empty(points.shape[1])
    nothing = rows[:0]
    lower, upper, best_i, best_j = np.inf, np.inf, -1, -1
    n_equal = 0
    tried_i, tried_j = _nearest_centroids(centroids, n_first)
    for visit in range(-1, n_first * (n_clusters - n_first)):
        i, j = tried_i, tried_j  # the first visit
        if visit >= 0:
            i, j = visit // (n_clusters - n_first), n_first + visit % (n_clusters - n_first)
            if (i == tried_i and j == tried_j) or _apart(separators, i, j, upper):
                continue
        if _equal_points(points, rows, start, i, j):
            n_equal += 1
            continue
        direction[:] = centroids[i] - centroids[j]
        answer = minimum_norm_point(
            points,
            rows[start[i] : start[i + 1]],
            rows[start[j] : start[j + 1]],
            Goal(goal.scale, goal.tolerance, goal.margin, min(goal.enough, upper), goal.max_pivots),
            active,
            0,
            False,
            nothing,
            nothing,
            direction,
        )
        if answer.status != DISJOINT:
            return NearestPair(answer.status, 0.0, answer.upper, i, j, n_equal)
        _add(separators, points, rows, start, n_first, direction)
        if answer.lower < upper:
            lower = min(lower, answer.lower)
            if answer.upper < upper:
                upper, best_i, best_j = answer.upper, i, j
    return NearestPair(DISJOINT, min(lower, upper), upper, best_i, best_j, n_equal)


@compiled
def _nearest_centroids(centroids: np.ndarray, n_first: int) -> tuple[int, int]:
    best_i, best_j, low = 0, n_first, np.inf
    for i in range(n_first):
        for j in range(n_first, centroids.shape[0]):
            total = 0.0
            for h in range(centroids.shape[1]):
                difference = centroids[i, h] - centroids[j, h]
                total += difference * difference
            if total < low:
                best_i, best_j, low = i, j, total
    return best_i, best_j


@compiled
def _equal_points(points: np.ndarray, rows: np.ndarray, start: np.ndarray, i: int, j: int) -> bool:
    """Whether two clusters are one and the same point."""
    if start[i + 1] - start[i] > 1 or start[j + 1] - start[j] > 1:
        return False
    for k in range(points.shape[1]):
        if points[rows[start[i]], k] != points[rows[start[j]], k]:
            return False
    return True


@compiled
def _apart(separators: Separators, i: int, j: int, distance: float) -> bool:
    """Whether a plane tells that two clusters are at least this far apart; the last plane is the likeliest."""
    n_planes = min(separators.counts[0], separators.normals.shape[0])
    for plane in range(n_planes - 1, -1, -1):
        if separators.heights[plane, i] + separators.heights[plane, j] >= distance:
            return True
    return False


@compiled
def _add(
    separators: Separators,
    points: np.ndarray,
    rows: np.ndarray,
    start: np.ndarray,
    n_first: int,
    direction: np.ndarray,
) -> None:
    """Keep a plane; where there is no room, in the place of the oldest."""
    room = separators.normals.shape[0]
    place = separators.counts[0] % room
    separators.counts[1] += separators.counts[0] >= room
    separators.counts[0] += 1
    normal = separators.normals[place]
    normal[:] = direction / np.sqrt(dot(direction, direction))
    for cluster in range(start.size - 1):
        sign = 1.0 if cluster < n_first else -1.0
        low = np.inf
        for k in range(start[cluster], start[cluster + 1]):
            low = min(low, sign * dot(points[rows[k]], normal))
        separators.heights[place, cluster] = low
