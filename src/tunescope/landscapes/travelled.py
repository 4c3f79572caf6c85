"""How far the weights of a training travelled from snapshot to snapshot, layer by layer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from tunescope.landscapes.moved_weights import MovedWeights, layer_of
from tunescope.landscapes.states import State
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.measures.landscape.distance_travelled import DistanceTravelled, distance_travelled

__all__ = ["travelled"]


def travelled(run: TunedRun) -> DistanceTravelled:
    """Return how far the encoder's weights travelled over a training's snapshots, in total and by layer.

    Layer 0 are the embeddings. Weights of no layer (a pooler, a normalisation after the last layer) and the head, which
    begins at random, are left out.

    Args:
        run: The training.

    Raises:
        InputError: A snapshot is of another architecture.
    """
    weights = MovedWeights.of(run.model, layers=range(run.encoder.n_layers + 1), head=False)
    states = list(run.states.values())
    for state in states:
        weights.check(state)
    steps = [_norms(weights, after, before) for before, after in pairwise(states)]
    displacements = [_norms(weights, state, states[0]) for state in states[1:]]
    return distance_travelled(np.stack(steps), np.stack(displacements), _norms(weights, states[0]))


def _norms(weights: MovedWeights, state: State, origin: State | None = None) -> Float[np.ndarray, " layer"]:
    """Return the length of each layer's weights, or of their displacement, summed in float64."""
    squares: dict[int, float] = {}
    for name in weights.parameters:
        layer = layer_of(name)
        assert layer is not None
        values = state[name].double() if origin is None else state[name].double() - origin[name].double()
        squares[layer] = squares.get(layer, 0.0) + float(values.square().sum())
    return np.sqrt([squares[layer] for layer in sorted(squares)])
