"""The figures of a study as a tracker's metrics: a name made of their places, a point on an axis, a value."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

__all__ = ["MetricPoint", "metric_points", "name_part"]

_AXES = ("step", "after_step", "layer", "n_train")
"""Columns that a curve is drawn over; the first that a figure has is its axis, the others are part of its name."""

_SPEAK_FOR_THEMSELVES = ("model", "task", "stage", "condition", "split")
"""Columns whose entries are understood without the column's name."""

_IMPLIED = ("target", "metric", "is_largest")
"""What follows from the task or the size of the training set; it would only make names longer and break curves."""

_OF_ESTIMATE = ("value", "low", "high", "level", "n_examples", "n_sentences", "status")
_LONGEST = 250
_DIGEST = 6


class MetricPoint(NamedTuple):
    """A point of a metric.

    Attributes:
        name: Of the metric, such as ``"accuracy/MiniLM/POS/before/test/by_layer"``.
        step: Where on the axis; 0 for a figure that is on none.
        value: A finite number.
    """

    name: str
    step: int
    value: float


def metric_points(records: pd.DataFrame) -> tuple[MetricPoint, ...]:
    """Return every figure that is defined, and the ends of its interval where it has one.

    A curve over training steps, layers or sizes of the training set becomes one metric, whose steps are the axis that
    the end of its name tells. Ends of intervals have the figure's name with ``.low`` and ``.high``. What is not a
    finite number has no point: a tracker would draw it as one.

    Args:
        records: All figures of a study, one row each, as in its ``records.parquet``.
    """
    if records.empty:
        return ()
    places = _columns_of_places(records)
    rows = ({str(name): cell for name, cell in row.items()} for row in records.to_dict("records"))
    return tuple(point for row in rows for point in _points(row, places))


def name_part(text: str) -> str:
    """Return ``text`` as a part of a name that every tracker takes.

    Other characters than letters, digits, ``_``, ``-``, ``.`` and spaces become ``_``; a digest of the text then keeps
    apart what would become equal, such as the tags ``$`` and ``#``.
    """
    kept = re.sub(r"[^\w.\- ]", "_", text).strip()
    if kept == text and kept.strip("."):
        return kept
    return f"{kept.strip('.')}-{_digest(text)}"


def _columns_of_places(records: pd.DataFrame) -> list[str]:
    """Return the columns that tell figures apart, the measure first."""
    every = [str(name) for name in records.columns if name not in _OF_ESTIMATE]
    needed = [name for name in every if name not in _IMPLIED]
    if records.duplicated(subset=needed).any():
        needed = every  # in this study they are more than implied
    return sorted(needed, key=lambda name: (name != "measure", name in ("split", *_AXES)))


def _points(row: Mapping[str, object], places: list[str]) -> Iterator[MetricPoint]:
    axis = next((name for name in _AXES if name in places and _on_axis(row[name])), None)
    parts = [_part(name, row[name]) for name in places if name != axis and not _is_missing(row[name])]
    name = "/".join(parts if axis is None else [*parts, f"by_{axis}"])
    step = 0 if axis is None else int(float(str(row[axis])))
    for column, ending in (("value", ""), ("low", ".low"), ("high", ".high")):
        value = row.get(column)
        if isinstance(value, int | float) and math.isfinite(value):
            yield MetricPoint(_shortened(name + ending), step, float(value))


def _part(column: str, cell: object) -> str:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    if column == "measure" or column in _SPEAK_FOR_THEMSELVES:
        return name_part(text)
    return f"{name_part(column)} {name_part(text)}"


def _is_missing(cell: object) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def _on_axis(cell: object) -> bool:
    """Whether a tracker can take the cell for a step."""
    return isinstance(cell, int | float) and math.isfinite(cell) and cell >= 0 and float(cell).is_integer()


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - _DIGEST - 1].rstrip('/. ')}-{_digest(name)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
