"""Steps that tell how vectors changed: similarity to the original, paths of centroids, difference vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.finetuning.finetune import open_finetuned
from tunescope.measures.estimate import Estimate
from tunescope.measures.geometry.centroid_movement import participation_ratio_of_differences
from tunescope.measures.geometry.centroids import centroid_path, label_centroids
from tunescope.measures.geometry.principal_plane import difference_plane
from tunescope.measures.scores import accuracy_estimate
from tunescope.measures.similarity.rsa import rsa_estimate
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.steps.models import open_vectors
from tunescope.studies.steps.rows import Row, write_rows

__all__ = ["follow_centroids", "follow_differences", "score_head", "similarity_to_base"]


@step_function()
def score_head(folder: Path, *, tuned: Path, seed: int, n_resamples: int, level: float) -> None:
    """Score what the fine-tuned model's own head predicts on the test set."""
    table = open_finetuned(tuned / "run").predictions("test")
    gold, predicted = (table[name].to_numpy(dtype=str) for name in ("label", "predicted"))
    sentences = table["sentence_id"].astype("category").cat.codes.to_numpy()
    rng = make_rng(seed, "study", "resampling")
    accuracy = accuracy_estimate(gold, predicted, sentences, n_resamples=n_resamples, level=level, rng=rng)
    write_rows(folder, [Row(measure="head_accuracy", split="test", estimate=accuracy)])


@step_function()
def similarity_to_base(
    folder: Path,
    *,
    base: Path,
    other: Path,
    layers: list[int],
    step: int | None,
    split: str,
    max_targets: int,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Compare a model's vectors with the original's, layer by layer (RSA)."""
    before, after = (_sampled(path, max_targets, seed) for path in (base, other))
    rows = []
    for layer in layers:
        estimate = rsa_estimate(
            before.layer(layer),
            after.layer(layer),
            before.sentence_ids,
            n_resamples=n_resamples,
            level=level,
            rng=make_rng(seed, "study", "resampling"),
        )
        rows.append(Row(measure="rsa", split=split, layer=layer, step=step, estimate=estimate))
    write_rows(folder, rows)


@step_function()
def follow_centroids(
    folder: Path,
    *,
    vectors: list[Path],
    steps: list[int],
    layer: int,
    max_targets: int,
    seed: int,
    split: str,
) -> None:
    """Follow the centroids of the labels over training, in the plane of their first two principal components."""
    states = [_sampled(path, max_targets, seed) for path in vectors]
    path = centroid_path([state.layer(layer) for state in states], states[0].labels)
    share = Estimate(value=path.variance_explained, n_examples=len(states[0]))
    rows = [Row(measure="centroid_path_variance", split=split, layer=layer, estimate=share)]
    for number, label in enumerate(path.labels):
        for step, point in zip(steps, path.coordinates[:, number], strict=True):
            for name, value in zip(("centroid_path_x", "centroid_path_y"), point, strict=True):
                rows.append(
                    Row(
                        measure=name,
                        split=split,
                        layer=layer,
                        step=step,
                        label=label,
                        estimate=Estimate(value=float(value)),
                    )
                )
    write_rows(folder, rows)


@step_function()
def follow_differences(folder: Path, *, base: Path, tuned: Path, layers: list[int], split: str) -> None:
    """Show where each label's centroid started and ended, in the plane in which the movements differ most, by layer."""
    before, after = (LabelledVectors.whole(open_vectors(path)) for path in (base, tuned))
    rows: list[Row] = []
    for layer in layers:
        rows += _differences(before, after, layer, split)
    write_rows(folder, rows)


def _differences(before: LabelledVectors, after: LabelledVectors, layer: int, split: str) -> Iterator[Row]:
    labels, start = label_centroids(before.layer(layer), before.labels)
    end = label_centroids(after.layer(layer), after.labels)[1]
    plane = difference_plane(start, end)
    n = len(before)
    ratio = participation_ratio_of_differences(start, end)
    for measure, value in (
        ("difference_variance", plane.variance_explained),
        ("difference_directions", ratio),
        ("difference_length", float(np.linalg.norm(end - start, axis=1).mean())),
    ):
        status = "ok" if math.isfinite(value) else "undefined: no centroid moved, or all alike"
        estimate = Estimate(value=value, n_examples=n, status=status)
        yield Row(measure=measure, split=split, layer=layer, estimate=estimate)
    for number, label in enumerate(labels):
        points = {
            "difference_start_x": plane.start[number, 0],
            "difference_start_y": plane.start[number, 1],
            "difference_end_x": plane.end[number, 0],
            "difference_end_y": plane.end[number, 1],
        }
        for measure, value in points.items():
            estimate = Estimate(value=float(value))
            yield Row(measure=measure, split=split, layer=layer, label=label, estimate=estimate)


def _sampled(path: Path, max_targets: int, seed: int) -> LabelledVectors:
    return LabelledVectors.whole(open_vectors(path)).sampled(max_targets, seed)
