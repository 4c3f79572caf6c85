"""Batches of frozen features, on the device that computes with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from tunescope.finetuning.frozen.features import FrozenFeatures

__all__ = ["Batch", "read_batch", "read_in_order"]

_POSITIONS_AT_ONCE = 4096

Units = Int[np.ndarray, " unit"]


@dataclass(frozen=True)
class Batch:
    """Some sentences, or some examples where each stands alone.

    Attributes:
        places: Which examples of the features these are.
        stack: Their vectors at all layers.
        lengths: How many examples each unit has, on the CPU.
    """

    places: Int[np.ndarray, " position"]
    stack: Float[torch.Tensor, "layer position hidden"]
    lengths: Int[torch.Tensor, " unit"]


def read_batch(features: FrozenFeatures, units: Units, device: torch.device) -> Batch:
    """Return the batch of some of the features' units."""
    starts, lengths = (values[units] for values in features.units)
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    places = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    stack = torch.from_numpy(features.read(places)).to(device)
    return Batch(places, stack, torch.from_numpy(lengths))


def read_in_order(features: FrozenFeatures, units: Units, device: torch.device) -> Iterator[Batch]:
    """Yield batches of the units in their order, as many at once as fit a few thousand examples."""
    ends = np.cumsum(features.units[1][units])
    group = (ends - 1) // _POSITIONS_AT_ONCE
    for chosen in np.split(units, np.flatnonzero(np.diff(group)) + 1):
        if len(chosen):
            yield read_batch(features, chosen, device)
