"""The points of a surface one by one, the scale of their values, and what part of the plane is shown."""

from __future__ import annotations

import math
from typing import NamedTuple

from tunescope.report.study.levels import Levels, levels_between
from tunescope.studies.study_result import StudyFigure, Surface

__all__ = ["SurfacePoint", "View", "surface_levels", "surface_of", "surface_points", "view_of"]

_MARGIN = 0.04
"""Of the view's width, beyond a path's point that is not on the surface."""


class SurfacePoint(NamedTuple):
    """A point of the grid on which a surface was measured: its coordinates along both axes, and its value."""

    x: float
    y: float
    value: float


class View(NamedTuple):
    """Both ends of the shown part of each axis."""

    x: tuple[float, float]
    y: tuple[float, float]

    def shows(self, x: float, y: float) -> bool:
        """Return whether a point is within."""
        return self.x[0] <= x <= self.x[1] and self.y[0] <= y <= self.y[1]


def surface_of(figure: StudyFigure) -> Surface:
    """Return the surface of a figure that has one.

    Raises:
        ValueError: It has none.
    """
    if figure.surface is None:
        raise ValueError(f"the figure {figure.key!r} of the kind {figure.kind!r} has no surface to draw")
    return figure.surface


def surface_points(surface: Surface) -> tuple[tuple[SurfacePoint, ...], ...]:
    """Return the points row by row, from the lowest to the highest coordinates."""
    return tuple(
        tuple(SurfacePoint(x, y, value) for x, value in zip(surface.columns, values, strict=True))
        for y, values in zip(surface.rows, surface.values, strict=True)
    )


def surface_levels(figure: StudyFigure) -> Levels:
    """Return the levels of a figure's surface, which has a defined value: of its scale, else of its values.

    Where the lowest value is 0, which a logarithmic scale cannot show, the lowest one above 0 is the scale's end.
    """
    surface = surface_of(figure)
    if surface.value_range:
        return levels_between(*surface.value_range, percent=figure.percent)
    values = [value for row in surface.values for value in row if math.isfinite(value)]
    low = min(values)
    if low == 0 and not figure.percent:
        low = min((value for value in values if value > 0), default=low)
    return levels_between(low, max(values), percent=figure.percent)


def view_of(figure: StudyFigure) -> View:
    """Return what is shown of the plane: the surface, and paths as far as the surface's own width beyond it."""
    surface = surface_of(figure)
    points = [
        (x, y)
        for series in figure.series
        for x, y in zip(series.x, series.y, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    return View(
        _shown_part(surface.columns[0], surface.columns[-1], [x for x, _ in points]),
        _shown_part(surface.rows[0], surface.rows[-1], [y for _, y in points]),
    )


def _shown_part(low: float, high: float, places: list[float]) -> tuple[float, float]:
    width = high - low
    margin = _MARGIN * width
    least, most = min(places, default=low), max(places, default=high)
    return (
        low if least >= low else max(least - margin, low - width),
        high if most <= high else min(most + margin, high + width),
    )
