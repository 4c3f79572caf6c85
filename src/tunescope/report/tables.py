"""Tables: what figures rest on, for the page and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from tunescope._core.records import Record
from tunescope.report.figure_info import FigureInfo
from tunescope.report.paths import PathsInfo
from tunescope.report.trees import TreeInfo
from tunescope.report.wording import describe, range_text, signed_text, split_title, value_text
from tunescope.studies.comparison import ChangedPrediction, Comparison, Measurement

__all__ = [
    "Table",
    "changed_table",
    "comparison_tables",
    "csv_text",
    "figure_table",
    "measurements_table",
    "readable_table",
]

Cell = str | int | float | None

_PLACE = ("measure", "subject", "split", "partition", "layer", "step", "label", "other_label", "part")
_FIGURE = ("value", "low", "high", "level", "n_examples", "n_sentences", "status")
_TITLES = {"n_examples": "examples", "n_sentences": "sentences"}


class Table(Record):
    """Columns and rows; a number is a number, undefined is NaN, and ``None`` is an empty cell."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def measurements_table(measurements: Sequence[Measurement]) -> Table:
    """Return measurements as a tidy table, one row each, with every column."""
    rows = tuple(
        tuple(getattr(m, name) for name in _PLACE) + tuple(getattr(m.estimate, name) for name in _FIGURE)
        for m in measurements
    )
    return Table(columns=_PLACE + _FIGURE, rows=rows)


def figure_table(info: FigureInfo) -> Table:
    """Return what a figure rests on, in full precision."""
    if isinstance(info, PathsInfo):
        points = [point for path in info.paths for point in path.points]
        return Table(
            columns=("label", "step", "x", "y"), rows=tuple((p.label, p.step, p.x, p.y) for p in points)
        )
    if isinstance(info, TreeInfo):
        return _tree_table(info)
    return measurements_table(info.measurements)


def readable_table(info: FigureInfo) -> Table:
    """Return what a figure rests on for people: rounded, with interval, without columns that say nothing."""
    if isinstance(info, PathsInfo):
        full = figure_table(info)
        return full.model_copy(
            update={"rows": tuple((a, b, *(f"{float(v or 0):.3g}" for v in xy)) for a, b, *xy in full.rows)}
        )
    if isinstance(info, TreeInfo):
        return _tree_table(info)
    columns = [name for name in _PLACE if _tells(name, info.measurements)]
    counts = [
        name
        for name in ("n_examples", "n_sentences")
        if any(getattr(m.estimate, name) for m in info.measurements)
    ]
    rows = tuple(
        (
            *(_readable(m, name) for name in columns),
            *_figure(m),
            *(getattr(m.estimate, name) for name in counts),
        )
        for m in info.measurements
    )
    return Table(columns=(*columns, "figure", "interval", *(_TITLES[name] for name in counts)), rows=rows)


def _tree_table(info: TreeInfo) -> Table:
    """Return the edges of each tree, one row each."""
    rows = [
        (tree.name, info.words[first], info.words[second], "yes" if right else "no")
        for tree in info.trees
        for (first, second), right in zip(tree.edges, tree.right, strict=True)
    ]
    return Table(columns=("tree", "word", "other_word", "in_gold_tree"), rows=tuple(rows))


def changed_table(changed: Sequence[ChangedPrediction]) -> Table:
    """Return the examples on which the models differ."""
    columns = tuple(ChangedPrediction.model_fields)
    return Table(columns=columns, rows=tuple(tuple(getattr(c, name) for name in columns) for c in changed))


def comparison_tables(comparison: Comparison) -> dict[str, Table]:
    """Return the tables of the whole comparison by file name without ending."""
    return {
        "measurements": measurements_table(comparison.measurements),
        "changed-predictions": changed_table(comparison.changed),
    }


def csv_text(table: Table) -> str:
    """Return the table as CSV (RFC 4180): numbers in full precision, ``nan`` where undefined."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return stream.getvalue()


def _tells(name: str, measurements: Sequence[Measurement]) -> bool:
    values = {getattr(m, name) for m in measurements}
    return len(values) > 1 or (values != {None} and name in ("subject", "split"))


def _readable(measurement: Measurement, name: str) -> Cell:
    value: Cell = getattr(measurement, name)
    if name == "measure":
        return describe(str(value)).title
    if name == "split" and value is not None:
        return split_title(str(value))
    return value


def _figure(measurement: Measurement) -> tuple[str, str]:
    estimate = measurement.estimate
    if not math.isfinite(estimate.value):
        return "not defined", "" if estimate.status == "ok" else estimate.status
    if measurement.subject == "difference":
        unit = " points" if describe(measurement.measure).percent else ""
        signed = f"{signed_text(measurement.measure, estimate.value)}{unit}"
        return signed, range_text(measurement.measure, estimate, signed=True)
    return value_text(measurement.measure, estimate.value), range_text(measurement.measure, estimate)
