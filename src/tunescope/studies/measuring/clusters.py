"""The geometry of the labels before and after: clusters, distances, and whether train and test agree on these."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from tunescope._core.progress import track
from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.geometry.centroid_movement import (
    centroid_movement,
    participation_ratio_of_differences,
)
from tunescope.measures.geometry.centroids import label_centroids
from tunescope.measures.geometry.controls import shuffled_clusters, vacuity
from tunescope.measures.geometry.directprobe import LabelClusters, direct_probe
from tunescope.measures.geometry.spatial_similarity import spatial_similarity
from tunescope.studies.comparison import Measurement, Partition
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.settings import CompareSettings

__all__ = ["Model", "cluster_measurements", "division_measurements"]

Model = Literal["base", "tuned"]
TIME_LIMIT = 60.0
"""Seconds for the merging of one layer; what is unfinished then is said and has no figure."""

LARGE = 6
"""Train and test are also compared over the labels with at least so many examples in both."""


def cluster_measurements(
    train: Mapping[Model, LabelledVectors], test: Mapping[Model, LabelledVectors], settings: CompareSettings
) -> tuple[Measurement, ...]:
    """Return clusters and distances of the training targets by layer, and their agreement with the test targets.

    At the top layer the distance of every two labels and the control with shuffled labels stand beside them.

    Args:
        train: Training targets by model, the same in each.
        test: Test targets by model.
        settings: Sampling and seed.
    """
    train = {model: _sample(vectors, settings) for model, vectors in train.items()}
    test = {model: _sample(vectors, settings) for model, vectors in test.items()}
    labels = train["base"].labels
    if min(len(np.unique(labels)), len(np.unique(test["base"].labels))) < 2:
        return ()
    layers = train["base"].layers
    found: list[Measurement] = []
    with track("clusters of the labels", total=len(layers)) as advance:
        for layer in layers:
            clusters = {model: _probe(vectors, layer) for model, vectors in train.items()}
            for model, own in clusters.items():
                found += _of_model(own, model, layer)
                found += _of_division(own, _probe(test[model], layer), model, layer, "given")
            found += _between(clusters, train, layer)
            advance()
        for model, own in clusters.items():
            found += _distances(own, model, layer)
            found.append(_shuffled(train[model], model, layer, settings))
    found += _vacuous(train["base"].layer(layers[-1]), labels)
    return tuple(found)


def division_measurements(
    train: LabelledVectors, test: LabelledVectors, model: Model, settings: CompareSettings
) -> tuple[Measurement, ...]:
    """Return how far train and test agree where the same sentences are divided at random, by layer."""
    train, test = _sample(train, settings), _sample(test, settings)
    if min(len(np.unique(train.labels)), len(np.unique(test.labels))) < 2:
        return ()
    found: list[Measurement] = []
    with track("distances on a random split", total=len(train.layers)) as advance:
        for layer in train.layers:
            found += _of_division(_probe(train, layer), _probe(test, layer), model, layer, "random")
            advance()
    return tuple(found)


def _sample(vectors: LabelledVectors, settings: CompareSettings) -> LabelledVectors:
    return vectors.sampled(settings.cluster_targets, settings.seed)


def _probe(vectors: LabelledVectors, layer: int) -> LabelClusters:
    return direct_probe(vectors.layer(layer), vectors.labels, time_limit=TIME_LIMIT)


def _of_model(found: LabelClusters, model: Model, layer: int) -> Iterator[Measurement]:
    place: dict[str, Any] = {"subject": model, "split": "train", "layer": layer}
    yield Measurement(measure="clusters", estimate=_count(found), **place)
    n = len(found.clusters)
    for measure, count in (
        ("fragile_decisions", found.certificates.n_fragile),
        ("shared_vectors", found.n_shared),
    ):
        yield Measurement(measure=measure, estimate=Estimate(value=count, n_examples=n), **place)
    for label, size, distance in zip(
        found.labels, found.distances.sizes, found.distances.minimum().values(), strict=True
    ):
        status = "ok" if math.isfinite(distance) else "undefined: no solver, or no time, could tell"
        estimate = Estimate(value=distance, n_examples=int(size), status=status)
        yield Measurement(measure="minimum_distance", label=label, estimate=estimate, **place)


def _count(found: LabelClusters) -> Estimate:
    n = len(found.clusters)
    if not found.finished:
        status = f"undefined: after {TIME_LIMIT:.0f} s of merging there were {found.n_clusters} clusters, not all final"
        return Estimate(value=math.nan, n_examples=n, status=status)
    if found.certificates.n_undecided:
        status = (
            f"undefined: of {found.certificates.n_undecided} mergers no solver could tell whether they hold"
        )
        return Estimate(value=math.nan, n_examples=n, status=status)
    return Estimate(value=found.n_clusters, n_examples=n)


def _of_division(
    train: LabelClusters, test: LabelClusters, model: Model, layer: int, partition: Partition
) -> Iterator[Measurement]:
    for measure, min_size in (("train_test_similarity", 1), ("train_test_similarity_large", LARGE)):
        similarity = _similarity(train, test, min_size)
        yield Measurement(
            measure=measure,
            subject=model,
            split="test",
            partition=partition,
            layer=layer,
            estimate=similarity,
        )


def _similarity(first: LabelClusters, second: LabelClusters, min_size: int = 1) -> Estimate:
    """Return the spatial similarity of two results, both of which must be final."""
    n = len(second.clusters)
    if not (first.finished and second.finished):
        return Estimate(value=math.nan, n_examples=n, status="undefined: the time for merging ran out")
    found = spatial_similarity(first.distances, second.distances, min_size=min_size)
    return Estimate(value=found.value, n_examples=n, status=found.status)


def _between(
    clusters: Mapping[Model, LabelClusters], train: Mapping[Model, LabelledVectors], layer: int
) -> Iterator[Measurement]:
    """Return how the labels' places changed from base to tuned."""
    place: dict[str, Any] = {"subject": "both", "split": "train", "layer": layer}
    n = len(clusters["base"].clusters)
    similarity = _similarity(clusters["base"], clusters["tuned"])
    yield Measurement(measure="spatial_similarity", estimate=similarity, **place)
    before, after = (label_centroids(train[model].layer(layer), train[model].labels)[1] for model in train)
    moved = centroid_movement(before, after)
    for measure, value in (
        ("centroid_scaling_share", moved.scaling_share),
        ("centroid_rotation_share", moved.rotation_share),
        ("centroid_remaining_share", moved.remaining_share),
    ):
        yield Measurement(
            measure=measure, estimate=Estimate(value=value, n_examples=n, status=moved.status), **place
        )
    ratio = participation_ratio_of_differences(before, after)
    status = "ok" if math.isfinite(ratio) else "undefined: no centroid moved"
    yield Measurement(
        measure="centroid_directions", estimate=Estimate(value=ratio, n_examples=n, status=status), **place
    )


