"""The way of a training in a plane: where its snapshots fall, and how far the loss there is from their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tunescope._core.progress import track
from tunescope.landscapes.displacement import displaced
from tunescope.landscapes.example_losses import Measured
from tunescope.landscapes.loss_surface import Measures
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.plane import Plane, path_of
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.measures.landscape.path_projection import PathProjection

__all__ = ["Trajectory", "measure_trajectory", "snapshot_losses"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The snapshots of a training and their projections onto a plane.

    Attributes:
        steps: Shape (snapshot,); after which updates.
        projection: Where they fall, by least squares and by angle, and how much of the way the plane holds.
        own: Shape (snapshot, row), by set of examples; the losses of each snapshot itself. Of a plane in which only
            some weights move, with the other weights of the training's end.
        projected: The same at its projection by least squares.
    """

    steps: Int[np.ndarray, " snapshot"]
    projection: PathProjection
    own: Mapping[str, Float[np.ndarray, "snapshot row"]]
    projected: Mapping[str, Float[np.ndarray, "snapshot row"]]


def measure_trajectory(run: TunedRun, plane: Plane, sets: Mapping[str, Measures]) -> Trajectory:
    """Project the snapshots of a training onto a plane, and measure the losses there and at the snapshots themselves.

    Args:
        run: The training.
        plane: A plane; a line has no second coordinate.
        sets: Examples of the run's model, by name.

    Raises:
        InputError: The plane's directions are parallel, or one has length 0.
    """
    projection = path_of(run, plane.weights, plane.origin_state).projected(plane.directions)
    with displaced(plane.weights, plane.origin, plane.directions) as moved:

        def move(number: int) -> None:
            moved.move_to([float(each) for each in projection.least_squares[number]])

        projected = _losses_at(len(run.states), move, sets, "projected snapshots")
    own = snapshot_losses(run, sets, weights=plane.weights)
    return Trajectory(
        steps=np.array(list(run.states)),
        projection=projection,
        own={name: np.stack([each.losses for each in found]) for name, found in own.items()},
        projected={name: np.stack([each.losses for each in found]) for name, found in projected.items()},
    )


def snapshot_losses(
    run: TunedRun, sets: Mapping[str, Measures], *, weights: MovedWeights | None = None
) -> dict[str, list[Measured]]:
    """Measure the losses of each snapshot of a training; those of snapshots that diverged are not finite.

    Args:
        run: The training.
        sets: Examples of the run's model, by name.
        weights: Which weights are the snapshot's, while the others are those of the training's end; by default all.

    Returns:
        For each set what was measured at each snapshot, in their order.
    """
    weights = MovedWeights.of(run.model) if weights is None else weights
    states = list(run.states.values())
    with displaced(weights, weights.flat(run.start)) as moved:
        return _losses_at(
            len(states), lambda number: moved.set_to(weights.flat(states[number])), sets, "snapshots"
        )


def _losses_at(
    n: int, move: Callable[[int], None], sets: Mapping[str, Measures], what: str
) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {name: [] for name in sets}
    with track(what, total=n) as advance:
        for number in range(n):
            move(number)
            for name, examples in sets.items():
                found[name].append(examples.measure())
            advance()
    return found
