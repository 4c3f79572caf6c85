"""What every figure's information has in common, apart from how it is drawn."""

from __future__ import annotations

import math

from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate
from tunescope.report.escaping import shorten
from tunescope.report.wording import describe, split_title
from tunescope.studies.comparison import Measurement

__all__ = ["FigureInfo", "finite", "how_to_read", "measurement_place", "titled_reading", "undefined"]


class FigureInfo(Record):
    """A figure before it is drawn.

    Attributes:
        key: Identifies the figure on the page and names its files.
        title: Heading.
        tab: Short name where several figures share a place.
        how_to_read: One or two sentences.
        alternative: What the figure shows, for those who cannot see it.
        measurements: What the figure rests on, as its table shows it.
        missing: Why there is nothing to draw; ``None`` where there is.
    """

    key: str
    title: str
    tab: str
    how_to_read: str
    alternative: str = ""
    measurements: tuple[Measurement, ...] = ()
    missing: str | None = None


def finite(value: float) -> float | None:
    """Return the value, or ``None`` where it is no finite number, so that nothing is drawn."""
    return value if math.isfinite(value) else None


def how_to_read(measure: str) -> str:
    """Return the measure's direction and source as sentences."""
    description = describe(measure)
    source = f" ({description.source})" if description.source else ""
    if description.higher_means == "better":
        return f"Higher is better{source}."
    return f"Higher means {description.higher_means}{source}."


def titled_reading(measure: str) -> str:
    """Return :func:`how_to_read` behind the measure's title."""
    text = how_to_read(measure)
    return f"{describe(measure).title}: {text[0].lower()}{text[1:]}"


def measurement_place(measurement: Measurement) -> str:
    """Return where a measurement was taken, such as ``"Test, layer 3, step 40"``."""
    layer = "" if measurement.layer is None else f"layer {measurement.layer}"
    step = "" if measurement.step is None else f"step {measurement.step:,}"
    split = "" if measurement.split is None else split_title(measurement.split)
    control = "random split" if measurement.partition == "random" else ""
    label = "" if measurement.label is None else f"label {shorten(measurement.label, 40)}"
    if measurement.other_label is not None:
        label += f" and label {shorten(measurement.other_label, 40)}"
    subject = measurement.subject if measurement.subject in ("base", "tuned", "difference") else ""
    return ", ".join(filter(None, [subject, split, control, measurement.part or "", layer, label, step]))


def undefined(info: FigureInfo) -> tuple[str, ...]:
    """Return a sentence for each figure or interval that is not defined and says why."""
    found = [(m, _reason(m.estimate)) for m in info.measurements]
    return tuple(dict.fromkeys(f"{measurement_place(m)}: {reason}" for m, reason in found if reason))


def _reason(estimate: Estimate) -> str | None:
    if math.isfinite(estimate.value) and estimate.status == "ok":
        return None
    if math.isfinite(estimate.value):
        return estimate.status
    return "not defined" if estimate.status == "ok" else f"not defined, {estimate.status}"
