"""The Lanczos method: the largest eigenvalues of a symmetric operator from its products with vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from tunescope.landscapes.flat_vectors import Flat, combine, combine_in_place, inner_product, project_out

__all__ = ["RitzPairs", "largest_eigenpairs"]

_CLOSED = 100
"""A remainder of fewer roundings of the largest eigenvalue is noise: the basis spans an invariant space."""

_MORE_THAN_ASKED = 2
"""How many vectors above and below those asked for the smallest basis holds."""

Matrix = Float[np.ndarray, "_ _"]
Values = Float[np.ndarray, " value"]


@dataclass(frozen=True, eq=False)
class RitzPairs:
    """Approximate eigenvalues and eigenvectors, with how far each is from being exact.

    Attributes:
        values: Shape (value,); the largest, in descending order.
        residuals: Shape (value,); ‖Hy − θy‖ of each pair: an eigenvalue lies within this distance of θ.
        vectors: The unit vectors y, in the order of the values.
        lowest: The smallest value, which comes as a by-product.
        lowest_residual: Its residual; it may be far from converged.
        n_products: How many products were made.
        is_converged: Whether all residuals are within the tolerance.
    """

    values: Values
    residuals: Values
    vectors: list[Flat]
    lowest: float
    lowest_residual: float
    n_products: int
    is_converged: bool


class _Decomposition(NamedTuple):
    """Eigenvalues of the operator in the basis, ascending, their vectors as columns, and their residuals."""

    values: Values
    weights: Matrix
    residuals: Values

    def top_is_converged(self, n: int, tolerance: float) -> bool:
        if len(self.values) < n:
            return False
        return bool((self.residuals[-n:] <= tolerance * np.abs(self.values).max()).all())


def largest_eigenpairs(
    multiply: Callable[[Flat], Flat],
    draw: Callable[[int], Flat],
    *,
    size: int,
    n: int,
    max_products: int,
    basis_size: int,
    tolerance: float,
    advance: Callable[[], None] = lambda: None,
) -> RitzPairs | None:
    """Return the algebraically largest eigenvalues of a symmetric operator.

    Lanczos with full reorthogonalisation (Parlett 1980, chapter 13). The operator's matrix in the basis is made of the
    inner products themselves, in float64. When the basis is full, it is replaced by its best vectors (thick restart, Wu
    and Simon 2000). Where the basis spans an invariant space before that, as with a matrix of low rank, a random vector
    opens a new one; after n such spaces no eigenvalue among the n largest can be missing, not even a multiple one.

    What Lanczos cannot see: of an eigenvalue that occurs several times it finds one copy until rounding brings in
    another; and a pair may converge to an eigenvalue while a larger one, whose vector the random start hardly touches,
    has not shown yet.

    Args:
        multiply: Returns the operator's product with a vector, in new memory.
        draw: Returns the k-th random vector, in new memory; not zero.
        size: Length of a vector.
        n: How many eigenvalues, from 1 to ``size``.
        max_products: Most products, at least 1.
        basis_size: Most vectors kept at once besides two; with fewer than 2n + 4 (or ``size``) that many are kept.
        tolerance: Largest residual, as a share of the largest absolute eigenvalue found.
        advance: Called after each product.

    Returns:
        The pairs; fewer than n, and not converged, if fewer products were allowed. ``None`` if a product was not
        finite.

    >>> diagonal = torch.tensor([5.0, 1.0, -2.0], dtype=torch.float64)
    >>> draw = lambda k: torch.ones(3, dtype=torch.float64).roll(k)
    >>> pairs = largest_eigenpairs(lambda v: diagonal * v, draw, size=3, n=1, max_products=9, basis_size=9,
    ...                            tolerance=1e-3)
    >>> round(float(pairs.values[0]), 6), round(pairs.lowest, 6), pairs.n_products
    (5.0, -2.0, 3)
    """
    basis_size = min(size, max(basis_size, 2 * (n + _MORE_THAN_ASKED)))
    basis = [_unit(draw(0))]
    matrix: Matrix = np.zeros((0, 0))
    n_products = n_closed = 0
    while True:
        remainder = multiply(basis[-1])
        n_products += 1
        advance()
        matrix = _bordered(matrix, project_out(basis, remainder))
        length = inner_product(remainder, remainder) ** 0.5
        if not (np.isfinite(matrix).all() and np.isfinite(length)):
            return None
        found = _decompose(matrix, length, closed_below=_CLOSED * torch.finfo(remainder.dtype).eps)
        is_closed = not found.residuals.any()
        n_closed += is_closed
        if n_closed:
            is_done = is_closed and (n_closed >= n or len(basis) == size)
        else:
            is_done = found.top_is_converged(n, tolerance)
        if is_done or n_products == max_products:
            return _pairs(basis, found, n, n_products, is_converged=is_done)
        if len(basis) == basis_size:
            matrix = _keep_the_best(basis, found)
        basis.append(_fresh(draw(n_closed), basis) if is_closed else remainder.div_(length))


def _unit(vector: Flat) -> Flat:
    return vector.div_(inner_product(vector, vector) ** 0.5)


def _fresh(vector: Flat, basis: Sequence[Flat]) -> Flat:
    """Return the part of a vector outside the basis, of length 1."""
    project_out(basis, vector)
    return _unit(vector)


def _bordered(matrix: Matrix, column: Values) -> Matrix:
    """Return a symmetric matrix with a row and a column more."""
    larger = np.zeros((len(column), len(column)))
    larger[:-1, :-1] = matrix
    larger[:, -1] = larger[-1] = column
    return larger


def _decompose(matrix: Matrix, length: float, *, closed_below: float) -> _Decomposition:
    """Return the eigenvalues in the basis; all residuals are 0 where what remains of the product is rounding."""
    values, weights = np.linalg.eigh(matrix)
    if length <= closed_below * np.abs(values).max():
        length = 0.0
    return _Decomposition(values, weights, length * np.abs(weights[-1]))


def _keep_the_best(basis: list[Flat], found: _Decomposition) -> Matrix:
    """Halve the basis, to the vectors of the largest values and of the lowest; return the operator in them."""
    kept = np.r_[0, np.arange(len(basis) - len(basis) // 2 + 1, len(basis))]
    combine_in_place(basis, found.weights[:, kept])
    matrix: Matrix = np.diag(found.values[kept])
    return matrix


def _pairs(
    basis: Sequence[Flat], found: _Decomposition, n: int, n_products: int, *, is_converged: bool
) -> RitzPairs:
    top = np.arange(len(basis))[::-1][:n]
    return RitzPairs(
        values=found.values[top],
        residuals=found.residuals[top],
        vectors=combine(basis, found.weights[:, top]),
        lowest=float(found.values[0]),
        lowest_residual=float(found.residuals[0]),
        n_products=n_products,
        is_converged=is_converged,
    )
