"""How deep two hulls overlap: how far one of them would have to move before they come apart."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

__all__ = ["overlap_depth"]

N_FACES = 8
"""Faces of the simplex, the nearest to the origin first, beyond which the hulls are looked at."""

Rows = Int[np.ndarray, " _"]


def overlap_depth(
    points: Float[np.ndarray, "row rank"],
    first: Rows,
    second: Rows,
    corners: tuple[Rows, Rows],
    weights: Float[np.ndarray, " corner"],
) -> tuple[float, float]:
    """Return a lower and an upper bound of the shift that takes two overlapping hulls apart, in the points' unit.

    The differences ``points[corners[0]] - points[corners[1]]`` span a simplex around the origin, which is their
    weighted mean. Corner i lies 1 / ‖gᵢ‖ above the opposite face, with gᵢ the gradient of its barycentric
    coordinate, and the origin lies wᵢ times as high; no shorter shift takes the origin out of the simplex, let
    alone out of the difference of the hulls. A shift along a face's normal as long as the hulls overlap there
    does take them apart, which bounds the depth from above.

    Returns:
        The bounds; the lower is 0 for fewer than rank + 1 corners, whose hull has no inside.
    """
    differences = points[corners[0]] - points[corners[1]]
    if len(differences) <= points.shape[1]:
        return 0.0, _extent(points, first, second, np.linalg.svd(differences)[2][-1:])
    size = float(np.abs(differences).max())
    try:
        gradients = np.linalg.inv(np.vstack([np.ones(len(differences)), differences.T / size]))[:, 1:] / size
    except np.linalg.LinAlgError:
        return 0.0, np.inf
    lengths = np.linalg.norm(gradients, axis=1)
    heights = weights / lengths
    nearest = np.argsort(heights)[:N_FACES]
    return float(heights[nearest[0]]), _extent(
        points, first, second, -gradients[nearest] / lengths[nearest, None]
    )


def _extent(
    points: Float[np.ndarray, "row rank"], first: Rows, second: Rows, normals: Float[np.ndarray, "face rank"]
) -> float:
    """Return the smallest overlap of the hulls along unit vectors, in either direction of each."""
    own, other = points[first] @ normals.T, points[second] @ normals.T
    forth = own.max(axis=0) - other.min(axis=0)
    back = other.max(axis=0) - own.min(axis=0)
    return float(np.min(np.minimum(forth, back)))
