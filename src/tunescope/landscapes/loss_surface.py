"""The loss of every example at the points of a line or a plane, which can be broken off and taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.hashing import hash_value
from tunescope._core.progress import track
from tunescope.landscapes.displacement import displaced
from tunescope.landscapes.example_losses import Measured
from tunescope.landscapes.flat_vectors import Flat
from tunescope.landscapes.moved_weights import MovedWeights

__all__ = ["LossSurface", "Measures", "measure_surface"]

Axis = Float[np.ndarray, " point"]
_KEY = "key.txt"


class Measures(Protocol):
    """What gives the losses of some examples at a model's present weights, as
    :class:`tunescope.landscapes.example_losses.ExampleLosses` does.

    Attributes:
        sentence_ids: Shape (row,); the example of each row.
        key: Differs where the losses would, with the same weights moved to the same place.
    """

    sentence_ids: Int[np.ndarray, " row"]
    key: str

    def measure(self) -> Measured:
        """Return them."""


@dataclass(frozen=True, eq=False)
class LossSurface:
    """The losses on one set of examples at the points of a line or a plane.

    Attributes:
        axes: The coordinates along each of one or two directions; 0 is the origin, 1 the direction's end.
        losses: Shape (point, row) or (point, point, row); the training loss of each row. What is not finite is kept.
        wrong: In the same shape; 1 where the predicted class is wrong, else 0; NaN where labels are no classes.
        sentence_ids: Shape (row,); the example of each row.
    """

    axes: tuple[Axis, ...]
    losses: Float[np.ndarray, "*point row"]
    wrong: Float[np.ndarray, "*point row"]
    sentence_ids: Int[np.ndarray, " row"]

    @property
    def loss(self) -> Float[np.ndarray, "*point"]:
        """The mean loss at each point, as training minimises it; not finite where one row's is not."""
        return np.asarray(self.losses.mean(axis=-1))

    @property
    def error(self) -> Float[np.ndarray, "*point"]:
        """The share of rows whose predicted class is wrong; NaN where labels are no classes."""
        return np.asarray(self.wrong.mean(axis=-1))


def measure_surface(
    weights: MovedWeights,
    origin: Flat,
    directions: Sequence[Flat],
    axes: Sequence[Axis],
    sets: Mapping[str, Measures],
    *,
    partial: Path | None = None,
) -> dict[str, LossSurface]:
    """Measure J(θ₀ + α δ₁ + β δ₂) on a grid, for every row of some sets of examples.

    The weights are moved in place of the model's and given back bit for bit, whatever ends the call.

    Args:
        weights: Which weights move.
        origin: θ₀, a value for each of them.
        directions: δ₁, or δ₁ and δ₂.
        axes: The coordinates along each direction, rising.
        sets: What is measured at each point, by name: such as training and unseen examples of the same model.
        partial: A folder for points that are done, from where an interrupted call with the same arguments goes on;
            ``None`` to keep them in memory.

    Returns:
        The surface of each set.

    Raises:
        InputError: There is not one axis for each direction, an axis is empty or does not rise, or a direction does not
            fit, is zero or not finite.
    """
    _check_axes(axes, len(directions))
    places = list(product(*axes))
    points = _Points(partial, _key_of(weights, origin, directions, axes, sets))
    with (
        displaced(weights, origin, directions) as moved,
        track("grid points", total=len(places)) as advance,
    ):
        for number, place in enumerate(places):
            if number not in points:
                moved.move_to([float(each) for each in place])
                points.add(number, {name: examples.measure() for name, examples in sets.items()})
            advance()
    shape = tuple(len(axis) for axis in axes)
    return {
        name: LossSurface(
            axes=tuple(axes),
            losses=points.gathered(f"{name}/losses", len(places)).reshape(*shape, -1),
            wrong=points.gathered(f"{name}/wrong", len(places)).reshape(*shape, -1),
            sentence_ids=examples.sentence_ids,
        )
        for name, examples in sets.items()
    }


class _Points:
    """What was measured at each point, in memory, and in a file each where there is a folder."""

    def __init__(self, folder: Path | None, key: str) -> None:
        self._folder = folder
        self._found: dict[int, Mapping[str, np.ndarray]] = {}
        if folder is None:
            return
        with readable_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / _KEY).is_file() or (folder / _KEY).read_text("utf-8") != key:
                for path in folder.glob("point-*.npz"):
                    path.unlink()
                write_atomically(folder / _KEY, key)
        for path in folder.glob("point-*.npz"):
            with np.load(path) as arrays:
                self._found[int(path.stem.removeprefix("point-"))] = dict(arrays)

    def __contains__(self, number: int) -> bool:
        return number in self._found

    def add(self, number: int, measured: Mapping[str, Measured]) -> None:
        """Keep what was measured at a point; a file is there whole or not at all."""
        arrays = {
            f"{name}/{what}": values for name, each in measured.items() for what, values in vars(each).items()
        }
        self._found[number] = arrays
        if self._folder is not None:
            buffer = BytesIO()
            np.savez(buffer, **arrays)
            with readable_write_errors(self._folder):
                write_atomically(self._folder / f"point-{number}.npz", buffer.getvalue())

    def gathered(self, name: str, n_points: int) -> Float[np.ndarray, "point row"]:
        """Return an array of all points."""
        return np.stack([self._found[number][name] for number in range(n_points)])


def _key_of(
    weights: MovedWeights,
    origin: Flat,
    directions: Sequence[Flat],
    axes: Sequence[Axis],
    sets: Mapping[str, Measures],
) -> str:
    """Return a hash that differs where points of an earlier call would not be these."""
    digest = hashlib.sha256("\n".join(weights.parameters).encode())
    for vector in (origin, *directions):
        digest.update(vector.cpu().numpy().tobytes())
    described = {
        "weights": digest.hexdigest(),
        "axes": [axis.tolist() for axis in axes],
        "sets": {name: examples.key for name, examples in sets.items()},
    }
    return hash_value(described)


def _check_axes(axes: Sequence[Axis], n_directions: int) -> None:
    if not axes or len(axes) != n_directions:
        raise InputError(
            "There is not one axis for each direction.", expected=f"{n_directions} axes", got=len(axes)
        )
    for number, axis in enumerate(axes, 1):
        if len(axis) == 0 or not np.isfinite(axis).all() or (np.diff(axis) <= 0).any():
            raise InputError(
                "An axis is empty, does not rise, or is not finite.",
                where=f"axis {number}",
                expected="rising coordinates, such as numpy.linspace(-0.5, 1.5, 11)",
                got=np.array2string(np.asarray(axis), threshold=8),
            )
