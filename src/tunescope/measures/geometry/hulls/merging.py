"""The heart of DirectProbe: merge the nearest clusters of a label while no hull meets that of another label.

Hulls only grow, so a pair that was refused once is refused for good. Each merger is checked against all clusters of
conflicting labels: first by the pool of planes, then exactly, the nearest first; the exact answers feed the pool.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from tunescope.measures.geometry.hulls.compiled import compiled
from tunescope.measures.geometry.hulls.linkage import Linkage, closest_pair, members, merge
from tunescope.measures.geometry.hulls.min_norm_point import (
    DISJOINT,
    UNDECIDED,
    ActiveSet,
    Answer,
    Goal,
    minimum_norm_point,
)
from tunescope.measures.geometry.hulls.planes import (
    Planes,
    add_plane,
    filter_by_plane,
    lower_heights,
    not_separated,
)
from tunescope.measures.geometry.hulls.tolerances import INPUT_ROUNDING, SMALLEST_MARGIN
from tunescope.measures.geometry.hulls.warm_starts import (
    WarmStarts,
    active_set,
    choose_slot,
    rename,
    settle_slot,
    take_back,
)

__all__ = ["ASKS", "COUNTERS", "DONE", "GOES_ON", "REFUSED", "Merging", "Refusal", "advance", "new_refusal"]

COUNTERS = ("candidates", "exact tests", "pivots", "rejections", "warm starts", "fragile")
"""What ``Merging.counters`` counts; a fragile test found hulls apart by less than the rounding of float32 input."""

GOES_ON, DONE, REFUSED, ASKS = 0, 1, 2, 3


class Refusal(NamedTuple):
    """Room for why the last merger was refused.

    Attributes:
        clusters: Shape (3,); the two clusters, and the one of another label that their union meets.
        corners: Shape (2, corner); rows of the union, and rows of the other cluster; or the other way round.
        weights: Shape (corner,); the weights of the corners at the common point.
        size: Shape (1,); how many corners there are.
    """

    clusters: Int[np.ndarray, " 3"]
    corners: Int[np.ndarray, "2 corner"]
    weights: Float[np.ndarray, " corner"]
    size: Int[np.ndarray, " 1"]


class Merging(NamedTuple):
    """Everything that the merging of one component of conflicting labels works on.

    Attributes:
        points: Shape (row, hidden), sorted by label.
        linkage: The clusters.
        planes: The separating planes.
        starts: The warm starts.
        refusal: What was refused last.
        counters: See :data:`COUNTERS`.
    """

    points: Float[np.ndarray, "row hidden"]
    linkage: Linkage
    planes: Planes
    starts: WarmStarts
    refusal: Refusal
    counters: Int[np.ndarray, " counter"]


def new_refusal(hidden_size: int) -> Refusal:
    """Return room for a refusal in this many dimensions."""
    n = hidden_size + 1
    return Refusal(np.zeros(3, np.int64), np.zeros((2, n), np.int64), np.zeros(n), np.zeros(1, np.int64))


@compiled
def advance(merging: Merging, goal: Goal, n_candidates: int) -> int:
    """Treat up to ``n_candidates`` pairs, or until one is not merged.

    Returns:
        GOES_ON, DONE where no pair is left, REFUSED, or ASKS where a second opinion is needed. After the last two
        the caller looks at the refusal, forbids the pair or adds a plane that tells the clusters apart, and goes on.
    """
    linkage, counters = merging.linkage, merging.counters
    scratch = np.empty((3, linkage.label.size), np.int64)
    direction = np.empty(merging.points.shape[1])
    for _ in range(n_candidates):
        i, j = closest_pair(linkage, goal.scale)
        if i < 0:
            return DONE
        counters[0] += 1
        obstacle, answer, active = _first_obstacle(merging, goal, i, j, scratch, direction)
        if obstacle >= 0:
            _note(merging.refusal, (i, j, obstacle), answer, active)
            take_back(merging.starts, counters[0])
            return ASKS if answer.status == UNDECIDED else REFUSED
        merge(linkage, i, j)
        lower_heights(merging.planes, linkage, i, j)
        rename(merging.starts, j, i)
    return GOES_ON


@compiled
def _first_obstacle(
    merging: Merging, goal: Goal, i: int, j: int, scratch: np.ndarray, direction: np.ndarray
) -> tuple[int, Answer, ActiveSet]:
    """Return a cluster of another label that the union of clusters i and j meets, or −1, and the last answer."""
    linkage, planes, counters = merging.linkage, merging.planes, merging.counters
    union, found = scratch[0], scratch[1]
    label = linkage.label[i]
    smallest = 0.5 * SMALLEST_MARGIN * goal.scale  # a plane tells again what it told the exact test
    n_i, n_j = linkage.sizes[i], linkage.sizes[j]
    centroid = (n_i * linkage.centroids[i] + n_j * linkage.centroids[j]) / (n_i + n_j)
    n_union = 0
    n_own = 0
    answer = Answer(DISJOINT, 0.0, 0.0, 0, 0)
    active = active_set(merging.starts, 0)
    for other in range(planes.conflict.shape[0]):
        conflict = planes.conflict[label, other]
        if conflict < 0:
            continue
        count = not_separated(planes, linkage, conflict, (i, j), other, smallest, counters[0], found)
        if count > 0 and n_union == 0:
            n_own = members(linkage, i, union, 0)
            n_union = members(linkage, j, union, n_own)
        while count > 0:
            place = _nearest(linkage.centroids, centroid, found, count)
            obstacle = found[place]
            count -= 1
            found[place] = found[count]
            direction[:] = centroid - linkage.centroids[obstacle]
            answer, active = _test(
                merging,
                goal,
                (i, j),
                obstacle,
                conflict,
                union[:n_own],
                union[n_own:n_union],
                scratch[2],
                direction,
            )
            if answer.status != DISJOINT:
                return obstacle, answer, active
            plane = add_plane(planes, linkage, merging.points, conflict, direction, counters[0])
            count = filter_by_plane(planes, linkage, conflict, plane, (i, j), other, smallest, found, count)
    return -1, answer, active


@compiled
def _test(
    merging: Merging,
    goal: Goal,
    pair: tuple[int, int],
    obstacle: int,
    conflict: int,
    rows_i: np.ndarray,
    rows_j: np.ndarray,
    scratch: np.ndarray,
    direction: np.ndarray,
) -> tuple[Answer, ActiveSet]:
    """Decide exactly whether the union of a pair meets another cluster, starting from what one of the pair left.

    ``direction`` holds the way from the obstacle's centroid to the union's, and then the normal of a separating
    plane, from the conflict's second label towards its first.
    """
    linkage, starts, counters = merging.linkage, merging.starts, merging.counters
    pair_first = linkage.label[pair[0]] == merging.planes.first[conflict]
    slot = choose_slot(starts, pair, obstacle, pair_first, counters[0])
    known = starts.state_before[slot, 0 if pair_first else 1]
    active = active_set(starts, slot)
    n_given = starts.sizes[slot]
    union = np.concatenate((rows_i, rows_j))
    rows = scratch[: members(linkage, obstacle, scratch, 0)]
    nothing = rows[:0]
    hint = nothing if n_given == 0 else (rows_j if known == pair[0] else rows_i)
    if not pair_first:
        direction *= -1.0
    counters[1] += 1
    counters[4] += n_given > 0
    for attempt in range(2):
        factored = n_given > 0 and starts.factored[slot] and attempt == 0
        if pair_first:
            answer = minimum_norm_point(
                merging.points, union, rows, goal, active, n_given, factored, hint, nothing, direction
            )
        else:
            answer = minimum_norm_point(
                merging.points, rows, union, goal, active, n_given, factored, nothing, hint, direction
            )
        counters[2] += answer.n_pivots
        if answer.status != UNDECIDED:
            break
        n_given = answer.n_active  # factorise anew, against the rounding of many changes
    settle_slot(starts, slot, answer.n_active)
    counters[5] += answer.status == DISJOINT and answer.lower < INPUT_ROUNDING * goal.scale
    return answer, active


@compiled
def _nearest(centroids: np.ndarray, centroid: np.ndarray, found: np.ndarray, count: int) -> int:
    best, low = 0, np.inf
    for k in range(count):
        total = 0.0
        for h in range(centroid.size):
            difference = centroid[h] - centroids[found[k], h]
            total += difference * difference
        if total < low:
            best, low = k, total
    return best


@compiled
def _note(refusal: Refusal, clusters: tuple[int, int, int], answer: Answer, active: ActiveSet) -> None:
    """Write why a merger was refused."""
    size = answer.n_active
    refusal.clusters[0] = clusters[0]
    refusal.clusters[1] = clusters[1]
    refusal.clusters[2] = clusters[2]
    refusal.corners[0, :size] = active.first[:size]
    refusal.corners[1, :size] = active.second[:size]
    refusal.weights[:size] = active.weights[:size]
    refusal.size[0] = size
