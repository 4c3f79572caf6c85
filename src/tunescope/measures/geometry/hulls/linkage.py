"""Centroid linkage with pairs that may be forbidden: which two clusters of one label are nearest, and their merger.

Every cluster keeps its nearest neighbour. After a merger that neighbour may be gone; its distance then stays as a
lower bound, and is looked up anew only when it comes to the front (the generic algorithm of Müllner 2011). Centroid
distances need not rise from merger to merger, and nothing here assumes it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from tunescope.measures.geometry.hulls.compiled import compiled

__all__ = ["Linkage", "closest_pair", "forbid", "members", "merge", "new_linkage"]

TIE = 1e-12
"""Squared centroid distances that differ by less, as a share of the squared scale, are equal."""

Rows = Int[np.ndarray, " row"]
Squares = Float[np.ndarray, " row"]


class Linkage(NamedTuple):
    """The clusters so far. A cluster goes by the row of its first point; rows of a label lie together.

    Attributes:
        start: The first row of each label, and the number of rows at the end.
        label: The label of each row.
        order: Where each row stood before sorting; ties go to the lower.
        squares: Squared centroid distances, label after label, or empty where they are computed when needed.
        offset: Where the block of each label begins in ``squares``.
        centroids: The centroid of each cluster.
        sizes: How many points each cluster stands for (collapsed duplicates count).
        active: Whether a row is (still) a cluster.
        movable: Whether a cluster may merge at all; twins of other labels may not.
        cluster: The cluster of each row.
        following: The next row of the same cluster, or −1.
        last: The last row of each cluster.
        nearest: The nearest cluster of each.
        nearest_square: Its squared distance, or a lower bound where ``stale``; infinite for none.
        stale: Whether the nearest neighbour has to be looked up anew.
        forbidden: Pairs of clusters that must not merge, ``forbidden[:counts[0]]``.
        counts: The number of forbidden pairs.
    """

    start: Int[np.ndarray, " bound"]
    label: Rows
    order: Rows
    squares: Float[np.ndarray, " _"]
    offset: Int[np.ndarray, " label"]
    centroids: Float[np.ndarray, "row hidden"]
    sizes: Squares
    active: Bool[np.ndarray, " row"]
    movable: Bool[np.ndarray, " row"]
    cluster: Rows
    following: Rows
    last: Rows
    nearest: Rows
    nearest_square: Squares
    stale: Bool[np.ndarray, " row"]
    forbidden: Int[np.ndarray, "pair 2"]
    counts: Int[np.ndarray, " 1"]


def new_linkage(
    points: Float[np.ndarray, "row hidden"],
    label: Rows,
    order: Rows,
    sizes: Rows,
    movable: Bool[np.ndarray, " row"],
    *,
    max_memory: int,
) -> Linkage:
    """Return the state in which every point is a cluster.

    Args:
        points: The points, sorted by label and within it by ``order``.
        label: The label of each, numbered from 0.
        order: Where each stood before sorting.
        sizes: How many examples each stands for.
        movable: Whether it may merge.
        max_memory: Bytes that the squared distances may take; where they would take more they are not kept.
    """
    n = len(points)
    counts = np.bincount(label)
    start = np.concatenate([[0], np.cumsum(counts)])
    kept = 8 * int(np.sum(counts**2)) <= max_memory
    offset = np.concatenate([[0], np.cumsum(counts**2)])
    linkage = Linkage(
        start=start,
        label=label.astype(np.int64),
        order=order.astype(np.int64),
        squares=np.empty(offset[-1] if kept else 0),
        offset=offset[:-1],
        centroids=points.copy(),
        sizes=sizes.astype(np.float64),
        active=np.ones(n, np.bool_),
        movable=movable.copy(),
        cluster=np.arange(n),
        following=np.full(n, -1),
        last=np.arange(n),
        nearest=np.full(n, -1),
        nearest_square=np.full(n, np.inf),
        stale=np.zeros(n, np.bool_),
        forbidden=np.zeros((64, 2), np.int64),
        counts=np.zeros(1, np.int64),
    )
    if kept:
        for number, size in enumerate(counts):
            rows = points[start[number] : start[number + 1]]
            block = linkage.squares[offset[number] : offset[number + 1]].reshape(size, size)
            np.matmul(rows, rows.T, out=block)
            _square_distances(block, np.einsum("rh,rh->r", rows, rows))
    _find_all_neighbours(linkage)
    return linkage


@compiled
def closest_pair(linkage: Linkage, scale: float) -> tuple[int, int]:
    """Return the nearest two clusters of one label, or (−1, −1) where no pair is left."""
    nearest_square = linkage.nearest_square
    row = np.empty(_longest_label(linkage))
    while True:
        low = np.inf
        for i in range(nearest_square.size):
            if nearest_square[i] < low:
                low = nearest_square[i]
        if low == np.inf:
            return -1, -1
        limit = low + TIE * scale * scale
        first, stale = -1, False
        for i in range(nearest_square.size):
            if nearest_square[i] <= limit:
                if linkage.stale[i]:
                    _find_neighbour(linkage, i, row)
                    stale = True
                if first < 0 or linkage.order[i] < linkage.order[first]:
                    first = i
        if stale:
            continue
        begin = linkage.start[linkage.label[first]]
        size = _write_row(linkage, first, row)
        for k in range(size):  # rows of a label stand in their order
            if row[k] <= limit:
                return first, begin + k


@compiled
def merge(linkage: Linkage, i: int, j: int) -> None:
    """Merge cluster j into cluster i, i < j, of one label."""
    label = linkage.label[i]
    begin, end = linkage.start[label], linkage.start[label + 1]
    n_i, n_j = linkage.sizes[i], linkage.sizes[j]
    n = n_i + n_j
    if linkage.squares.size:
        m = end - begin
        base = linkage.offset[label]
        row_i = linkage.squares[base + (i - begin) * m : base + (i - begin + 1) * m]
        row_j = linkage.squares[base + (j - begin) * m : base + (j - begin + 1) * m]
        between = row_i[j - begin]
        for k in range(m):
            if linkage.active[begin + k] and linkage.movable[begin + k] and k not in (i - begin, j - begin):
                square = (n_i * row_i[k] + n_j * row_j[k]) / n - n_i * n_j * between / (n * n)
                row_i[k] = square
                linkage.squares[base + k * m + (i - begin)] = square
    for k in range(linkage.centroids.shape[1]):
        linkage.centroids[i, k] = (n_i * linkage.centroids[i, k] + n_j * linkage.centroids[j, k]) / n
    linkage.sizes[i] = n
    linkage.active[j] = False
    linkage.nearest_square[j] = np.inf
    row = j
    while row >= 0:
        linkage.cluster[row] = i
        row = linkage.following[row]
    linkage.following[linkage.last[i]] = j
    linkage.last[i] = linkage.last[j]
    for pair in range(linkage.counts[0]):
        for side in range(2):
            if linkage.forbidden[pair, side] == j:
                linkage.forbidden[pair, side] = i
    _tell_neighbours(linkage, i, j)


@compiled
def forbid(linkage: Linkage, i: int, j: int) -> None:
    """Keep two clusters apart, and with them all clusters that they grow into. There must be room for the pair."""
    pair = linkage.counts[0]
    linkage.forbidden[pair, 0] = i
    linkage.forbidden[pair, 1] = j
    linkage.counts[0] += 1
    linkage.stale[i] = True
    linkage.stale[j] = True


@compiled
def members(linkage: Linkage, cluster: int, rows: np.ndarray, count: int) -> int:
    """Append the rows of a cluster to ``rows[:count]``; return the new count."""
    row = cluster
    while row >= 0:
        rows[count] = row
        count += 1
        row = linkage.following[row]
    return count


@compiled
def _tell_neighbours(linkage: Linkage, i: int, j: int) -> None:
    """Bring the nearest neighbours up to date after j was merged into i."""
    row = np.empty(_longest_label(linkage))
    size = _write_row(linkage, i, row)
    begin = linkage.start[linkage.label[i]]
    best, low = -1, np.inf
    for k in range(size):
        if row[k] < low:
            best, low = begin + k, row[k]
        if row[k] <= linkage.nearest_square[begin + k]:
            linkage.nearest[begin + k] = i
            linkage.nearest_square[begin + k] = row[k]
            linkage.stale[begin + k] = row[k] == np.inf
        elif linkage.nearest[begin + k] in (i, j):
            linkage.stale[begin + k] = True
    linkage.nearest[i] = best
    linkage.nearest_square[i] = low
    linkage.stale[i] = False


@compiled
def _write_row(linkage: Linkage, i: int, row: np.ndarray) -> int:
    """Write the squared distances from cluster i to those of its label, infinite where they cannot merge."""
    label = linkage.label[i]
    begin, end = linkage.start[label], linkage.start[label + 1]
    m = end - begin
    if linkage.squares.size:
        base = linkage.offset[label] + (i - begin) * m
        row[:m] = linkage.squares[base : base + m]
    for k in range(m):
        if k == i - begin or not linkage.active[begin + k] or not linkage.movable[begin + k]:
            row[k] = np.inf
        elif linkage.squares.size == 0:
            total = 0.0
            for h in range(linkage.centroids.shape[1]):
                difference = linkage.centroids[i, h] - linkage.centroids[begin + k, h]
                total += difference * difference
            row[k] = total
    for pair in range(linkage.counts[0]):
        first, second = linkage.forbidden[pair, 0], linkage.forbidden[pair, 1]
        if first == i:
            row[second - begin] = np.inf
        elif second == i:
            row[first - begin] = np.inf
    return m


@compiled
def _find_neighbour(linkage: Linkage, i: int, row: np.ndarray) -> None:
    best, low = -1, np.inf
    if linkage.movable[i]:
        begin = linkage.start[linkage.label[i]]
        for k in range(_write_row(linkage, i, row)):
            if row[k] < low:
                best, low = begin + k, row[k]
    linkage.nearest[i] = best
    linkage.nearest_square[i] = low
    linkage.stale[i] = False


@compiled
def _find_all_neighbours(linkage: Linkage) -> None:
    row = np.empty(_longest_label(linkage))
    for i in range(linkage.label.size):
        _find_neighbour(linkage, i, row)


@compiled
def _longest_label(linkage: Linkage) -> int:
    longest = 0
    for label in range(linkage.start.size - 1):
        longest = max(longest, linkage.start[label + 1] - linkage.start[label])
    return longest


@compiled
def _square_distances(block: np.ndarray, squares: np.ndarray) -> None:
    """Turn inner products into squared distances, in place."""
    for i in range(squares.size):
        for j in range(squares.size):
            block[i, j] = max(0.0, squares[i] + squares[j] - 2.0 * block[i, j])
