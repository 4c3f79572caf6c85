"""Are the labels that lie apart from the others those that are predicted well?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata, spearmanr

from tunescope._core.errors import InputError

__all__ = ["DistanceAccuracy", "distance_vs_accuracy"]

MIN_LABELS = 4
"""Three labels have six orders, so that no order of them is unlikely."""

ROUNDING = 1e-9
"""Correlations that differ by less are ties."""

Ranks = Float[np.ndarray, " label"]


@dataclass(frozen=True)
class DistanceAccuracy:
    """How far the accuracy of the labels follows their distance to the others.

    Attributes:
        value: Spearman's rank correlation over labels, in [−1, 1]; higher means that labels further off are
            predicted better; NaN where undefined.
        p_value: Share of the orders of the labels with a correlation at least as large in size, in (0, 1]; NaN where
            the correlation is undefined.
        n_labels: How many labels it rests on.
        status: ``"ok"``, or why the value is undefined.
    """

    value: float
    p_value: float
    n_labels: int
    status: str = "ok"


def distance_vs_accuracy(
    distances: Mapping[str, float],
    accuracies: Mapping[str, float],
    *,
    n_permutations: int = 9999,
    rng: np.random.Generator,
) -> DistanceAccuracy:
    """Return the rank correlation of the labels' smallest distance with their accuracy.

    Spearman's ρ over the labels whose distance and accuracy are both finite; ties share the mean of their ranks. The
    idea that fine-tuning helps by moving labels apart is Zhou and Srikumar's (2022); the correlation is ours.

    The p-value is that of a two-sided permutation test: over all orders of the labels where there are no more than
    ``n_permutations`` of them (up to 7 labels by default), otherwise (1 + k) / (1 + n) with k of n random orders at
    least as extreme. It treats labels as exchangeable. They are not quite: two labels that are each other's nearest
    share a distance, and the rare ones have large distances and uncertain accuracies, so read it as a yardstick.

    Args:
        distances: By label; its smallest distance to another, see
            :meth:`~tunescope.measures.geometry.distances.Distances.minimum`. NaN leaves the label out.
        accuracies: By label; the share of its examples that are predicted right, or any other score. NaN leaves the
            label out.
        n_permutations: How many random orders to draw, at least 99; default 9,999.
        rng: Source of randomness, used where not all orders are tried.

    Returns:
        The correlation; NaN, with a status, where fewer than 4 labels are left or one side is constant.

    Raises:
        InputError: ``n_permutations`` is below 99.

    >>> distances = {"noun": 0.1, "verb": 0.4, "adj": 0.2, "det": 0.9, "x": 5.0}
    >>> accuracies = {"noun": 0.7, "verb": 0.9, "adj": 0.8, "det": 1.0}
    >>> found = distance_vs_accuracy(distances, accuracies, rng=np.random.default_rng(0))
    >>> round(found.value, 12), round(found.p_value, 4), found.n_labels
    (1.0, 0.0833, 4)
    """
    if n_permutations < 99:
        raise InputError(
            "n_permutations is too small.", expected="at least 99; 9,999 by default", got=n_permutations
        )
    labels = [
        label
        for label in sorted(distances.keys() & accuracies.keys())
        if math.isfinite(distances[label]) and math.isfinite(accuracies[label])
    ]
    first = np.array([distances[label] for label in labels], dtype=np.float64)
    second = np.array([accuracies[label] for label in labels], dtype=np.float64)
    status = _why_undefined(first, second)
    if status:
        return DistanceAccuracy(math.nan, math.nan, len(labels), status)
    value = float(spearmanr(first, second).statistic)
    return DistanceAccuracy(value, _p_value(first, second, value, n_permutations, rng), len(labels))


def _why_undefined(distances: Ranks, accuracies: Ranks) -> str | None:
    if len(distances) < MIN_LABELS:
        return f"undefined: {len(distances)} labels with both figures, and it takes at least {MIN_LABELS}"
    for name, figures in (("distances", distances), ("accuracies", accuracies)):
        if np.ptp(figures) == 0:
            return f"undefined: all {name} are equal"
    return None


def _p_value(
    distances: Ranks, accuracies: Ranks, value: float, n_permutations: int, rng: np.random.Generator
) -> float:
    n = len(distances)
    first, second = _standard_ranks(distances), _standard_ranks(accuracies)
    if math.factorial(n) <= n_permutations:
        orders, observed = np.array(list(permutations(range(n)))), 0
    else:
        orders, observed = rng.permuted(np.tile(np.arange(n), (n_permutations, 1)), axis=1), 1
    extreme = np.abs(second[orders] @ first) >= abs(value) - ROUNDING
    return float((observed + np.count_nonzero(extreme)) / (observed + len(orders)))


def _standard_ranks(figures: Ranks) -> Ranks:
    """Return the ranks around their mean, of length 1, so that their product is the correlation."""
    ranks = rankdata(figures) - (len(figures) + 1) / 2
    unit: Ranks = ranks / np.linalg.norm(ranks)
    return unit
