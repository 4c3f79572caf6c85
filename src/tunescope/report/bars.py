"""Bars from zero: upright ones by part of the model, lying ones by label, sorted."""

from __future__ import annotations

import plotly.graph_objects as go
from matplotlib.figure import Figure as PrintFigure

from tunescope._core.records import Record
from tunescope.report.canvas import hover_text, print_axes, screen_figure
from tunescope.report.escaping import plotly_text, print_text, short_names
from tunescope.report.figure_info import FigureInfo
from tunescope.report.marks import Mark, reaches
from tunescope.report.palette import SUBJECTS

__all__ = ["BarSet", "BarsInfo", "bars_figure", "bars_print"]

_COLOUR = SUBJECTS["both"].colour
_ERROR = "#7b8794"
_LONGEST_NAME = 18


class BarSet(Record):
    """Bars that are shown together; ``names`` and ``marks`` run in the order of drawing.

    ``layers`` tells which layer each bar belongs to, where bars stand for layers; ``layer`` which layer the whole
    set belongs to, where the figure shows one layer at a time.
    """

    names: tuple[str, ...]
    marks: tuple[Mark, ...]
    layers: tuple[int | None, ...] = ()
    layer: int | None = None


class BarsInfo(FigureInfo):
    """Bars, of which one set is shown at a time.

    Attributes:
        value_title: Title of the axis along which the bars run.
        lying: Whether the bars lie, with their names at the left.
        sets: The sets.
        first: Index of the set that is shown at first.
    """

    value_title: str
    lying: bool = False
    sets: tuple[BarSet, ...] = ()
    first: int = 0


def bars_figure(info: BarsInfo) -> go.Figure:
    """Draw the bars for the page."""
    return _lying_figure(info) if info.lying else _upright_figure(info)


def _upright_figure(info: BarsInfo) -> go.Figure:
    bars = info.sets[info.first]
    places = {layer: index for index, layer in enumerate(bars.layers) if layer is not None}
    x_axis = {
        "tickvals": list(range(len(bars.names))),
        "ticktext": [plotly_text(name) for name in _names(info, bars)],
        "showgrid": False,
    }
    figure = screen_figure(
        x={**x_axis, "title": "Part of the model"},
        y={"title": info.value_title, "rangemode": "tozero"},
        meta={"layerAxis": "x", "layerPlaces": places},
    )
    figure.add_bar(
        x=list(range(len(bars.names))),
        y=[mark.value for mark in bars.marks],
        marker={"color": _COLOUR},
        hovertext=hover_text(bars.marks),
        hoverinfo="text",
        textposition="none",
    )
    return figure


def _lying_figure(info: BarsInfo) -> go.Figure:
    longest = max((len(bars.names) for bars in info.sets), default=0)
    figure = screen_figure(
        x={"title": info.value_title, "rangemode": "tozero"},
        y={"type": "category", "autorange": "reversed", "showgrid": False, "tickmode": "linear"},
        height=100 + 27 * longest,
    )
    for index, bars in enumerate(info.sets):
        down, up = reaches(bars.marks)
        figure.add_bar(
            y=[plotly_text(name) for name in _names(info, bars)],
            x=[mark.value for mark in bars.marks],
            orientation="h",
            marker={"color": _COLOUR},
            error_x={
                "array": up,
                "arrayminus": down,
                "symmetric": False,
                "thickness": 1.4,
                "width": 3,
                "color": _ERROR,
            },
            hovertext=hover_text(bars.marks),
            hoverinfo="text",
            textposition="none",
            visible=index == info.first,
            meta={"layer": bars.layer},
        )
    figure.update_layout(showlegend=False, meta={"oneLayer": True})
    return figure


def _names(info: BarsInfo, bars: BarSet) -> list[str]:
    """Return short names of the bars; a name is shortened alike in all sets."""
    known = sorted({name for its in info.sets for name in its.names})
    short = dict(zip(known, short_names(known, _LONGEST_NAME), strict=True))
    return [short[name] for name in bars.names]


def bars_print(info: BarsInfo) -> PrintFigure:
    """Draw the first set of bars for a paper."""
    bars = info.sets[info.first]
    names = [print_text(name) for name in _names(info, bars)]
    values = [float("nan") if mark.value is None else mark.value for mark in bars.marks]
    places = range(len(names))
    if not info.lying:
        figure, axes = print_axes(x_title="Part of the model", y_title=info.value_title)
        axes.bar(places, values, color=_COLOUR, width=0.72)
        axes.set_xticks(
            places, names, rotation=0 if len(names) < 8 else 45, ha="center" if len(names) < 8 else "right"
        )
        axes.grid(False, axis="x")
        return figure
    figure, axes = print_axes(x_title=info.value_title, y_title="", height=1.0 + 0.24 * len(names))
    axes.barh(places, values, color=_COLOUR, height=0.72)
    for place, mark in zip(places, bars.marks, strict=True):
        if mark.low is not None and mark.high is not None:
            axes.plot([mark.low, mark.high], [place, place], color=_ERROR, linewidth=1.4)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    return figure
