"""Edge probes before and after: what can be read from spans, layer by layer and from mixes of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.probing.edge_probe import fit_edge_probes
from tunescope.measures.probing.edge_scores import LayerScores, expected_layer_difference, layer_scores
from tunescope.measures.probing.labelled_spans import LabelledSpans
from tunescope.measures.probing.micro_f1 import micro_f1_difference
from tunescope.studies.comparison import Measurement
from tunescope.studies.measuring.clusters import Model
from tunescope.studies.settings import CompareSettings

__all__ = ["edge_measurements"]


def edge_measurements(
    train: Mapping[Model, LabelledSpans],
    test: Mapping[Model, LabelledSpans],
    settings: CompareSettings,
    *,
    device: str,
) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return scores of edge probes by layer, the weights of the mix, and where in the layers the task is solved.

    Args:
        train: Training spans by model, the same in each.
        test: Test spans by model.
        settings: Resampling and seed.
        device: Where the probes are trained.
    """
    seed = derive_seed(settings.seed, "edge probe")
    probes = {model: fit_edge_probes(spans, seed=seed, device=device) for model, spans in train.items()}
    scores = {
        model: layer_scores(
            own,
            test[model],
            n_resamples=settings.n_resamples,
            level=settings.level,
            seed=seed,
            device=device,
        )
        for model, own in probes.items()
    }
    found = [m for model, own in scores.items() for m in _of_model(own, model, probes[model].n_train)]
    found += _differences(scores["base"], scores["tuned"], settings)
    troubles = [
        f"Edge probe of the {model} model on layers {', '.join(map(str, score.probe.layers))}: {score.probe.status}."
        for model, own in scores.items()
        for score in (*own.each, *own.cumulative)
        if score.probe.status != "ok"
    ]
    return tuple(found), tuple(troubles)


def _of_model(scores: LayerScores, model: Model, n_train: int) -> Iterator[Measurement]:
    for measure, own in (("edge_f1", scores.each), ("edge_f1_cumulative", scores.cumulative)):
        for layer, score in enumerate(own):
            yield Measurement(
                measure=measure, subject=model, split="test", layer=layer, estimate=score.micro_f1
            )
    yield Measurement(measure="expected_layer", subject=model, split="test", estimate=scores.expected_layer)
    if scores.mix is not None:
        for layer, weight in enumerate(scores.mix.weights):
            estimate = Estimate(value=float(weight), n_examples=n_train)
            yield Measurement(
                measure="mix_weight", subject=model, split="train", layer=layer, estimate=estimate
            )
        centre = Estimate(value=scores.mix.centre_of_gravity, n_examples=n_train)
        yield Measurement(measure="centre_of_gravity", subject=model, split="train", estimate=centre)


def _differences(before: LayerScores, after: LayerScores, settings: CompareSettings) -> Iterator[Measurement]:
    def rng() -> np.random.Generator:
        return make_rng(settings.seed, "edge probe", "resampling")

    options: dict[str, Any] = {"n_resamples": settings.n_resamples, "level": settings.level}
    for measure, pairs in (
        ("edge_f1", zip(before.each, after.each, strict=True)),
        ("edge_f1_cumulative", zip(before.cumulative, after.cumulative, strict=True)),
    ):
        for layer, (base, tuned) in enumerate(pairs):
            estimate = micro_f1_difference(
                base.prediction, tuned.prediction, before.labels, before.sentence_ids, rng=rng(), **options
            )
            yield Measurement(
                measure=measure, subject="difference", split="test", layer=layer, estimate=estimate
            )
    estimate = expected_layer_difference(before, after, rng=rng(), **options)
    yield Measurement(measure="expected_layer", subject="difference", split="test", estimate=estimate)
