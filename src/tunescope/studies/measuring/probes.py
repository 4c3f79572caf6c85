"""What perceptrons read from one layer before and after, beside control tasks, and how short the labels become."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.measures.probing.codelength import (
    Codelength,
    compression_difference,
    compression_estimate,
    online_codelength,
)
from tunescope.measures.probing.control_task import control_labels
from tunescope.measures.probing.fitted_probe import FittedProbe, fit_notes, fit_probes
from tunescope.measures.probing.mlp_settings import FAST
from tunescope.measures.probing.probe_grid import HIDDEN_SIZES, PENALTIES, Search, probe_grid
from tunescope.studies.comparison import Measurement, Subject
from tunescope.studies.measuring.clusters import Model
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.settings import CompareSettings

__all__ = ["layer_probe_measurements", "random_vector_measurements"]

_QUICK = ((128, 128), 0.1)
"""A configuration in the middle: on the top layer of a small BERT 1 point (parts of speech) and 2.4 points (preposition
roles) below the best of twelve across the grid."""

_FEWEST_KNOWN = 0.5
"""A control task can only be remembered where so many test targets are words of the training set."""


def layer_probe_measurements(
    train: Mapping[Model, LabelledVectors],
    test: Mapping[Model, LabelledVectors],
    layer: int,
    settings: CompareSettings,
    *,
    top: bool,
    are_words: bool,
    device: str,
) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return accuracies, selectivity and compression at one layer, with notes.

    Args:
        train: Training targets by model, the same in each; a sample of them is used.
        test: Test targets by model.
        layer: The layer.
        settings: Sampling, thoroughness and seed.
        top: Whether it is the top layer, which in a thorough comparison gets the full grid.
        are_words: Whether targets are words or pairs of words, which have a control task.
        device: Where the probes are trained.
    """
    place, fitting = _Place(layer, settings), _Fitting(settings, device)
    train = {
        model: vectors.sampled(settings.probing_targets, settings.seed) for model, vectors in train.items()
    }
    labels = _Labels.of(train["base"], test["base"], settings.seed, are_words=are_words)
    search: Search = "full" if top else "halving"
    right: dict[Model, np.ndarray] = {}
    controlled: dict[Model, np.ndarray] = {}
    codes: dict[Model, tuple[Codelength, Codelength | None]] = {}
    found: list[Measurement] = []
    notes: list[str] = []
    for model, vectors in train.items():
        x, x_test = vectors.layer(layer), test[model].layer(layer)
        probes, configuration, troubles = fitting.probes(x, labels.train, vectors.sentence_ids, search)
        rights = np.array([probe.right(x_test, labels.test) for probe in probes])
        right[model] = rights.mean(axis=0)
        found += place.seeds(rights.mean(axis=1), model)
        code, control_code = fitting.code(x, labels.train, vectors), None
        if labels.control_train is not None:
            (remembering,) = fitting.fit(x, labels.control_train, configuration, n_seeds=1)
            controlled[model] = remembering.right(x_test, labels.control_test)
            control_code = fitting.code(x, labels.control_train, vectors)
            troubles += tuple(f"control task, {note}" for note in fit_notes([remembering]))
        codes[model] = code, control_code
        of_codes = dict.fromkeys(note for each in codes[model] if each is not None for note in each.notes)
        notes += [f"Perceptron probe of the {model} model at layer {layer}: {note}" for note in troubles]
        notes += [f"Online code of the {model} model at layer {layer}: {note}" for note in of_codes]
    found += place.accuracies(right, controlled, test["base"].sentence_ids)
    found += place.compressions(codes, train["base"].sentence_ids)
    return tuple(found), tuple(dict.fromkeys(notes))


