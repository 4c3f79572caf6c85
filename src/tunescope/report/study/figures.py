"""What draws each kind of figure of a study, and what it shows in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.escaping import shorten
from tunescope.report.study.curves import study_curves_figure, study_curves_print
from tunescope.report.study.dots import study_dots_figure, study_dots_print
from tunescope.report.study.drawn_series import MOST_LOOKS, drawn_series
from tunescope.report.study.first_axis import (
    axis_names,
    print_first_axis,
    screen_first_axis,
    screen_texts_by_width,
)
from tunescope.report.study.grid_words import grid_alternative, grid_marks_text
from tunescope.report.study.grids import row_texts_by_width, study_grid_figure, study_grid_print
from tunescope.report.study.line_breaks import broken, print_lines, screen_lines
from tunescope.report.study.paths import study_paths_figure, study_paths_print
from tunescope.report.study.surface_words import surface_alternative, surface_marks_text
from tunescope.report.study.surfaces import (
    SURFACE_HEIGHTS,
    scale_by_width,
    study_surface_figure,
    study_surface_print,
)
from tunescope.report.wording import count_text, listed
from tunescope.studies.study_result import StudyFigure

__all__ = ["alternative_text", "marks_text", "study_print_figure", "study_screen_figure"]

_DRAWN: dict[str, tuple[Callable[[StudyFigure], go.Figure], Callable[[StudyFigure], PrintFigure]]] = {
    "curves": (study_curves_figure, study_curves_print),
    "paths": (study_paths_figure, study_paths_print),
    "dots": (study_dots_figure, study_dots_print),
    "grid": (study_grid_figure, study_grid_print),
    "surface": (study_surface_figure, study_surface_print),
}
_LETTERS_UP_SCREEN, _LETTERS_UP_PRINT = 26, 32
"""How many letters of a title fit along the second axis."""

_HEIGHT_OF_NAMES, _HEIGHT_OF_LETTER = 60, 6
"""Pixels that names along the first axis may take, and that a letter of a turned one takes."""

_NOUNS = {"curves": "line", "paths": "path", "dots": "set", "surface": "path"}


def study_screen_figure(figure: StudyFigure) -> go.Figure:
    """Draw a figure for the page, which has the legend beside it."""
    titled = _with_short_titles(figure)
    drawn = _DRAWN[figure.kind][0](titled)
    drawn.update_xaxes(**screen_first_axis(titled))
    drawn.update_yaxes(title_text=screen_lines(broken(titled.y_title, _LETTERS_UP_SCREEN)))
    height = drawn.layout.height + _height_of_names(titled)
    heights = {"heights": SURFACE_HEIGHTS} if figure.kind == "surface" else {}
    return drawn.update_layout(meta=_texts_by_width(titled) | heights, height=height)


def _texts_by_width(figure: StudyFigure) -> dict[str, dict[str, Any]]:
    texts = screen_texts_by_width(figure)
    own = {"grid": row_texts_by_width, "surface": scale_by_width}.get(figure.kind)
    more = own(figure) if own else {}
    return {width: texts[width] | more.get(width, {}) for width in texts}


def _height_of_names(figure: StudyFigure) -> int:
    """Return by how much names along the first axis make the figure higher; a grid has room for short ones."""
    longest = max(map(len, axis_names(figure)), default=0)
    return (
        min(_HEIGHT_OF_NAMES, _HEIGHT_OF_LETTER * longest) if figure.grid or not longest else _HEIGHT_OF_NAMES
    )


def study_print_figure(figure: StudyFigure) -> PrintFigure:
    """Draw a figure for a paper."""
    titled = _with_short_titles(figure)
    printed = _DRAWN[figure.kind][1](titled)
    print_first_axis(printed, titled)
    printed.axes[0].set_ylabel(print_lines(broken(titled.y_title, _LETTERS_UP_PRINT)))
    return printed


def _with_short_titles(figure: StudyFigure) -> StudyFigure:
    """Return the figure with titles of its axes for which there is room."""
    titles = {"x_title": shorten(figure.x_title, 60), "y_title": shorten(figure.y_title, 48)}
    return figure.model_copy(update=titles)


def alternative_text(figure: StudyFigure) -> str:
    """Return what a figure shows, for those who cannot see it."""
    own = {"grid": grid_alternative, "surface": surface_alternative}.get(figure.kind, _lines_alternative)
    shown = own(figure)
    return f"{shorten(figure.title, 120)}. {shown} The numbers are in the table below."


def _lines_alternative(figure: StudyFigure) -> str:
    series = drawn_series(figure)
    kind = "Dots" if figure.kind == "dots" else count_text(len(series), _NOUNS[figure.kind])
    names = listed([line.name for line in series[:MOST_LOOKS]])
    others = f" and {len(series) - MOST_LOOKS} more" if len(series) > MOST_LOOKS else ""
    log = ", on a logarithmic axis" if figure.x_log else ""
    axes = f"{shorten(figure.y_title, 80) or 'y'} over {shorten(figure.x_title, 80) or 'x'}{log}"
    return f"{kind}, {axes}: {names}{others}."


def marks_text(figure: StudyFigure) -> str:
    """Return what marks, shades and tones mean that no legend tells; empty where there are none."""
    if figure.kind == "grid":
        return grid_marks_text(figure)
    series = drawn_series(figure)
    sentences = [surface_marks_text(figure)] if figure.kind == "surface" else []
    if figure.kind == "paths" or (figure.kind == "surface" and series):
        sentences.append("Open mark: where a path starts; large filled mark: where it ends.")
    if any(mark.low is not None for line in series for mark in line.marks):
        band = {"curves": "Bands", "dots": "Bars"}.get(figure.kind)
        sentences += [f"{band} are intervals."] if band else []
    n_thin = sum(line.thin for line in series)
    if n_thin:
        noun = _NOUNS[figure.kind]
        sentences.append(
            f"{count_text(n_thin, noun)} of {len(series)} {'is' if n_thin == 1 else 'are'} thin and grey:"
            " point at one for its name."
        )
    n_undefined = sum(mark.value is None for line in series for mark in line.marks)
    if n_undefined:
        verb = "is" if n_undefined == 1 else "are"
        sentences.append(f"{count_text(n_undefined, 'point')} {verb} not defined and left out.")
    return " ".join(sentences)
