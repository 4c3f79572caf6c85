"""Unit vectors, for the measures that compare directions."""

from __future__ import annotations

import numpy as np

from tunescope.measures.shapes import AnyVectors, Vectors

__all__ = ["unit_rows", "why_no_cosine"]


def why_no_cosine(**vectors: AnyVectors) -> str | None:
    """Return the reason why cosines are undefined, naming the first zero vector, or ``None``.

    >>> why_no_cosine(x=np.array([[1.0, 0.0], [0.0, 0.0]]))
    'undefined: row 1 of x is a zero vector, which has no cosine'
    """
    for name, rows in vectors.items():
        zero = ~rows.any(axis=1)
        if zero.any():
            return f"undefined: row {int(np.argmax(zero))} of {name} is a zero vector, which has no cosine"
    return None


def unit_rows(vectors: Vectors) -> Vectors:
    """Return the rows scaled to length 1, in float64; no row may be zero.

    >>> unit_rows(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    rows = vectors.astype(np.float64, copy=False)
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)  # so that squares neither overflow nor vanish
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
