"""Sums over the pairs of targets in many subsets at once, which RSA and CKA consist of.

With W the 0/1 matrix of subsets, the sum of a symmetric matrix M over the pairs within each subset is a column of
w'Mw, so all subsets together cost one product of M with W, and M itself is never held: it is computed and used up
in blocks of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tunescope.measures.shapes import Figures, OtherVectors, Vectors, Weights

__all__ = ["BLOCK", "FillRows", "PairSums", "RowSums", "inner_products", "pair_sums", "sums_over_pairs"]

BLOCK = 512
"""Rows of the pair matrices that are in memory at a time."""

FillRows = Callable[[int, int, np.ndarray], None]
"""Writes rows ``start`` to ``stop`` of a pair matrix, from column ``start`` on, to the array that it is given; what
it writes on the diagonal and below is not looked at."""


class PairSums(NamedTuple):
    """Sums over the pairs i < j of each subset, where K = XX' − k₀ and L = YY' − l₀."""

    k: Figures
    l: Figures  # noqa: E741 - the papers' letter
    kk: Figures
    ll: Figures
    kl: Figures


class RowSums(NamedTuple):
    """Sums over the targets i of each subset of (Σⱼ Kᵢⱼ)², (Σⱼ Lᵢⱼ)² and their product, with j ≠ i in the subset."""

    kk: Figures
    ll: Figures
    kl: Figures


def pair_sums(
    x: Vectors,
    y: OtherVectors,
    weights: Weights,
    *,
    shift: tuple[float, float] = (0.0, 0.0),
    rows: bool = False,
) -> tuple[PairSums, RowSums]:
    """Return the sums over pairs and, if asked, over rows, for every subset.

    Args:
        x: Shape (example, hidden), float64.
        y: Shape (example, other hidden), float64.
        weights: Shape (example, subset), 0 or 1, float64.
        shift: k₀ and l₀, taken off every inner product so that sums of squares do not cancel; default 0.
        rows: Whether to compute the row sums, which cost two more products; otherwise these are zeros.

    >>> x = np.eye(3)
    >>> sums, _ = pair_sums(x, x, np.ones((3, 1)), shift=(-1.0, -1.0))
    >>> float(sums.k[0]), float(sums.kl[0])
    (3.0, 3.0)
    """
    return sums_over_pairs(inner_products(x, shift[0]), inner_products(y, shift[1]), weights, rows=rows)


def inner_products(vectors: Vectors, shift: float = 0.0) -> FillRows:
    """Return what writes rows of the Gram matrix, less a number.

    >>> block = np.empty((1, 2))
    >>> inner_products(np.array([[1.0, 2.0], [3.0, 4.0]]))(0, 1, block)
    >>> block
    array([[ 5., 11.]])
    """

    def fill(start: int, stop: int, out: np.ndarray) -> None:
        np.matmul(vectors[start:stop], vectors[start:].T, out=out)
        np.subtract(out, shift, out=out)

    return fill


def sums_over_pairs(
    k: FillRows,
    l: FillRows,  # noqa: E741 - the papers' letter
    weights: Weights,
    *,
    rows: bool = False,
) -> tuple[PairSums, RowSums]:
    """Return the sums over pairs and, if asked, over rows, of any two symmetric matrices, for every subset.

    Args:
        k: Writes rows of the first.
        l: Writes rows of the second.
        weights: Shape (example, subset), 0 or 1, float64.
        rows: Whether to compute the row sums, which cost two more products; otherwise these are zeros.

    >>> fill = inner_products(np.ones((3, 2)))
    >>> sums, row_sums = sums_over_pairs(fill, fill, np.ones((3, 1)), rows=True)
    >>> float(sums.k[0]), float(sums.kl[0]), float(row_sums.kl[0])
    (6.0, 12.0, 48.0)
    """
    n_examples = len(weights)
    totals = np.zeros((5, weights.shape[1]))
    row_totals = np.zeros((2, *weights.shape)) if rows else np.zeros((2, 0, weights.shape[1]))
    space = np.empty((3, min(BLOCK, n_examples) * n_examples))
    for start in range(0, n_examples, BLOCK):
        stop = min(start + BLOCK, n_examples)
        shape = stop - start, n_examples - start
        first, second, product = (each[: shape[0] * shape[1]].reshape(shape) for each in space)
        _fill_above_diagonal(k, start, stop, first)
        _fill_above_diagonal(l, start, stop, second)
        here, rest = weights[start:stop], weights[start:]
        for place, matrix in enumerate((first, second)):
            over_columns = matrix @ rest
            totals[place] += np.einsum("ir,ir->r", here, over_columns)
            if rows:
                row_totals[place, start:stop] += over_columns
                row_totals[place, start:] += matrix.T @ here
        for place, factors in enumerate(((first, first), (second, second), (first, second)), start=2):
            np.multiply(*factors, out=product)
            totals[place] += np.einsum("ir,ir->r", here, product @ rest)
    members = weights if rows else weights[:0]

    def over_rows(first: int, second: int) -> Figures:
        total: Figures = np.einsum("ir,ir,ir->r", members, row_totals[first], row_totals[second])
        return total

    return PairSums(*totals), RowSums(kk=over_rows(0, 0), ll=over_rows(1, 1), kl=over_rows(0, 1))


def _fill_above_diagonal(fill: FillRows, start: int, stop: int, out: np.ndarray) -> None:
    """Write rows ``start`` to ``stop`` from the diagonal on, zero up to it."""
    fill(start, stop, out)
    size = stop - start
    out[:, :size] = np.triu(out[:, :size], 1)
