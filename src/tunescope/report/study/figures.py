"""What draws each kind of figure of a study, and what it shows in words."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.escaping import shorten
from tunescope.report.study.curves import study_curves_figure, study_curves_print
from tunescope.report.study.dots import study_dots_figure, study_dots_print
from tunescope.report.study.drawn_series import MOST_LOOKS, drawn_series
from tunescope.report.study.first_axis import print_first_axis, screen_first_axis, screen_texts_by_width
from tunescope.report.study.line_breaks import broken, print_lines, screen_lines
from tunescope.report.study.paths import study_paths_figure, study_paths_print
from tunescope.report.wording import count_text, listed
from tunescope.studies.study_result import StudyFigure

__all__ = ["alternative_text", "marks_text", "study_print_figure", "study_screen_figure"]

_DRAWN: dict[str, tuple[Callable[[StudyFigure], go.Figure], Callable[[StudyFigure], PrintFigure]]] = {
    "curves": (study_curves_figure, study_curves_print),
    "paths": (study_paths_figure, study_paths_print),
    "dots": (study_dots_figure, study_dots_print),
}
_LETTERS_UP_SCREEN, _LETTERS_UP_PRINT = 26, 32
"""How many letters of a title fit along the second axis."""

_HEIGHT_OF_NAMES = 60
"""Pixels that names along the first axis may take."""

_NOUNS = {"curves": "line", "paths": "path", "dots": "set"}


def study_screen_figure(figure: StudyFigure) -> go.Figure:
    """Draw a figure for the page, which has the legend beside it."""
    titled = _with_short_titles(figure)
    drawn = _DRAWN[figure.kind][0](titled)
    drawn.update_xaxes(**screen_first_axis(titled))
    drawn.update_yaxes(title_text=screen_lines(broken(titled.y_title, _LETTERS_UP_SCREEN)))
    names = _HEIGHT_OF_NAMES if figure.x_ticks else 0
    return drawn.update_layout(meta=screen_texts_by_width(titled), height=drawn.layout.height + names)


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
    series = drawn_series(figure)
    kind = "Dots" if figure.kind == "dots" else count_text(len(series), _NOUNS[figure.kind])
    names = listed([line.name for line in series[:MOST_LOOKS]])
    others = f" and {len(series) - MOST_LOOKS} more" if len(series) > MOST_LOOKS else ""
    log = ", on a logarithmic axis" if figure.x_log else ""
    axes = f"{shorten(figure.y_title, 80) or 'y'} over {shorten(figure.x_title, 80) or 'x'}{log}"
    return (
        f"{shorten(figure.title, 120)}. {kind}, {axes}: {names}{others}. The numbers are in the table below."
    )


def marks_text(figure: StudyFigure) -> str:
    """Return what marks and shades mean that no legend tells; empty where there are none."""
    series = drawn_series(figure)
    sentences = []
    if figure.kind == "paths":
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
