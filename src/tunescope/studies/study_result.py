"""What a study found: tables, figures and verdicts on published claims, as plain records that a report is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from tunescope._core.records import Record
from tunescope.studies.engine.work import Outcome

__all__ = [
    "Cell",
    "Claim",
    "Grid",
    "Series",
    "StudyFigure",
    "StudyResult",
    "StudyTable",
    "Surface",
    "Verdict",
]

Cell = str | int | float | None
"""What a table has in a cell; ``None`` leaves it empty."""

Verdict = Literal["holds", "does not hold", "cannot be told"]


class StudyTable(Record):
    """A table of a study.

    Attributes:
        key: Identifies it and names its file.
        title: Heading.
        note: How to read it, and what its marks mean.
        columns: Titles of the columns.
        rows: One cell for each column; a number is a number, undefined is NaN, ``None`` is an empty cell.
        decimals: With how many decimals people read the numbers of a column, where not as they are.
    """

    key: str
    title: str
    note: str = ""
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    decimals: dict[str, int] = Field(default_factory=dict)

    @classmethod
    def of(
        cls,
        key: str,
        title: str,
        rows: Sequence[Mapping[str, Cell]],
        *,
        note: str = "",
        decimals: int | Mapping[str, int] = 2,
    ) -> StudyTable:
        """Return a table of rows that name their cells, all alike and in the order of the columns.

        Args:
            key: See above.
            title: See above.
            rows: A cell for each column, by the column's title.
            note: See above.
            decimals: Of each column, or of all columns that hold a number which is not whole by type.
        """
        columns = tuple(rows[0]) if rows else ()
        if isinstance(decimals, int):
            broken = [name for name in columns if any(isinstance(row[name], float) for row in rows)]
            decimals = dict.fromkeys(broken, decimals)
        if any(tuple(row) != columns for row in rows):
            raise ValueError(f"the table {key!r} has rows with other columns than its first")
        cells = tuple(tuple(row.values()) for row in rows)
        return cls(key=key, title=title, note=note, columns=columns, rows=cells, decimals=dict(decimals))

    @field_validator("rows", mode="before")
    @classmethod
    def _read_undefined(cls, rows: Any) -> Any:
        """Read back as a number what JSON has as text."""
        return [[math.nan if cell == "NaN" else cell for cell in row] for row in rows]

    @model_validator(mode="after")
    def _check_rows(self) -> StudyTable:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"the table {self.key!r} has a row without one cell for each column")
        return self


class Series(Record):
    """A line of a figure; all tuples have one entry for each point, in the order in which they are joined.

    Attributes:
        name: What the legend says.
        x: Places along the first axis.
        y: Places along the second axis; NaN where undefined.
        low: Lower ends of the intervals, empty where there are none.
        high: Upper ends of the intervals, empty where there are none.
        labels: What each point is, such as ``"step 40"``; may be empty.
        role: ``"base"``, ``"tuned"`` or ``"baseline"`` for lines that have a look of their own on every page; empty
            for others.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    role: Literal["base", "tuned", "baseline", ""] = ""

    @model_validator(mode="after")
    def _check_lengths(self) -> Series:
        lengths = {len(each) for each in (self.x, self.y)}
        lengths |= {len(each) for each in (self.low, self.high, self.labels) if each}
        if len(lengths) > 1 or bool(self.low) != bool(self.high):
            raise ValueError(f"the series {self.name!r} has not one entry for each point everywhere")
        return self


