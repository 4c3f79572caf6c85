"""Dots of a study: points that are not joined, with their intervals as bars."""

from __future__ import annotations

import math

import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.canvas import hover_text, per_cent, print_axes, screen_figure
from tunescope.report.escaping import print_text
from tunescope.report.marks import reaches
from tunescope.report.study.drawn_series import DrawnSeries, add_thin_lines, drawn_series, print_thin_lines
from tunescope.report.study.legend import print_legend_above
from tunescope.studies.study_result import StudyFigure

__all__ = ["study_dots_figure", "study_dots_print"]


def study_dots_figure(figure: StudyFigure) -> go.Figure:
    """Draw the dots for the page; texts and ticks of the axes are set for all kinds of figures alike."""
    lines = drawn_series(figure)
    drawn = screen_figure(x={}, y=per_cent(figure.percent), height=380)
    for line in lines:
        if not line.thin:
            drawn.add_trace(_dots(line))
    add_thin_lines(drawn, [line for line in lines if line.thin], "markers")
    return drawn.update_layout(showlegend=False)


def _dots(line: DrawnSeries) -> go.Scatter:
    down, up = reaches(line.marks)
    return go.Scatter(
        x=[mark.position for mark in line.marks],
        y=[mark.value for mark in line.marks],
        mode="markers",
        marker={"symbol": line.look.symbol, "size": 9, "color": line.look.colour},
        error_y={"array": up, "arrayminus": down, "symmetric": False, "thickness": 1.4, "width": 3},
        hovertext=hover_text(line.marks),
        hoverinfo="text",
    )


def study_dots_print(figure: StudyFigure) -> PrintFigure:
    """Draw the dots for a paper; texts and ticks of the axes are set for all kinds of figures alike."""
    lines = drawn_series(figure)
    printed, axes = print_axes(x_title="", y_title="", percent="y" if figure.percent else "")
    for line in lines:
        if not line.thin:
            _print_dots(axes, line)
    print_thin_lines(axes, [line for line in lines if line.thin], "")
    print_legend_above(printed, axes)
    return printed


def _print_dots(axes: Axes, line: DrawnSeries) -> None:
    for mark in line.marks:
        if mark.low is not None and mark.high is not None:
            axes.plot([mark.position] * 2, [mark.low, mark.high], color=line.look.colour, linewidth=1.1)
    axes.plot(
        [mark.position for mark in line.marks],
        [math.nan if mark.value is None else mark.value for mark in line.marks],
        linestyle="",
        marker=line.look.print_marker,
        markersize=5,
        color=line.look.colour,
        label=print_text(line.name),
    )
