"""Sums over the pairs of targets in many subsets at once, which RSA and CKA consist of.

With W the 0/1 matrix of subsets, the sum of a symmetric matrix M over the pairs within each subset is a column of
w'Mw, so all subsets together cost one product of M with W, and M itself is never held: it is computed and used up
in blocks of rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tunescope.measures.shapes import Figures, OtherVectors, Vectors, Weights

__all__ = ["PairSums", "RowSums", "pair_sums"]

BLOCK = 512
"""Rows of the pair matrices that are in memory at a time."""


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
    totals = np.zeros((5, weights.shape[1]))
    row_totals = np.zeros((2, *weights.shape)) if rows else np.zeros((2, 0, weights.shape[1]))
    for start in range(0, len(x), BLOCK):
        stop = min(start + BLOCK, len(x))
        k = _above_diagonal(x, start, stop, shift[0])
        l = _above_diagonal(y, start, stop, shift[1])  # noqa: E741
        here, rest = weights[start:stop], weights[start:]
        for place, matrix in enumerate((k, l, k * k, l * l, k * l)):
            product = matrix @ rest
            totals[place] += np.einsum("ir,ir->r", here, product)
            if rows and place < 2:
                row_totals[place, start:stop] += product
                row_totals[place, start:] += matrix.T @ here
    members = weights if rows else weights[:0]

    def over_rows(first: int, second: int) -> Figures:
        total: Figures = np.einsum("ir,ir,ir->r", members, row_totals[first], row_totals[second])
        return total

    return PairSums(*totals), RowSums(kk=over_rows(0, 0), ll=over_rows(1, 1), kl=over_rows(0, 1))


def _above_diagonal(vectors: Vectors, start: int, stop: int, shift: float) -> np.ndarray:
    """Return rows ``start`` to ``stop`` of the shifted Gram matrix from the diagonal on, zero up to it."""
    block: np.ndarray = vectors[start:stop] @ vectors[start:].T
    block -= shift
    size = stop - start
    block[:, :size] = np.triu(block[:, :size], 1)
    return block
