"""How well labels can be read from the vectors, before and after: linear probes, own head, baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tunescope._core.progress import track
from tunescope._core.seeds import make_rng
from tunescope.measures.catalogue import MEASURES
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.measures.probing.linear_probe import (
    LinearProbe,
    fit_linear_probe,
    fit_linear_regression_probe,
    majority_label,
    mean_number,
)
from tunescope.measures.scores import (
    accuracy_difference,
    accuracy_estimate,
    score_difference,
    score_estimate,
)
from tunescope.studies.comparison import Measurement, Partition, Subject
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.credits import CREDITS
from tunescope.tasks.metrics import score

__all__ = ["Scorer", "Scores", "score_models"]


@dataclass(frozen=True)
class Scorer:
    """Scores predictions by the task's metric, with intervals over sentences."""

    metric: str
    settings: CompareSettings

    def estimate(self, gold: np.ndarray, predicted: np.ndarray, sentence_ids: np.ndarray) -> Estimate:
        """Return the score of some predictions."""
        if self.metric == "accuracy":
            return accuracy_estimate(gold, predicted, sentence_ids, **self._options())
        if self.metric in CREDITS:
            credits = CREDITS[self.metric](gold, predicted)
            return mean_estimate(credits, sentence_ids, bounds=(0.0, 1.0), counts=True, **self._options())
        return score_estimate(
            self._score, gold, predicted, sentence_ids, bounds=self._bounds, **self._options()
        )

    def difference(
        self, gold: np.ndarray, before: np.ndarray, after: np.ndarray, sentence_ids: np.ndarray
    ) -> Estimate:
        """Return by how much the score of ``after`` exceeds that of ``before``, on the same half-samples."""
        if self.metric == "accuracy":
            return accuracy_difference(gold, before, after, sentence_ids, **self._options())
        if self.metric in CREDITS:
            credit = CREDITS[self.metric]
            gain = credit(gold, after) - credit(gold, before)
            return mean_estimate(gain, sentence_ids, bounds=(-1.0, 1.0), counts=True, **self._options())
        return score_difference(
            self._score, gold, before, after, sentence_ids, bounds=self._bounds, **self._options()
        )

    @property
    def _bounds(self) -> tuple[float, float]:
        measure = MEASURES[f"probe_{self.metric}"]
        return measure.low or 0.0, measure.high or 1.0

    def _score(self, gold: np.ndarray, predicted: np.ndarray) -> float:
        return score(self.metric, gold, predicted)

    def _options(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "n_resamples": settings.n_resamples,
            "level": settings.level,
            "rng": make_rng(settings.seed, "score"),
        }


