"""A mark in a figure: one estimate at one position, with the words that stand beside it."""

from __future__ import annotations

import math

from tunescope._core.records import Record
from tunescope.report.figure_info import finite
from tunescope.report.wording import count_text, describe, estimate_text, level_text
from tunescope.studies.comparison import Measurement

__all__ = ["Mark", "make_mark", "reaches"]


class Mark(Record):
    """One estimate, ready to be drawn.

    Attributes:
        position: Where it stands along the figure's axis.
        value: The figure; ``None`` where it is not defined, so that nothing is drawn.
        low: Lower end of the interval, if there is one.
        high: Upper end of the interval, if there is one.
        text: Plain lines that tell what it is.
    """

    position: float
    value: float | None
    low: float | None = None
    high: float | None = None
    text: tuple[str, ...] = ()


def make_mark(measurement: Measurement, position: float, *heading: str) -> Mark:
    """Return a measurement as a mark at ``position``, under the lines of ``heading``."""
    estimate = measurement.estimate
    figure = f"{describe(measurement.measure).title}: {estimate_text(measurement.measure, estimate)}"
    basis = []
    if estimate.has_interval:
        basis.append(f"{level_text(estimate)} interval")
    if estimate.n_examples:
        basis.append(count_text(estimate.n_examples, "target"))
    if estimate.n_sentences:
        basis.append(count_text(estimate.n_sentences, "sentence"))
    has_interval = estimate.has_interval and math.isfinite(estimate.value)
    return Mark(
        position=position,
        value=finite(estimate.value),
        low=estimate.low if has_interval else None,
        high=estimate.high if has_interval else None,
        text=(*heading, figure, *([", ".join(basis)] if basis else [])),
    )


def reaches(marks: tuple[Mark, ...]) -> tuple[list[float | None], list[float | None]]:
    """Return the lengths of the error bars, down and up; ``None`` where a mark has no interval."""
    down = [None if m.value is None or m.low is None else max(0.0, m.value - m.low) for m in marks]
    up = [None if m.value is None or m.high is None else max(0.0, m.high - m.value) for m in marks]
    return down, up
