"""The cells of a grid one by one, and what they say in words and in digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tunescope.report.study.numbers import number_text
from tunescope.studies.study_result import Grid, StudyFigure

__all__ = ["GridCell", "digit_texts", "grid_cells", "grid_of", "value_text"]


class GridCell(NamedTuple):
    """A cell: the names of its column and row, its value, and its interval where it has one."""

    column: str
    row: str
    value: float
    low: float | None
    high: float | None

    @property
    def has_interval(self) -> bool:
        """Whether the value and both ends of its interval are defined."""
        return all(number is not None and math.isfinite(number) for number in self[2:])


def grid_of(figure: StudyFigure) -> Grid:
    """Return the grid of a figure that has one.

    Raises:
        ValueError: It has none.
    """
    if figure.grid is None:
        raise ValueError(f"the figure {figure.key!r} of the kind {figure.kind!r} has no grid to draw")
    return figure.grid


def grid_cells(grid: Grid) -> tuple[tuple[GridCell, ...], ...]:
    """Return the cells row by row, from bottom to top and from left to right."""
    nothing = ((None,) * len(grid.columns),) * len(grid.rows)
    ends = zip(grid.low or nothing, grid.high or nothing, strict=True)
    return tuple(
        tuple(
            GridCell(column, row, value, low, high)
            for column, value, low, high in zip(grid.columns, values, lows, highs, strict=True)
        )
        for row, values, (lows, highs) in zip(grid.rows, grid.values, ends, strict=True)
    )


def value_text(cell: GridCell, *, percent: bool) -> str:
    """Return a cell's value with its interval.

    >>> value_text(GridCell("3", "5", 0.5, 0.25, 0.75), percent=False)
    '0.5 (0.25 … 0.75)'
    """
    value = number_text(cell.value, percent=percent)
    if not cell.has_interval:
        return value
    return f"{value} ({' … '.join(number_text(end, percent=percent) for end in cell[3:] if end is not None)})"


def digit_texts(values: Sequence[Sequence[float]], *, percent: bool) -> tuple[tuple[str, ...], ...]:
    """Return values as they are written into cells: short, with as many decimals in each; nothing where undefined.

    >>> digit_texts([[0.987, -0.5], [1.0, float("nan")]], percent=False)
    (('0.99', '−0.50'), ('1.00', ''))
    """
    scale = 100 if percent else 1
    sizes = [abs(scale * value) for row in values for value in row if math.isfinite(value)]
    digits = "," + _format_spec(max(sizes, default=0), whole_from=10 if percent else 100)
    return tuple(
        tuple(number_text(scale * value, digits) if math.isfinite(value) else "" for value in row)
        for row in values
    )


def _format_spec(largest: float, whole_from: int) -> str:
    """Return how numbers are written of which the largest is so large; from ``whole_from`` on without decimals."""
    if 0 < largest < 0.1:
        return ".2g"
    return ".2f" if largest < whole_from / 10 else ".1f" if largest < whole_from else ".0f"
