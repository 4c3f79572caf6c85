"""The spread inside clusters: the mean and the largest distance between two points of one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from tunescope._core.errors import InputError
from tunescope.measures.shapes import Labels, Vectors
from tunescope.measures.validation import check_labels, check_vectors

__all__ = ["ClusterSpread", "cluster_spread"]

LARGEST_TILE = 2048
"""Rows of a tile of distances, however much memory there is: larger ones leave the cache and gain nothing."""

PerCluster = Float[np.ndarray, " cluster"]


@dataclass(frozen=True)
class ClusterSpread:
    """How far the points of each cluster lie from each other.

    Attributes:
        clusters: Shape (cluster,); the clusters as they were given, sorted.
        mean_distance: Shape (cluster,); the mean Euclidean distance over pairs of points of the cluster, in the unit
            of the vectors; NaN for a single point.
        largest_distance: Shape (cluster,); the largest such distance, the cluster's diameter; NaN for a single point.
        n_points: Shape (cluster,); how many points it has.
    """

    clusters: Shaped[np.ndarray, " cluster"]
    mean_distance: PerCluster
    largest_distance: PerCluster
    n_points: Int[np.ndarray, " cluster"]


def cluster_spread(vectors: Vectors, clusters: Labels, *, max_memory: int = 2**28) -> ClusterSpread:
    """Return the mean and the largest distance between two points of each cluster.

    Mean and maximum over the pairs i < j of a cluster of ‖xᵢ − xⱼ‖, by ‖xᵢ‖² + ‖xⱼ‖² − 2 xᵢ·xⱼ on the cluster's
    centred points in float64: 1e-8 of the cluster's size is lost at most on distances near 0, and next to nothing on
    the others. The squares of all pairs are never held: they are computed and used up in tiles.

    A shift or rotation of all vectors changes nothing; a scale multiplies both.

    Args:
        vectors: Shape (example, hidden), finite.
        clusters: Shape (example,); the cluster, or the label, of each example.
        max_memory: Bytes that a tile of distances may take, at least 8; default 256 MiB. One float64 copy of the
            largest cluster comes on top.

    Returns:
        By cluster, sorted: figures of at least 0, higher means wider. NaN where a cluster has a single point.

    Raises:
        InputError: The vectors are no finite matrix, there is not one cluster per row, or ``max_memory`` is below 8.

    >>> spread = cluster_spread(np.array([[0.0], [1.0], [3.0], [9.0]]), np.array(["a", "a", "a", "b"]))
    >>> spread.mean_distance, spread.largest_distance, spread.n_points
    (array([ 2., nan]), array([ 3., nan]), array([3, 1]))
    """
    rows = check_vectors(vectors, "vectors")
    if max_memory < 8:
        raise InputError(
            "max_memory is too small.", expected="at least 8 bytes, one distance", got=max_memory
        )
    tile = max(1, min(LARGEST_TILE, math.isqrt(max_memory // 8)))
    names, numbers, counts = np.unique(
        check_labels(clusters, len(rows), "clusters"), return_inverse=True, return_counts=True
    )
    members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(counts)[:-1])
    figures = np.array([_mean_and_largest(rows[own], tile) for own in members])
    return ClusterSpread(names, figures[:, 0], figures[:, 1], counts)


def _mean_and_largest(points: Vectors, tile: int) -> tuple[float, float]:
    n = len(points)
    if n < 2:
        return math.nan, math.nan
    around, scale = _centred(points)
    if scale == 0:
        return 0.0, 0.0
    total, largest = 0.0, 0.0
    for distances, n_times in _tiles(around, tile):
        total += n_times * float(distances.sum())
        largest = max(largest, float(distances.max()))
    return scale * total / (n * (n - 1)), scale * largest


def _centred(points: Vectors) -> tuple[Vectors, float]:
    """Return the points around their mean, of size up to 1, and the size that was taken off.

    The first point goes off before the mean, so that equal points become exactly 0 and no rounding of a large offset
    is left.
    """
    around = points.astype(np.float64)
    around -= around[0].copy()
    around -= around.mean(axis=0)
    scale = float(max(around.max(), -around.min()))
    if scale > 0:
        around /= scale
    return around, scale


def _tiles(points: Vectors, tile: int) -> Iterator[tuple[Float[np.ndarray, "row column"], int]]:
    """Yield the distances tile by tile, and how often each stands in the whole matrix: the lower half is left out."""
    squares = np.einsum("eh,eh->e", points, points)
    room = np.empty(min(tile, len(points)) ** 2)
    for top in range(0, len(points), tile):
        rows = slice(top, min(top + tile, len(points)))
        for left in range(top, len(points), tile):
            columns = slice(left, min(left + tile, len(points)))
            shape = rows.stop - rows.start, columns.stop - columns.start
            distances = room[: shape[0] * shape[1]].reshape(shape)
            np.matmul(points[rows], points[columns].T, out=distances)
            distances *= -2
            distances += squares[rows, None]
            distances += squares[columns]
            np.maximum(distances, 0, out=distances)
            np.sqrt(distances, out=distances)
            if left == top:
                np.fill_diagonal(distances, 0)
            yield distances, 1 if left == top else 2
