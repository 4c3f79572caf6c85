"""The way that training took through weight space, and planes that show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope.landscapes.flat_vectors import Flat
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.states import State
from tunescope.measures.landscape.path_axes import PathAxes, path_axes
from tunescope.measures.landscape.path_projection import PathProjection, path_projection

__all__ = ["WeightPath"]

_STRETCH = 2**20
"""Weights of each snapshot that are held in float64 at a time."""


@dataclass(frozen=True, eq=False)
class WeightPath:
    """The displacements of snapshots from a state; they are read a stretch at a time, and never held together.

    Attributes:
        weights: Which weights.
        snapshots: The states of a training, in their order; at least one.
        origin: From where displacements are measured.
    """

    weights: MovedWeights
    snapshots: Sequence[State]
    origin: State

    def __post_init__(self) -> None:
        """Refuse a state of another architecture."""
        if not self.snapshots:
            raise InputError("A path has no snapshot.", expected="at least one snapshot", got="none")
        for state in (self.origin, *self.snapshots):
            self.weights.check(state)

    @cached_property
    def gram(self) -> Float[np.ndarray, "snapshot snapshot"]:
        """The inner products of all displacements.

        Raises:
            InputError: A weight is not finite.
        """
        total = torch.zeros((len(self.snapshots), len(self.snapshots)), dtype=torch.float64)
        for _, part in self._stretches():
            total += part @ part.T
        if not total.isfinite().all():
            raise InputError(
                "A weight of the path is not finite.",
                expected="finite weights",
                got="NaN or infinity",
                fix="if the training diverged, lower its learning rate",
            )
        return total.numpy()

    @property
    def squared_norms(self) -> Float[np.ndarray, " snapshot"]:
        """The squared lengths of the displacements."""
        return np.diagonal(self.gram)

    def combination(self, coefficients: Float[np.ndarray, " snapshot"]) -> Flat:
        """Return a sum of the displacements, each times its coefficient."""
        factors = torch.from_numpy(np.asarray(coefficients, dtype=np.float64))
        sums = [(factors @ part).float() for _, part in self._stretches()]
        return torch.cat(sums).to(self.weights.device)

    def axes(self) -> tuple[list[Flat], PathAxes]:
        """Return the two directions along which the path lies most, from the origin, and how much they leave out.

        These are its principal components (Li et al. 2018, section 7), each as long as the path's farthest reach along
        it: with the last snapshot as the origin, the path lies between −1 and 1.

        Raises:
            InputError: There are fewer than three snapshots, or they lie on one line.
        """
        if len(self.snapshots) < 3:
            raise InputError(
                "A path has too few snapshots to choose a plane.",
                expected="at least 3 snapshots; 20 or more for a picture",
                got=len(self.snapshots),
                fix="train again with more snapshots",
            )
        axes = path_axes(self.gram, centred=False)
        if axes.status != "ok":
            raise InputError(
                "The path has no plane.",
                expected="snapshots that differ, and not along one line",
                got=axes.status,
                fix="train for more updates with more snapshots, or leave the plane of the path out",
            )
        reach = np.abs(axes.coordinates).max(axis=0)
        return [self.combination(reach[axis] * axes.coefficients[axis]) for axis in range(2)], axes

    def projected(self, directions: Sequence[Flat]) -> PathProjection:
        """Project the snapshots onto the plane of two directions through the origin.

        Raises:
            InputError: A direction has length 0, or the two are parallel.
        """
        along = torch.zeros((len(self.snapshots), 2), dtype=torch.float64)
        among = torch.zeros((2, 2), dtype=torch.float64)
        flats = [direction.cpu() for direction in directions]
        for place, part in self._stretches():
            stretch = torch.stack([flat[place] for flat in flats]).double()
            along += part @ stretch.T
            among += stretch @ stretch.T
        return path_projection(along.numpy(), among.numpy(), self.squared_norms)

    def _stretches(self) -> Iterator[tuple[slice, Float[torch.Tensor, "snapshot weight"]]]:
        """Yield pieces of the long vector: where each lies, and the snapshots' displacements there, in float64."""
        start = 0
        for name, parameter in self.weights.parameters.items():
            origin = self.origin[name].reshape(-1)
            states = [state[name].reshape(-1) for state in self.snapshots]
            for first in range(0, parameter.numel(), _STRETCH):
                piece = slice(first, min(first + _STRETCH, parameter.numel()))
                part = torch.stack([state[piece].double() for state in states]) - origin[piece].double()
                yield slice(start + piece.start, start + piece.stop), part
            start += parameter.numel()
