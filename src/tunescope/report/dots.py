"""Dots in rows, one row per set of examples: scores before and after, with intervals."""

from __future__ import annotations

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure
from pydantic import Field

from tunescope._core.records import Record
from tunescope.report.canvas import hover_text, per_cent, print_axes, print_legend, screen_figure
from tunescope.report.escaping import plotly_text, print_text, short_names
from tunescope.report.figure_info import FigureInfo
from tunescope.report.marks import Mark, reaches
from tunescope.report.palette import Look

__all__ = ["DotSeries", "DotsInfo", "dots_figure", "dots_print"]

_SPREAD = 0.15
"""Distance between the series within a row, in rows."""


class DotSeries(Record):
    """One mark per row at most; a mark's position is its row."""

    name: str
    look: Look
    marks: tuple[Mark, ...]


class DotsInfo(FigureInfo):
    """Rows of dots.

    Attributes:
        x_title: Title of the horizontal axis.
        percent: Whether the figures are read in per cent.
        rows: Names of the rows, from top to bottom.
        split_rows: Rows of each split, by the split's index among those of the page.
        series: The series; within a row they stand below each other in this order.
    """

    x_title: str
    percent: bool = False
    rows: tuple[str, ...] = ()
    split_rows: dict[int, tuple[int, ...]] = Field(default_factory=dict)
    series: tuple[DotSeries, ...] = ()


def dots_figure(info: DotsInfo) -> go.Figure:
    """Draw the rows for the page."""
    y_axis = {
        "tickvals": list(range(len(info.rows))),
        "ticktext": [plotly_text(name) for name in short_names(info.rows, 20)],
        "range": [len(info.rows) - 0.5, -0.5],
        "showgrid": False,
    }
    x_axis = {"title": info.x_title, "nticks": 6, "tickangle": 0, **per_cent(info.percent)}
    meta = {"splitRows": {index: list(rows) for index, rows in info.split_rows.items()}}
    figure = screen_figure(
        x=x_axis, y=y_axis, height=130 + (74 if _few(info) else 34) * len(info.rows), meta=meta
    )
    for index, series in enumerate(info.series):
        down, up = reaches(series.marks)
        figure.add_scatter(
            x=[mark.value for mark in series.marks],
            y=_heights(info, index),
            name=plotly_text(series.name),
            mode="markers",
            marker=_marker(series.look),
            error_x={"array": up, "arrayminus": down, "symmetric": False, "thickness": 1.6, "width": 3},
            hovertext=hover_text(series.marks),
            hoverinfo="text",
        )
    return figure


def _few(info: DotsInfo) -> bool:
    """Whether there is room for tall rows."""
    return len(info.rows) <= 8


def _marker(look: Look) -> dict[str, object]:
    width = 2.5 if look.symbol.startswith("line") else 0
    return {
        "symbol": look.symbol,
        "size": 11,
        "color": look.colour,
        "line": {"width": width, "color": look.colour},
    }


def _heights(info: DotsInfo, index: int) -> list[float]:
    shift = (index - (len(info.series) - 1) / 2) * _SPREAD
    return [mark.position + shift for mark in info.series[index].marks]


def dots_print(info: DotsInfo) -> PrintFigure:
    """Draw the rows for a paper."""
    height = 1.2 + (0.62 if _few(info) else 0.3) * len(info.rows)
    figure, axes = print_axes(
        x_title=info.x_title, y_title="", height=height, percent="x" if info.percent else ""
    )
    for index, series in enumerate(info.series):
        for mark, y in zip(series.marks, _heights(info, index), strict=True):
            if mark.low is not None and mark.high is not None:
                axes.plot([mark.low, mark.high], [y, y], color=series.look.colour, linewidth=1.3)
        values = [float("nan") if mark.value is None else mark.value for mark in series.marks]
        axes.plot(
            values,
            _heights(info, index),
            linestyle="",
            marker=series.look.print_marker,
            markersize=6,
            markeredgewidth=1.6 if series.look.print_marker == "|" else 0,
            color=series.look.colour,
            label=print_text(series.name),
        )
    axes.set_yticks(range(len(info.rows)), [print_text(name) for name in short_names(info.rows, 20)])
    axes.set_ylim(max(len(info.rows), 1) - 0.5, -0.5)
    axes.grid(False, axis="y")
    print_legend(figure, axes)
    return figure
