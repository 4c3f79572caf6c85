"""DirectProbe: few clusters, of one label each, whose convex hulls stay apart; every decision comes with its proof.

Every example starts as a cluster. The two clusters of one label with the nearest centroids merge if the hull of their
union is disjoint from the hulls of all clusters of other labels; otherwise the pair is refused for good. If every
label ends as one cluster, a linear classifier can tell all labels apart (Zhou and Srikumar 2021, "DirectProbe:
Studying Representations without Classifiers").
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int
from scipy.sparse.csgraph import connected_components

from tunescope._core.errors import InputError
from tunescope._core.progress import track
from tunescope._core.threads import in_threads, number_of_threads
from tunescope.measures.geometry.certificates import Certificates, CommonPoint, Plane, Verification
from tunescope.measures.geometry.distances import Distances
from tunescope.measures.geometry.hulls.components import Component, Rejection, merge_component
from tunescope.measures.geometry.hulls.groups import GroupPair, Groups, mean_distances, smallest_distances
from tunescope.measures.geometry.hulls.merging import COUNTERS
from tunescope.measures.geometry.hulls.min_norm_point import DISJOINT, OVERLAP
from tunescope.measures.geometry.hulls.pairs import distance_goal
from tunescope.measures.geometry.hulls.preparation import PreparedPoints, prepare
from tunescope.measures.geometry.hulls.tolerances import INPUT_ROUNDING
from tunescope.measures.geometry.label_distances import Between, check_choice, check_labelled, distances_of
from tunescope.measures.shapes import AnyVectors, Labels

__all__ = ["DEFAULT_MEMORY", "SMALL_CLUSTER", "Between", "Convention", "LabelClusters", "direct_probe"]

DEFAULT_MEMORY = 512 * 2**20

Convention = Literal["exact", "paper"]

USUAL: dict[Convention, Between] = {"exact": "min", "paper": "mean"}
"""How each convention sums up over the cluster pairs of two labels."""

SMALL_CLUSTER = 5
"""Clusters of this many examples or fewer are left out of the published analysis."""


@dataclass(frozen=True)
class LabelClusters:
    """The clusters of a labelled representation, and how far the labels lie apart.

    Attributes:
        labels: The labels, sorted.
        label: Shape (example,); the number of each example's label.
        clusters: Shape (example,); the number of each example's cluster. Clusters are numbered by label, and within
            a label by their first example.
        cluster_labels: The label of each cluster.
        counted: Shape (cluster,); whether it takes part in the count and the distances; by the published convention
            small clusters do not.
        is_linear: Whether every label is one cluster, counted or not, disjoint from the others, so that hyperplanes
            can tell all labels apart.
        distances: The distances between the labels.
        certificates: The proofs.
        n_shared: Examples whose vector also occurs under another label; no linear or other classifier of the
            vectors can tell these apart.
        unfinished: The labels whose merging time ran out for; their clusters are disjoint from those of all other
            labels, but might merge further. Their distances are undefined.
        work: How often what was done: candidates, exact tests, pivots, …
        seconds: Wall time of each stage.
    """

    labels: tuple[str, ...]
    label: Int[np.ndarray, " example"]
    clusters: Int[np.ndarray, " example"]
    cluster_labels: tuple[str, ...]
    counted: Bool[np.ndarray, " cluster"]
    is_linear: bool
    distances: Distances
    certificates: Certificates
    n_shared: int
    unfinished: tuple[str, ...]
    work: dict[str, int]
    seconds: dict[str, float]

    @property
    def n_clusters(self) -> int:
        """How many clusters count."""
        return int(self.counted.sum())

    @property
    def finished(self) -> bool:
        """Whether no two clusters of one label could merge."""
        return not self.unfinished

    @cached_property
    def sizes(self) -> Int[np.ndarray, " cluster"]:
        """How many examples each cluster has."""
        return np.bincount(self.clusters, minlength=len(self.cluster_labels))

    def renamed(self, labels: tuple[str, ...]) -> LabelClusters:
        """Return the same with other names of the labels, in the order of ``self.labels``."""
        names = dict(zip(self.labels, labels, strict=True))
        return dataclasses.replace(
            self,
            labels=labels,
            cluster_labels=tuple(names[label] for label in self.cluster_labels),
            distances=dataclasses.replace(self.distances, names=labels),
            unfinished=tuple(names[label] for label in self.unfinished),
        )

    def verify(self, vectors: AnyVectors) -> Verification:
        """Check every certificate against the vectors that were clustered; unfinished labels are left out."""
        unfinished = [number for number, name in enumerate(self.labels) if name in self.unfinished]
        return self.certificates.verify(vectors, self.label, self.clusters, unfinished=unfinished)


def direct_probe(
    vectors: AnyVectors,
    labels: Labels,
    *,
    convention: Convention = "exact",
    between: Between | None = None,
    max_memory: int = DEFAULT_MEMORY,
    time_limit: float | None = None,
    n_jobs: int | None = None,
) -> LabelClusters:
    """Return the clusters of the labels, and the distances between the labels.

    The bounds differ by at most 1e-6 of the distance, or 1e-9 of the scale, the largest distance of a vector from
    the mean. Directions along which no vector lies further from the mean than the rounding of float32 (6e-8 of the
    scale) are left out.

    Args:
        vectors: Shape (example, hidden), finite.
        labels: Shape (example,); the class of each example, at least two different ones.
        convention: ``"exact"`` (default) keeps everything, and what does not exist is NaN. ``"paper"`` reproduces the
            published analysis: clusters of 5 examples or fewer do not count, and label pairs that are then missing
            have distance 0, with status ``"dropped"``.
        between: The distance of two labels over their cluster pairs, ``"min"`` or ``"mean"``; None (default) for the
            smallest, by the published convention for the mean.
        max_memory: Bytes for what is kept beside four copies of the vectors in float64; with less, distances are
            computed when needed instead of kept, and fewer planes are. Clusters and distances do not depend on it.
        time_limit: Seconds for merging; what is unfinished then is said. None for no limit.
        n_jobs: Threads; None for all cores. The result does not depend on it.

    Raises:
        InputError: The vectors are no finite matrix, there is not one label per row, or only one label.

    >>> line = np.array([[0.0], [1.0], [5.0], [6.0], [9.0]])
    >>> found = direct_probe(line, np.array(["a", "a", "b", "b", "a"]))
    >>> found.clusters, found.cluster_labels, found.is_linear
    (array([0, 0, 2, 2, 1]), ('a', 'a', 'b'), False)
    >>> float(found.distances.values[0, 1])
    3.0
    """
    _check_settings(convention, between, max_memory, time_limit)
    exact, names, label = check_labelled(vectors, labels)
    n_threads = number_of_threads(n_jobs)
    clock = _Clock()
    prepared = prepare(exact, label)
    clock.stop("preparation")
    pairs = [(p, q) for p in range(len(names)) for q in range(p + 1, len(names))]
    labels_whole = Groups(prepared.points, prepared.scale, [[rows] for rows in prepared.rows_of_label])
    apart = [pair for pair in pairs if not prepared.shares_point[pair]]
    found = smallest_distances(
        labels_whole, apart, max_memory=max_memory, n_threads=n_threads, task="label distances"
    )
    clock.stop("label distances")
    conflicts = [pair for pair in pairs if pair not in found or found[pair].status != DISJOINT]
    deadline = np.inf if time_limit is None else time.monotonic() + time_limit
    merged = _merge(prepared, conflicts, len(names), max_memory, deadline, n_threads)
    clock.stop("merging")
    clusters, cluster_label = _number_clusters(prepared, merged)
    groups = _groups(prepared, clusters, cluster_label, len(names))
    open_labels = {p for each in merged if not each.component.finished for p in each.labels}
    known = [pair for pair in pairs if not open_labels & set(pair)]
    again = [
        (p, q)
        for p, q in known
        if (p, q) not in found or max(len(groups.clusters[p]), len(groups.clusters[q])) > 1
    ]
    found |= smallest_distances(
        groups, again, max_memory=max_memory, n_threads=n_threads, task="cluster distances"
    )
    is_linear = len(cluster_label) == len(names) and all(
        pair in found and found[pair].status == DISJOINT for pair in pairs
    )
    counted = np.ones(len(cluster_label), np.bool_)
    reported = {pair: found[pair] for pair in known}
    if convention == "paper":
        counted = np.bincount(clusters) > SMALL_CLUSTER
        groups = _groups(prepared, clusters, np.where(counted, cluster_label, -1), len(names))
        known = [(p, q) for p, q in known if groups.clusters[p] and groups.clusters[q]]
    if (between or USUAL[convention]) == "mean":
        reported = mean_distances(groups, known, n_threads=n_threads, task="mean distances")
    elif convention == "paper":
        reported = smallest_distances(
            groups, known, max_memory=max_memory, n_threads=n_threads, task="distances"
        )
    clock.stop("cluster distances")
    certificates = _certificates(prepared, merged, found)
    clock.stop("certificates")
    return LabelClusters(
        labels=names,
        label=label,
        clusters=clusters,
        cluster_labels=tuple(names[number] for number in cluster_label),
        counted=counted,
        is_linear=is_linear,
        distances=_distances(names, np.bincount(label), reported, open_labels),
        certificates=certificates,
        n_shared=int(prepared.sizes[prepared.has_twin].sum()),
        unfinished=tuple(names[p] for p in sorted(open_labels)),
        work=_add_up(each.component.counters for each in merged),
        seconds=clock.seconds,
    )


def _distances(
    names: tuple[str, ...],
    sizes: Int[np.ndarray, " label"],
    reported: dict[tuple[int, int], GroupPair],
    open_labels: set[int],
) -> Distances:
    """Return the distances; 0 where a label has no cluster that counts, as the published convention has it."""
    found = distances_of(names, sizes, reported)
    is_open = np.isin(np.arange(len(names)), list(open_labels))
    missing = (found.status == "") & ~np.eye(len(names), dtype=bool)
    unfinished = missing & (is_open[:, None] | is_open)
    dropped = missing & ~unfinished
    return dataclasses.replace(
        found,
        lower=np.where(missing, 0.0, found.lower),
        upper=np.where(dropped, 0.0, found.upper),
        status=np.select([unfinished, dropped], ["unfinished", "dropped"], found.status),
    )


@dataclass(frozen=True)
class _Merged:
    """The labels that conflict with each other, the rows that they have, and what merging came to."""

    labels: Int[np.ndarray, " label"]
    rows: Int[np.ndarray, " row"]
    component: Component


def _merge(
    prepared: PreparedPoints,
    conflicts: list[tuple[int, int]],
    n_labels: int,
    max_memory: int,
    deadline: float,
    n_threads: int,
) -> list[_Merged]:
    """Merge within the labels that conflict; those that do not influence each other, apart."""
    graph = np.zeros((n_labels, n_labels), np.bool_)
    for pair in conflicts:
        graph[pair] = True
    component = connected_components(graph, directed=False)[1]
    numbers = [number for number in range(n_labels) if np.count_nonzero(component == number) > 1]
    in_all = sum(len(rows) for p, rows in enumerate(prepared.rows_of_label) if component[p] in numbers)

    def merge(number: int) -> _Merged:
        labels = np.flatnonzero(component == number)
        rows = np.concatenate([prepared.rows_of_label[p] for p in labels])
        inside = [pair for pair in conflicts if component[pair[0]] == number]
        result = merge_component(
            np.ascontiguousarray(prepared.points[rows]),
            np.searchsorted(labels, prepared.label[rows]),
            prepared.first_example[rows],
            prepared.sizes[rows],
            ~prepared.has_twin[rows],
            [(int(np.searchsorted(labels, p)), int(np.searchsorted(labels, q))) for p, q in inside],
            goal=distance_goal(prepared.scale, prepared.points.shape[1]),
            max_memory=max_memory // min(n_threads, len(numbers)),
            deadline=deadline,
            watch=advance,
        )
        return _Merged(labels, rows, result)

    with track("merging", total=in_all) as advance:
        return list(in_threads(merge, numbers, n_threads))


def _number_clusters(
    prepared: PreparedPoints, merged: list[_Merged]
) -> tuple[Int[np.ndarray, " example"], Int[np.ndarray, " cluster"]]:
    """Return the cluster of each example, and the label of each cluster."""
    leader = prepared.start[prepared.label].copy()  # labels without conflict are one cluster
    for each in merged:
        leader[each.rows] = each.rows[each.component.cluster]
    examples = np.arange(len(prepared.row))
    first = prepared.first_example[leader[prepared.row]]
    first = np.where(prepared.has_twin[prepared.row], examples, first)
    by_label = prepared.label[prepared.row] * len(examples) + first
    names, clusters = np.unique(by_label, return_inverse=True)
    return clusters, names // len(examples)


def _groups(
    prepared: PreparedPoints,
    clusters: Int[np.ndarray, " example"],
    cluster_label: Int[np.ndarray, " cluster"],
    n_labels: int,
) -> Groups:
    """Return the rows of each label's clusters; those of label −1 are left out."""
    order = np.argsort(clusters, kind="stable")
    members = np.split(prepared.row[order], np.flatnonzero(np.diff(clusters[order])) + 1)
    groups: list[list[Int[np.ndarray, " row"]]] = [[] for _ in range(n_labels)]
    for label, rows in zip(cluster_label, members, strict=True):
        if label >= 0:
            groups[label].append(np.unique(rows))
    return Groups(prepared.points, prepared.scale, groups)


