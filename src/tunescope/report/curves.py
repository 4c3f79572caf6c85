"""Curves over layers or steps, with their intervals as bands."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Literal

import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure as PrintFigure

from tunescope._core.records import Record
from tunescope.report.canvas import hover_text, per_cent, print_axes, print_legend, screen_figure
from tunescope.report.escaping import plotly_text, print_text, shorten
from tunescope.report.figure_info import FigureInfo
from tunescope.report.marks import Mark
from tunescope.report.palette import Look

__all__ = ["Curve", "CurvesInfo", "curves_figure", "curves_print"]


_LOG_AXIS = {"type": "log", "tickvals": [digit * 10**power for power in range(7) for digit in (1, 2, 5)]}


class Curve(Record):
    """A series of marks that belong together; ``split`` says which examples it rests on."""

    name: str
    look: Look
    marks: tuple[Mark, ...]
    split: str | None = None


class CurvesInfo(FigureInfo):
    """Curves in one plane.

    Attributes:
        along: What the horizontal axis counts.
        y_title: Title of the vertical axis.
        percent: Whether the figures are read in per cent.
        log: Whether the vertical axis is logarithmic.
        curves: The curves.
        splits: All splits of the page; the page's choice of a split applies to them by index.
        one_split: Whether the figure shows one split at a time, and which one at first.
    """

    along: Literal["layer", "step"]
    y_title: str
    percent: bool = False
    log: bool = False
    curves: tuple[Curve, ...] = ()
    splits: tuple[str, ...] = ()
    one_split: str | None = None


def curves_figure(info: CurvesInfo) -> go.Figure:
    """Draw the curves for the page."""
    meta = {
        "layerAxis": "x" if info.along == "layer" else None,
        "oneSplit": _split_index(info, info.one_split),
    }
    x_axis: dict[str, Any] = {"title": info.along.capitalize(), "rangemode": "tozero"}
    if info.along == "layer":
        x_axis |= _layer_ticks(info)
    y_axis = {"title": info.y_title, **per_cent(info.percent), **(_LOG_AXIS if info.log else {})}
    figure = screen_figure(x=x_axis, y=y_axis, meta=meta)
    for curve in info.curves:
        shown = info.one_split is None or curve.split in (None, info.one_split)
        for trace in (*_bands(curve), _line(curve)):
            trace.update(
                visible=shown, meta={"split": _split_index(info, curve.split)}, legendgroup=curve.name
            )
            figure.add_trace(trace)
    figure.update_layout(showlegend=len(info.curves) > 1)
    return figure


def _line(curve: Curve) -> go.Scatter:
    look = curve.look
    return go.Scatter(
        x=[mark.position for mark in curve.marks],
        y=[mark.value for mark in curve.marks],
        name=plotly_text(shorten(curve.name, 34)),
        mode="lines+markers",
        line={"color": look.colour, "dash": look.dash, "width": 2.2},
        marker={"symbol": look.symbol, "size": 7, "color": look.colour},
        hovertext=hover_text(curve.marks),
        hoverinfo="text",
        connectgaps=False,
    )


def _bands(curve: Curve) -> list[go.Scatter]:
    """Return a filled outline for each stretch of neighbouring marks that have an interval."""
    return [
        go.Scatter(
            x=[mark.position for mark in (*run, *run[::-1])],
            y=[*(mark.high for mark in run), *(mark.low for mark in run[::-1])],
            mode="lines",
            line={"width": 0 if len(run) > 1 else 1.5, "color": curve.look.colour},
            fill="toself",
            fillcolor=curve.look.faint(),
            hoverinfo="skip",
            showlegend=False,
        )
        for run in _runs(curve)
    ]


def _runs(curve: Curve) -> list[tuple[Mark, ...]]:
    grouped = groupby(curve.marks, key=lambda mark: mark.value is not None and mark.low is not None)
    return [tuple(run) for has_interval, run in grouped if has_interval]


def _split_index(info: CurvesInfo, split: str | None) -> int | None:
    return info.splits.index(split) if split in info.splits else None


def _layer_ticks(info: CurvesInfo) -> dict[str, Any]:
    layers = sorted({mark.position for curve in info.curves for mark in curve.marks})
    every = 1 + len(layers) // 14
    return {"tickvals": layers[::every], "range": [-0.35, max(layers, default=1) + 0.35]}


def curves_print(info: CurvesInfo) -> PrintFigure:
    """Draw the curves for a paper; of a figure that shows one split at a time, the first one."""
    figure, axes = print_axes(
        x_title=info.along.capitalize(), y_title=info.y_title, percent="y" if info.percent else ""
    )
    for curve in info.curves:
        if info.one_split is None or curve.split in (None, info.one_split):
            _print_curve(axes, curve)
    if info.along == "layer":
        axes.set_xticks(_layer_ticks(info)["tickvals"])
    if info.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
    print_legend(figure, axes)
    return figure


def _print_curve(axes: Axes, curve: Curve) -> None:
    look = curve.look
    for run in _runs(curve):
        xs = [mark.position for mark in run]
        lows, highs = [mark.low or 0.0 for mark in run], [mark.high or 0.0 for mark in run]
        axes.fill_between(xs, lows, highs, color=look.colour, alpha=0.16, linewidth=0)
    axes.plot(
        [mark.position for mark in curve.marks],
        [float("nan") if mark.value is None else mark.value for mark in curve.marks],
        linestyle=look.print_dash,
        marker=look.print_marker,
        markersize=4,
        markerfacecolor="white" if look.symbol.endswith("-open") else look.colour,
        color=look.colour,
        label=print_text(shorten(curve.name, 34)),
    )
