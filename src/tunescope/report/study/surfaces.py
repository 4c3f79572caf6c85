"""Surfaces of a study: contours of a value in a plane, with paths over them."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure as PrintFigure
from matplotlib.patheffects import withStroke

from tunescope.report.canvas import print_axes, screen_figure
from tunescope.report.escaping import plotly_text, print_text, shorten
from tunescope.report.figure_info import finite
from tunescope.report.study.drawn_series import DrawnSeries, add_thin_lines, drawn_series, print_thin_lines
from tunescope.report.study.legend import print_legend_above
from tunescope.report.study.levels import Levels
from tunescope.report.study.line_breaks import broken, print_lines, screen_lines
from tunescope.report.study.paths import path_ends, path_trace, print_path
from tunescope.report.study.surface_points import surface_levels, surface_of, surface_points, view_of
from tunescope.report.study.surface_words import point_lines
from tunescope.studies.study_result import StudyFigure

__all__ = [
    "SURFACE_HEIGHTS",
    "point_texts",
    "scale_by_width",
    "study_surface_figure",
    "study_surface_print",
    "value_places",
]

SURFACE_HEIGHTS = {"wide": 540, "narrow": 420}
"""Pixels, where the page is wide and where it is narrow, as on a phone."""

_PRINT_HEIGHT = 4.6
_LETTERS_ALONG = {"wide": 88, "narrow": 42}
"""How many letters fit along the scale."""

_TITLE_ALONG, _TITLE_UP = 42, 40
_TITLE_LINE, _SCALE_HEIGHT = 18, 46
"""Pixels that a line of the scale's title takes, and the scale below it."""

_LINE, _INK = "rgba(255,255,255,.65)", "#1f2933"
_CASING = 3
"""Pixels of white around a path, without which it would be hard to see on some tones."""

_SCALE: dict[str, Any] = {
    "orientation": "h",
    "x": 0.5,
    "yref": "container",
    "yanchor": "top",
    "ypad": 4,
    "len": 1,
    "thickness": 10,
    "outlinewidth": 0,
}
"""Above the surface; where its place is given in another way, plotly shifts the title of the first axis."""


def study_surface_figure(figure: StudyFigure) -> go.Figure:
    """Draw the contours and paths for the page; texts of the axes are set for all kinds of figures alike."""
    surface, levels, view = surface_of(figure), surface_levels(figure), view_of(figure)
    drawn = screen_figure(x={"range": view.x}, y={"range": view.y}, height=SURFACE_HEIGHTS["wide"])
    drawn.add_contour(
        x=surface.columns,
        y=surface.rows,
        z=[[finite(place) for place in row] for row in value_places(figure).tolist()],
        coloraxis="coloraxis",
        contours={
            "start": 1,
            "end": levels.n_bands - 1,
            "size": 1,
            "showlabels": True,
            "labelfont": {"size": 11, "color": _INK},
        },
        line={"width": 0.8, "color": _LINE, "smoothing": 0},
        connectgaps=False,
        hoverongaps=False,
        hovertext=point_texts(figure),
        hoverinfo="text",
    )
    lines = drawn_series(figure)
    add_thin_lines(drawn, [line for line in lines if line.thin], "lines+markers")
    for line in lines:
        if not line.thin:
            drawn.add_traces([_casing(line), _with_white_start(path_trace(line), line)])
    drawn.update_traces(zorder=0)
    return drawn.update_layout(
        coloraxis=_colour_axis(figure, levels),
        annotations=[_scale_title(figure)],
        margin_t=_TITLE_LINE * len(_title_lines(figure)) + _SCALE_HEIGHT,
        showlegend=False,
    )


def value_places(figure: StudyFigure) -> Float[np.ndarray, "row column"]:
    """Return where the values of a figure's surface stand on its scale; NaN where they are not defined."""
    return surface_levels(figure).places(surface_of(figure).values)


def point_texts(figure: StudyFigure) -> np.ndarray:
    """Return what stands beside each point of the surface when it is pointed at; shape (row, column)."""
    return np.array(
        [
            ["<br>".join(map(plotly_text, point_lines(figure, point))) for point in row]
            for row in surface_points(surface_of(figure))
        ]
    )


def scale_by_width(figure: StudyFigure) -> dict[str, dict[str, Any]]:
    """Return where the scale stands, and what it says, where the page is wide and where it is narrow."""
    levels = surface_levels(figure)
    return {
        width: {
            "coloraxis.colorbar.y": _scale_top(figure, height),
            "coloraxis.colorbar.ticktext": levels.texts(_LETTERS_ALONG[width]),
        }
        for width, height in SURFACE_HEIGHTS.items()
    }