def _certificates(
    prepared: PreparedPoints, merged: list[_Merged], found: dict[tuple[int, int], GroupPair]
) -> Certificates:
    ordered = sorted(found.items())
    pairs = [pair for pair, group in ordered for _ in group.normals]
    none = np.empty((0, prepared.points.shape[1]))
    normals = prepared.lift(np.concatenate([none, *(group.normals for _, group in ordered)]))
    planes = tuple(Plane(p, q, normal) for (p, q), normal in zip(pairs, normals, strict=True))
    common_points = [
        _common_point(prepared, each.rows, rejection)
        for each in merged
        for rejection in each.component.rejections
    ]
    narrow = sum(
        pair.status == DISJOINT and pair.lower < INPUT_ROUNDING * prepared.scale for pair in found.values()
    )
    return Certificates(
        planes=planes,
        common_points=tuple(common_points),
        scale=prepared.scale,
        basis=prepared.basis,
        n_fragile_planes=narrow + sum(each.component.counters["fragile"] for each in merged),
        n_undecided=sum(not point.decided for point in common_points),
    )


def _common_point(
    prepared: PreparedPoints, rows: Int[np.ndarray, " row"], rejection: Rejection
) -> CommonPoint:
    union, obstacle = rows[rejection.union], rows[rejection.obstacle]
    return CommonPoint(
        union=prepared.first_example[union],
        obstacle=prepared.first_example[obstacle],
        weights=rejection.weights,
        depth=rejection.depth,
        decided=rejection.status == OVERLAP,
    )


def _add_up(counters: Iterable[dict[str, int]]) -> dict[str, int]:
    total = Counter(dict.fromkeys(COUNTERS, 0))
    for each in counters:
        total.update(each)
    return dict(total)


def _check_settings(convention: str, between: str | None, max_memory: int, time_limit: float | None) -> None:
    check_choice(convention, Convention, "convention")
    if between is not None:
        check_choice(between, Between, "between")
    if max_memory < 0:
        raise InputError("max_memory is negative.", expected="a number of bytes", got=max_memory)
    if time_limit is not None and not time_limit >= 0:
        raise InputError("time_limit is no time.", expected="seconds, at least 0, or None", got=time_limit)


class _Clock:
    """Notes how long each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str) -> None:
        """Book the time since the last stop under ``stage``."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
