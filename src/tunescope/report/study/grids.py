"""Grids of a study: a tone for each pair of a column and a row, with digits where there is room."""

from __future__ import annotations

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.escaping import plotly_text, print_text, short_names, shorten
from tunescope.report.figure_info import finite
from tunescope.report.grids import GridInfo, cells_print, grid_figure
from tunescope.report.marks import Mark
from tunescope.report.study.grid_cells import GridCell, digit_texts, grid_cells, grid_of, value_text
from tunescope.report.study.line_breaks import broken, print_lines, screen_lines
from tunescope.studies.study_result import StudyFigure

__all__ = ["has_digits", "row_texts_by_width", "study_grid_figure", "study_grid_print"]

_DIGITS_ALONG, _DIGITS_ON_PHONES = 84, 42
"""How many digits fit along the names of the rows and the cells, on a desktop and in print, and on a phone."""

_DIGITS_PER_LETTER = 1.3
"""A letter of a row's name takes the room of so many digits."""

_LETTERS_UP, _LETTERS_ALONG_SCALE = 26, 30
"""How many letters of a title fit along the scale, in print beside the fewest rows, and on a phone."""

_ROW_NAME, _ROW_NAME_ON_PHONES = 24, 12
_FEWEST_ROWS, _MANY_ROWS = 5, 16
_ROW, _ROW_OF_TONES = 32, 22
"""Pixels of a row, and of one without digits among many."""

_PER_INCH = 107

_SCALE = {
    "orientation": "h",
    "x": 0,
    "xanchor": "left",
    "y": 1,
    "yanchor": "bottom",
    "lenmode": "pixels",
    "len": 190,
}
"""Above the cells, which need all the width on a phone."""

_HEIGHT_OF_SCALE = 40


def has_digits(figure: StudyFigure, *, on_phones: bool = False) -> bool:
    """Return whether the cells of a grid have room for their digits, with a space between them."""
    grid = grid_of(figure)
    longest = max(len(text) for row in digit_texts(grid.values, percent=figure.percent) for text in row)
    room, letters = (_DIGITS_ON_PHONES, _ROW_NAME_ON_PHONES) if on_phones else (_DIGITS_ALONG, _ROW_NAME)
    names = _DIGITS_PER_LETTER * max(map(len, short_names(grid.rows, letters)))
    return len(grid.columns) * (longest + 1) <= room - names


def study_grid_figure(figure: StudyFigure) -> go.Figure:
    """Draw the grid for the page; texts and ticks of the first axis are set for all kinds of figures alike."""
    info, digits = _info(figure), has_digits(figure)
    drawn = grid_figure(info, digits=digits)
    title = screen_lines(broken(info.value_title, _LETTERS_ALONG_SCALE))
    drawn.update_traces(colorbar={**_SCALE, "title": {"text": title, "side": "top", "font": {"size": 12}}})
    return drawn.update_layout(height=130 + _HEIGHT_OF_SCALE + _height_of_rows(figure), margin_t=6)


def row_texts_by_width(figure: StudyFigure) -> dict[str, dict[str, list[str]]]:
    """Return what the rows of a grid are called where the page is wide, and where it is narrow, as on a phone."""
    rows = grid_of(figure).rows
    return {
        width: {"yaxis.ticktext": list(map(plotly_text, short_names(rows, letters)))}
        for width, letters in (("wide", _ROW_NAME), ("narrow", _ROW_NAME_ON_PHONES))
    }


def study_grid_print(figure: StudyFigure) -> PrintFigure:
    """Draw the grid for a paper; texts and ticks of the first axis are set for all kinds of figures alike."""
    info = _info(figure)
    printed = cells_print(info, digits=has_digits(figure))
    axes, scale = printed.axes
    axes.set_yticks(range(len(info.rows)), list(map(print_text, short_names(info.rows, _ROW_NAME))))
    scale.set_ylabel(print_lines(broken(info.value_title, _LETTERS_UP)))
    printed.set_figheight(1.2 + _height_of_rows(figure) / _PER_INCH)
    return printed


def _height_of_rows(figure: StudyFigure) -> int:
    """Return the height of all rows in pixels: low where they are many tones, high enough for titles beside few."""
    n_rows = len(grid_of(figure).rows)
    if n_rows > _MANY_ROWS and not has_digits(figure):
        return _ROW_OF_TONES * n_rows
    return _ROW * max(n_rows, _FEWEST_ROWS)


def _info(figure: StudyFigure) -> GridInfo:
    grid = grid_of(figure)
    return GridInfo(
        key=figure.key,
        title=figure.title,
        tab=figure.tab,
        how_to_read=figure.how_to_read,
        value_title=shorten(grid.value_title, 48),
        x_title=figure.x_title,
        columns=grid.columns,
        rows=grid.rows,
        marks=tuple(
            tuple(_mark(figure, cell, place) for place, cell in enumerate(row)) for row in grid_cells(grid)
        ),
        digits=digit_texts(grid.values, percent=figure.percent),
        low_is_strong=grid.low_is_strong,
        value_range=grid.value_range,
        percent=figure.percent,
    )


def _mark(figure: StudyFigure, cell: GridCell, place: int) -> Mark:
    value = value_text(cell, percent=figure.percent)
    lines = (
        f"{figure.x_title or 'column'}: {cell.column}",
        f"{figure.y_title or 'row'}: {cell.row}",
        f"{grid_of(figure).value_title or 'value'}: {value}",
    )
    return Mark(
        position=place,
        value=finite(cell.value),
        low=cell.low if cell.has_interval else None,
        high=cell.high if cell.has_interval else None,
        text=tuple(shorten(line, 200) for line in lines),
    )
