"""The plane that shows most of how points differ, and in it how the label centroids of a layer moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tunescope.measures.validation import check_pair, check_same_hidden_size, check_vectors

__all__ = ["SMALLEST_SPREAD", "DifferencePlane", "PrincipalPlane", "difference_plane", "principal_plane"]

SMALLEST_SPREAD = 1e-12
"""A spread that is a smaller share of the vectors' size is rounding only."""

Points = Float[np.ndarray, "point hidden"]
Centroids = Float[np.ndarray, "label hidden"]


@dataclass(frozen=True)
class PrincipalPlane:
    """The plane of the first two principal components of some points.

    Attributes:
        coordinates: Shape (point, 2); the points in the plane, around their mean, in their unit.
        axes: Shape (2, hidden); the plane's axes, of length 1 and orthogonal; 0 for an axis along which the points
            do not vary.
        variance_explained: Share of the points' variance that lies in the plane, in [0, 1]; NaN where they do not
            vary.
    """

    coordinates: Float[np.ndarray, "point 2"]
    axes: Float[np.ndarray, "2 hidden"]
    variance_explained: float


@dataclass(frozen=True)
class DifferencePlane:
    """Where the label centroids of a layer started and ended, in the plane in which their movements differ most.

    Attributes:
        start: Shape (label, 2); the centroids before, in the unit of the vectors; their mean is the origin.
        end: Shape (label, 2); the centroids after, around the same origin.
        variance_explained: Share of the variance over labels of the difference vectors that lies in the plane, in
            [0, 1]; NaN where all labels moved alike.
    """

    start: Float[np.ndarray, "label 2"]
    end: Float[np.ndarray, "label 2"]
    variance_explained: float


def principal_plane(points: Points) -> PrincipalPlane:
    """Return the plane of the points' first two principal components.

    The sign of each axis is such that its coordinate of largest size, of several the first, is positive, so a
    rotation of the space does not change the coordinates.

    Args:
        points: Shape (point, hidden), finite, at least 1 row.

    Raises:
        InputError: The points are no finite matrix.

    >>> plane = principal_plane(np.array([[0.0, 1.0, 7.0], [4.0, 1.0, 7.0]]))
    >>> plane.coordinates.round(9).tolist(), round(plane.variance_explained, 9)
    ([[2.0, 0.0], [-2.0, 0.0]], 1.0)
    """
    rows = check_vectors(points, "points").astype(np.float64, copy=False)
    return _plane(rows, float(np.abs(rows).max()))


def difference_plane(before: Centroids, after: Centroids) -> DifferencePlane:
    """Return where each label's centroid started and ended, in the plane in which their movements differ most.

    The plane is that of the first two principal components of the difference vectors after − before, which Zhou and
    Srikumar (2022) look at layer by layer. As in any principal component analysis the mean is taken off first, so
    what all labels have in common does not choose the plane; it is still seen as far as it lies in it. Two labels
    have one such component, and the second coordinate is then 0. A rotation or shift of both states changes nothing.

    Args:
        before: Shape (label, hidden), finite; the labels' centroids, see
            :func:`~tunescope.measures.geometry.centroids.label_centroids`.
        after: Shape (label, hidden), finite; the centroids of the same labels, in the same order.

    Raises:
        InputError: The shapes differ, or a centroid is not finite.

    >>> before = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 1.0]])
    >>> plane = difference_plane(before, before + [[3.0, 0.0, 0.0], [-3.0, 0.0, 0.0]])
    >>> plane.start[:, 0].round(9), plane.end[:, 0].round(9), round(plane.variance_explained, 9)
    (array([-2.,  2.]), array([ 1., -1.]), 1.0)
    """
    first, second = check_pair(before, after, names=("before", "after"), min_examples=1)
    check_same_hidden_size(first, second, names=("before", "after"))
    plane = _plane(second - first, float(max(np.abs(first).max(), np.abs(second).max())))
    origin = first.mean(axis=0)
    axes = plane.axes.T
    return DifferencePlane((first - origin) @ axes, (second - origin) @ axes, plane.variance_explained)


def _plane(rows: Points, size: float) -> PrincipalPlane:
    """Return the plane of points that came about by sums of numbers up to ``size``, with the rounding of these."""
    left, sizes, right = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    coordinates, axes = np.zeros((len(rows), 2)), np.zeros((2, rows.shape[1]))
    n_axes = min(2, int(np.count_nonzero(sizes > SMALLEST_SPREAD * size)))
    coordinates[:, :n_axes] = left[:, :n_axes] * sizes[:n_axes]
    axes[:n_axes] = right[:n_axes]
    signs = _signs(coordinates)
    total = float(np.sum(sizes**2))
    return PrincipalPlane(
        coordinates=coordinates * signs + 0.0,  # no negative zeros
        axes=axes * signs[:, None] + 0.0,
        variance_explained=min(1.0, float(np.sum(sizes[:2] ** 2)) / total) if n_axes else math.nan,
    )


def _signs(coordinates: Float[np.ndarray, "point 2"]) -> Float[np.ndarray, " 2"]:
    """Return the sign for each axis; of several coordinates as large up to rounding the first decides."""
    size = np.abs(coordinates)
    farthest = (size >= (1 - 1e-6) * size.max(axis=0)).argmax(axis=0)
    return np.where(coordinates[farthest, [0, 1]] < 0, -1.0, 1.0)
