"""How alike the base and the tuned vectors are, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tunescope._core.progress import track
from tunescope._core.seeds import make_rng
from tunescope.measures.geometry.centroids import centroid_shift_estimates
from tunescope.measures.similarity.anisotropy import mean_cosine_estimate
from tunescope.measures.similarity.cka import cka_estimate
from tunescope.measures.similarity.neighbourhoods import neighbourhood_overlap_estimate
from tunescope.measures.similarity.procrustes import procrustes_estimate
from tunescope.measures.similarity.rsa import rsa_estimate
from tunescope.studies.comparison import Measurement, Partition
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.settings import CompareSettings

__all__ = ["centroid_measurements", "similarity_measurements"]

_ESTIMATES = {
    "rsa": rsa_estimate,
    "cka": cka_estimate,
    "procrustes_distance": procrustes_estimate,
    "neighbourhood_overlap": neighbourhood_overlap_estimate,
}
_SLOW = {"procrustes_distance": 50}
"""Measures that are computed anew on each half-sample get at most so many."""


def similarity_measurements(
    base: LabelledVectors,
    tuned: LabelledVectors,
    settings: CompareSettings,
    *,
    split: str,
    partition: Partition = "given",
    step: int | None = None,
    measures: tuple[str, ...] = tuple(_ESTIMATES),
) -> tuple[Measurement, ...]:
    """Return similarity and anisotropy of the same targets before and after, per layer.

    Args:
        base: Targets with the base model's vectors.
        tuned: The same targets, in the same order, with the tuned model's vectors.
        settings: Sampling and resampling.
        split: Name of the split, for the measurements.
        partition: Which division of the sentences it belongs to.
        step: Training step of the snapshot, where it is not the final model.
        measures: Which similarity measures.
    """
    place: dict[str, Any] = {"split": split, "partition": partition, "step": step}
    base = base.sampled(settings.max_targets, settings.seed)
    tuned = tuned.sampled(settings.max_targets, settings.seed)
    found: list[Measurement] = []
    with track(f"similarity on {split}", total=len(base.layers)) as advance:
        for layer in base.layers:
            found += _of_layer(base, tuned, settings, layer, measures, place)
            advance()
    return tuple(found)


def _of_layer(
    base: LabelledVectors,
    tuned: LabelledVectors,
    settings: CompareSettings,
    layer: int,
    measures: tuple[str, ...],
    place: dict[str, Any],
) -> Iterator[Measurement]:
    x, y = base.layer(layer), tuned.layer(layer)
    ids = base.sentence_ids
    for measure in measures:
        estimate = _ESTIMATES[measure](
            x,
            y,
            ids,
            n_resamples=min(settings.n_resamples, _SLOW.get(measure, settings.n_resamples)),
            level=settings.level,
            rng=make_rng(settings.seed, measure),
        )
        yield Measurement(measure=measure, subject="both", layer=layer, estimate=estimate, **place)
    if place["step"] is not None:
        return
    subjects: tuple[tuple[Any, np.ndarray], ...] = (("base", x), ("tuned", y))
    for subject, vectors in subjects:
        estimate = mean_cosine_estimate(
            vectors,
            ids,
            n_resamples=settings.n_resamples,
            level=settings.level,
            rng=make_rng(settings.seed, "mean_cosine"),
        )
        yield Measurement(measure="mean_cosine", subject=subject, layer=layer, estimate=estimate, **place)


def centroid_measurements(
    base: LabelledVectors, tuned: LabelledVectors, settings: CompareSettings, *, split: str
) -> tuple[Measurement, ...]:
    """Return how far each label's centroid moved, per layer."""
    found = []
    with track(f"centroids on {split}", total=len(base.layers)) as advance:
        for layer in base.layers:
            shifts = centroid_shift_estimates(
                base.layer(layer),
                tuned.layer(layer),
                base.labels,
                base.sentence_ids,
                n_resamples=settings.n_resamples,
                level=settings.level,
                rng=make_rng(settings.seed, "centroid_shift"),
            )
            found += [
                Measurement(
                    measure="centroid_shift",
                    subject="both",
                    split=split,
                    layer=layer,
                    label=label,
                    estimate=estimate,
                )
                for label, estimate in shifts.items()
            ]
            advance()
    return tuple(found)
