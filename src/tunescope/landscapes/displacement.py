"""Moving a model's weights along directions, and giving them back as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from tunescope._core.errors import InputError
from tunescope.landscapes.flat_vectors import Flat
from tunescope.landscapes.moved_weights import MovedWeights

__all__ = ["Displaced", "displaced"]


class Displaced:
    """Weights that stand at a place of a line or plane; see :func:`displaced`."""

    def __init__(self, origin: Flat, directions: Sequence[Flat], here: Flat) -> None:
        self._origin = origin
        self._directions = directions
        self._here = here
        self._row: Flat | None = None
        self._row_place: tuple[float, ...] | None = None

    def set_to(self, values: Flat) -> None:
        """Set the weights to some values."""
        self._here.copy_(values)

    def move_to(self, place: Sequence[float]) -> None:
        """Set the weights to origin + Σ place[i] · directions[i].

        Places that differ in the last coordinate alone, one after another, take one pass over the weights each.
        """
        if len(place) != len(self._directions):
            raise ValueError(f"a place of {len(place)} coordinates among {len(self._directions)} directions")
        *first, last = place
        if len(first) == 0:
            torch.add(self._origin, self._directions[0], alpha=last, out=self._here)
            return
        if self._row is None:
            self._row = torch.empty_like(self._origin)
        if self._row_place != tuple(first):
            torch.add(self._origin, self._directions[0], alpha=first[0], out=self._row)
            self._row_place = tuple(first)
        torch.add(self._row, self._directions[1], alpha=last, out=self._here)


@contextmanager
def displaced(weights: MovedWeights, origin: Flat, directions: Sequence[Flat] = ()) -> Iterator[Displaced]:
    """Within this context, a module's weights can be moved; at the end they are bit for bit what they were.

    The module's own tensors are never written to: its parameters are pointed to other memory, and back at the end,
    whatever ended it.

    Args:
        weights: Which weights move.
        origin: Where all coordinates are 0: one value for each weight.
        directions: One or two directions, as long as ``origin``; without any, weights can only be set.

    Raises:
        InputError: A direction has another length, is zero, or is not finite; there are more than two; or a weight is
            of another type than float32.

    >>> layer = nn.Linear(1, 1, bias=False)
    >>> weights = MovedWeights({"weight": layer.weight})
    >>> before = layer.weight.item()
    >>> with displaced(weights, torch.tensor([1.0]), [torch.tensor([2.0])]) as moved:
    ...     moved.move_to([0.5])
    ...     layer.weight.item()
    2.0
    >>> layer.weight.item() == before
    True
    """
    _check(weights, origin, directions)
    parameters = list(weights.parameters.values())
    originals = [parameter.data for parameter in parameters]
    here = origin.clone()
    try:
        for parameter, (_, values) in zip(parameters, weights.split(here), strict=True):
            parameter.data = values
        yield Displaced(origin, directions, here)
    finally:
        _give_back(parameters, originals)


def _give_back(parameters: Sequence[nn.Parameter], originals: Sequence[torch.Tensor]) -> None:
    """Point the parameters to their own memory again, all of them even if Ctrl-C comes in between."""
    interrupted: KeyboardInterrupt | None = None
    while True:
        try:
            for parameter, original in zip(parameters, originals, strict=True):
                parameter.data = original
            break
        except KeyboardInterrupt as interrupt:
            interrupted = interrupt
    if interrupted is not None:
        raise interrupted


def _check(weights: MovedWeights, origin: Flat, directions: Sequence[Flat]) -> None:
    for name, parameter in weights.parameters.items():
        if parameter.dtype != torch.float32:
            raise InputError(
                "A weight of this type cannot be moved.",
                where=name,
                expected="float32",
                got=str(parameter.dtype).removeprefix("torch."),
                fix="load the model in float32; losses can be computed in bfloat16 all the same (bf16=True)",
            )
    if len(directions) > 2:
        raise InputError(
            "A landscape has too many directions.", expected="a line or a plane", got=len(directions)
        )
    for name, vector in (("origin", origin), *((f"direction {n}", d) for n, d in enumerate(directions, 1))):
        if len(vector) != len(weights):
            raise InputError(
                "A direction does not fit the weights that move.",
                where=name,
                expected=f"{len(weights):,} numbers",
                got=f"{len(vector):,}",
            )
        if not torch.isfinite(vector).all():
            raise InputError(
                "A weight is not finite.",
                where=name,
                expected="finite numbers",
                got="NaN or infinity",
                fix="if the training diverged, lower its learning rate",
            )
    for number, direction in enumerate(directions, 1):
        if not direction.any():
            raise InputError(
                "A direction has length zero.",
                where=f"direction {number}",
                expected="weights that differ",
                got="the same weights at both ends",
                fix="choose another end, or weights that were trained",
            )
