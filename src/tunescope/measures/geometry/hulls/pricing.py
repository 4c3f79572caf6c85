"""Which points lie farthest in a direction: over a whole hull, or over the few that can matter next."""

from __future__ import annotations

import numpy as np

from tunescope.measures.geometry.hulls.compiled import compiled, dot

__all__ = ["lowest", "lowest_rows"]


@compiled
def lowest(
    points: np.ndarray, rows: np.ndarray, direction: np.ndarray, sign: float, heights: np.ndarray
) -> tuple[int, float]:
    """Write sign · ⟨point, direction⟩ of each row; return the row of the smallest (the first of several), and it."""
    best, low = rows[0], np.inf
    for k in range(rows.size):
        height = sign * dot(points[rows[k]], direction)
        heights[k] = height
        if height < low:
            best, low = rows[k], height
    return best, low


@compiled
def lowest_rows(rows: np.ndarray, heights: np.ndarray, chosen: np.ndarray) -> int:
    """Write up to ``chosen.size`` rows of the smallest heights, unordered; return how many."""
    if rows.size <= chosen.size:
        chosen[: rows.size] = rows
        return rows.size
    threshold = np.partition(heights[: rows.size], chosen.size)[chosen.size]
    count = 0
    for k in range(rows.size):
        if heights[k] < threshold:
            chosen[count] = rows[k]
            count += 1
    for k in range(rows.size):
        if count > 0:
            break
        if heights[k] == threshold:  # all the smallest are equal
            chosen[0] = rows[k]
            count = 1
    return count
