"""The tables of frozen against tuned models; those of cost, likeness and published numbers have files of their own."""

from __future__ import annotations

from collections.abc import Iterator

from tunescope.studies.metric_names import METRICS
from tunescope.studies.recipes.frozen_vs_tuned.cost_table import cost_table
from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place, Point
from tunescope.studies.recipes.frozen_vs_tuned.likeness import likeness_table
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["frozen_vs_tuned_tables"]

_OVER_SEEDS = (
    "Figures are means over seeds; an interval reaches from the lowest to the highest end of the seeds' intervals over"
    " sentences."
)
_VERDICTS = {1: "fine-tuning wins", -1: "freezing wins", 0: "cannot be told", None: "undefined"}


def frozen_vs_tuned_tables(frame: Frame) -> tuple[StudyTable, ...]:
    """Return the tables that rest on our own figures; those without rows are left out."""
    places = list(frame.places())
    tables = (
        _quality(frame, places),
        _gains(frame, places),
        _winners(frame, places),
        cost_table(frame),
        likeness_table(frame),
    )
    return tuple(table for table in tables if table.rows)


def _quality(frame: Frame, places: list[Place]) -> StudyTable:
    return StudyTable.of(
        "quality",
        "Scores by size of the training set",
        [row for place in places for row in _quality_rows(frame, place)],
        note=(
            "Scores on the test set, on the training set, and the first subtracted from the second, in points"
            f" (hundredths of the metric). {_OVER_SEEDS} sd is the standard deviation over seeds. The mix of layers"
            " holds some of its training sentences out to know when to stop; its score on the training set is over all."
        ),
        decimals=1,
    )


def _quality_rows(frame: Frame, place: Place) -> Iterator[dict[str, Cell]]:
    for condition in frame.conditions(place):
        train, gaps = (
            {point.n_train: point for point in frame.points(place, measure, condition=condition, split=split)}
            for measure, split in (("score", "train"), ("gap", None))
        )
        for score in frame.points(place, "score", condition=condition, split="test"):
            yield {
                "model": place.model,
                "task": place.task,
                "metric": METRICS[place.metric],
                "condition": CONDITIONS[condition],
                "training sentences": score.n_train,
                "seeds": score.n_seeds,
                **_points(score, "score", "low", "high"),
                "sd": 100 * score.spread,
                "on the training set": 100 * train[score.n_train].value,
                **_points(gaps[score.n_train], "gap", "gap low", "gap high"),
            }


def _gains(frame: Frame, places: list[Place]) -> StudyTable:
    return StudyTable.of(
        "gains",
        "Fine-tuned minus frozen",
        [row for place in places for row in _gain_rows(frame, place)],
        note=(
            "Difference of the scores on the test set in points, paired over sentences, for models that were trained"
            f" on the same sentences; and of the gaps between training and test set. {_OVER_SEEDS}"
        ),
        decimals=1,
    )


def _gain_rows(frame: Frame, place: Place) -> Iterator[dict[str, Cell]]:
    for frozen in frame.frozen(place):
        gaps = {point.n_train: point for point in frame.points(place, "gap_gain", against=frozen)}
        for gain in frame.points(place, "gain", against=frozen, split="test"):
            yield {
                "model": place.model,
                "task": place.task,
                "against": CONDITIONS[frozen],
                "training sentences": gain.n_train,
                "seeds": gain.n_seeds,
                **_points(gain, "gain", "low", "high"),
                "verdict": _VERDICTS[gain.sign],
                **_points(gaps[gain.n_train], "gain of the gap", "gap low", "gap high"),
            }


def _winners(frame: Frame, places: list[Place]) -> StudyTable:
    return StudyTable.of(
        "winners",
        "When does freezing win?",
        [row for place in places for row in _winner_rows(frame, place)],
        note=(
            "Numbers of training sentences at which the interval of fine-tuned minus frozen lies above 0, below 0, or"
            " includes it, and at which there is none. There is no correction for the number of comparisons. Intervals"
            " are over sentences: where a size has one seed, another seed may say otherwise."
        ),
    )


def _winner_rows(frame: Frame, place: Place) -> Iterator[dict[str, Cell]]:
    for frozen in frame.frozen(place):
        if gains := frame.points(place, "gain", against=frozen, split="test"):
            yield {
                "model": place.model,
                "task": place.task,
                "against": CONDITIONS[frozen],
                **{_VERDICTS[sign]: _sizes(gains, sign) for sign in _VERDICTS},
            }


def _points(point: Point, *titles: str) -> dict[str, Cell]:
    return dict(zip(titles, (100 * point.value, 100 * point.low, 100 * point.high), strict=True))


def _sizes(gains: list[Point], sign: int | None) -> str:
    return ", ".join(f"{gain.n_train:,}" for gain in gains if gain.sign == sign)
