"""Centring, for the measures that do not depend on where the origin lies."""

from __future__ import annotations

import numpy as np

from tunescope.measures.shapes import AnyVectors, Vectors

__all__ = ["centred", "why_constant"]


def why_constant(**vectors: AnyVectors) -> str | None:
    """Return the reason why a centred measure is undefined, naming the first constant matrix, or ``None``.

    Rows that differ by rounding only count as equal.

    >>> why_constant(x=np.ones((3, 2)))
    'undefined: all rows of x are equal'
    """
    for name, rows in vectors.items():
        size = float(np.abs(rows).max())
        if float(np.abs(rows - rows[0]).max()) <= 4 * np.finfo(np.float64).eps * size:
            return f"undefined: all rows of {name} are equal"
    return None


def centred(vectors: Vectors) -> Vectors:
    """Return the rows minus their mean, scaled to mean squared length 1, in float64; they may not all be equal.

    >>> centred(np.array([[0.0], [4.0]]))
    array([[-1.],
           [ 1.]])
    """
    rows = vectors.astype(np.float64, copy=False)
    rows = rows / np.abs(rows).max()  # so that squares neither overflow nor vanish
    rows = rows - rows.mean(axis=0)
    rows /= np.abs(rows).max()
    unit: Vectors = rows / np.sqrt(np.mean(np.einsum("eh,eh->e", rows, rows)))
    return unit
