"""The active sets of the last tests, ready to go on: clusters only grow, so the set of two clusters stays valid.

The same two large clusters are tested again and again as one of them takes up points. Their active set, with its
factorisation, is continued where it stood; a refused merger takes it back to the corners that it had before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from tunescope.measures.geometry.hulls.compiled import compiled
from tunescope.measures.geometry.hulls.factorisation import Factorisation
from tunescope.measures.geometry.hulls.min_norm_point import ActiveSet

__all__ = ["WarmStarts", "active_set", "choose_slot", "new_warm_starts", "rename", "settle_slot", "take_back"]

Sizes = Int[np.ndarray, " slot"]


class WarmStarts(NamedTuple):
    """Active sets of two clusters each, of the first and of the second label of a conflict.

    Attributes:
        clusters: Shape (slot, 2); −1 where the slot is free.
        corners: Shape (slot, 2, row); the points of each corner.
        weights: Shape (slot, row).
        sizes: Corners of each.
        factored: Whether the factorisation below is that of the corners.
        basis: Shape (slot, row, row); see :class:`Factorisation`.
        triangle: The same.
        residual: Shape (slot, row).
        rotations: Shape (2, row); scratch of all slots.
        used: When each slot was last taken; −1 for never.
        before: The corners before the last test, to go back to.
        weights_before: Their weights.
        state_before: Shape (slot, 3); the two clusters and the size before the last test.
    """

    clusters: Int[np.ndarray, "slot 2"]
    corners: Int[np.ndarray, "slot 2 row"]
    weights: Float[np.ndarray, "slot row"]
    sizes: Sizes
    factored: Bool[np.ndarray, " slot"]
    basis: Float[np.ndarray, "slot row row"]
    triangle: Float[np.ndarray, "slot row row"]
    residual: Float[np.ndarray, "slot row"]
    rotations: Float[np.ndarray, "2 row"]
    used: Sizes
    before: Int[np.ndarray, "slot 2 row"]
    weights_before: Float[np.ndarray, "slot row"]
    state_before: Int[np.ndarray, "slot 3"]


def new_warm_starts(hidden_size: int, *, max_memory: int) -> WarmStarts:
    """Return between 4 and 256 free slots, as many as fit into ``max_memory`` bytes."""
    n = hidden_size + 1
    n_slots = min(256, max(4, max_memory // (16 * n * n)))
    return WarmStarts(
        clusters=np.full((n_slots, 2), -1),
        corners=np.zeros((n_slots, 2, n), np.int64),
        weights=np.zeros((n_slots, n)),
        sizes=np.zeros(n_slots, np.int64),
        factored=np.zeros(n_slots, np.bool_),
        basis=np.zeros((n_slots, n, n)),
        triangle=np.zeros((n_slots, n, n)),
        residual=np.zeros((n_slots, n)),
        rotations=np.zeros((2, n)),
        used=np.full(n_slots, -1),
        before=np.zeros((n_slots, 2, n), np.int64),
        weights_before=np.zeros((n_slots, n)),
        state_before=np.full((n_slots, 3), -1),
    )


@compiled
def active_set(starts: WarmStarts, slot: int) -> ActiveSet:
    """Return the active set of a slot; changes to it are changes to the slot."""
    factors = Factorisation(
        starts.basis[slot],
        starts.triangle[slot],
        starts.residual[slot],
        starts.rotations[0],
        starts.rotations[1],
    )
    return ActiveSet(starts.corners[slot, 0], starts.corners[slot, 1], starts.weights[slot], factors)


@compiled
def choose_slot(starts: WarmStarts, pair: tuple[int, int], other: int, pair_first: bool, now: int) -> int:
    """Return the slot with the largest set of one of the pair against the other cluster; else one that was freed."""
    own = 0 if pair_first else 1
    best, oldest = -1, 0
    for slot in range(starts.sizes.size):
        if starts.clusters[slot, own] in pair and starts.clusters[slot, 1 - own] == other:
            if best < 0 or starts.sizes[slot] > starts.sizes[best]:
                best = slot
        if starts.used[slot] < starts.used[oldest]:
            oldest = slot
    if best < 0:
        best = oldest
        starts.clusters[best, :] = -1
        starts.sizes[best] = 0
    size = starts.sizes[best]
    starts.before[best, :, :size] = starts.corners[best, :, :size]
    starts.weights_before[best, :size] = starts.weights[best, :size]
    starts.state_before[best, 0] = starts.clusters[best, 0]
    starts.state_before[best, 1] = starts.clusters[best, 1]
    starts.state_before[best, 2] = size
    starts.clusters[best, own] = pair[0]
    starts.clusters[best, 1 - own] = other
    starts.used[best] = now
    return best


@compiled
def settle_slot(starts: WarmStarts, slot: int, size: int) -> None:
    """Take note of the active set that a test left."""
    starts.sizes[slot] = size
    starts.factored[slot] = True


@compiled
def take_back(starts: WarmStarts, now: int) -> None:
    """Undo the tests of this round, for the merger they were about did not come to be."""
    for slot in range(starts.sizes.size):
        if starts.used[slot] == now:
            size = starts.state_before[slot, 2]
            starts.clusters[slot, 0] = starts.state_before[slot, 0]
            starts.clusters[slot, 1] = starts.state_before[slot, 1]
            starts.corners[slot, :, :size] = starts.before[slot, :, :size]
            starts.weights[slot, :size] = starts.weights_before[slot, :size]
            starts.sizes[slot] = size
            starts.factored[slot] = False


@compiled
def rename(starts: WarmStarts, old: int, new: int) -> None:
    """Let the sets of a cluster that was merged into another speak of that one."""
    for slot in range(starts.sizes.size):
        for side in range(2):
            if starts.clusters[slot, side] == old:
                starts.clusters[slot, side] = new
