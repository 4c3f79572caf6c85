"""Steps of geometry: clusters and distances of the labels of one split at one layer, and how alike distances are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.geometry.controls import shuffled_clusters, vacuity
from tunescope.measures.geometry.directprobe import SMALL_CLUSTER, LabelClusters, direct_probe
from tunescope.measures.geometry.distances import Distances
from tunescope.measures.geometry.spatial_similarity import spatial_similarity
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.steps.models import open_vectors
from tunescope.studies.steps.rows import Row, write_rows

__all__ = ["cluster_labels", "compare_distances", "shuffle_labels"]

_DISTANCES = "distances.npz"
_LARGE = 6


@step_function(version=2, memory_gigabytes=4)
def cluster_labels(
    folder: Path,
    *,
    vectors: Path,
    layer: int,
    split: str,
    max_targets: int | None,
    seed: int,
    time_limit: float,
) -> None:
    """Find the clusters of the labels, and the distances between the labels; the distances are kept for comparisons.

    ``published_clusters`` are those that the published count keeps; clusters themselves are found exactly.
    """
    targets = LabelledVectors.whole(open_vectors(vectors))
    if max_targets is not None:
        targets = targets.sampled(max_targets, seed)
    found = direct_probe(targets.layer(layer), targets.labels, time_limit=time_limit or None)
    rows = _rows(found, time_limit, {"split": split, "layer": layer})
    write_rows(folder, rows)
    _save(found, folder / _DISTANCES)


@step_function(memory_gigabytes=4)
def shuffle_labels(
    folder: Path, *, vectors: Path, layer: int, split: str, max_targets: int, seed: int, time_limit: float
) -> None:
    """Find the clusters of a sample under its true labels and under the same in random order.

    Beside them: the share of label pairs that hyperplanes separate under any labelling.
    """
    targets = LabelledVectors.whole(open_vectors(vectors)).sampled(max_targets, seed)
    points, labels = targets.layer(layer), targets.labels
    shuffled = shuffled_clusters(
        points, labels, rng=make_rng(seed, "shuffled labels"), time_limit=time_limit or None
    )
    place: dict[str, Any] = {"split": split, "layer": layer}
    pairs = vacuity(points, labels)
    share = Estimate(value=pairs.n_vacuous / pairs.n_pairs, n_examples=len(labels))
    sampled = direct_probe(points, labels, time_limit=time_limit or None)
    counts = {"clusters_sampled": sampled, "clusters_shuffled": shuffled}
    rows = [Row(measure=name, estimate=_count(found, time_limit), **place) for name, found in counts.items()]
    write_rows(folder, [*rows, Row(measure="vacuous_pairs", estimate=share, **place)])


@step_function()
def compare_distances(
    folder: Path, *, first: Path, second: Path, measure: str, layer: int, split: str
) -> None:
    """Correlate the distances between labels in two results of :func:`cluster_labels`."""
    pair, finished = zip(*(_load(path / _DISTANCES) for path in (first, second)), strict=True)
    rows = []
    for name, least in ((measure, 1), (f"{measure}_large", _LARGE)):
        found = spatial_similarity(*pair, min_size=least)
        if all(finished):
            value, status = found.value, found.status
        else:
            value, status = math.nan, "undefined: the time for merging ran out"
        n = int(pair[1].sizes.sum())
        estimate = Estimate(value=value, n_examples=n, status=status)
        rows.append(Row(measure=name, split=split, layer=layer, estimate=estimate))
    write_rows(folder, rows)


def _rows(found: LabelClusters, time_limit: float, place: dict[str, Any]) -> Iterator[Row]:
    n = len(found.clusters)
    count = _count(found, time_limit)
    yield Row(measure="clusters", estimate=count, **place)
    for measure, value in (
        ("published_clusters", int((found.sizes > SMALL_CLUSTER).sum())),
        ("is_linear", int(found.is_linear)),
    ):
        known = math.isfinite(count.value)
        estimate = count.model_copy(update={"value": float(value) if known else math.nan})
        yield Row(measure=measure, estimate=estimate, **place)
    yield Row(measure="labels", estimate=Estimate(value=len(found.labels), n_examples=n), **place)
    yield Row(measure="shared_vectors", estimate=Estimate(value=found.n_shared, n_examples=n), **place)
    sizes = dict(zip(found.labels, found.distances.sizes, strict=True))
    for label, distance in found.distances.minimum().items():
        known = math.isfinite(distance)
        estimate = Estimate(
            value=distance,
            n_examples=int(sizes[label]),
            status="ok" if known else "undefined: no solver, or no time, could tell",
        )
        yield Row(measure="minimum_distance", label=label, estimate=estimate, **place)


def _count(found: LabelClusters, time_limit: float) -> Estimate:
    certain = found.finished and not found.certificates.n_undecided
    return Estimate(
        value=found.n_clusters if certain else math.nan,
        n_examples=len(found.clusters),
        status="ok" if certain else f"undefined: not decided within {time_limit:g} s of merging",
    )


def _save(found: LabelClusters, path: Path) -> None:
    distances = found.distances
    np.savez(
        path,
        names=np.array(distances.names),
        lower=distances.lower,
        upper=distances.upper,
        status=distances.status.astype(np.str_),
        sizes=distances.sizes,
        finished=np.array(found.finished),
    )


def _load(path: Path) -> tuple[Distances, bool]:
    with np.load(path, allow_pickle=False) as file:
        names = tuple(str(name) for name in file["names"])
        distances = Distances(names, file["lower"], file["upper"], file["status"], file["sizes"])
        return distances, bool(file["finished"])
