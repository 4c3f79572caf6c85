"""A fitted perceptron applied to vectors: no torch needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax

from tunescope.measures.shapes import AnyVectors, Vectors

__all__ = ["log_probabilities"]

_AT_ONCE = 8192
"""Rows; bounds the memory of hidden layers."""


def log_probabilities(layers: Sequence[tuple[np.ndarray, np.ndarray]], vectors: Vectors) -> AnyVectors:
    """Return log p of each class: ReLU after every layer but the last, then softmax.

    Args:
        layers: Matrix (input, output) and biases of each layer.
        vectors: Shape (example, input).

    Returns:
        Shape (example, class); natural logarithms.

    >>> identity = np.eye(2), np.zeros(2)
    >>> np.exp(log_probabilities([identity], np.array([[0.0, 0.0]]))).tolist()
    [[0.5, 0.5]]
    """
    parts = []
    for start in range(0, max(1, len(vectors)), _AT_ONCE):
        hidden = vectors[start : start + _AT_ONCE].astype(layers[0][0].dtype, copy=False)
        for depth, (weights, biases) in enumerate(layers):
            hidden = hidden @ weights + biases
            if depth < len(layers) - 1:
                np.maximum(hidden, 0, out=hidden)
        parts.append(log_softmax(hidden, axis=1))
    return np.concatenate(parts)