@dataclass
class Scores:
    """What :func:`score_models` found.

    Attributes:
        measurements: Scores, differences and baselines.
        predictions: The probes' predictions by set, model and layer.
        notes: Probes that did not converge.
    """

    measurements: list[Measurement] = field(default_factory=list)
    predictions: dict[tuple[str, str, int], np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def score_models(
    train: Mapping[str, LabelledVectors],
    evaluated: Mapping[str, Mapping[str, LabelledVectors]],
    own: Mapping[str, np.ndarray],
    scorer: Scorer,
    *,
    partition: Partition = "given",
) -> Scores:
    """Score linear probes at every layer, the tuned model's own head, and the majority baseline.

    Args:
        train: Training targets by model: ``"base"``, and ``"tuned"`` where there is a tuned model.
        evaluated: By set (``"test"``, out-of-domain names), the targets by model as in ``train``.
        own: The tuned model's own predictions by set; empty where it has no usable head.
        scorer: The metric and the resampling.
        partition: Which division of the sentences this is.
    """
    scores = Scores()
    layers = train["base"].layers
    fitted = {
        model: vectors.sampled(scorer.settings.probe_targets, scorer.settings.seed)
        for model, vectors in train.items()
    }
    _score_majority(scores, fitted["base"], evaluated, scorer, partition)
    with track(f"linear probes ({partition} split)", total=len(layers)) as advance:
        for layer in layers:
            predictions = _probe_layer(scores, fitted, evaluated, layer, scorer)
            for split, by_model in predictions.items():
                _score_probes(scores, evaluated[split]["base"], by_model, scorer, split, layer, partition)
                scores.predictions |= {(split, model, layer): p for model, p in by_model.items()}
            advance()
    for split, predicted in own.items():
        _score_head(scores, evaluated[split]["base"], predicted, scorer, split, partition, layers)
    return scores


def _probe_layer(
    scores: Scores,
    train: Mapping[str, LabelledVectors],
    evaluated: Mapping[str, Mapping[str, LabelledVectors]],
    layer: int,
    scorer: Scorer,
) -> dict[str, dict[str, np.ndarray]]:
    """Fit one probe per model and return its predictions by set and model."""
    predictions: dict[str, dict[str, np.ndarray]] = {split: {} for split in evaluated}
    for model, vectors in train.items():
        probe = _fit(vectors, layer, scorer.settings.seed)
        if probe.status != "ok":
            scores.notes.append(f"Linear probe of the {model} model at layer {layer}: {probe.status}.")
        for split, by_model in evaluated.items():
            predictions[split][model] = probe.predict(by_model[model].layer(layer))
    return predictions


def _fit(train: LabelledVectors, layer: int, seed: int) -> LinearProbe:
    fit = fit_linear_regression_probe if _are_numbers(train.labels) else fit_linear_probe
    return fit(train.layer(layer), train.labels, seed=seed)


def _are_numbers(labels: np.ndarray) -> bool:
    return labels.dtype.kind == "f"


def _score_probes(
    scores: Scores,
    targets: LabelledVectors,
    predictions: Mapping[str, np.ndarray],
    scorer: Scorer,
    split: str,
    layer: int,
    partition: Partition,
) -> None:
    place = {"split": split, "layer": layer, "partition": partition}
    measure = f"probe_{scorer.metric}"
    gold, ids = targets.labels, targets.sentence_ids
    subjects: tuple[Subject, ...] = ("base", "tuned")
    for subject in subjects:
        if subject in predictions:
            _add(scores, measure, subject, scorer.estimate(gold, predictions[subject], ids), place)
    if "tuned" in predictions:
        estimate = scorer.difference(gold, predictions["base"], predictions["tuned"], ids)
        _add(scores, measure, "difference", estimate, place)


def _score_head(
    scores: Scores,
    targets: LabelledVectors,
    predicted: np.ndarray,
    scorer: Scorer,
    split: str,
    partition: Partition,
    layers: tuple[int, ...],
) -> None:
    """Score the tuned model's own head, alone and against the base model's probes.

    The difference without a layer is that to the top layer's probe; one with a layer is that to this layer's.
    """
    place = {"split": split, "partition": partition}
    measure = f"head_{scorer.metric}"
    gold, ids = targets.labels, targets.sentence_ids
    _add(scores, measure, "tuned", scorer.estimate(gold, predicted, ids), place)
    for layer in layers:
        before = scores.predictions[split, "base", layer]
        estimate = scorer.difference(gold, before, predicted, ids)
        _add(scores, measure, "difference", estimate, {**place, "layer": layer})
    _add(scores, measure, "difference", estimate, place)


def _score_majority(
    scores: Scores,
    train: LabelledVectors,
    evaluated: Mapping[str, Mapping[str, LabelledVectors]],
    scorer: Scorer,
    partition: Partition,
) -> None:
    answer = mean_number(train.labels) if _are_numbers(train.labels) else majority_label(train.labels)
    for split, by_model in evaluated.items():
        targets = by_model["base"]
        predicted = np.full(len(targets), answer)
        estimate = scorer.estimate(targets.labels, predicted, targets.sentence_ids)
        place = {"split": split, "partition": partition}
        _add(scores, f"majority_{scorer.metric}", "baseline", estimate, place)


def _add(scores: Scores, measure: str, subject: Subject, estimate: Estimate, place: dict[str, Any]) -> None:
    scores.measurements.append(Measurement(measure=measure, subject=subject, estimate=estimate, **place))
