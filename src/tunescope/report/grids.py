"""A grid of figures: one thing across, another upwards, such as steps and layers, the figure as tone and in digits."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as PrintFigure
from matplotlib.ticker import PercentFormatter

from tunescope.report.canvas import hover_text, per_cent, print_axes, screen_figure
from tunescope.report.escaping import plotly_text, print_text, short_names
from tunescope.report.figure_info import FigureInfo
from tunescope.report.marks import Mark

__all__ = ["GridInfo", "cells_print", "grid_figure", "grid_print"]

_MOST_DIGITS = 120
"""A grid with more cells shows tones only; its digits would not be legible."""


class GridInfo(FigureInfo):
    """Marks in rows and columns.

    Attributes:
        value_title: Title of the scale.
        x_title: Title of the axis across.
        columns: Names of the columns, such as training steps.
        rows: Names of the rows, from bottom to top.
        row_layers: The layer of each row; ``None`` for a row that is no layer.
        marks: One row of marks per row, one mark per column.
        digits: The figures as written into the cells.
        low_is_strong: Whether a low figure says that much changed, so that it gets the strong tone.
        value_range: Both ends of the scale; ``None`` for the lowest and the highest figure.
        percent: Whether the scale is read in per cent.
    """

    value_title: str
    x_title: str = "Training step"
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    row_layers: tuple[int | None, ...] = ()
    marks: tuple[tuple[Mark, ...], ...] = ()
    digits: tuple[tuple[str, ...], ...] = ()
    low_is_strong: bool = False
    value_range: tuple[float, float] | None = None
    percent: bool = False


def grid_figure(info: GridInfo, *, digits: bool | None = None) -> go.Figure:
    """Draw the grid for the page.

    Args:
        info: The grid.
        digits: Whether cells have their figures in digits; ``None`` for where these are legible at any width.
    """
    low, high = info.value_range or (None, None)
    places = {layer: index for index, layer in enumerate(info.row_layers) if layer is not None}
    figure = screen_figure(
        x={"title": info.x_title, **_ticks([plotly_text(name) for name in short_names(info.columns, 12)])},
        y={"title": "", **_ticks([plotly_text(name) for name in short_names(info.rows, 16)])},
        height=130 + 32 * len(info.rows),
        meta={"layerAxis": "y", "layerPlaces": places},
    )
    figure.add_heatmap(
        z=[[mark.value for mark in row] for row in info.marks],
        x=list(range(len(info.columns))),
        y=list(range(len(info.rows))),
        text=_inked_digits(info),
        texttemplate="%{text}" if _shows_digits(info, digits) else "",
        textfont={"size": 11},
        hovertext=[hover_text(row) for row in info.marks],
        hoverinfo="text",
        hoverongaps=False,
        colorscale="Cividis",
        reversescale=not info.low_is_strong,
        zmin=low,
        zmax=high,
        xgap=2,
        ygap=2,
        colorbar={"thickness": 10, "outlinewidth": 0, "len": 0.9, **per_cent(info.percent)},
    )
    return figure


def _ticks(names: list[str]) -> dict[str, object]:
    return {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}


def _inked_digits(info: GridInfo) -> list[list[str]]:
    """Return the digits in the ink of their cells; plotly's own choice is faint on middle tones."""
    tones = _tones(info)
    return [
        [
            "" if mark.value is None else f'<span style="color:{_ink(tones, mark.value)}">{text}</span>'
            for mark, text in zip(*row, strict=True)
        ]
        for row in zip(info.marks, info.digits, strict=True)
    ]


def _tones(info: GridInfo) -> ScalarMappable:
    """Return what gives each figure its tone."""
    values = [mark.value for row in info.marks for mark in row if mark.value is not None]
    low, high = info.value_range or (min(values, default=0), max(values, default=1))
    return ScalarMappable(Normalize(low, high), "cividis" if info.low_is_strong else "cividis_r")


def _ink(tones: ScalarMappable, value: float) -> str:
    """Return black or white, whichever has the higher contrast with the tone of a figure (WCAG 2, section 1.4.3)."""
    red, green, blue, _ = tones.to_rgba(np.array([value]))[0] ** 2.2
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"


def _shows_digits(info: GridInfo, digits: bool | None) -> bool:
    if digits is not None:
        return digits
    return len(info.columns) <= 10 and len(info.columns) * len(info.rows) <= _MOST_DIGITS


def grid_print(info: GridInfo) -> PrintFigure:
    """Draw the grid for a paper."""
    figure = cells_print(info)
    names = [print_text(name) for name in short_names(info.columns, 12)]
    turned = len(names) > 10
    figure.axes[0].set_xticks(
        range(len(names)), names, rotation=45 if turned else 0, ha="right" if turned else "center"
    )
    return figure


def cells_print(info: GridInfo, *, digits: bool | None = None) -> PrintFigure:
    """Draw the grid for a paper without the names of its columns; the axes of the scale are the second ones.

    Args:
        info: The grid.
        digits: Whether cells have their figures in digits; ``None`` for where these are legible at any width.
    """
    figure, axes = print_axes(x_title=info.x_title, y_title="", height=1.2 + 0.3 * len(info.rows))
    values = np.array(
        [[math.nan if mark.value is None else mark.value for mark in row] for row in info.marks]
    )
    tones = _tones(info)
    low, high = tones.get_clim()
    image = axes.imshow(
        np.ma.masked_invalid(values), cmap=tones.cmap, vmin=low, vmax=high, aspect="auto", origin="lower"
    )
    written = PercentFormatter(xmax=1, symbol="\u202f%") if info.percent else None
    slender = 7 * figure.get_figheight()
    colorbar = figure.colorbar(
        image, ax=axes, label=print_text(info.value_title), format=written, aspect=slender, pad=0.02
    )
    colorbar.outline.set_visible(False)
    if _shows_digits(info, digits):
        _print_digits(axes, info)
    axes.set_yticks(range(len(info.rows)), [print_text(name) for name in short_names(info.rows, 16)])
    axes.grid(False)
    return figure


def _print_digits(axes: Axes, info: GridInfo) -> None:
    """Write the figures into the cells."""
    tones = _tones(info)
    for y, row in enumerate(info.marks):
        for x, mark in enumerate(row):
            if mark.value is not None:
                ink, text = _ink(tones, mark.value), info.digits[y][x]
                axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=8, in_layout=False)
