"""Surfaces of a study in relief: the values as height, which a reader can turn, with the paths laid over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.colors import sample_colorscale

from tunescope.report.canvas import hover_text
from tunescope.report.escaping import plotly_text, shorten
from tunescope.report.figure_info import finite
from tunescope.report.study.drawn_series import DrawnSeries, drawn_series
from tunescope.report.study.paths import path_trace
from tunescope.report.study.surface_points import surface_levels, surface_of, view_of
from tunescope.report.study.surfaces import point_texts, value_places
from tunescope.studies.study_result import StudyFigure, Surface

__all__ = ["relief_alternative", "study_relief_figure", "surface_heights"]

_HEIGHTS = {"wide": 480, "narrow": 360}
_LETTERS_UP = 26
"""How many letters fit along the scale, which is seen at a slant."""

_PIECES = 8
"""Into how many pieces the way between two points is cut, so that it goes over hills and not through them."""

_LIFT, _MARGIN = 0.015, 0.05
"""Of the whole height: by how much paths lie above the surface, and how much room there is below and above all."""

_CAMERA = {"eye": {"x": -0.85, "y": -1.55, "z": 1.3}, "center": {"x": 0, "y": 0, "z": -0.16}}
_LIGHT = {"ambient": 0.85, "diffuse": 0.3, "specular": 0.02, "roughness": 1}
_SYMBOLS = {"circle", "square", "diamond", "x"}
"""Those of the page's symbols that there are in 3-D."""


def study_relief_figure(figure: StudyFigure) -> go.Figure:
    """Draw a surface in relief for the page, with the tones of its contours."""
    drawn = go.Figure(_relief(figure), layout=_layout(figure))
    for line in drawn_series(figure):
        drawn.add_traces(_laid_over(figure, line))
    return drawn


def relief_alternative(figure: StudyFigure) -> str:
    """Return what the relief shows, for those who cannot see it."""
    title = shorten(surface_of(figure).value_title, 80) or "values"
    return f"{shorten(figure.title, 120)}. The same surface in relief, {title} as height."


def _relief(figure: StudyFigure) -> go.Surface:
    surface, n_bands = surface_of(figure), surface_levels(figure).n_bands
    return go.Surface(
        x=surface.columns,
        y=surface.rows,
        z=[[finite(place) for place in row] for row in value_places(figure).tolist()],
        colorscale=_bands(n_bands),
        cmin=0,
        cmax=n_bands,
        showscale=False,
        connectgaps=False,
        lighting=_LIGHT,
        contours={
            "x": {"highlight": False},
            "y": {"highlight": False},
            "z": {
                "show": True,
                "start": 1,
                "end": n_bands - 1,
                "size": 1,
                "color": "white",
                "highlight": False,
            },
        },
        hovertext=point_texts(figure),
        hoverinfo="text",
    )


def _bands(n_bands: int) -> list[tuple[float, str]]:
    """Return a scale with one tone for each band."""
    tones = sample_colorscale("Cividis", n_bands)
    return [(end / n_bands, tone) for band, tone in enumerate(tones) for end in (band, band + 1)]


def _layout(figure: StudyFigure) -> dict[str, Any]:
    levels, view = surface_levels(figure), view_of(figure)
    up = {
        **_axis(surface_of(figure).value_title, (-_MARGIN * levels.n_bands, (1 + _MARGIN) * levels.n_bands)),
        "tickvals": list(range(levels.n_bands + 1)),
        "ticktext": levels.texts(_LETTERS_UP),
    }
    return {
        "template": None,
        "height": _HEIGHTS["wide"],
        "autosize": True,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "hoverlabel": {"align": "left", "namelength": 0},
        "scene": {
            "xaxis": _axis(figure.x_title, view.x),
            "yaxis": _axis(figure.y_title, view.y),
            "zaxis": up,
            "aspectmode": "manual",
            "aspectratio": {"x": 1, "y": 1, "z": 0.6},
            "camera": _CAMERA,
            "dragmode": "turntable",
        },
        "meta": {
            "heights": _HEIGHTS,
            "wide": {"scene.zaxis.title.text": up["title"]["text"]},
            "narrow": {"scene.zaxis.title.text": ""},
        },
    }


