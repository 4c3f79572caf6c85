"""What a step predicted for the sentences of a set, and steps that score it, alone and against another's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.independent_difference import independent_difference
from tunescope.measures.span_scores import span_f1_difference, span_f1_estimate
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.scores import Scorer
from tunescope.studies.settings import CompareSettings
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.tasks.label_text import label_text
from tunescope.tasks.span_f1 import SPAN_F1, span_counts
from tunescope.tasks.task import Examples

__all__ = [
    "Metric",
    "Predicted",
    "compare_predictions",
    "read_predictions",
    "score_predictions",
    "write_predictions",
]

_SPLITS = ("train", "test")


def write_predictions(folder: Path, split: str, examples: Examples, predicted: np.ndarray) -> None:
    """Write what was predicted for each target of some sentences.

    Args:
        folder: The step's folder.
        split: Of which set: ``"train"`` or ``"test"``.
        examples: The sentences.
        predicted: A class or number for each target, in their order.
    """
    pairs = [
        (example.sentence_id, label_text(target.label)) for example in examples for target in example.targets
    ]
    table = pd.DataFrame(pairs, columns=["sentence_id", "label"])
    table["predicted"] = predicted
    table.to_parquet(_path(folder, split), index=False)


def read_predictions(folder: Path, split: str) -> pd.DataFrame:
    """Read what :func:`write_predictions` wrote: sentence_id, label and predicted of each target."""
    return pd.read_parquet(_path(folder, split))


@step_function()
def score_predictions(
    folder: Path, *, predictions: Path, metric: str, seed: int, n_resamples: int, level: float
) -> None:
    """Score what was predicted for the training and the test set, and by how much the first is better."""
    metric_here = Metric(metric, seed, n_resamples, level)
    train, test = (metric_here.estimate(Predicted.read(predictions, split)) for split in _SPLITS)
    write_rows(
        folder,
        [
            Row(measure="score", split="train", estimate=train),
            Row(measure="score", split="test", estimate=test),
            Row(measure="gap", estimate=independent_difference(train, test)),
        ],
    )


@step_function()
def compare_predictions(
    folder: Path, *, before: Path, after: Path, metric: str, seed: int, n_resamples: int, level: float
) -> None:
    """Subtract the scores of ``before`` from those of ``after`` on the same sentences, paired over these.

    Both were trained on the same sentences; so the difference of their gaps between training and test set is that of
    their gains on the two.
    """
    metric_here = Metric(metric, seed, n_resamples, level)
    train, test = (
        metric_here.difference(Predicted.read(before, split), Predicted.read(after, split))
        for split in _SPLITS
    )
    write_rows(
        folder,
        [
            Row(measure="gain", split="train", estimate=train),
            Row(measure="gain", split="test", estimate=test),
            Row(measure="gap_gain", estimate=independent_difference(train, test)),
        ],
    )


@dataclass(frozen=True)
class Predicted:
    """Gold labels, predictions and sentences of a set's targets.

    Attributes:
        gold: The right labels, as tables hold them.
        predicted: The predicted ones.
        sentences: The number of each target's sentence.
    """

    gold: np.ndarray
    predicted: np.ndarray
    sentences: np.ndarray

    @classmethod
    def of(cls, examples: Examples, predicted: np.ndarray) -> Self:
        """Return what was predicted for the targets of some sentences, in their order."""
        gold = [label_text(target.label) for example in examples for target in example.targets]
        sentences = np.repeat(np.arange(len(examples)), [len(example.targets) for example in examples])
        return cls(_labels(pd.Series(gold)), _labels(pd.Series(predicted)), sentences)

    @classmethod
    def read(cls, folder: Path, split: str) -> Self:
        """Read what :func:`write_predictions` wrote."""
        table = read_predictions(folder, split)
        gold, predicted = (_labels(table[name]) for name in ("label", "predicted"))
        return cls(gold, predicted, pd.factorize(table["sentence_id"])[0])

    @property
    def counts(self) -> np.ndarray:
        """Spans found, predicted and there to find, by sentence."""
        return span_counts(self.gold, self.predicted, self.sentences)


class Metric:
    """A metric with the settings of its intervals over sentences.

    Args:
        name: One of :data:`tunescope.tasks.metrics.METRICS_BY_KIND`, or :data:`~tunescope.tasks.span_f1.SPAN_F1`.
        seed: Of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """

    def __init__(self, name: str, seed: int, n_resamples: int, level: float) -> None:
        self._spans = name == SPAN_F1
        self._seed = seed
        self._options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
        self._scorer = Scorer(name, CompareSettings(seed=seed, **self._options))

    def estimate(self, found: Predicted) -> Estimate:
        """Return the score."""
        if self._spans:
            return span_f1_estimate(found.counts, rng=self._rng(), **self._options)
        return self._scorer.estimate(found.gold, found.predicted, found.sentences)

    def difference(self, before: Predicted, after: Predicted) -> Estimate:
        """Return by how much the score of ``after`` exceeds that of ``before``, paired over sentences."""
        if self._spans:
            return span_f1_difference(before.counts, after.counts, rng=self._rng(), **self._options)
        return self._scorer.difference(after.gold, before.predicted, after.predicted, after.sentences)

    def _rng(self) -> np.random.Generator:
        return make_rng(self._seed, "score")


def _labels(column: pd.Series[Any]) -> np.ndarray:
    values = column.to_numpy()
    return values.astype(np.float64) if values.dtype.kind == "f" else values.astype(np.str_)


def _path(folder: Path, split: str) -> Path:
    return folder / f"predictions-{split}.parquet"
