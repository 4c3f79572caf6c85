"""Random directions in weight space, of the size of the weights."""

from __future__ import annotations

import math

import torch

from tunescope.landscapes.flat_vectors import Flat
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.states import State

__all__ = ["random_direction", "random_direction_length"]


def random_direction(weights: MovedWeights, around: Flat, *, seed: int) -> Flat:
    """Return a random direction in which each filter is as long as that of the weights around which one looks.

    d ← d ‖θ‖ / ‖d‖ for each filter, which is a row of a matrix: the weights into one unit, or the vector of one token
    (Li et al. 2018, section 4). Without it, a network whose weights are small looks sharper than the same network with
    large weights and small inputs. Biases and normalisations, which have one dimension, stay where they are, as
    published.

    Args:
        weights: Which weights move.
        around: Their values at the centre of the landscape.
        seed: Of the direction.

    Returns:
        One number for each weight.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for _, centre in weights.split(around):
        if centre.ndim < 2:
            parts.append(torch.zeros(centre.numel(), device=around.device))
            continue
        rows = centre.reshape(len(centre), -1)
        drawn = torch.randn(rows.shape, generator=generator).to(around.device)
        scale = rows.norm(dim=1, keepdim=True) / drawn.norm(dim=1, keepdim=True)
        parts.append((drawn * scale).reshape(-1))
    return torch.cat(parts)


def random_direction_length(weights: MovedWeights, around: State) -> float:
    """Return how long each :func:`random_direction` is: ‖θ‖ of the filters, without biases and normalisations.

    Times a width along such a direction it gives a distance, which compares optima whose filters differ in length.
    Filters that no example uses, such as the vectors of words that do not occur, count, too.

    Args:
        weights: Which weights move.
        around: Their values at the centre of the landscape.
    """
    filters = (around[name] for name in weights.parameters if around[name].ndim > 1)
    return math.sqrt(sum(float(each.double().square().sum()) for each in filters))
