"""Where the snapshots of a path lie in the plane of two directions, by least squares and by angle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope.measures.intervals import divide

__all__ = ["PathProjection", "path_projection"]

SMALLEST_SQUARED_SINE = 1e-10
"""Of two directions at a smaller angle the plane is rounding only."""

ROUNDING = 1e-3
"""By what share an inner product may exceed the product of the lengths before they cannot belong together (they may
have been summed in float32)."""

Gram = Float[np.ndarray, "2 2"]
Products = Float[np.ndarray, "snapshot 2"]
SquaredNorms = Float[np.ndarray, " snapshot"]


@dataclass(frozen=True, eq=False)
class PathProjection:
    """The snapshots of a path in the plane of two directions δ₁ and δ₂ through its origin.

    Attributes:
        least_squares: Shape (snapshot, 2); α and β of the plane's point origin + α δ₁ + β δ₂ nearest to each snapshot.
        by_angle: Shape (snapshot, 2); α and β by the angle to δ₁, after Hao et al. (2019); see :func:`path_projection`.
        cosines: Shape (snapshot, 2); the cosine of each displacement with each direction, in [−1, 1]; NaN at the
            origin.
        variance_explained: Shape (snapshot,); the share of each squared displacement that lies in the plane, in [0, 1];
            1 where the snapshot does, NaN at the origin.
        overall: The same of all snapshots together: Σ of the squared lengths in the plane over Σ of all; NaN where all
            are at the origin.
        statuses: For each snapshot ``"ok"``, or why a figure is undefined.
    """

    least_squares: Float[np.ndarray, "snapshot 2"]
    by_angle: Float[np.ndarray, "snapshot 2"]
    cosines: Float[np.ndarray, "snapshot 2"]
    variance_explained: Float[np.ndarray, " snapshot"]
    overall: float
    statuses: tuple[str, ...]


def path_projection(inner_products: Products, gram: Gram, squared_norms: SquaredNorms) -> PathProjection:
    """Project the snapshots of a path onto the plane of two directions, which need not be orthogonal.

    With D = θₜ − θ₀ the displacement of a snapshot from the plane's origin:

    - *By least squares*, (α, β)' = G⁻¹ (⟨D, δ₁⟩, ⟨D, δ₂⟩)' with G the directions' inner products: the nearest point of
      the plane. A snapshot in the plane gets its own coordinates.
    - *By angle* (Hao et al. 2019, section 3.3): α = cos θ ‖D‖ / ‖δ₁‖ with θ the angle between D and δ₁, and
      β = √(‖D‖² − α² ‖δ₁‖²) / ‖δ₂‖: all that is orthogonal to δ₁ counts as way along the second axis. There δ₂ is
      scaled to the length of δ₁ and ‖δ₁‖ divides; the two agree then, and otherwise β is in the unit of this plane's
      axis. It is never below 0 and does not ask where δ₂ points, so it shows how far the path strays from the line to
      the tuned weights, not where in the plane it runs: with directions that are not orthogonal even a snapshot in the
      plane gets another point than its own.

    Args:
        inner_products: Shape (snapshot, 2); ⟨D, δ₁⟩ and ⟨D, δ₂⟩.
        gram: Shape (2, 2); the inner products of the directions with each other.
        squared_norms: Shape (snapshot,); ‖D‖².

    Returns:
        Both projections in units of the two directions (1 is the direction's end), with the share of the displacement
        that the plane holds: where it is low, the loss at the projected point is not the snapshot's. A rotation of the
        weight space changes nothing, a direction twice as long halves its coordinate.

    Raises:
        InputError: The shapes do not fit, a figure is not finite, a direction has length 0, the two are parallel, or an
            inner product is larger than the lengths allow.

    >>> d, directions = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]]), np.array([[2.0, 0.0, 0.0], [2.0, 2.0, 0.0]])
    >>> found = path_projection(d @ directions.T, directions @ directions.T, np.sum(d**2, axis=1))
    >>> found.least_squares.round(9).tolist(), found.variance_explained.round(9).tolist()
    ([[-0.5, 2.0], [0.0, 0.0]], [1.0, 0.0])
    >>> found.by_angle.round(3).tolist()
    [[1.5, 1.414], [0.0, 0.707]]
    """
    sizes = _check_gram(gram)
    products = _check_numbers(inner_products, "inner_products", ("snapshots", 2))
    squares = _check_numbers(squared_norms, "squared_norms", ("snapshots",))
    _check_lengths(products, squares, sizes)
    parts = products / sizes  # of each displacement along each direction, in the unit of the weights
    cosine = float(np.asarray(gram)[0, 1]) / float(sizes[0] * sizes[1])
    mixed = (parts - cosine * parts[:, ::-1]) / (1 - cosine**2)
    inside = np.minimum(np.maximum(np.sum(parts * mixed, axis=1), 0.0), squares)
    aside = np.sqrt(np.maximum(squares - parts[:, 0] ** 2, 0.0))
    moved = squares > 0
    total = float(squares.sum())
    return PathProjection(
        least_squares=mixed / sizes,
        by_angle=np.stack([parts[:, 0], aside], axis=1) / sizes,
        cosines=np.clip(divide(parts, np.sqrt(squares)[:, None]), -1, 1),
        variance_explained=divide(inside, squares),
        overall=float(inside.sum()) / total if total else math.nan,
        statuses=tuple("ok" if each else "undefined: the snapshot is at the origin" for each in moved),
    )


def _check_gram(gram: ArrayLike) -> Float[np.ndarray, " 2"]:
    """Return the lengths of the two directions."""
    matrix = _check_numbers(gram, "gram", (2, 2))
    if (np.diag(matrix) <= 0).any():
        which = int(np.argmax(np.diag(matrix) <= 0)) + 1
        raise InputError(
            "A direction has no length.",
            where=f"gram, direction {which}",
            expected="a squared length above 0",
            got=matrix[which - 1, which - 1],
            fix="take a direction along which the weights differ, such as to a snapshot after the first step",
        )
    sizes = np.asarray(np.sqrt(np.diag(matrix)))
    limit = float(sizes[0] * sizes[1])
    if abs(matrix[0, 1] - matrix[1, 0]) > ROUNDING * limit or abs(matrix[0, 1]) > (1 + ROUNDING) * limit:
        raise InputError(
            "gram holds no inner products of two directions.",
            expected=f"a symmetric matrix with entries up to {limit:g} off its diagonal",
            got=matrix.tolist(),
        )
    if 1 - (matrix[0, 1] / limit) ** 2 < SMALLEST_SQUARED_SINE:
        raise InputError(
            "The two directions are parallel and span no plane.",
            where="gram",
            expected="two directions with an angle between them",
            got=f"a cosine of {matrix[0, 1] / limit:.12g}",
            fix="take another second direction, or look at the line along the first",
        )
    return sizes


def _check_numbers(values: ArrayLike, name: str, shape: tuple[int | str, ...]) -> np.ndarray:
    array = np.asarray(values)
    fits = array.ndim == len(shape) and all(
        isinstance(wanted, str) or size == wanted for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits or array.size == 0 or array.dtype.kind not in "fiu":
        raise InputError(
            f"{name} has the wrong shape.",
            expected=f"numbers of shape ({', '.join(str(wanted) for wanted in shape)})",
            got=f"shape {array.shape}, dtype {array.dtype}",
        )
    if not np.isfinite(array).all():
        place = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        raise InputError(
            f"{name} has a value that is not finite.",
            where=f"entry {tuple(int(index) for index in place)}",
            expected="inner products of finite weights",
            got=array[place],
            fix="leave snapshots of a diverged training out",
        )
    return array.astype(np.float64, copy=False)


def _check_lengths(products: Products, squares: SquaredNorms, sizes: Float[np.ndarray, " 2"]) -> None:
    if len(products) != len(squares):
        raise InputError(
            "inner_products and squared_norms have different numbers of snapshots.",
            expected="a row, and a squared norm, for each",
            got=f"{len(products)} and {len(squares)}",
        )
    limits = np.sqrt(np.maximum(squares, 0.0))[:, None] * sizes
    wrong = (np.abs(products) > (1 + ROUNDING) * limits).any(axis=1) | (squares < 0)
    if wrong.any():
        snapshot = int(np.argmax(wrong))
        raise InputError(
            "The inner products of a snapshot are larger than its length allows.",
            where=f"snapshot {snapshot}",
            expected="squared_norms of the same displacements, and |⟨D, δ⟩| of at most ‖D‖ ‖δ‖",
            got=f"{products[snapshot].tolist()} with a squared norm of {squares[snapshot]:g}",
        )
