"""Euclidean distances of pairs of targets, in blocks of rows."""

from __future__ import annotations

import numpy as np

from tunescope.measures.shapes import Vectors
from tunescope.measures.similarity.pair_sums import FillRows
from tunescope.measures.similarity.pair_values import pair_values

__all__ = ["distances", "median_distance", "squared_distances"]

MOST_EXACT = 4096
"""Of more targets, this many evenly spaced ones give the median: 8.4 million distances, 67 MB."""


def squared_distances(points: Vectors) -> FillRows:
    """Return what writes rows of the squared distances |xᵢ − xⱼ|² = |xᵢ|² + |xⱼ|² − 2 xᵢ·xⱼ.

    They are exact to about 1e-15 of the squared lengths, so the points should be centred.

    >>> block = np.empty((1, 3))
    >>> squared_distances(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))(0, 1, block)
    >>> block
    array([[ 0., 25.,  1.]])
    """
    lengths = np.einsum("eh,eh->e", points, points)

    def fill(start: int, stop: int, out: np.ndarray) -> None:
        np.matmul(points[start:stop], points[start:].T, out=out)
        out *= -2
        out += lengths[start:stop, None]
        out += lengths[start:]
        np.maximum(out, 0, out=out)

    return fill


def distances(points: Vectors, shift: float = 0.0) -> FillRows:
    """Return what writes rows of the distances |xᵢ − xⱼ|, less a number.

    >>> block = np.empty((1, 3))
    >>> distances(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), shift=1.0)(0, 1, block)
    >>> block
    array([[-1.,  4.,  0.]])
    """
    fill_squares = squared_distances(points)

    def fill(start: int, stop: int, out: np.ndarray) -> None:
        fill_squares(start, stop, out)
        np.sqrt(out, out=out)
        out -= shift

    return fill


def median_distance(points: Vectors) -> float:
    """Return the median distance of two distinct targets: over all pairs, or those of 4,096 evenly spaced targets.

    >>> median_distance(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    4.242640687119285
    """
    n_some = min(len(points), MOST_EXACT)
    some = points[np.arange(n_some) * len(points) // n_some]
    return float(np.median(pair_values(distances(some), n_some)))
