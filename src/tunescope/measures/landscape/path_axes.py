"""The plane in which a path of weights moved most, from the inner products of its snapshots only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError

__all__ = ["PathAxes", "path_axes"]

SMALLEST_SHARE = 1e-10
"""An axis that holds a smaller share of the squared displacements is rounding only."""

ROUNDING = 1e-3
"""By what share of the largest entry a Gram matrix may fail to be one (it may have been summed in float32)."""

Gram = Float[np.ndarray, "snapshot snapshot"]


@dataclass(frozen=True, eq=False)
class PathAxes:
    """The first two principal directions of a path.

    Attributes:
        coefficients: Shape (2, snapshot); what to multiply the snapshots' displacements by: ``coefficients @ D`` are
            the two directions, orthogonal and of length 1 in the unit of the weights. NaN for an axis along which the
            path does not move.
        coordinates: Shape (snapshot, 2); each displacement's inner product with the two directions, in the unit of the
            weights: the snapshots as seen in the plane through the origin of the displacements.
        variance_explained: Shape (2,); the share of the path's variance along each direction, in [0, 1], not rising;
            their sum is the plane's. NaN where the path does not move.
        status: ``"ok"``, or which axis is undefined, and why.
    """

    coefficients: Float[np.ndarray, "2 snapshot"]
    coordinates: Float[np.ndarray, "snapshot 2"]
    variance_explained: Float[np.ndarray, " 2"]
    status: str = "ok"


def path_axes(gram: Gram, *, centred: bool = True) -> PathAxes:
    """Return the principal directions of a path as combinations of its snapshots.

    With D the displacements of the snapshots (Li et al. 2018 take θₜ − θ_T from the last one), K = D D', and
    C = I − 11'/n: the eigenvectors u of C K C with eigenvalue λ give the directions (C u / √λ)' D, without ever holding
    more than the n × n matrix. This is the principal component analysis of D, with its mean off (Lorch 2016; Li et al.
    2018, section 7.2).

    Any smooth path, and a random walk in many dimensions too, has most of its variance in two principal directions
    (Antognini and Sohl-Dickstein 2018): a high share is no sign that little else happened.

    Args:
        gram: Shape (snapshot, snapshot), at least 3; the inner products of the displacements, from whatever origin.
        centred: Whether the variance is around the mean of the snapshots, as in the published programs, the default;
            otherwise around the origin of the displacements, so that the plane through it is the nearest to the path.

    Returns:
        The axes. The sign of each is such that its coordinate of largest size, of several the first, is positive. A
        rotation of the weight space changes nothing.

    Raises:
        InputError: The matrix is not square, finite and symmetric, has a negative eigenvalue, or has fewer than 3
            snapshots.

    >>> path = np.array([[4.0, 0.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> axes = path_axes(path @ path.T)
    >>> np.abs(axes.coefficients @ path).round(6).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    >>> axes.variance_explained.round(3).tolist()
    [0.923, 0.077]
    """
    inner = _check_gram(gram)
    n_snapshots = len(inner)
    moved = np.eye(n_snapshots) - 1 / n_snapshots if centred else np.eye(n_snapshots)
    values, vectors = np.linalg.eigh(moved @ inner @ moved)
    _check_not_negative(values, inner)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    smallest = SMALLEST_SHARE * float(np.trace(inner))
    n_axes = int(np.count_nonzero(values[:2] > smallest))
    sizes = np.where(np.arange(2) < n_axes, np.sqrt(np.maximum(values[:2], smallest)), np.nan)
    coefficients = (moved @ vectors[:, :2] / sizes).T if n_axes else np.full((2, n_snapshots), np.nan)
    coordinates = inner @ coefficients.T
    signs = _signs(coordinates)
    total = float(values.sum())
    return PathAxes(
        coefficients=coefficients * signs[:, None],
        coordinates=coordinates * signs,
        variance_explained=values[:2] / total if n_axes else np.full(2, np.nan),
        status=_STATUSES[n_axes],
    )


_STATUSES = {
    0: "both axes are undefined: the snapshots do not differ",
    1: "the second axis is undefined: the path is a straight line",
    2: "ok",
}


def _signs(coordinates: Float[np.ndarray, "snapshot 2"]) -> Float[np.ndarray, " 2"]:
    """Return the sign for each axis; of several coordinates as large up to rounding the first decides."""
    size = np.abs(np.nan_to_num(coordinates))
    farthest = (size >= (1 - 1e-6) * size.max(axis=0)).argmax(axis=0)
    return np.where(coordinates[farthest, [0, 1]] < 0, -1.0, 1.0)


def _check_gram(gram: ArrayLike) -> Gram:
    matrix = np.asarray(gram)
    if matrix.dtype.kind not in "fiu" or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            "gram is no square matrix of numbers.",
            expected="shape (snapshots, snapshots)",
            got=f"shape {matrix.shape}, dtype {matrix.dtype}",
        )
    if len(matrix) < 3:
        raise InputError(
            "The path has too few snapshots.", expected="at least 3, for a plane", got=len(matrix)
        )
    if not np.isfinite(matrix).all():
        row = int(np.argmin(np.isfinite(matrix).all(axis=1)))
        raise InputError(
            "gram has a value that is not finite.",
            where=f"snapshot {row}",
            expected="inner products of finite weights",
            got=matrix[row][~np.isfinite(matrix[row])][0],
            fix="leave snapshots of a diverged training out",
        )
    if np.abs(matrix - matrix.T).max() > ROUNDING * np.abs(matrix).max():
        raise InputError(
            "gram is not symmetric.",
            expected="the inner product of snapshots i and j at (i, j) and at (j, i)",
            got=f"differences up to {np.abs(matrix - matrix.T).max():g}",
        )
    symmetric: Gram = (matrix.astype(np.float64) + matrix.T) / 2
    return symmetric


def _check_not_negative(values: Float[np.ndarray, " snapshot"], inner: Gram) -> None:
    if values.min() < -ROUNDING * np.abs(inner).max():
        raise InputError(
            "gram holds no inner products.",
            expected="no eigenvalue below 0",
            got=f"{values.min():g}",
            fix="compute all entries from the same displacements, in float64",
        )