def _distances(found: LabelClusters, model: Model, layer: int) -> Iterator[Measurement]:
    distances = found.distances
    for i, j in itertools.combinations(range(len(found.labels)), 2):
        value = float(distances.values[i, j])
        status = "ok" if math.isfinite(value) else "undefined: no solver, or no time, could tell"
        yield Measurement(
            measure="label_distance",
            subject=model,
            split="train",
            layer=layer,
            label=found.labels[i],
            other_label=found.labels[j],
            estimate=Estimate(
                value=value, n_examples=int(distances.sizes[i] + distances.sizes[j]), status=status
            ),
        )


def _shuffled(train: LabelledVectors, model: Model, layer: int, settings: CompareSettings) -> Measurement:
    rng = make_rng(settings.seed, "shuffled labels")
    found = shuffled_clusters(train.layer(layer), train.labels, rng=rng, time_limit=TIME_LIMIT)
    return Measurement(
        measure="clusters_shuffled", subject=model, split="train", layer=layer, estimate=_count(found)
    )


def _vacuous(vectors: np.ndarray, labels: np.ndarray) -> Iterator[Measurement]:
    found = vacuity(vectors, labels)
    for measure, count in (
        ("vacuous_pairs", found.n_vacuous),
        ("pairs_below_threshold", found.n_near_threshold),
    ):
        estimate = Estimate(value=count / found.n_pairs, n_examples=len(labels))
        yield Measurement(measure=measure, subject="baseline", split="train", estimate=estimate)