def _scale_top(figure: StudyFigure, height: int) -> float:
    """Return where the scale begins, as a share of the figure's height from its bottom."""
    return 1 - _TITLE_LINE * len(_title_lines(figure)) / height


def _title_lines(figure: StudyFigure) -> tuple[str, ...]:
    return broken(shorten(surface_of(figure).value_title, 80), _TITLE_ALONG)


def _scale_title(figure: StudyFigure) -> dict[str, Any]:
    return {
        "text": screen_lines(_title_lines(figure)),
        "font": {"size": 12},
        "showarrow": False,
        "x": 0.5,
        "xref": "paper",
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": _SCALE_HEIGHT,
    }


def _colour_axis(figure: StudyFigure, levels: Levels) -> dict[str, Any]:
    return {
        "colorscale": "Cividis",
        "cmin": 0,
        "cmax": levels.n_bands,
        "colorbar": {
            **_SCALE,
            "y": _scale_top(figure, SURFACE_HEIGHTS["wide"]),
            "tickvals": list(range(levels.n_bands + 1)),
            "ticktext": levels.texts(_LETTERS_ALONG["wide"]),
        },
    }


def _casing(line: DrawnSeries) -> go.Scatter:
    trace, ends = path_trace(line), path_ends(line)
    sizes = [size + 2 * _CASING if place in ends else 0 for place, size in enumerate(trace.marker.size)]
    return trace.update(
        line={"color": "white", "width": trace.line.width + 2 * _CASING, "dash": "solid"},
        marker={"color": "white", "size": sizes, "symbol": line.look.symbol, "line": {"width": 0}},
        hoverinfo="skip",
        hovertext=None,
    )


def _with_white_start(trace: go.Scatter, line: DrawnSeries) -> go.Scatter:
    """Return a path whose open mark lets nothing through."""
    start, end = path_ends(line)
    colours = ["white" if place == start != end else line.look.colour for place in range(len(line.marks))]
    return trace.update(marker={"symbol": line.look.symbol, "color": colours})


def study_surface_print(figure: StudyFigure) -> PrintFigure:
    """Draw the contours and paths for a paper; texts of the axes are set for all kinds of figures alike."""
    printed, axes = print_axes(x_title="", y_title="", height=_PRINT_HEIGHT)
    axes.grid(False)
    bands = _print_contours(axes, figure)
    levels = surface_levels(figure)
    scale = printed.colorbar(bands, ax=axes, pad=0.02, aspect=30)
    scale.set_ticks(range(levels.n_bands + 1), labels=list(map(print_text, levels.texts())))
    scale.set_label(print_lines(broken(shorten(surface_of(figure).value_title, 80), _TITLE_UP)))
    scale.outline.set_visible(False)
    scale.ax.tick_params(length=0)
    lines = drawn_series(figure)
    print_thin_lines(axes, [line for line in lines if line.thin], "-")
    for line in lines:
        if not line.thin:
            print_path(axes, line)
    for drawn in axes.lines:
        drawn.set_path_effects([withStroke(linewidth=drawn.get_linewidth() + 1.6, foreground="white")])
    view = view_of(figure)
    axes.set(xlim=view.x, ylim=view.y)
    print_legend_above(printed, axes)
    return printed


def _print_contours(axes: Axes, figure: StudyFigure) -> QuadContourSet:
    """Draw the bands, lines between them, and what these say."""
    surface, levels, places = surface_of(figure), surface_levels(figure), value_places(figure)
    shown = (surface.columns, surface.rows, np.ma.masked_invalid(places))
    bands = axes.contourf(
        *shown,
        levels=range(levels.n_bands + 1),
        cmap="cividis",
        norm=Normalize(0.5, levels.n_bands - 0.5),
        zorder=0.5,
    )
    crossed = [level for level in range(1, levels.n_bands) if np.nanmin(places) < level < np.nanmax(places)]
    if crossed:
        lines = axes.contour(*shown, levels=crossed, colors="white", linewidths=0.5, alpha=0.65, zorder=0.6)
        texts = dict(enumerate(map(print_text, levels.texts())))
        for label in axes.clabel(lines, fmt=texts, fontsize=7, colors=_INK, zorder=0.7):
            label.set_alpha(1)
            label.set_path_effects([withStroke(linewidth=1.8, foreground="white")])
    return bands
