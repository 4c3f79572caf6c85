"""The empty figure that all kinds of figures start from, on screen and in print; the page's script adds its colours."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from typing import Any

import matplotlib
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure as PrintFigure
from matplotlib.ticker import PercentFormatter

from tunescope.report.escaping import plotly_text, print_text
from tunescope.report.marks import Mark

__all__ = ["hover_text", "per_cent", "print_axes", "print_bytes", "print_legend", "screen_figure"]

_AXIS = {"fixedrange": True, "zeroline": False, "automargin": True, "ticks": "", "title": {"standoff": 12}}
_INK, _GRID = "#1f2933", "#dde2e8"


def screen_figure(
    *, x: dict[str, Any], y: dict[str, Any], height: int = 340, meta: dict[str, Any] | None = None
) -> go.Figure:
    """Return a plotly figure without data: no toolbar, no zoom, the legend above, transparent.

    Args:
        x: Settings of the horizontal axis; a plain ``title`` is escaped.
        y: Settings of the vertical axis.
        height: In pixels; the width is the page's.
        meta: What the page's script must know to link the figure with the others.
    """
    legend = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "title": {"text": ""},
    }
    return go.Figure(
        layout={
            "template": None,
            "height": height,
            "autosize": True,
            "dragmode": False,
            "hovermode": "closest",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 54, "r": 18, "t": 24, "b": 48},
            "legend": legend,
            "hoverlabel": {"align": "left", "namelength": 0},
            "xaxis": _axis(x),
            "yaxis": _axis(y),
            "meta": meta or {},
        }
    )


def _axis(settings: dict[str, Any]) -> dict[str, Any]:
    title = {**_AXIS["title"], "text": plotly_text(settings.get("title", ""))}  # type: ignore[dict-item]
    return {**_AXIS, **settings, "title": title}


def per_cent(percent: bool) -> dict[str, Any]:
    """Return the settings of an axis whose figures are read in per cent, or nothing."""
    return {"tickformat": ".0%"} if percent else {}


def hover_text(marks: Iterable[Mark]) -> list[str]:
    """Return the words that stand beside each mark when it is pointed at."""
    return ["<br>".join(_wrapped(plotly_text(line)) for line in mark.text) for mark in marks]


def _wrapped(line: str, width: int = 56) -> str:
    """Break a long line at spaces, since plotly does not."""
    rows = [""]
    for word in line.split(" "):
        if rows[-1] and len(rows[-1]) + len(word) >= width:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return "<br>".join(rows)


def print_axes(
    *, x_title: str, y_title: str, width: float = 6.4, height: float = 3.4, percent: str = ""
) -> tuple[PrintFigure, Axes]:
    """Return an empty matplotlib figure and its axes.

    Args:
        x_title: Title of the horizontal axis.
        y_title: Title of the vertical axis.
        width: In inches.
        height: In inches.
        percent: ``"x"`` or ``"y"`` for the axis that is read in per cent.
    """
    figure = PrintFigure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(print_text(x_title), color=_INK)
    axes.set_ylabel(print_text(y_title), color=_INK)
    axes.grid(True, color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=_INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#9aa5b1")
    if percent:
        axis = axes.xaxis if percent == "x" else axes.yaxis
        axis.set_major_formatter(PercentFormatter(xmax=1, symbol="\u202f%"))
    return figure, axes


def print_legend(figure: PrintFigure, axes: Axes, n_columns: int = 4) -> None:
    """Put the legend above the axes, where there is more than one series to tell apart."""
    handles, names = axes.get_legend_handles_labels()
    if len(handles) > 1:
        columns = min(n_columns, len(handles))
        figure.legend(handles, names, loc="outside upper left", ncols=columns, frameon=False, fontsize=8.5)


def print_bytes(figure: PrintFigure, kind: str) -> bytes:
    """Return the figure as ``"svg"`` or ``"png"``; the same figure gives the same bytes."""
    stream = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "tunescope"}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="constrained_layout not applied", category=UserWarning)
        figure.savefig(stream, format=kind, dpi=200, metadata=metadata)
    return stream.getvalue()
