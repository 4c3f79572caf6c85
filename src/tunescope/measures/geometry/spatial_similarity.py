"""Spatial similarity: do the labels lie to each other as they did before, or as they do in other data?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope.measures.geometry.distances import Distances

__all__ = ["ACCURACY", "SharedPairs", "SpatialSimilarity", "shared_pairs", "spatial_similarity"]

ACCURACY = 1e-6
"""The relative gap within which distances are certified; what differs by less is not known to differ."""

MIN_PAIRS = 3
"""Two points always lie on a line, so a correlation of fewer pairs says nothing."""

PairDistances = Float[np.ndarray, " pair"]


@dataclass(frozen=True)
class SharedPairs:
    """The label pairs whose distance is known in two representations.

    Attributes:
        pairs: The two labels of each pair, in the order of the first representation.
        first: Shape (pair,); their distances in the first, in the unit of its vectors.
        second: Shape (pair,); their distances in the second.
    """

    pairs: tuple[tuple[str, str], ...]
    first: PairDistances
    second: PairDistances

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur in a pair, sorted."""
        return tuple(sorted({label for pair in self.pairs for label in pair}))


@dataclass(frozen=True)
class SpatialSimilarity:
    """How alike the labels lie in two representations.

    Attributes:
        value: Pearson's r of the distances of label pairs, in [−1, 1], higher is more alike; NaN where undefined.
        n_pairs: How many label pairs it rests on.
        n_labels: How many labels occur in these.
        status: ``"ok"``, or why the value is undefined.
    """

    value: float
    n_pairs: int
    n_labels: int
    status: str = "ok"


def shared_pairs(first: Distances, second: Distances, *, min_size: int = 1) -> SharedPairs:
    """Return the label pairs whose distance is defined in both, matched by the labels' names.

    Args:
        first: Distances between labels.
        second: Distances between labels, of which some are those of ``first``; in any order.
        min_size: The fewest examples that a label has on each side, at least 1; default 1, which keeps all.

    Raises:
        InputError: A name stands for several rows, as those of clusters may, or ``min_size`` is below 1.

    >>> distances = Distances(("a", "b"), *[np.array([[np.nan, 2.0], [2.0, np.nan]])] * 2,
    ...                       np.array([["", "disjoint"], ["disjoint", ""]]), np.array([4, 9]))
    >>> shared_pairs(distances, distances).pairs, shared_pairs(distances, distances, min_size=5).pairs
    ((('a', 'b'),), ())
    """
    if min_size < 1:
        raise InputError(
            "min_size is too small.", expected="at least 1, which keeps all labels", got=min_size
        )
    rows = _rows(first, "first"), _rows(second, "second")
    names = [
        name
        for name in first.names
        if name in rows[1] and min(first.sizes[rows[0][name]], second.sizes[rows[1][name]]) >= min_size
    ]
    above = np.triu_indices(len(names), k=1)
    values = []
    for distances, places in zip((first, second), rows, strict=True):
        own = np.array([places[name] for name in names], dtype=np.int64)
        values.append(distances.values[np.ix_(own, own)][above])
    defined = np.isfinite(values[0]) & np.isfinite(values[1])
    pairs = tuple((names[i], names[j]) for i, j in np.transpose(above)[defined])
    return SharedPairs(pairs, values[0][defined], values[1][defined])


def spatial_similarity(first: Distances, second: Distances, *, min_size: int = 1) -> SpatialSimilarity:
    """Return how alike the labels lie to each other in two representations, or in two sets of examples.

    Pearson's r over the label pairs of the distances in the first and in the second (Zhou and Srikumar 2022, "A
    Closer Look at How Fine-tuning Changes BERT", where DirectProbe is introduced). The paper needs one cluster per
    label on both sides; here a pair counts where its distance is defined in both. A common scale, a shift and a
    rotation of either representation change nothing.

    Labels of few examples have hulls that say little, and they drag the figure between train and test: state it over
    all labels, and with ``min_size=6`` over those of more than five examples.

    Args:
        first: Distances between labels.
        second: Distances between labels of another representation, or of other examples; matched by name.
        min_size: The fewest examples that a label has on each side, at least 1; default 1, which keeps all.

    Returns:
        The similarity; NaN, with a status, where fewer than 3 pairs are shared or the distances of one side are equal
        to within their accuracy (1e-6 of the largest).

    Raises:
        InputError: A name stands for several rows, as those of clusters may, or ``min_size`` is below 1.

    >>> matrix = np.array([[np.nan, 3.0, 1.0], [3.0, np.nan, 2.0], [1.0, 2.0, np.nan]])
    >>> status, sizes = np.where(np.isnan(matrix), "", "disjoint"), np.array([5, 5, 5])
    >>> before = Distances(("a", "b", "c"), matrix, matrix, status, sizes)
    >>> after = Distances(("a", "b", "c"), 2 * matrix, 2 * matrix, status, sizes)
    >>> round(spatial_similarity(before, after).value, 12)
    1.0
    """
    shared = shared_pairs(first, second, min_size=min_size)
    status = _why_undefined(shared)
    value = math.nan if status else _pearson(shared.first, shared.second)
    return SpatialSimilarity(value, len(shared.pairs), len(shared.labels), status or "ok")


def _rows(distances: Distances, name: str) -> dict[str, int]:
    rows = {label: row for row, label in enumerate(distances.names)}
    if len(rows) < len(distances.names):
        repeated = next(label for row, label in enumerate(distances.names) if rows[label] != row)
        raise InputError(
            f"{name} has several rows of one name.",
            expected="distances between labels, each with a name of its own",
            got=f"{repeated!r} more than once",
            fix="compare the distances between labels, not those between clusters",
        )
    return rows


def _why_undefined(shared: SharedPairs) -> str | None:
    if len(shared.pairs) < MIN_PAIRS:
        return f"undefined: {len(shared.pairs)} label pairs in common, and it takes at least {MIN_PAIRS}"
    for name, values in (("first", shared.first), ("second", shared.second)):
        if float(np.ptp(values)) <= ACCURACY * float(values.max()):
            return f"undefined: all distances of {name} are equal"
    return None


def _pearson(x: PairDistances, y: PairDistances) -> float:
    deviations = [values - values.mean() for values in (x / x.max(), y / y.max())]
    first, second = (around / np.linalg.norm(around) for around in deviations)
    return float(np.clip(first @ second, -1, 1))
