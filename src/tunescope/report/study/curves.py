"""Curves of a study: lines over a first axis, with their intervals as bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.curves import Curve, CurvesInfo, curves_figure, curves_print
from tunescope.report.study.drawn_series import DrawnSeries, add_thin_lines, drawn_series, print_thin_lines
from tunescope.report.study.legend import print_legend_above
from tunescope.studies.study_result import StudyFigure

__all__ = ["study_curves_figure", "study_curves_print"]

_MANY_MARKS = 30
"""With more, symbols hide the line."""


def study_curves_figure(figure: StudyFigure) -> go.Figure:
    """Draw the curves for the page; texts and ticks of the axes are set for all kinds of figures alike."""
    lines = drawn_series(figure)
    drawn = curves_figure(_curves(figure, lines))
    add_thin_lines(drawn, [line for line in lines if line.thin], "lines+markers")
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


def study_curves_print(figure: StudyFigure) -> PrintFigure:
    """Draw the curves for a paper; texts and ticks of the axes are set for all kinds of figures alike."""
    lines = drawn_series(figure)
    printed = curves_print(_curves(figure, lines))
    axes = printed.axes[0]
    for line in axes.lines:
        if np.size(line.get_xdata()) > _MANY_MARKS:
            line.set_markersize(1.5)
    print_thin_lines(axes, [line for line in lines if line.thin], "-")
    print_legend_above(printed, axes)
    return printed
