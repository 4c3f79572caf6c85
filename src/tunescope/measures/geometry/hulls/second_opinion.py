"""Whether two hulls meet, by linear programs on the points that matter, where the main solver does not decide."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linprog

from tunescope.measures.geometry.hulls.tolerances import CONTACT, SMALLEST_MARGIN

__all__ = ["common_point_or_plane"]

MAX_ROUNDS = 60

Rows = Int[np.ndarray, " _"]


def common_point_or_plane(
    first: Float[np.ndarray, "row hidden"],
    second: Float[np.ndarray, "other_row hidden"],
    seeds: tuple[Rows, Rows],
    scale: float,
) -> tuple[Float[np.ndarray, " hidden"] | None, tuple[np.ndarray, np.ndarray] | None]:
    """Return a separating direction, or the weights of a common point, or neither.

    The widest strip between a subset of each hull is found by a linear program that always has a solution (the
    zero direction); points of the whole hulls that reach into it join the subsets. What the program says counts
    only after it was checked in float64.

    Args:
        first: The points of one hull.
        second: The points of the other.
        seeds: Rows of each to start from.
        scale: The size of the data.

    Returns:
        The direction, from the second hull towards the first, or None; and the weights of the points of each
        hull whose combinations meet, or None.
    """
    chosen = [np.unique(seed) for seed in seeds]
    room = 4 * first.shape[1]
    for _ in range(MAX_ROUNDS):
        direction, weights = _solve(first[chosen[0]] / scale, second[chosen[1]] / scale)
        meeting = weights[0] @ first[chosen[0]] - weights[1] @ second[chosen[1]]
        if np.linalg.norm(meeting) <= 0.1 * CONTACT * scale:
            full = np.zeros(len(first)), np.zeros(len(second))
            full[0][chosen[0]], full[1][chosen[1]] = weights
            return None, full
        heights = first @ direction, -second @ direction
        strip = heights[0].min() + heights[1].min()
        if strip > SMALLEST_MARGIN * scale * np.linalg.norm(direction):
            return direction, None
        sizes = len(chosen[0]), len(chosen[1])
        chosen = [
            np.union1d(old, np.argsort(height, kind="stable")[:room])
            for old, height in zip(chosen, heights, strict=True)
        ]
        if sizes == (len(chosen[0]), len(chosen[1])):
            break
    return None, None


def _solve(
    first: Float[np.ndarray, "row hidden"], second: Float[np.ndarray, "other_row hidden"]
) -> tuple[Float[np.ndarray, " hidden"], tuple[np.ndarray, np.ndarray]]:
    """Return the direction of the widest strip in the largest norm, and the weights that show that none is wider."""
    hidden_size = first.shape[1]
    ones, zeros = np.ones((len(first), 1)), np.zeros((len(first), 1))
    other_ones, other_zeros = np.ones((len(second), 1)), np.zeros((len(second), 1))
    above = np.hstack([-first, ones, zeros])  # ⟨a, w⟩ ≥ top
    below = np.hstack([second, other_zeros, -other_ones])  # ⟨b, w⟩ ≤ bottom
    solution = linprog(
        c=np.concatenate([np.zeros(hidden_size), [-1.0, 1.0]]),  # widen top − bottom
        A_ub=np.vstack([above, below]),
        b_ub=np.zeros(len(first) + len(second)),
        bounds=[(-1, 1)] * hidden_size + [(None, None)] * 2,
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solution.status != 0:
        return np.zeros(hidden_size), (
            np.full(len(first), 1 / len(first)),
            np.full(len(second), 1 / len(second)),
        )
    weights = np.maximum(0.0, -solution.ineqlin.marginals)
    own, other = weights[: len(first)], weights[len(first) :]
    return solution.x[:hidden_size], (own / own.sum(), other / other.sum())
