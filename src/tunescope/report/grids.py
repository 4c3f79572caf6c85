"""A grid of figures: training steps or labels across, layers or labels upwards, the figure as tone and in digits."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure as PrintFigure
from matplotlib.image import AxesImage

from tunescope.report.canvas import hover_text, print_axes, screen_figure
from tunescope.report.escaping import plotly_text, print_text, short_names
from tunescope.report.figure_info import FigureInfo
from tunescope.report.marks import Mark

__all__ = ["GridInfo", "grid_figure", "grid_print"]

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
    """

    value_title: str
    x_title: str = "Training step"
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    row_layers: tuple[int | None, ...] = ()
    marks: tuple[tuple[Mark, ...], ...] = ()
    digits: tuple[tuple[str, ...], ...] = ()
    low_is_strong: bool = False


def grid_figure(info: GridInfo) -> go.Figure:
    """Draw the grid for the page."""
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
        text=[list(row) for row in info.digits],
        texttemplate="%{text}" if _shows_digits(info) else "",
        textfont={"size": 11},
        hovertext=[hover_text(row) for row in info.marks],
        hoverinfo="text",
        hoverongaps=False,
        colorscale="Cividis",
        reversescale=not info.low_is_strong,
        xgap=2,
        ygap=2,
        colorbar={"thickness": 10, "outlinewidth": 0, "len": 0.9},
    )
    return figure


def _ticks(names: list[str]) -> dict[str, object]:
    return {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}


def _shows_digits(info: GridInfo) -> bool:
    return len(info.columns) <= 10 and len(info.columns) * len(info.rows) <= _MOST_DIGITS


def grid_print(info: GridInfo) -> PrintFigure:
    """Draw the grid for a paper."""
    figure, axes = print_axes(x_title=info.x_title, y_title="", height=1.2 + 0.3 * len(info.rows))
    values = np.array(
        [[math.nan if mark.value is None else mark.value for mark in row] for row in info.marks]
    )
    tones = "cividis" if info.low_is_strong else "cividis_r"
    image = axes.imshow(np.ma.masked_invalid(values), cmap=tones, aspect="auto", origin="lower")
    colorbar = figure.colorbar(image, ax=axes, label=print_text(info.value_title))
    colorbar.outline.set_visible(False)
    if _shows_digits(info):
        _print_digits(axes, info, image)
    names = [print_text(name) for name in short_names(info.columns, 12)]
    turned = len(names) > 10
    axes.set_xticks(
        range(len(names)), names, rotation=45 if turned else 0, ha="right" if turned else "center"
    )
    axes.set_yticks(range(len(info.rows)), [print_text(name) for name in short_names(info.rows, 16)])
    axes.grid(False)
    return figure


def _print_digits(axes: Axes, info: GridInfo, image: AxesImage) -> None:
    """Write the figures into the cells, in white or black, whichever stands out from the tone."""
    for y, row in enumerate(info.marks):
        for x, mark in enumerate(row):
            if mark.value is not None:
                red, green, blue, _ = image.to_rgba(np.array([mark.value]))[0]
                ink = "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"
                axes.text(x, y, info.digits[y][x], ha="center", va="center", color=ink, fontsize=8)
