"""The tables of a comparison of frozen and tuned models; the published numbers have a file of their own."""

from __future__ import annotations

import math

from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, METRICS, Frame, Place, Point
from tunescope.studies.study_result import StudyTable

__all__ = ["frozen_vs_tuned_tables"]

Cell = str | int | float | None

_OVER_SEEDS = (
    "Figures are means over seeds; an interval reaches from the lowest to the highest end of the seeds' intervals over"
    " sentences."
)
_VERDICTS = {1: "fine-tuning wins", -1: "freezing wins", 0: "cannot be told"}


def frozen_vs_tuned_tables(frame: Frame) -> tuple[StudyTable, ...]:
    """Return the tables that rest on our own figures; those without rows are left out."""
    places = list(frame.places())
    tables = (_quality(frame, places), _gains(frame, places), _winners(frame, places), _cost(frame, places))
    return tuple(table for table in tables if table.rows)


def _quality(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[tuple[Cell, ...]] = []
    for place in places:
        for condition in frame.conditions(place):
            scores = frame.points(place, "score", condition=condition, split="test")
            train, gaps = (
                {
                    point.n_train: point
                    for point in frame.points(place, measure, condition=condition, split=split)
                }
                for measure, split in (("score", "train"), ("gap", None))
            )
            for score in scores:
                gap = gaps[score.n_train]
                rows.append(
                    (
                        place.model,
                        place.task,
                        METRICS[place.metric],
                        CONDITIONS[condition],
                        score.n_train,
                        score.n_seeds,
                        *_points(score),
                        100 * score.spread,
                        100 * train[score.n_train].value,
                        *_points(gap),
                    )
                )
    return StudyTable(
        key="quality",
        title="Scores by size of the training set",
        note=(
            "Scores on the test set, on the training set, and the first subtracted from the second, in points"
            f" (hundredths of the metric). {_OVER_SEEDS} sd is the standard deviation over seeds. The mix of layers"
            " holds some of its training sentences out to know when to stop; its score on the training set is over all."
        ),
        columns=(
            "model",
            "task",
            "metric",
            "condition",
            "training sentences",
            "seeds",
            "score",
            "low",
            "high",
            "sd",
            "on the training set",
            "gap",
            "gap low",
            "gap high",
        ),
        rows=tuple(rows),
        decimals=dict.fromkeys(
            ("score", "low", "high", "sd", "on the training set", "gap", "gap low", "gap high"), 1
        ),
    )


def _gains(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[tuple[Cell, ...]] = []
    for place in places:
        for frozen in frame.frozen(place):
            gaps = {point.n_train: point for point in frame.points(place, "gap_gain", against=frozen)}
            for gain in frame.points(place, "gain", against=frozen, split="test"):
                rows.append(
                    (
                        place.model,
                        place.task,
                        CONDITIONS[frozen],
                        gain.n_train,
                        gain.n_seeds,
                        *_points(gain),
                        _VERDICTS[gain.sign],
                        *_points(gaps[gain.n_train]),
                    )
                )
    return StudyTable(
        key="gains",
        title="Fine-tuned minus frozen",
        note=(
            "Difference of the scores on the test set in points, paired over sentences, for models that were trained"
            f" on the same sentences; and of the gaps between training and test set. {_OVER_SEEDS}"
        ),
        columns=(
            "model",
            "task",
            "against",
            "training sentences",
            "seeds",
            "gain",
            "low",
            "high",
            "verdict",
            "gain of the gap",
            "gap low",
            "gap high",
        ),
        rows=tuple(rows),
        decimals=dict.fromkeys(("gain", "low", "high", "gain of the gap", "gap low", "gap high"), 1),
    )


def _winners(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[tuple[Cell, ...]] = []
    for place in places:
        for frozen in frame.frozen(place):
            gains = frame.points(place, "gain", against=frozen, split="test")
            if gains:
                rows.append(
                    (
                        place.model,
                        place.task,
                        CONDITIONS[frozen],
                        *(_sizes(gains, sign) for sign in (-1, 0, 1)),
                    )
                )
    return StudyTable(
        key="winners",
        title="When does freezing win?",
        note=(
            "Numbers of training sentences at which the interval of fine-tuned minus frozen lies below 0, includes it,"
            " and lies above 0. There is no correction for the number of comparisons."
        ),
        columns=("model", "task", "against", "freezing wins", "cannot be told", "fine-tuning wins"),
        rows=tuple(rows),
    )


def _cost(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[tuple[Cell, ...]] = []
    for place in places:
        tuned = {
            measure: {point.n_train: point.value for point in frame.points(place, measure)}
            for measure in ("seconds", "operations")
        }
        for condition in frame.conditions(place):
            by_measure = {
                measure: frame.points(place, measure, condition=condition)
                for measure in (
                    "seconds",
                    "reading_seconds",
                    "operations",
                    "reading_operations",
                    "peak_bytes",
                    "added_bytes",
                )
            }
            for points in zip(*by_measure.values(), strict=True):
                seconds, reading, operations, reading_operations, peak, added = points
                n = seconds.n_train
                rows.append(
                    (
                        place.model,
                        place.task,
                        CONDITIONS[condition],
                        n,
                        seconds.value,
                        reading.value,
                        operations.value / 1e12,
                        reading_operations.value / 1e12,
                        peak.value / 1e9,
                        added.value / 1e9,
                        tuned["seconds"].get(n, math.nan) / seconds.value,
                        tuned["operations"].get(n, math.nan) / operations.value,
                    )
                )
    return StudyTable(
        key="cost",
        title="What training costs",
        note=(
            "Means over seeds of one training; predicting is not in it. A frozen head needs vectors of its training"
            " sentences: reading them with the model is counted, by its share of the sentences that were read, though"
            " heads can share it. Tera-operations are 10¹² floating-point operations of matrix products, attention and"
            " recurrent layers, counted on some batches or, for linear heads, by a formula. On a CPU, peak memory is"
            " that of the whole process, with what earlier steps left in it. The last two columns: how many times as"
            " much fine-tuning on the same sentences takes."
        ),
        columns=(
            "model",
            "task",
            "condition",
            "training sentences",
            "seconds",
            "of these reading",
            "tera-operations",
            "of these reading (operations)",
            "peak GB",
            "added GB",
            "fine-tuning, times the seconds",
            "fine-tuning, times the operations",
        ),
        rows=tuple(rows),
        decimals={
            "seconds": 1,
            "of these reading": 1,
            "tera-operations": 3,
            "of these reading (operations)": 3,
            "peak GB": 2,
            "added GB": 2,
            "fine-tuning, times the seconds": 1,
            "fine-tuning, times the operations": 1,
        },
    )


def _points(point: Point) -> tuple[float, float, float]:
    return 100 * point.value, 100 * point.low, 100 * point.high


def _sizes(gains: list[Point], sign: int) -> str:
    return ", ".join(f"{gain.n_train:,}" for gain in gains if gain.sign == sign)
