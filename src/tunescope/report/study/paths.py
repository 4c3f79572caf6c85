"""Paths of a study in a plane whose axes have one scale: an open mark at the start, a filled one at the end."""

from __future__ import annotations

import math

import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.canvas import hover_text, per_cent, print_axes, screen_figure
from tunescope.report.escaping import print_text
from tunescope.report.study.drawn_series import DrawnSeries, add_thin_lines, drawn_series, print_thin_lines
from tunescope.report.study.legend import print_legend_above
from tunescope.studies.study_result import StudyFigure

__all__ = ["path_ends", "path_trace", "print_path", "study_paths_figure", "study_paths_print"]

_SIZE, _END_SIZE = 4, 11


def study_paths_figure(figure: StudyFigure) -> go.Figure:
    """Draw the paths for the page; texts of the axes are set for all kinds of figures alike."""
    lines = drawn_series(figure)
    drawn = screen_figure(x={}, y={"scaleanchor": "x", **per_cent(figure.percent)}, height=520)
    for line in lines:
        if not line.thin:
            drawn.add_trace(path_trace(line))
    add_thin_lines(drawn, [line for line in lines if line.thin], "lines+markers")
    return drawn.update_layout(showlegend=False)


def path_trace(line: DrawnSeries) -> go.Scatter:
    """Return a path for the page."""
    start, end = path_ends(line)
    places = range(len(line.marks))
    return go.Scatter(
        x=[mark.position for mark in line.marks],
        y=[mark.value for mark in line.marks],
        mode="lines+markers",
        line={"color": line.look.colour, "dash": line.look.dash, "width": 1.8},
        marker={
            "color": line.look.colour,
            "size": [_END_SIZE if place in (start, end) else _SIZE for place in places],
            "symbol": [_symbol(line, place) for place in places],
            "opacity": 1,
            "line": {
                "width": [1.8 if place in (start, end) else 0 for place in places],
                "color": line.look.colour,
            },
        },
        hovertext=hover_text(line.marks),
        hoverinfo="text",
        connectgaps=False,
    )


def _symbol(line: DrawnSeries, place: int) -> str:
    start, end = path_ends(line)
    return f"{line.look.symbol}-open" if place == start != end else line.look.symbol


def path_ends(line: DrawnSeries) -> tuple[int, int]:
    """Return where the first and the last point that are defined stand among the marks."""
    defined = [place for place, mark in enumerate(line.marks) if mark.value is not None]
    return defined[0], defined[-1]


def study_paths_print(figure: StudyFigure) -> PrintFigure:
    """Draw the paths for a paper; texts of the axes are set for all kinds of figures alike."""
    lines = drawn_series(figure)
    printed, axes = print_axes(x_title="", y_title="", height=5.2, percent="y" if figure.percent else "")
    for line in lines:
        if not line.thin:
            print_path(axes, line)
    print_thin_lines(axes, [line for line in lines if line.thin], "-")
    axes.set_aspect("equal", adjustable="datalim")
    print_legend_above(printed, axes)
    return printed


def print_path(axes: Axes, line: DrawnSeries) -> None:
    """Draw a path for a paper."""
    look = line.look
    xs = [mark.position for mark in line.marks]
    ys = [math.nan if mark.value is None else mark.value for mark in line.marks]
    axes.plot(xs, ys, color=look.colour, linestyle=look.print_dash, linewidth=1.2, marker=".", markersize=3)
    start, end = path_ends(line)
    axes.plot(
        xs[start],
        ys[start],
        color=look.colour,
        marker=look.print_marker,
        markersize=6,
        markerfacecolor="white",
    )
    axes.plot(
        xs[end],
        ys[end],
        color=look.colour,
        linestyle=look.print_dash,
        linewidth=1.2,
        marker=look.print_marker,
        markersize=6,
        label=print_text(line.name),
    )
