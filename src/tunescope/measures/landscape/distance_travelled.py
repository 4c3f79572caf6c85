"""How far the weights travelled: the length of the path, the distance from its start, and how direct it was."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope._core.records import Record

__all__ = ["Distance", "DistanceTravelled", "distance_travelled"]

ROUNDING = 1e-3
"""By what share a distance may exceed the path's length before the two cannot belong together (norms may have been
summed in float32)."""

StepNorms = Float[np.ndarray, "step layer"]
LayerNorms = Float[np.ndarray, " layer"]


class Distance(Record):
    """How far some weights travelled.

    Attributes:
        path_length: Sum of the lengths of the steps, in the unit of the weights.
        net_distance: Distance of the end from the start, in the same unit.
        directness: ``net_distance`` / ``path_length``, in [0, 1]; 1 on a straight line, 0 back at the start. NaN where
            the weights did not move.
        relative_path_length: ``path_length`` over the norm of the weights at the start; NaN where that is 0.
        relative_net_distance: ``net_distance`` over the same.
        status: ``"ok"``, or why a figure is undefined.
    """

    path_length: float
    net_distance: float
    directness: float
    relative_path_length: float
    relative_net_distance: float
    status: str = "ok"


class DistanceTravelled(Record):
    """How far the weights of a model travelled.

    Attributes:
        total: All layers together.
        layers: Each layer, in the order of the columns.
    """

    total: Distance
    layers: tuple[Distance, ...]


def distance_travelled(
    step_norms: StepNorms, displacement_norms: StepNorms, start_norms: LayerNorms
) -> DistanceTravelled:
    """Return how far the weights travelled along a path of snapshots, in total and by layer.

    With θₜ the weights of a layer at snapshot t = 0 … T: path length Σₜ ‖θₜ − θₜ₋₁‖, net distance ‖θ_T − θ₀‖, and their
    ratio. In total the norms are over all layers, √Σ ‖·‖², which is no sum over the layers' figures. Every update
    between two snapshots counts as the straight line that joins them: with fewer snapshots the path is shorter and
    looks more direct.

    Args:
        step_norms: Shape (step, layer), at least 0; ‖θₜ − θₜ₋₁‖ for t = 1 … T.
        displacement_norms: Shape (step, layer), at least 0; ‖θₜ − θ₀‖ for the same t.
        start_norms: Shape (layer,), at least 0; ‖θ₀‖.

    Returns:
        For each layer and for all together. Weights of any common scale give the same relative figures. NaN with a
        status where the weights did not move, their start is 0, or a norm is not finite, as after a diverged step.

    Raises:
        InputError: The shapes do not fit, there is no step or no layer, a norm is below 0, or a displacement is longer
            than the path to it.

    >>> steps, displacements = np.array([[3.0, 1.0], [4.0, 0.0]]), np.array([[3.0, 1.0], [5.0, 1.0]])
    >>> found = distance_travelled(steps, displacements, np.array([10.0, 0.0]))
    >>> found.layers[0].path_length, found.layers[0].net_distance, found.layers[0].relative_net_distance
    (7.0, 5.0, 0.5)
    >>> found.layers[1].directness, found.layers[1].status
    (1.0, 'undefined relative to the start: its weights are all zero')
    """
    steps = _check_norms(step_norms, "step_norms", None)
    displacements = _check_norms(displacement_norms, "displacement_norms", steps.shape)
    starts = _check_norms(start_norms, "start_norms", steps.shape[1:])
    _check_triangle(steps, displacements)
    layers = [
        _distance(*norms) for norms in zip(steps.T, displacements[-1].tolist(), starts.tolist(), strict=True)
    ]
    everything = [np.linalg.norm(norms, axis=-1) for norms in (steps, displacements[-1], starts)]
    return DistanceTravelled(
        total=_distance(everything[0], float(everything[1]), float(everything[2])), layers=tuple(layers)
    )


def _distance(steps: Float[np.ndarray, " step"], net: float, start: float) -> Distance:
    length = float(steps.sum())
    if not (math.isfinite(length) and math.isfinite(net) and math.isfinite(start)):
        nothing = dict.fromkeys(list(Distance.model_fields)[:-1], math.nan)
        return Distance(**nothing, status="undefined: a norm is not finite")
    reasons = ["undefined relative to the start: its weights are all zero"] * (start == 0)
    reasons += ["the directness is undefined: the weights did not move"] * (length == 0)
    return Distance(
        path_length=length,
        net_distance=net,
        directness=min(1.0, net / length) if length else math.nan,
        relative_path_length=length / start if start else math.nan,
        relative_net_distance=net / start if start else math.nan,
        status="; ".join(reasons) or "ok",
    )


def _check_norms(norms: ArrayLike, name: str, shape: tuple[int, ...] | None) -> np.ndarray:
    array = np.asarray(norms)
    fits = array.ndim == 2 if shape is None else array.shape == shape
    if not fits or array.size == 0 or array.dtype.kind not in "fiu":
        raise InputError(
            f"{name} has the wrong shape.",
            expected="numbers of shape (steps, layers)" if shape is None else f"numbers of shape {shape}",
            got=f"shape {array.shape}, dtype {array.dtype}",
        )
    if (array < 0).any():
        place = np.unravel_index(int(np.argmax(array < 0)), array.shape)
        raise InputError(
            f"{name} has a norm below 0.",
            where=f"entry {tuple(int(index) for index in place)}",
            expected="lengths of weight vectors",
            got=array[place],
        )
    return array.astype(np.float64, copy=False)


def _check_triangle(steps: StepNorms, displacements: StepNorms) -> None:
    lengths = np.cumsum(steps, axis=0)
    too_long = displacements > lengths * (1 + ROUNDING)
    if too_long.any():
        step, layer = (int(index) for index in np.unravel_index(int(np.argmax(too_long)), steps.shape))
        raise InputError(
            "A displacement is longer than the path to it.",
            where=f"step {step}, layer {layer}",
            expected=f"at most {lengths[step, layer]:g}",
            got=f"{displacements[step, layer]:g}",
            fix="give the norms themselves, not their squares, and all steps from the start on",
        )
