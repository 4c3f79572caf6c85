"""The figures of a comparison of frozen and tuned models: curves over the size of the training set."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tunescope.studies.metric_names import METRICS, is_share
from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place, Point
from tunescope.studies.study_result import Series, StudyFigure

__all__ = ["frozen_vs_tuned_figures"]

_ROLES = {"linear": "baseline", "mix": "base", "tuned": "tuned"}
_X_TITLE = "training sentences"
_BANDS = "Bands reach from the lowest to the highest end of the seeds' intervals over sentences."


def frozen_vs_tuned_figures(frame: Frame) -> tuple[StudyFigure, ...]:
    """Return the figures, those of one kind one after the other, a tab for each model and task."""
    places = list(frame.places())
    kinds = (_scores, _gains, _gaps, _seconds, _operations, _worth)
    return tuple(kind(frame, place) for kind in kinds for place in places)


def _scores(frame: Frame, place: Place) -> StudyFigure:
    return _figure(
        "scores",
        place,
        "How well do frozen and fine-tuned models do, by size of the training set?",
        f"Scores on the test set, means over seeds. {_BANDS}",
        _by_condition(frame, place, "score", split="test"),
        METRICS[place.metric],
        percent=is_share(place.metric),
    )


def _gains(frame: Frame, place: Place) -> StudyFigure:
    series = [
        _line(f"against {CONDITIONS[frozen]}", frame.points(place, "gain", against=frozen, split="test"))
        for frozen in frame.frozen(place)
    ]
    return _figure(
        "gains",
        place,
        "Fine-tuned minus frozen, by size of the training set",
        f"Above 0, fine-tuning wins; where a band includes 0, it cannot be told. {_BANDS}",
        series,
        f"gain of {METRICS[place.metric]}",
        percent=is_share(place.metric),
    )


def _gaps(frame: Frame, place: Place) -> StudyFigure:
    return _figure(
        "gaps",
        place,
        "By how much is the score on the training set above that on the test set?",
        f"The larger, the more is learnt by heart. {_BANDS}",
        _by_condition(frame, place, "gap"),
        f"{METRICS[place.metric]}, train minus test",
        percent=is_share(place.metric),
    )


def _seconds(frame: Frame, place: Place) -> StudyFigure:
    return _figure(
        "seconds",
        place,
        "How long does training take?",
        "Seconds by the clock, means over seeds; reading the vectors is counted for frozen models.",
        _by_condition(frame, place, "seconds"),
        "seconds",
    )


def _operations(frame: Frame, place: Place) -> StudyFigure:
    series = [
        _line(CONDITIONS[condition], frame.points(place, "operations", condition=condition), condition, 1e-12)
        for condition in frame.conditions(place)
    ]
    return _figure(
        "operations",
        place,
        "How many operations does training take?",
        "10¹² floating-point operations, means over seeds; reading the vectors is counted for frozen models.",
        series,
        "tera-operations",
    )


def _worth(frame: Frame, place: Place) -> StudyFigure:
    series = []
    for condition in frame.conditions(place):
        cost = {
            point.n_train: point.value
            for point in frame.points(place, "operations", condition=condition)
            if point.value > 0
        }
        scores = [
            point
            for point in frame.points(place, "score", condition=condition, split="test")
            if point.n_train in cost
        ]
        line = _line(CONDITIONS[condition], scores, condition)
        series.append(line.model_copy(update={"x": tuple(cost[point.n_train] for point in scores)}))
    return _figure(
        "worth",
        place,
        "Score for the operations that training takes",
        f"Each line goes from the smallest training set to the largest. {_BANDS}",
        series,
        METRICS[place.metric],
        x_title="floating-point operations",
        percent=is_share(place.metric),
    )


def _by_condition(frame: Frame, place: Place, measure: str, split: str | None = None) -> list[Series]:
    return [
        _line(
            CONDITIONS[condition],
            frame.points(place, measure, condition=condition, split=split),
            condition,
        )
        for condition in frame.conditions(place)
    ]


def _line(name: str, points: list[Point], condition: str = "", unit: float = 1.0) -> Series:
    bands = any(math.isfinite(point.low) for point in points)
    return Series.model_validate(
        {
            "name": name,
            "x": tuple(float(point.n_train) for point in points),
            "y": tuple(unit * point.value for point in points),
            "low": tuple(unit * point.low for point in points) if bands else (),
            "high": tuple(unit * point.high for point in points) if bands else (),
            "labels": tuple(f"{point.n_train:,} sentences" for point in points),
            "role": _ROLES.get(condition, ""),
        }
    )


def _figure(
    key: str,
    place: Place,
    title: str,
    how_to_read: str,
    series: Iterable[Series],
    y_title: str,
    *,
    x_title: str = _X_TITLE,
    percent: bool = False,
) -> StudyFigure:
    drawn = tuple(each for each in series if each.x)
    return StudyFigure(
        key=f"{key}-{place.key}",
        title=title,
        tab=place.title,
        how_to_read=how_to_read,
        x_title=x_title,
        y_title=y_title,
        percent=percent,
        x_log=True,
        series=drawn,
        missing=None if drawn else "no step has found these figures",
    )
