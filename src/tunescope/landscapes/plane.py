"""Lines and planes in weight space that say something about a training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tunescope._core.errors import InputError
from tunescope.landscapes.flat_vectors import Flat
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.random_direction import random_direction
from tunescope.landscapes.states import State
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.landscapes.weight_path import WeightPath

__all__ = [
    "Plane",
    "line_of_training",
    "line_to_other_end",
    "plane_of_path",
    "plane_with_other_task",
    "random_plane",
]


@dataclass(frozen=True, eq=False)
class Plane:
    """A line or a plane: an origin and one or two directions; what does not move has the weights of the training's end.

    Attributes:
        weights: Which weights move.
        origin: Where all coordinates are 0.
        directions: Where each coordinate is 1, as displacements from the origin.
        origin_state: The state that the origin is.
    """

    weights: MovedWeights
    origin: Flat
    directions: tuple[Flat, ...]
    origin_state: State


def line_of_training(run: TunedRun, *, layers: Collection[int] | None = None) -> Plane:
    """Return the line from the weights before training (0) to those at its end (1).

    Args:
        run: The training.
        layers: Which layers move, 0 for the embeddings, while everything else has the weights of the end; ``None`` for
            all weights, the head's from where they began.
    """
    weights = MovedWeights.of(run.model, layers=layers, head=layers is None)
    return _between(weights, run.start, run.end)


def line_to_other_end(run: TunedRun, other: TunedRun) -> Plane:
    """Return the line from the end of one training (0) to that of another on the same task (1), heads included."""
    return _between(MovedWeights.of(run.model), run.end, other.end)


def plane_with_other_task(run: TunedRun, other: TunedRun) -> Plane:
    """Return the plane through the weights before training, with (1, 0) the end of training and (0, 1) that of another.

    The second direction is a training on another task from the same weights (Hao et al. 2019, section 3.2). Heads of
    two tasks cannot be mixed: the encoder moves, and the head is the one at the end of training.

    Raises:
        InputError: The two began from different weights.
    """
    weights = MovedWeights.of(run.model, head=False)
    plane = _between(weights, run.start, run.end)
    if not (weights.flat(other.start) == plane.origin).all():
        raise InputError(
            "The two trainings began from different weights.",
            expected="trainings of one model; from scratch, with one seed",
            got="other weights before training",
        )
    return Plane(
        weights, plane.origin, (*plane.directions, weights.flat(other.end) - plane.origin), run.start
    )


def plane_of_path(run: TunedRun) -> Plane:
    """Return the plane in which the training's snapshots lie most, around its end; all weights move.

    Raises:
        InputError: There are fewer than three snapshots, or they lie on one line.
    """
    weights = MovedWeights.of(run.model)
    directions, _ = path_of(run, weights, run.end).axes()
    return Plane(weights, weights.flat(run.end), tuple(directions), run.end)


def random_plane(run: TunedRun, *, seed: int, n_directions: int = 2) -> Plane:
    """Return a line or a plane of random directions around the end of training, each filter as long as its weights."""
    weights = MovedWeights.of(run.model)
    origin = weights.flat(run.end)
    directions = tuple(
        random_direction(weights, origin, seed=n_directions * seed + number) for number in range(n_directions)
    )
    return Plane(weights, origin, directions, run.end)


def path_of(run: TunedRun, weights: MovedWeights, origin: State) -> WeightPath:
    """Return the training's snapshots as displacements from some state."""
    return WeightPath(weights, list(run.states.values()), origin)


def _between(weights: MovedWeights, start: State, end: State) -> Plane:
    origin = weights.flat(start)
    return Plane(weights, origin, (weights.flat(end) - origin,), start)