class Grid(Record):
    """A value for every pair of a column and a row, such as the similarity of all layers of two models.

    Attributes:
        columns: Names of the columns, from left to right.
        rows: Names of the rows, from bottom to top.
        values: A row of values for each row, in it one for each column; NaN where undefined.
        low: Lower ends of the intervals, in the shape of the values, NaN where a cell has none; empty where no cell
            has one.
        high: Upper ends of the intervals, likewise.
        value_title: What the values are.
        value_range: Both ends of the scale of tones, so that several figures share one; ``None`` for the lowest and
            the highest value. A value beyond an end has the tone of that end.
        low_is_strong: Whether low values get the strong tones.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    low: tuple[tuple[float, ...], ...] = ()
    high: tuple[tuple[float, ...], ...] = ()
    value_title: str
    value_range: tuple[float, float] | None = None
    low_is_strong: bool = False

    @model_validator(mode="after")
    def _check_shapes(self) -> Grid:
        what = f"the grid of {self.value_title!r}"
        if not (self.columns and self.rows):
            raise ValueError(f"{what} has no column or no row")
        given = {"values": self.values, "low": self.low, "high": self.high}
        for name in given if self.low or self.high else ("values",):
            _check_cells(f"{what} names", len(self.rows), len(self.columns), name, given[name])
        _check_scale(what, self.value_range)
        return self


class Surface(Record):
    """A value at every point of a plane's grid, such as the loss around the end of training.

    Attributes:
        columns: Coordinates along the first axis, rising; at least two.
        rows: Coordinates along the second axis, likewise.
        values: A row of values for each row, in it one for each column; NaN where undefined.
        value_title: What the values are.
        value_range: Both ends of the scale of tones, so that several figures share one; ``None`` for the lowest and
            the highest value. A value beyond an end has the tone of that end.
    """

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    value_title: str
    value_range: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _check_shapes(self) -> Surface:
        what = f"the surface of {self.value_title!r}"
        for name, places in (("columns", self.columns), ("rows", self.rows)):
            steps = [high - low for low, high in pairwise(places)]
            if not steps or not all(0 < step < math.inf for step in steps):
                raise ValueError(
                    f"{what} has {name} at {', '.join(f'{place:g}' for place in places) or 'no place'}; give at least"
                    " two finite coordinates, each above the one before"
                )
        _check_cells(f"{what} has", len(self.rows), len(self.columns), "values", self.values)
        _check_scale(what, self.value_range)
        return self


def _check_cells(what: str, n_rows: int, n_columns: int, name: str, cells: Sequence[Sequence[float]]) -> None:
    if list(map(len, cells)) != [n_columns] * n_rows:
        raise ValueError(
            f"{what} {n_rows} rows and {n_columns} columns, but {name!r} has {_shape_text(cells)}; give a number for"
            " each cell, row by row"
        )


def _shape_text(cells: Sequence[Sequence[float]]) -> str:
    lengths = sorted(set(map(len, cells)))
    return f"{len(cells)} rows" + (f" of {' or '.join(map(str, lengths))}" if lengths else "")


def _check_scale(what: str, ends: tuple[float, float] | None) -> None:
    if ends and not -math.inf < ends[0] < ends[1] < math.inf:
        raise ValueError(
            f"{what} has a scale from {ends[0]:g} to {ends[1]:g}; give two finite ends, the lower first"
        )


class StudyFigure(Record):
    """A figure of a study: lines over an axis, paths in a plane, dots, a grid of tones, or a surface.

    Attributes:
        key: Identifies it and names its files.
        title: Heading; figures that follow one another with the same title share a place on the page, with tabs.
        tab: Short name where several figures share a place.
        how_to_read: One or two sentences.
        kind: ``"curves"`` for lines over a first axis; ``"paths"`` for paths in a plane whose axes have one scale;
            ``"dots"`` for points that are not joined; ``"grid"`` for a tone for each pair of a column and a row;
            ``"surface"`` for contours of a value in a plane, with paths over them, and the same in relief.
        x_title: Title of the first axis; of a grid, what its columns are.
        y_title: Title of the second axis; of a grid, what its rows are.
        percent: Whether the second axis, or the scale of a grid or of a surface, shows shares as per cent.
        x_log: Whether the first axis is logarithmic; all places along it are then above 0. Not for paths, grids and
            surfaces.
        x_ticks: Names of the places 0, 1, 2, … where the first axis has categories, such as tasks; a point may stand
            up to half a place beside its name. Not for paths, grids and surfaces, nor with ``x_log``.
        series: The lines; a grid has none, and those of a surface are paths in its plane.
        grid: The cells of a grid; ``None`` for all other kinds.
        surface: The values of a surface; ``None`` for all other kinds.
        missing: Why there is nothing to draw; ``None`` where there is.
    """

    key: str
    title: str
    tab: str = ""
    how_to_read: str
    kind: Literal["curves", "paths", "dots", "grid", "surface"] = "curves"
    x_title: str = ""
    y_title: str = ""
    percent: bool = False
    x_log: bool = False
    x_ticks: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    grid: Grid | None = None
    surface: Surface | None = None
    missing: str | None = None

    @model_validator(mode="after")
    def _check_values(self) -> StudyFigure:
        for kind, given, whole in (("grid", self.grid, "cells"), ("surface", self.surface, "values")):
            if self.kind != kind and given is not None:
                raise ValueError(f"the figure {self.key!r} has a {kind}, but is of the kind {self.kind!r}")
            if self.kind == kind and given is None and self.missing is None:
                raise ValueError(
                    f"the figure {self.key!r} is a {kind} without {whole}: give its {kind}, or why it is missing"
                )
        if self.kind == "grid" and (self.series or self.x_log or self.x_ticks):
            raise ValueError(
                f"the figure {self.key!r} is a grid, which names its own columns: no series, no x_log, no x_ticks"
            )
        return self

    @model_validator(mode="after")
    def _check_first_axis(self) -> StudyFigure:
        if self.x_log and self.x_ticks:
            raise ValueError(f"the figure {self.key!r} has a first axis with names that is logarithmic")
        reason = {"paths": "of paths, whose axes have one scale", "surface": "a surface over a plane"}
        if self.kind in reason and (self.x_log or self.x_ticks):
            raise ValueError(f"the figure {self.key!r} is {reason[self.kind]}: no x_log, no x_ticks")
        for series in self.series:
            self._check_places(series)
        return self

    def _check_places(self, series: Series) -> None:
        """Refuse places that the first axis does not have; those that are undefined are drawn nowhere."""
        end = len(self.x_ticks) - 0.5
        for x in series.x:
            if self.x_log and x <= 0:
                raise ValueError(
                    f"the figure {self.key!r} has a logarithmic first axis, where its series {series.name!r} is at"
                    f" {x:g}; leave out what is not above 0, or set x_log to false"
                )
            if self.x_ticks and math.isfinite(x) and not -0.5 < x < end:
                raise ValueError(
                    f"the figure {self.key!r} names the places 0 to {len(self.x_ticks) - 1} of its first axis, but its"
                    f" series {series.name!r} is at {x:g}"
                )


class Claim(Record):
    """A claim of the paper, and what the study's own figures say of it.

    Attributes:
        text: The claim, in one sentence.
        source: Where it is made, such as ``"Zhou and Srikumar 2022, section 4.1"``.
        verdict: ``"holds"``, ``"does not hold"``, or ``"cannot be told"`` where figures are missing or too uncertain.
        evidence: The figures behind the verdict, in words.
        shown_in: Key of a table or figure; empty where there is none.
    """

    text: str
    source: str
    verdict: Verdict
    evidence: str
    shown_in: str = ""


class StudyResult(Record):
    """What a study found.

    Attributes:
        schema_version: Version of this record.
        study: Which study it is, such as ``"closer-look"``.
        name: Its name in the study file.
        question: What it asks.
        source: The work that it repeats.
        findings: What it found, in sentences for someone who has to decide something.
        tables: Its tables.
        figures: Its figures.
        claims: Published claims, each with a verdict.
        failures: Steps that have no result.
        notes: What a reader must know before trusting a figure.
        settings: The study's settings as given and defaulted.
        provenance: Versions, platform and commit that it was computed with.
    """

    schema_version: int = 1
    study: str
    name: str
    question: str
    source: str
    findings: tuple[str, ...] = ()
    tables: tuple[StudyTable, ...] = ()
    figures: tuple[StudyFigure, ...] = ()
    claims: tuple[Claim, ...] = ()
    failures: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, object] = Field(default_factory=dict)
    provenance: dict[str, str] = Field(default_factory=dict)
