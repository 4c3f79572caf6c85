"""What a grid shows in words: for those who cannot see it, and of its tones and cells for all."""

from __future__ import annotations

import math

from tunescope.report.escaping import shorten
from tunescope.report.study.grid_cells import GridCell, grid_cells, grid_of
from tunescope.report.study.numbers import number_text
from tunescope.report.wording import count_text
from tunescope.studies.study_result import Grid, StudyFigure

__all__ = ["grid_alternative", "grid_marks_text"]


def grid_alternative(figure: StudyFigure) -> str:
    """Return what a grid shows: how many cells, of what, and where its extremes are."""
    grid = grid_of(figure)
    defined = sorted(_defined(grid), key=lambda cell: cell.value)
    title = shorten(grid.value_title, 80) or "values"
    along = (
        f"{count_text(len(grid.columns), 'column')} ({shorten(figure.x_title, 80) or 'x'}) and"
        f" {count_text(len(grid.rows), 'row')} ({shorten(figure.y_title, 80) or 'y'})"
    )
    ends = f"lowest {_extreme(figure, defined[0])}, highest {_extreme(figure, defined[-1])}"
    return f"Grid of {along}, {title} as tone: {ends}."


def _defined(grid: Grid) -> list[GridCell]:
    return [cell for row in grid_cells(grid) for cell in row if math.isfinite(cell.value)]


def _extreme(figure: StudyFigure, cell: GridCell) -> str:
    value = number_text(cell.value, percent=figure.percent)
    return f"{value} in column {shorten(cell.column, 40)}, row {shorten(cell.row, 40)}"


def grid_marks_text(figure: StudyFigure) -> str:
    """Return what the tones mean, what a cell tells that is pointed at, and which cells are out of the ordinary."""
    grid = grid_of(figure)
    defined = _defined(grid)
    strong, faint = ("low", "high") if grid.low_is_strong else ("high", "low")
    interval = " and its interval" if any(cell.has_interval for cell in defined) else ""
    sentences = [f"Dark: {strong}; light: {faint}. Point at a cell for its value{interval}."]
    n_undefined = len(grid.columns) * len(grid.rows) - len(defined)
    if n_undefined:
        sentences.append(f"{count_text(n_undefined, 'cell')} {_is(n_undefined)} not defined and left empty.")
    low, high = grid.value_range or (-math.inf, math.inf)
    n_beyond = sum(not low <= cell.value <= high for cell in defined)
    if n_beyond:
        sentences.append(
            f"{count_text(n_beyond, 'cell')} {_is(n_beyond)} beyond the scale, with the tone of its end."
        )
    return " ".join(sentences)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
