"""Curves of a study: lines over a first axis, with their intervals as bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.curves import Curve, CurvesInfo, curves_figure, curves_print
from tunescope.report.escaping import plotly_text, print_text
from tunescope.report.study.drawn_series import DrawnSeries, add_thin_lines, drawn_series, print_thin_lines
from tunescope.report.study.legend import print_legend_above
from tunescope.studies.study_result import StudyFigure

__all__ = ["study_curves_figure", "study_curves_print"]

_MANY_MARKS = 30
"""With more, symbols hide the line."""


def study_curves_figure(figure: StudyFigure) -> go.Figure:
    """Draw the curves for the page."""
    lines = drawn_series(figure)
    drawn = curves_figure(_curves(figure, lines))
    add_thin_lines(drawn, [line for line in lines if line.thin], "lines+markers")
    drawn.update_xaxes(title_text=plotly_text(figure.x_title), rangemode="normal", **_whole_ticks(lines))
    drawn.update_layout(showlegend=False)
    for trace in drawn.data:
        if len(trace.x) > _MANY_MARKS and trace.fill is None:
            trace.update(marker_size=3)
    return drawn


def _curves(figure: StudyFigure, lines: Sequence[DrawnSeries]) -> CurvesInfo:
    return CurvesInfo(
        key=figure.key,
        title=figure.title,
        tab=figure.tab,
        how_to_read=figure.how_to_read,
        along="step",
        y_title=figure.y_title,
        percent=figure.percent,
        curves=tuple(
            Curve(name=line.name, look=line.look, marks=line.marks) for line in lines if not line.thin
        ),
    )


def _whole_ticks(lines: Sequence[DrawnSeries]) -> dict[str, object]:
    """Return ticks at the places themselves where these are few whole numbers, such as layers; else nothing."""
    places = _whole_places(lines)
    if not places:
        return {}
    return {"tickvals": places, "tickangle": 0, "range": [places[0] - 0.35, places[-1] + 0.35]}


def _whole_places(lines: Sequence[DrawnSeries]) -> list[float]:
    places = sorted({mark.position for line in lines for mark in line.marks if mark.value is not None})
    whole = all(place == round(place) for place in places)
    if not whole or places[-1] - places[0] > 40:
        return []
    every = 1 + len(places) // 13
    return places if every == 1 else [*places[::every]]


def study_curves_print(figure: StudyFigure) -> PrintFigure:
    """Draw the curves for a paper."""
    lines = drawn_series(figure)
    printed = curves_print(_curves(figure, lines))
    axes = printed.axes[0]
    axes.set_xlabel(print_text(figure.x_title))
    for line in axes.lines:
        if np.size(line.get_xdata()) > _MANY_MARKS:
            line.set_markersize(1.5)
    print_thin_lines(axes, [line for line in lines if line.thin], "-")
    print_legend_above(printed, axes)
    if _whole_places(lines):
        axes.set_xticks(_whole_places(lines))
    return printed
