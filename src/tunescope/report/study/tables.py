"""Tables of a study: in full for files, rounded for the page."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

from tunescope.report.study.first_axis import place_text
from tunescope.report.study.grid_cells import GridCell, grid_cells
from tunescope.report.study.numbers import cell_text, number_text
from tunescope.report.study.surface_points import surface_points
from tunescope.report.tables import Table
from tunescope.studies.study_result import Grid, StudyFigure, StudyTable, Surface

__all__ = ["PageTable", "full_table", "has_points", "page_points", "page_table", "points_table"]


_LONG = 40
"""From so many characters on a text takes a wide column."""

_OF_SURFACE = ("series", "label", "x", "y", "value")


class PageTable(NamedTuple):
    """A table for people: text only, and which columns hold numbers, and which sentences."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    @property
    def long(self) -> tuple[bool, ...]:
        """Which columns hold a text that takes a wide column."""
        return tuple(
            any(len(row[column]) > _LONG for row in self.rows) for column in range(len(self.columns))
        )


def full_table(table: StudyTable) -> Table:
    """Return the table in full precision."""
    return Table(columns=table.columns, rows=table.rows)


def page_table(table: StudyTable) -> PageTable:
    """Return the table for the page: each column with its decimals, undefined in words."""
    places = [table.decimals.get(column) for column in table.columns]
    return PageTable(
        columns=table.columns,
        rows=tuple(tuple(map(cell_text, row, places)) for row in table.rows),
        numeric=tuple(_is_numeric(table, column) for column in range(len(table.columns))),
    )


def _is_numeric(table: StudyTable, column: int) -> bool:
    cells = [row[column] for row in table.rows if row[column] is not None]
    n_numbers = sum(not isinstance(cell, str) for cell in cells)
    return 2 * n_numbers > len(cells)


def has_points(figure: StudyFigure) -> bool:
    """Return whether the figure has a point or a cell, defined or not."""
    return bool(figure.series or figure.grid or figure.surface)


def points_table(figure: StudyFigure) -> Table:
    """Return the points of a figure in full precision, one row each; without intervals, their cells are empty.

    Where the first axis has names, a last column has the name of the place. A grid has a row for each of its cells; a
    surface one for each point of its paths, then one for each point that it was measured at.
    """
    if figure.surface:
        return Table(columns=_OF_SURFACE, rows=tuple(_paths_and_surface(figure, figure.surface)))
    if figure.grid:
        cells = [cell for row in grid_cells(figure.grid) for cell in row]
        return Table(columns=GridCell._fields, rows=tuple(cells))
    columns = ("series", "label", "x", "y", "low", "high")
    rows = _points(figure)
    if not figure.x_ticks:
        return Table(columns=columns, rows=tuple(rows))
    return Table(columns=(*columns, "x name"), rows=tuple((*row, place_text(figure, row[2])) for row in rows))


def _paths_and_surface(
    figure: StudyFigure, surface: Surface
) -> list[tuple[str, str, float, float, float | None]]:
    paths = [(name, label, x, y, None) for name, label, x, y, *_ in _points(figure)]
    points = [("surface", "", *point) for row in surface_points(surface) for point in row]
    return [*paths, *points]


def _points(figure: StudyFigure) -> list[tuple[str, str, float, float, float | None, float | None]]:
    return [
        (series.name, label, x, y, low, high)
        for series in figure.series
        for x, y, low, high, label in zip(
            series.x,
            series.y,
            series.low or (None,) * len(series.x),
            series.high or (None,) * len(series.x),
            series.labels or ("",) * len(series.x),
            strict=True,
        )
    ]


def page_points(figure: StudyFigure) -> PageTable:
    """Return the points of a figure for the page, without columns that are empty throughout."""
    if figure.grid:
        return _page_cells(figure, figure.grid)
    if figure.surface:
        return _page_surface(figure, figure.surface)
    rows = [
        (
            name,
            label,
            place_text(figure, x),
            number_text(y, percent=figure.percent),
            _end_text(low, y, percent=figure.percent),
            _end_text(high, y, percent=figure.percent),
        )
        for name, label, x, y, low, high in _points(figure)
    ]
    titles = ("series", "point", figure.x_title or "x", figure.y_title or "y", "low", "high")
    return _without_empty(titles, rows, always=(0, 2, 3), first_number=3 if figure.x_ticks else 2)


def _page_cells(figure: StudyFigure, grid: Grid) -> PageTable:
    rows = [
        (
            cell.column,
            cell.row,
            number_text(cell.value, percent=figure.percent),
            _end_text(cell.low, cell.value, percent=figure.percent),
            _end_text(cell.high, cell.value, percent=figure.percent),
        )
        for row in grid_cells(grid)
        for cell in row
    ]
    titles = (figure.x_title or "column", figure.y_title or "row", grid.value_title or "value", "low", "high")
    return _without_empty(titles, rows, always=(0, 1, 2), first_number=2)


def _page_surface(figure: StudyFigure, surface: Surface) -> PageTable:
    rows = [
        (
            name,
            label,
            number_text(x),
            number_text(y),
            "" if value is None else number_text(value, percent=figure.percent),
        )
        for name, label, x, y, value in _paths_and_surface(figure, surface)
    ]
    titles = ("series", "point", figure.x_title or "x", figure.y_title or "y", surface.value_title or "value")
    return _without_empty(titles, rows, always=(0, 2, 3, 4), first_number=2)


def _without_empty(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, always: Collection[int], first_number: int
) -> PageTable:
    """Return the table without the columns that are empty throughout, but with those that are there always."""
    kept = [i for i in range(len(titles)) if i in always or any(row[i] for row in rows)]
    return PageTable(
        columns=tuple(titles[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
        numeric=tuple(i >= first_number for i in kept),
    )


def _end_text(end: float | None, value: float, *, percent: bool) -> str:
    """Return an end of an interval; nothing where the value itself is not defined."""
    return "" if end is None or math.isnan(value) else number_text(end, percent=percent)
