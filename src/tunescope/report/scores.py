"""Scores before and after, by set of examples, beside the random split and the majority baseline."""

from __future__ import annotations

from tunescope.report.dots import DotSeries, DotsInfo
from tunescope.report.figure_info import measurement_place
from tunescope.report.marks import make_mark
from tunescope.report.palette import BASELINE, SUBJECTS, Look
from tunescope.report.places import defined, splits
from tunescope.report.wording import describe, level_text, split_title
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["metric_title", "scores_info"]

_SERIES: tuple[tuple[str, str, str, Look], ...] = (
    ("Majority class", "majority", "baseline", BASELINE),
    ("Base: linear probe", "probe", "base", SUBJECTS["base"]),
    ("Tuned: linear probe", "probe", "tuned", SUBJECTS["tuned"]),
    ("Tuned: own head", "head", "tuned", SUBJECTS["head"]),
)


def metric_title(metric: str) -> str:
    """Return the name of a metric, such as ``"Accuracy"``."""
    title = describe(f"probe_{metric}").title.rpartition(":")[2].removeprefix("probe ").strip()
    return title[:1].upper() + title[1:]


def scores_info(comparison: Comparison, metric: str) -> DotsInfo:
    """Return the final models' scores by set of examples; probes are those of the top layer.

    Args:
        comparison: What was measured.
        metric: Such as ``"accuracy"``.
    """
    found = tuple(m for m in comparison.measurements if _is_headline(m, metric, comparison.n_layers))
    series = [m for m in found if m.subject != "difference"]
    places = _places(comparison, series)
    title = metric_title(metric)
    has_control = any(partition == "random" for _, partition in places)
    return DotsInfo(
        key=f"scores-{metric}",
        title="Scores before and after",
        tab=title,
        how_to_read=_how_to_read(series, has_control),
        alternative=_alternative(series),
        measurements=found,
        missing=None if defined(series) else "the comparison holds no score of the final models",
        x_title=title,
        percent=describe(f"probe_{metric}").percent,
        rows=tuple(split_title(s) + (" (random)" if p == "random" else "") for s, p in places),
        split_rows={
            index: tuple(row for row, (its_split, _) in enumerate(places) if its_split == split)
            for index, split in enumerate(splits(comparison))
        },
        series=tuple(s for s in _make_series(series, metric, places) if s.marks),
    )


def _is_headline(measurement: Measurement, metric: str, top: int) -> bool:
    origin, _, its_metric = measurement.measure.partition("_")
    if its_metric != metric or measurement.step is not None or measurement.label is not None:
        return False
    if origin == "probe":
        return measurement.layer == top
    return origin in ("head", "majority") and measurement.layer is None


def _places(comparison: Comparison, found: list[Measurement]) -> list[tuple[str, str]]:
    measured = {(m.split, m.partition) for m in found}
    order = [(split, partition) for split in splits(comparison) for partition in ("given", "random")]
    return [place for place in order if place in measured]


def _make_series(found: list[Measurement], metric: str, places: list[tuple[str, str]]) -> list[DotSeries]:
    series = []
    for name, origin, subject, look in _SERIES:
        key = f"{origin}_{metric}"
        chosen = [m for m in found if (m.measure, m.subject) == (key, subject) and m.split is not None]
        marks = [
            make_mark(m, places.index((str(m.split), m.partition)), f"{name} · {measurement_place(m)}")
            for m in chosen
        ]
        rising = tuple(sorted(marks, key=lambda mark: mark.position))
        series.append(DotSeries(name=name, look=look, marks=rising))
    return series


def _how_to_read(found: list[Measurement], has_control: bool) -> str:
    with_interval = [m.estimate for m in found if m.estimate.has_interval]
    bars = (
        f" Lines through the dots are {level_text(with_interval[0])} intervals over sentences."
        if with_interval
        else ""
    )
    control = (
        " The random split divides the same sentences at random into splits of the same sizes: where it differs"
        " from the given split, the division of the data explains part of the figures."
        if has_control
        else ""
    )
    return (
        "Further right is better. A linear probe reads the labels from the frozen vectors of the top layer; the own"
        f" head is the fine-tuned model as it predicts by itself.{bars}{control}"
    )


def _alternative(found: list[Measurement]) -> str:
    return (
        f"Scores in rows by set of examples, {len(found)} figures; the table below the figure holds them all."
    )
