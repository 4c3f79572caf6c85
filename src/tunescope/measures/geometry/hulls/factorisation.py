"""The QR factorisation of a set of columns that grows and shrinks by one, with the part of e₁ that they leave."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tunescope.measures.geometry.hulls.compiled import compiled, dot

__all__ = [
    "Factorisation",
    "append_column",
    "new_factorisation",
    "refresh_residual",
    "remove_column",
    "solve",
]


class Factorisation(NamedTuple):
    """Room for the factorisation of up to ``row`` columns; how many are in use, the caller keeps.

    Attributes:
        basis: Row k is the k-th orthonormal vector.
        triangle: Row k is the k-th column of R, so that every loop runs along memory.
        residual: The first unit vector less its projection onto the columns; the heart of the solver.
        cosines: Scratch for the rotations of :func:`remove_column`.
        sines: The same.
    """

    basis: Float[np.ndarray, "row row"]
    triangle: Float[np.ndarray, "row row"]
    residual: Float[np.ndarray, " row"]
    cosines: Float[np.ndarray, " row"]
    sines: Float[np.ndarray, " row"]


def new_factorisation(n_rows: int) -> Factorisation:
    """Return room for columns of ``n_rows`` numbers. The memory is only touched as columns come."""
    return Factorisation(
        basis=np.zeros((n_rows, n_rows)),
        triangle=np.zeros((n_rows, n_rows)),
        residual=np.zeros(n_rows),
        cosines=np.zeros(n_rows),
        sines=np.zeros(n_rows),
    )


@compiled
def append_column(factors: Factorisation, n_columns: int, column: np.ndarray) -> bool:
    """Add a column, which is overwritten, by Gram–Schmidt; false where it depends on the others.

    A pass that cancels more than nine tenths of the column is repeated, so that the basis stays orthogonal to
    rounding.
    """
    coefficients = factors.triangle[n_columns]
    coefficients[:n_columns] = 0.0
    length = np.sqrt(dot(column, column))
    smallest = 1e-14 * length
    for _ in range(3):
        before = length
        for k in range(n_columns):
            vector = factors.basis[k]
            share = dot(vector, column)
            coefficients[k] += share
            for i in range(column.size):
                column[i] -= share * vector[i]
        length = np.sqrt(dot(column, column))
        if length <= smallest:
            return False
        if length > 0.1 * before:
            break
    coefficients[n_columns] = length
    vector = factors.basis[n_columns]
    for i in range(column.size):
        vector[i] = column[i] / length
    _take(factors.residual, vector, dot(vector, factors.residual))
    return True


@compiled
def remove_column(factors: Factorisation, n_columns: int, place: int) -> None:
    """Remove the column at ``place`` by Givens rotations; those behind it move up."""
    cosines, sines = factors.cosines, factors.sines
    for k in range(place, n_columns - 1):
        row = factors.triangle[k]
        row[: k + 2] = factors.triangle[k + 1, : k + 2]
        for i in range(place, k):
            above, below = row[i], row[i + 1]
            row[i] = cosines[i] * above + sines[i] * below
            row[i + 1] = cosines[i] * below - sines[i] * above
        length = np.sqrt(row[k] * row[k] + row[k + 1] * row[k + 1])
        cosines[k] = row[k] / length
        sines[k] = row[k + 1] / length
        row[k] = length
    for k in range(place, n_columns - 1):
        _rotate(factors.basis[k], factors.basis[k + 1], cosines[k], sines[k])
    vector = factors.basis[n_columns - 1]
    _take(factors.residual, vector, -vector[0])


@compiled
def refresh_residual(factors: Factorisation, n_columns: int) -> None:
    """Make the residual orthogonal to the columns again, against the rounding of many changes."""
    for k in range(n_columns):
        _take(factors.residual, factors.basis[k], dot(factors.basis[k], factors.residual))


@compiled
def solve(factors: Factorisation, n_columns: int, solution: np.ndarray) -> None:
    """Write the coefficients of the columns whose sum is nearest to the first unit vector."""
    for k in range(n_columns):
        solution[k] = factors.basis[k, 0]
    for k in range(n_columns - 1, -1, -1):
        row = factors.triangle[k]
        solution[k] /= row[k]
        for i in range(k):
            solution[i] -= solution[k] * row[i]


@compiled
def _take(target: np.ndarray, vector: np.ndarray, share: float) -> None:
    for i in range(target.size):
        target[i] -= share * vector[i]


@compiled
def _rotate(first: np.ndarray, second: np.ndarray, cosine: float, sine: float) -> None:
    for i in range(first.size):
        above, below = first[i], second[i]
        first[i] = cosine * above + sine * below
        second[i] = cosine * below - sine * above
