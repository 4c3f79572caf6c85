"""Pearson's r of the inner products of all pairs of targets, without computing one of them.

With uᵢ = m + vᵢ, where m is the mean, uᵢ·uⱼ − |m|² = vᵢ·vⱼ + aᵢ + aⱼ with aᵢ = vᵢ·m. Over all i and j these sum to 0,
and their products with those of another representation to ‖V'W‖² + 2 n a'b, from which the diagonal is taken off. So
the work grows with examples × hidden size², where the pairs themselves take examples² × hidden size.
"""

from __future__ import annotations

import math

import numpy as np

from tunescope.measures.shapes import AnyVectors, OtherVectors, Vectors

__all__ = ["FEWEST_PER_DIMENSION", "product_correlation"]

FEWEST_PER_DIMENSION = 2
"""With so many examples for each hidden dimension, this is the faster way, and only equal rows have equal products."""


def product_correlation(u: Vectors, v: OtherVectors, *, smallest_spread: float) -> float:
    """Return the correlation over the pairs i < j of uᵢ·uⱼ and vᵢ·vⱼ.

    Args:
        u: Shape (example, hidden), float64, with more rows than columns.
        v: Shape (example, other hidden), float64, the same examples in the same order; also with more rows.
        smallest_spread: Products that differ by less (standard deviation) count as equal.

    Returns:
        A figure in [−1, 1]; NaN if the products of one representation are all equal.

    >>> u = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0]])
    >>> round(product_correlation(u, -u[:, :1], smallest_spread=1e-10), 3)
    0.183
    """
    first, second = _Products(u), _Products(v)
    variances = first.covariance(first), second.covariance(second)
    if min(variances) <= smallest_spread**2:
        return math.nan
    return float(np.clip(first.covariance(second) / math.sqrt(variances[0] * variances[1]), -1, 1))


class _Products:
    """The inner products of all pairs, less their mean over all i and j."""

    def __init__(self, vectors: AnyVectors) -> None:
        mean = vectors.mean(axis=0)
        self.n_pairs = len(vectors) * (len(vectors) - 1)
        self.centred = vectors - mean
        self.along_mean = self.centred @ mean
        self.diagonal = np.einsum("eh,eh->e", self.centred, self.centred) + 2 * self.along_mean

    def covariance(self, other: _Products) -> float:
        """Return the covariance over the pairs of distinct targets, each of which counts in both orders."""
        across = self.centred.T @ other.centred
        total = np.vdot(across, across) + 2 * len(self.centred) * self.along_mean @ other.along_mean
        total -= self.diagonal @ other.diagonal
        means = self.diagonal.sum() / self.n_pairs * (other.diagonal.sum() / other.n_pairs)
        return float(total / self.n_pairs - means)
