"""Where in a stack of layers a task is solved: figures of a scalar mix and of cumulative scores."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope.measures.intervals import divide

__all__ = ["centre_of_gravity", "divergence_from_uniform", "expected_layer", "expected_layers"]

LayerWeights = Float[np.ndarray, " layer"]


def centre_of_gravity(weights: LayerWeights) -> float:
    """Return the mean layer under the weights of a mix: Σ l · s_l.

    Args:
        weights: Shape (layer,); at least 0 and of sum 1, layer 0 first.

    Returns:
        A layer in [0, L]; higher means that the mix draws on later layers. L / 2 for a uniform mix.

    Raises:
        InputError: The weights are no distribution.

    References:
        Tenney, Das and Pavlick 2019, "BERT Rediscovers the Classical NLP Pipeline", eq. 2.

    >>> centre_of_gravity(np.array([0.25, 0.25, 0.5]))
    1.25
    """
    s = _distribution(weights)
    return float(s @ np.arange(len(s)))


def divergence_from_uniform(weights: LayerWeights) -> float:
    """Return the Kullback–Leibler divergence of a mix from the uniform one: Σ s_l · ln((L + 1) s_l).

    Args:
        weights: Shape (layer,); at least 0 and of sum 1.

    Returns:
        Nats in [0, ln(L + 1)]; 0 for a uniform mix, higher means that fewer layers do the work.

    Raises:
        InputError: The weights are no distribution.

    References:
        Tenney, Das and Pavlick 2019, figure 2, column K(s), where the unit is not given.

    >>> round(divergence_from_uniform(np.array([0.5, 0.5, 0.0, 0.0])), 4)  # ln 2
    0.6931
    """
    s = _distribution(weights)
    used = s[s > 0]
    return float(used @ np.log(len(s) * used))


def expected_layer(scores: Float[np.ndarray, " layer"]) -> float:
    """Return the layer at which the task is solved on average: Σ_{l≥1} l · Δ_l / Σ_{l≥1} Δ_l.

    Δ_l is the score of the probe that mixes layers 0 … l, minus that of the probe that mixes 0 … l − 1. Differentials
    below 0, which noise gives, are kept as published; where many are, the figure may lie outside [0, L].

    Args:
        scores: Shape (layer,); the score of the probe on layers 0 … l for each l, finite, at least two.

    Returns:
        A layer; higher means that later layers are needed. NaN where the scores do not rise, Σ Δ_l ≤ 0.

    Raises:
        InputError: There are fewer than two scores, or one is not finite.

    References:
        Tenney, Das and Pavlick 2019, eqs. 3 and 4.

    >>> round(expected_layer(np.array([0.5, 0.6, 0.9, 0.9])), 6)  # (1 · 0.1 + 2 · 0.3) / 0.4
    1.75
    """
    return float(expected_layers(np.asarray(scores)[:, None])[0])


def expected_layers(scores: Float[np.ndarray, "layer sample"]) -> Float[np.ndarray, " sample"]:
    """Return :func:`expected_layer` of each column.

    Raises:
        InputError: There are fewer than two rows, or a score is not finite.

    >>> expected_layers(np.array([[0.0, 0.7], [0.5, 0.7], [1.0, 0.7]]))
    array([1.5, nan])
    """
    figures = np.asarray(scores, dtype=np.float64)
    if figures.ndim != 2 or len(figures) < 2 or not np.isfinite(figures).all():
        raise InputError(
            "scores cannot give an expected layer.",
            expected="a finite score for each of at least two layers",
            got=f"shape {figures.shape}, {np.count_nonzero(~np.isfinite(figures))} of them not finite",
        )
    rises = np.diff(figures, axis=0)
    return divide(np.arange(1, len(figures)) @ rises, figures[-1] - figures[0])


def _distribution(weights: LayerWeights) -> LayerWeights:
    s = np.asarray(weights, dtype=np.float64)
    if s.ndim != 1 or not len(s) or not (s >= 0).all() or abs(s.sum() - 1) > 1e-4:
        raise InputError(
            "weights are no distribution over layers.",
            expected="numbers of at least 0 that sum to 1, one for each layer",
            got=f"shape {s.shape}, smallest {s.min(initial=np.inf):.3g}, sum {s.sum():.6g}",
        )
    shares: LayerWeights = s / s.sum()
    return shares
