"""The distances between groups of clusters, such as labels: over their pairs of clusters, the smallest or the mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tunescope._core.progress import track
from tunescope._core.threads import in_threads
from tunescope.measures.geometry.hulls.min_norm_point import DISJOINT, OVERLAP, UNDECIDED
from tunescope.measures.geometry.hulls.nearest_pair import nearest_pair, new_separators
from tunescope.measures.geometry.hulls.pairs import HullPair, distance_goal, is_precise, measure_pair
from tunescope.measures.geometry.hulls.threads import workspace

__all__ = ["GroupPair", "Groups", "mean_distances", "smallest_distances"]

Rows = Int[np.ndarray, " _"]


@dataclass(frozen=True)
class Groups:
    """Points in groups of clusters.

    Attributes:
        points: Shape (row, rank), float64, centred.
        scale: The largest norm of a point.
        clusters: For each group the rows of its clusters.
    """

    points: Float[np.ndarray, "row rank"]
    scale: float
    clusters: Sequence[Sequence[Rows]]

    def n_rows(self, group: int) -> int:
        """Return how many points a group has."""
        return sum(map(len, self.clusters[group]))


@dataclass(frozen=True)
class GroupPair:
    """How two groups stand to each other.

    Attributes:
        status: DISJOINT, OVERLAP or UNDECIDED.
        lower: Certified lower bound of the distance.
        upper: Certified upper bound.
        normals: Shape (plane, rank); each cluster of the first group lies above each of the second along one of them,
            equal points and what memory had no room for excepted.
    """

    status: int
    lower: float
    upper: float
    normals: Float[np.ndarray, "plane rank"]


Pairs = dict[tuple[int, int], GroupPair]


def smallest_distances(
    groups: Groups, pairs: Iterable[tuple[int, int]], *, max_memory: int, n_threads: int, task: str
) -> Pairs:
    """Return the distance of the nearest two clusters for each pair of groups, neither of them empty."""
    return _for_each(
        groups, pairs, lambda pair: _smallest(groups, pair, max_memory // (2 * n_threads)), n_threads, task
    )


def mean_distances(groups: Groups, pairs: Iterable[tuple[int, int]], *, n_threads: int, task: str) -> Pairs:
    """Return the mean distance over all pairs of clusters for each pair of groups, neither of them empty."""

    def mean(pair: tuple[int, int]) -> GroupPair:
        found = _one_by_one(groups, pair)
        undecided = any(each.status == UNDECIDED for each in found)
        apart = any(each.status == DISJOINT for each in found)
        return GroupPair(
            UNDECIDED if undecided else DISJOINT if apart else OVERLAP,
            float(np.mean([each.lower for each in found])),
            float(np.mean([each.upper * (each.status != OVERLAP) for each in found])),
            np.empty((0, groups.points.shape[1])),
        )

    return _for_each(groups, pairs, mean, n_threads, task)


def _for_each(groups, pairs, measure, n_threads, task) -> Pairs:  # type: ignore[no-untyped-def]
    """Measure the largest pairs first, so that no thread is left alone with one at the end."""
    largest_first = sorted(pairs, key=lambda pair: -sum(map(groups.n_rows, pair)))
    found: Pairs = {}
    with track(task, total=len(largest_first)) as advance:
        for pair, result in zip(largest_first, in_threads(measure, largest_first, n_threads), strict=True):
            found[pair] = result
            advance()
    return found


def _smallest(groups: Groups, pair: tuple[int, int], max_memory: int) -> GroupPair:
    """Return the distance of the nearest two clusters of a pair of groups."""
    own, other = (groups.clusters[group] for group in pair)
    if len(own) == len(other) == 1:
        only = _measure(groups, own[0], other[0])
        return GroupPair(
            only.status,
            only.lower,
            only.upper * (only.status != OVERLAP),
            _normals([only], groups.points.shape[1]),
        )
    clusters = [*own, *other]
    rank = groups.points.shape[1]
    separators = new_separators(rank, len(clusters), max_memory=max_memory)
    found = nearest_pair(
        groups.points,
        np.concatenate(clusters),
        np.cumsum([0, *map(len, clusters)]),
        len(own),
        np.array([groups.points[rows].mean(axis=0) for rows in clusters]),
        distance_goal(groups.scale, rank),
        workspace(rank),
        separators,
    )
    n_kept = int(separators.counts[0] - separators.counts[1])
    if found.status == DISJOINT and found.n_equal > 0:
        return GroupPair(OVERLAP, 0.0, 0.0, separators.normals[:n_kept].copy())
    if found.status == DISJOINT and is_precise(found.lower, found.upper, groups.scale):
        return GroupPair(DISJOINT, found.lower, found.upper, separators.normals[:n_kept].copy())
    each = _one_by_one(groups, pair)
    statuses = {one.status for one in each}
    status = next((status for status in (OVERLAP, UNDECIDED) if status in statuses), DISJOINT)
    lower, upper = (float(min(getattr(one, bound) for one in each)) for bound in ("lower", "upper"))
    return GroupPair(status, lower, upper, _normals(each, rank))


def _one_by_one(groups: Groups, pair: tuple[int, int]) -> list[HullPair]:
    return [
        _measure(groups, first, second)
        for first in groups.clusters[pair[0]]
        for second in groups.clusters[pair[1]]
    ]


def _measure(groups: Groups, first: Rows, second: Rows) -> HullPair:
    points = groups.points
    guess = points[first].mean(axis=0) - points[second].mean(axis=0)
    return measure_pair(points, first, second, distance_goal(groups.scale, points.shape[1]), guess)


def _normals(pairs: Sequence[HullPair], rank: int) -> Float[np.ndarray, "plane rank"]:
    directions = np.array([each.direction for each in pairs if each.status == DISJOINT]).reshape(-1, rank)
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)