def _axis(title: str, ends: tuple[float, float]) -> dict[str, Any]:
    return {
        "title": {"text": plotly_text(shorten(title, 40))},
        "range": ends,
        "showspikes": False,
        "zeroline": False,
        "showbackground": False,
    }


def _laid_over(figure: StudyFigure, line: DrawnSeries) -> list[go.Scatter3d]:
    """Return a path as a line over the surface with a white margin, and its points; nothing where it has no height."""
    points = [_Point(mark.position, math.nan if mark.value is None else mark.value) for mark in line.marks]
    way, width = list(_cut(points)), 2 if line.thin else 5
    marks = path_trace(line).marker
    marked = go.Scatter3d(
        **_raised(figure, points, 3 * _LIFT),
        mode="markers",
        marker={
            "color": line.look.colour,
            "size": [size * (0.5 if line.thin else 0.8) for size in marks.size],
            "symbol": list(map(_symbol, marks.symbol)),
            "line": {"width": 0},
            "opacity": 1,
        },
        hovertext=hover_text(line.marks),
        hoverinfo="text",
    )
    return [
        _joined(_raised(figure, way, _LIFT), "white", 2.2 * width),
        _joined(_raised(figure, way, 2 * _LIFT), line.look.colour, width),
        marked,
    ]


def _joined(places: dict[str, list[float | None]], colour: str, width: float) -> go.Scatter3d:
    return go.Scatter3d(
        **places,
        mode="lines",
        line={"color": colour, "width": width},
        connectgaps=False,
        hoverinfo="skip",
    )


def _symbol(symbol: str) -> str:
    shape, opened, _ = symbol.partition("-open")
    return f"{shape if shape in _SYMBOLS else 'circle'}{opened}"


class _Point(NamedTuple):
    x: float
    y: float


def _cut(points: Sequence[_Point]) -> Iterator[_Point]:
    """Yield the points, and others at even distances between neighbours."""
    yield from points[:1]
    for one, other in pairwise(points):
        for piece in range(1, _PIECES + 1):
            share = piece / _PIECES
            yield _Point(*((1 - share) * a + share * b for a, b in zip(one, other, strict=True)))


def _raised(figure: StudyFigure, points: Sequence[_Point], lift: float) -> dict[str, list[float | None]]:
    """Return coordinates above the surface, by a share of its whole height; none where it has no height."""
    heights = surface_heights(surface_of(figure), value_places(figure), points)
    heights += lift * surface_levels(figure).n_bands
    kept = [
        (point.x, point.y, round(height, 4)) if math.isfinite(height) else (None,) * 3
        for point, height in zip(points, heights.tolist(), strict=True)
    ]
    return dict(zip("xyz", map(list, zip(*kept, strict=True)), strict=True))


def surface_heights(
    surface: Surface, heights: Float[np.ndarray, "row column"], points: Sequence[tuple[float, float]]
) -> Float[np.ndarray, " point"]:
    """Return the heights of a surface at points of its plane, interpolated along both axes.

    Args:
        surface: Whose grid the heights are at.
        heights: At each point of the grid; NaN where undefined.
        points: Coordinates along the first and the second axis.

    Returns:
        A height for each point; NaN outside of the surface, and where it rests on an undefined one.
    """
    x, y = np.array(points, dtype=float).T
    (left, across), (below, up) = _cells(surface.columns, x), _cells(surface.rows, y)
    total = np.zeros(len(points))
    for column, share_across in ((left, 1 - across), (left + 1, across)):
        for row, share_up in ((below, 1 - up), (below + 1, up)):
            share = share_across * share_up
            total += np.where(share == 0, 0.0, share * heights[row, column])
    return total


def _cells(
    places: Sequence[float], given: Float[np.ndarray, " point"]
) -> tuple[np.ndarray, Float[np.ndarray, " point"]]:
    """Return after which place each coordinate lies, and at what share of the way to the next; NaN for outside."""
    ends = np.array(places)
    cell = np.clip(np.searchsorted(ends, given, side="right") - 1, 0, len(ends) - 2)
    share = (given - ends[cell]) / (ends[cell + 1] - ends[cell])
    return cell, np.where((share >= 0) & (share <= 1), share, math.nan)
