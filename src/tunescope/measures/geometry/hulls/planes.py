"""A pool of separating planes for each pair of labels that conflict; one of them tells most clusters apart.

For each plane every cluster keeps the lowest height of its points above it, on its own side. Two clusters of different
labels are disjoint if, for one plane, their lowest heights sum to more than 0. When clusters merge, the lower
of the two heights stays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from tunescope.measures.geometry.hulls.compiled import compiled, dot
from tunescope.measures.geometry.hulls.linkage import Linkage

__all__ = ["Planes", "add_plane", "filter_by_plane", "lower_heights", "new_planes", "not_separated"]


class Planes(NamedTuple):
    """The planes of all conflicting label pairs.

    Attributes:
        conflict: The number of the conflict between two labels, or −1.
        first: Its first label; the planes' normals point from the second label towards it.
        second: Its second label.
        column: Where the clusters of the first label begin in ``heights``; those of the second follow.
        heights: Shape (plane, cluster of a conflict); the lowest height of each cluster.
        counts: How many planes each conflict has.
        used: Shape (conflict, plane); when a plane was last of use.
    """

    conflict: Int[np.ndarray, "label label"]
    first: Int[np.ndarray, " conflict"]
    second: Int[np.ndarray, " conflict"]
    column: Int[np.ndarray, " conflict"]
    heights: Float[np.ndarray, "plane column"]
    counts: Int[np.ndarray, " conflict"]
    used: Int[np.ndarray, "conflict plane"]


def new_planes(
    start: Int[np.ndarray, " bound"], conflicts: list[tuple[int, int]], *, capacity: int
) -> Planes:
    """Return an empty pool with room for ``capacity`` planes of each of the conflicts."""
    n_labels = len(start) - 1
    conflict = np.full((n_labels, n_labels), -1)
    for number, (p, q) in enumerate(conflicts):
        conflict[p, q] = conflict[q, p] = number
    widths = np.array([start[p + 1] - start[p] + start[q + 1] - start[q] for p, q in conflicts])
    return Planes(
        conflict=conflict,
        first=np.array([p for p, _ in conflicts]),
        second=np.array([q for _, q in conflicts]),
        column=np.concatenate([[0], np.cumsum(widths)[:-1]]),
        heights=np.empty((capacity, int(widths.sum()))),
        counts=np.zeros(len(conflicts), np.int64),
        used=np.zeros((len(conflicts), capacity), np.int64),
    )


@compiled
def add_plane(
    planes: Planes, linkage: Linkage, points: np.ndarray, conflict: int, direction: np.ndarray, now: int
) -> int:
    """Add the plane with this normal, from the second label towards the first; the least used one makes room."""
    capacity = planes.heights.shape[0]
    place = planes.counts[conflict]
    if place < capacity:
        planes.counts[conflict] += 1
    else:
        place = 0
        for k in range(1, capacity):
            if planes.used[conflict, k] < planes.used[conflict, place]:
                place = k
    planes.used[conflict, place] = now
    length = np.sqrt(dot(direction, direction))
    for side in range(2):
        label = planes.first[conflict] if side == 0 else planes.second[conflict]
        sign = 1.0 / length if side == 0 else -1.0 / length
        begin, end = linkage.start[label], linkage.start[label + 1]
        heights = planes.heights[place, _column(planes, linkage, conflict, label) :]
        for row in range(begin, end):
            heights[row - begin] = np.inf
        for row in range(begin, end):
            height = sign * dot(points[row], direction)
            cluster = linkage.cluster[row] - begin
            if height < heights[cluster]:
                heights[cluster] = height
    return place


@compiled
def not_separated(
    planes: Planes,
    linkage: Linkage,
    conflict: int,
    pair: tuple[int, int],
    other: int,
    smallest: float,
    now: int,
    found: np.ndarray,
) -> int:
    """Write the clusters of label ``other`` that no plane keeps from the union of a pair; return how many."""
    begin, end = linkage.start[other], linkage.start[other + 1]
    count = 0
    for row in range(begin, end):
        if linkage.active[row]:
            found[count] = row
            count += 1
    for plane in range(planes.counts[conflict]):
        if count == 0:
            break
        left = filter_by_plane(planes, linkage, conflict, plane, pair, other, smallest, found, count)
        if left < count:
            planes.used[conflict, plane] = now
        count = left
    return count


@compiled
def filter_by_plane(
    planes: Planes,
    linkage: Linkage,
    conflict: int,
    plane: int,
    pair: tuple[int, int],
    other: int,
    smallest: float,
    found: np.ndarray,
    count: int,
) -> int:
    """Keep of ``found[:count]`` the clusters that one plane does not separate from the pair."""
    label = linkage.label[pair[0]]
    heights = planes.heights[plane]
    own = _column(planes, linkage, conflict, label) - linkage.start[label]
    theirs = _column(planes, linkage, conflict, other) - linkage.start[other]
    threshold = smallest - min(heights[own + pair[0]], heights[own + pair[1]])
    left = 0
    for k in range(count):
        if heights[theirs + found[k]] <= threshold:
            found[left] = found[k]
            left += 1
    return left


@compiled
def lower_heights(planes: Planes, linkage: Linkage, i: int, j: int) -> None:
    """Give cluster i the lower heights of the two, for j was merged into it."""
    label = linkage.label[i]
    for other in range(planes.conflict.shape[0]):
        conflict = planes.conflict[label, other]
        if conflict < 0:
            continue
        own = _column(planes, linkage, conflict, label) - linkage.start[label]
        for plane in range(planes.counts[conflict]):
            heights = planes.heights[plane]
            heights[own + i] = min(heights[own + i], heights[own + j])


@compiled
def _column(planes: Planes, linkage: Linkage, conflict: int, label: int) -> int:
    """Return where the clusters of a label begin in the heights of a conflict."""
    column = planes.column[conflict]
    if label == planes.first[conflict]:
        return column
    first = planes.first[conflict]
    return column + linkage.start[first + 1] - linkage.start[first]
