"""Which of several hulls is nearest to a point."""

from __future__ import annotations

import numpy as np

from tunescope.measures.geometry.hulls.compiled import compiled
from tunescope.measures.geometry.hulls.min_norm_point import OVERLAP, ActiveSet, Goal, minimum_norm_point

__all__ = ["nearest_hull"]


@compiled
def nearest_hull(
    points: np.ndarray,
    query: int,
    rows: np.ndarray,
    start: np.ndarray,
    centroids: np.ndarray,
    radii: np.ndarray,
    goal: Goal,
    active: ActiveSet,
) -> tuple[int, float]:
    """Return the cluster whose hull is nearest to the point ``points[query]``, and an upper bound of its distance.

    Clusters are looked at by rising centroid distance; of one whose bounding ball lies farther than the nearest
    hull found, nothing is computed, and of the others no more than it takes to know that they are farther. A hull
    that holds the point has distance 0; of several such, and where distances tie, the nearest centroid wins.

    Args:
        points: Shape (row, rank), float64.
        query: The row of the point.
        rows: The rows of all clusters, one after another.
        start: Where each cluster begins in ``rows``, and where the last ends.
        centroids: Shape (cluster, rank).
        radii: Shape (cluster,); the largest distance of a cluster's points from its centroid.
        goal: How precise a distance has to be.
        active: Scratch.
    """
    point = points[query]
    own = np.array([query])
    nothing = own[:0]
    away = np.empty(centroids.shape[0])
    for cluster in range(centroids.shape[0]):
        total = 0.0
        for h in range(point.size):
            difference = point[h] - centroids[cluster, h]
            total += difference * difference
        away[cluster] = np.sqrt(total)
    best, distance = -1, np.inf
    for cluster in np.argsort(away):
        if away[cluster] - radii[cluster] >= distance:
            continue
        direction = point - centroids[cluster]
        answer = minimum_norm_point(
            points,
            own,
            rows[start[cluster] : start[cluster + 1]],
            Goal(goal.scale, goal.tolerance, goal.margin, distance, goal.max_pivots),
            active,
            0,
            False,
            nothing,
            nothing,
            direction,
        )
        upper = 0.0 if answer.status == OVERLAP else answer.upper
        if upper < (1.0 - 2.0 * goal.tolerance) * distance:
            best, distance = cluster, upper
        if distance == 0.0:
            break
    return best, distance