def random_vector_measurements(
    train: LabelledVectors, test: LabelledVectors, settings: CompareSettings, *, device: str
) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return the accuracy of a probe on a random vector for each word (or text), which knows words alone; notes."""
    train = train.sampled(settings.probing_targets, settings.seed)
    words = np.unique(np.concatenate([train.words, test.words]), return_inverse=True)[1]
    size = train.layer(train.layers[-1]).shape[1]
    table = make_rng(settings.seed, "random vectors").normal(size=(words.max() + 1, size)).astype(np.float32)
    x, x_test = table[words[: len(train)]], table[words[len(train) :]]
    probes, _, troubles = _Fitting(settings, device).probes(x, train.labels, train.sentence_ids, "halving")
    right = np.mean([probe.right(x_test, test.labels) for probe in probes], axis=0)
    estimate = _Place(None, settings).accuracy(right, test.sentence_ids)
    found = Measurement(
        measure="random_vectors_accuracy", subject="baseline", split="test", estimate=estimate
    )
    return (found,), tuple(f"Perceptron probe of random vectors: {note}" for note in troubles)


@dataclass(frozen=True)
class _Labels:
    """Labels of the task and of its control task, which only targets that are words have."""

    train: np.ndarray
    test: np.ndarray
    control_train: np.ndarray | None
    control_test: np.ndarray

    @classmethod
    def of(cls, train: LabelledVectors, test: LabelledVectors, seed: int, *, are_words: bool) -> _Labels:
        rng = make_rng(seed, "control task")
        control_train, control_test = control_labels(train.words, train.labels, test.words, rng=rng)
        known = float(np.isin(test.words, train.words).mean())
        usable = are_words and known >= _FEWEST_KNOWN and len(np.unique(control_train)) > 1
        return cls(train.labels, test.labels, control_train if usable else None, control_test)


Configuration = tuple[tuple[int, ...], float]
"""Hidden sizes and L2 penalty."""


@dataclass(frozen=True)
class _Fitting:
    """How the probes of a comparison are fitted."""

    settings: CompareSettings
    device: str

    def probes(
        self, x: np.ndarray, y: np.ndarray, sentence_ids: np.ndarray, search: Search
    ) -> tuple[tuple[FittedProbe, ...], Configuration, tuple[str, ...]]:
        """Return fitted probes, their configuration, and notes: in a quick comparison one, else the grid's best."""
        if self.settings.probes == "quick":
            probes = self.fit(x, y, _QUICK, n_seeds=1)
            return probes, _QUICK, fit_notes(probes)
        grid = probe_grid(
            x,
            y,
            hidden_sizes=HIDDEN_SIZES,
            penalties=PENALTIES,
            sentence_ids=sentence_ids,
            search=search,
            settings=FAST,
            seed=derive_seed(self.settings.seed, "perceptron probe"),
            device=self.device,
        )
        return grid.probes, (grid.best_hidden_sizes, grid.best_penalty), grid.notes

    def fit(
        self, x: np.ndarray, y: np.ndarray, configuration: Configuration, *, n_seeds: int
    ) -> tuple[FittedProbe, ...]:
        """Return probes of one configuration."""
        seed = derive_seed(self.settings.seed, "perceptron probe")
        return fit_probes(x, y, *configuration, n_seeds=n_seeds, settings=FAST, seed=seed, device=self.device)

    def code(self, x: np.ndarray, y: np.ndarray, vectors: LabelledVectors) -> Codelength:
        """Return the online code of labels."""
        seed = derive_seed(self.settings.seed, "codelength")
        return online_codelength(x, y, sentence_ids=vectors.sentence_ids, seed=seed, device=self.device)


@dataclass(frozen=True)
class _Place:
    """Measurements of one layer."""

    layer: int | None
    settings: CompareSettings

    def accuracy(self, right: np.ndarray, sentence_ids: np.ndarray, low: float = 0.0) -> Estimate:
        """Return a mean over targets with its interval over sentences."""
        if not np.isfinite(right).all():
            return Estimate(value=math.nan, n_examples=len(right), status="undefined: the training diverged")
        return mean_estimate(right, sentence_ids, bounds=(low, 1.0), counts=True, **self._options())

    def seeds(self, accuracies: np.ndarray, model: Model) -> Iterator[Measurement]:
        """Return how much the accuracy varies from seed to seed, where there are several."""
        if len(accuracies) > 1:
            spread = float(np.std(accuracies, ddof=1))
            status = "ok" if math.isfinite(spread) else "undefined: a training diverged"
            estimate = Estimate(value=spread, n_examples=len(accuracies), status=status)
            yield self._measurement("perceptron_accuracy_sd", model, "test", estimate)

    def accuracies(
        self,
        right: Mapping[Model, np.ndarray],
        controlled: Mapping[Model, np.ndarray],
        sentence_ids: np.ndarray,
    ) -> Iterator[Measurement]:
        """Return accuracy, that of the control task, selectivity, and the paired difference of the models."""
        for model, own in right.items():
            yield self._measurement("perceptron_accuracy", model, "test", self.accuracy(own, sentence_ids))
        gain = self.accuracy(right["tuned"] - right["base"], sentence_ids, low=-1.0)
        yield self._measurement("perceptron_accuracy", "difference", "test", gain)
        for model, control in controlled.items():
            yield self._measurement("control_accuracy", model, "test", self.accuracy(control, sentence_ids))
            gap = self.accuracy(right[model] - control, sentence_ids, low=-1.0)
            yield self._measurement("selectivity", model, "test", gap)

    def compressions(
        self, codes: Mapping[Model, tuple[Codelength, Codelength | None]], sentence_ids: np.ndarray
    ) -> Iterator[Measurement]:
        """Return how well the training labels compress, those of the control task too, and the models' difference."""
        for model, (task, control) in codes.items():
            estimate = compression_estimate(task, sentence_ids, **self._options())
            yield self._measurement("compression", model, "train", estimate)
            if control is not None:
                estimate = compression_estimate(control, sentence_ids, **self._options())
                yield self._measurement("control_compression", model, "train", estimate)
        pair = codes["base"][0], codes["tuned"][0]
        estimate = compression_difference(*pair, sentence_ids, **self._options())
        yield self._measurement("compression", "difference", "train", estimate)

    def _measurement(self, measure: str, subject: Subject, split: str, estimate: Estimate) -> Measurement:
        return Measurement(measure=measure, subject=subject, split=split, layer=self.layer, estimate=estimate)

    def _options(self) -> dict[str, Any]:
        settings = self.settings
        rng = make_rng(settings.seed, "perceptron probe", "resampling")
        return {"n_resamples": settings.n_resamples, "level": settings.level, "rng": rng}
