"""The distances between the labels of a representation, and between clusters that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope._core.threads import number_of_threads
from tunescope.measures.geometry.distances import Distances
from tunescope.measures.geometry.hulls.groups import GroupPair, Groups, mean_distances, smallest_distances
from tunescope.measures.geometry.hulls.min_norm_point import DISJOINT, OVERLAP, UNDECIDED
from tunescope.measures.geometry.hulls.preparation import prepare
from tunescope.measures.shapes import AnyVectors, Labels
from tunescope.measures.validation import check_labels, check_vectors

__all__ = [
    "Between",
    "check_choice",
    "check_labelled",
    "cluster_distances",
    "distances_of",
    "label_distances",
]

Between = Literal["min", "mean"]

STATUS = {DISJOINT: "disjoint", OVERLAP: "overlap", UNDECIDED: "undecided"}


def label_distances(vectors: AnyVectors, labels: Labels, *, n_jobs: int | None = None) -> Distances:
    """Return the distance between the convex hulls of every two labels.

    The distance is the smallest between a point of one hull and a point of the other, which is the width of the
    widest strip between them. Larger means easier to tell apart; 0 where the hulls meet.

    The bounds differ by at most 1e-6 of the distance, or 1e-9 of the scale, the largest distance of a vector from
    the mean. Directions along which no vector lies further from the mean than the rounding of float32 (6e-8 of the
    scale) are left out.

    Args:
        vectors: Shape (example, hidden), finite.
        labels: Shape (example,); the class of each example, at least two different ones.
        n_jobs: Threads; None for all cores. The result does not depend on it.

    Raises:
        InputError: The vectors are no finite matrix, there is not one label per row, or only one label.

    >>> found = label_distances(np.array([[0.0, 0.0], [0.0, 2.0], [3.0, 1.0]]), np.array(["a", "a", "b"]))
    >>> float(found.values[0, 1])
    3.0
    """
    return cluster_distances(vectors, labels, labels, n_jobs=n_jobs)


def cluster_distances(
    vectors: AnyVectors,
    labels: Labels,
    clusters: Labels,
    *,
    between: Between = "min",
    max_memory: int = 2**29,
    n_jobs: int | None = None,
) -> Distances:
    """Return the distances between labels over clusters that are given, such as those of another layer or step.

    This is the mode for following training: the clusters found once are kept, so that a change of the distance is a
    movement of the points and not of the clusters' limits. Here clusters may overlap.

    Args:
        vectors: Shape (example, hidden), finite.
        labels: Shape (example,); the class of each example, at least two different ones.
        clusters: Shape (example,); the cluster of each example; each has examples of one label only.
        between: Over the pairs of clusters of two labels, ``"min"`` or ``"mean"``.
        max_memory: Bytes for planes.
        n_jobs: Threads; None for all cores.

    Raises:
        InputError: As :func:`label_distances`, or a cluster has examples of two labels.

    >>> line = np.array([[0.0], [5.0], [9.0]])
    >>> round(float(cluster_distances(line, np.array(["a", "b", "a"]), np.array([0, 1, 2])).values[0, 1]), 9)
    4.0
    """
    check_choice(between, Between, "between")
    exact, names, label = check_labelled(vectors, labels)
    numbers = np.unique(check_labels(clusters, len(exact), "clusters"), return_inverse=True)[1]
    n_threads = number_of_threads(n_jobs)
    prepared = prepare(exact, label)
    groups: list[list[Int[np.ndarray, " row"]]] = [[] for _ in names]
    order = np.argsort(numbers, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        if len(np.unique(label[members])) > 1:
            raise InputError(
                "a cluster has examples of more than one label.",
                where=f"the cluster of example {members[0]}",
                expected="clusters within labels",
                got=", ".join(names[k] for k in np.unique(label[members])[:5]),
            )
        groups[label[members[0]]].append(np.unique(prepared.row[members]))
    whole = Groups(prepared.points, prepared.scale, groups)
    pairs = [(p, q) for p in range(len(names)) for q in range(p + 1, len(names))]
    if between == "mean":
        found = mean_distances(whole, pairs, n_threads=n_threads, task="label distances")
    else:
        found = smallest_distances(
            whole, pairs, max_memory=max_memory, n_threads=n_threads, task="label distances"
        )
    return distances_of(names, np.bincount(label), found)


def check_choice(value: object, choices: Any, name: str) -> None:
    """Refuse what is none of the choices, which are a ``Literal``.

    Raises:
        InputError: The value is not among them.
    """
    if value not in get_args(choices):
        expected = " or ".join(f'"{choice}"' for choice in get_args(choices))
        raise InputError(f"{name} is unknown.", expected=expected, got=value)


def check_labelled(
    vectors: AnyVectors, labels: ArrayLike
) -> tuple[AnyVectors, tuple[str, ...], Int[np.ndarray, " example"]]:
    """Return the vectors, the labels' names, sorted, and the number of each example's label.

    Raises:
        InputError: The vectors are no finite matrix, there is not one label per row, or only one label.
    """
    exact = check_vectors(vectors, "vectors")
    names, numbers = np.unique(check_labels(labels, len(exact)), return_inverse=True)
    if len(names) < 2:
        raise InputError(
            "there is only one label.",
            expected="at least two different labels, for distances lie between labels",
            got=f"one class, {names[0]!s}, for all {len(exact)} examples",
            fix="check that the right column was read as the label",
        )
    return exact, tuple(map(str, names.tolist())), numbers.astype(np.int64)


def distances_of(
    names: Sequence[str], sizes: Int[np.ndarray, " name"], found: Mapping[tuple[int, int], GroupPair]
) -> Distances:
    """Return what was found for pairs of names as symmetric matrices.

    >>> found = distances_of(("a", "b"), np.array([3, 4]), {(0, 1): GroupPair(DISJOINT, 2.0, 2.0, np.empty((0, 5)))})
    >>> found.values[1, 0], found.status[0, 1]
    (np.float64(2.0), np.str_('disjoint'))
    """
    n = len(names)
    lower, upper = np.full((n, n), np.nan), np.full((n, n), np.nan)
    status = np.full((n, n), "", dtype="<U9")
    for (p, q), pair in found.items():
        for place in ((p, q), (q, p)):
            lower[place], upper[place], status[place] = pair.lower, pair.upper, STATUS[pair.status]
    return Distances(tuple(names), lower, upper, status, sizes)
