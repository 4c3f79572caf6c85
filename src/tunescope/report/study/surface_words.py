"""What a surface shows in words: for those who cannot see it, and of its tones and lines for all."""

from __future__ import annotations

import math

from tunescope.report.escaping import shorten
from tunescope.report.study.drawn_series import MOST_LOOKS, drawn_series
from tunescope.report.study.numbers import number_text
from tunescope.report.study.surface_points import (
    SurfacePoint,
    surface_levels,
    surface_of,
    surface_points,
    view_of,
)
from tunescope.report.wording import count_text, listed
from tunescope.studies.study_result import StudyFigure

__all__ = ["point_lines", "surface_alternative", "surface_marks_text"]


def point_lines(figure: StudyFigure, point: SurfacePoint) -> tuple[str, ...]:
    """Return what a point tells that is pointed at."""
    value = number_text(point.value, percent=figure.percent)
    lines = (
        f"{surface_of(figure).value_title or 'value'}: {value}",
        f"{figure.x_title or 'x'}: {number_text(point.x)}",
        f"{figure.y_title or 'y'}: {number_text(point.y)}",
    )
    return tuple(shorten(line, 200) for line in lines)


def surface_alternative(figure: StudyFigure) -> str:
    """Return what a surface shows: of what, over which plane, where its extremes are, and which paths go over it."""
    surface = surface_of(figure)
    defined = sorted(_defined(figure), key=lambda point: point.value)
    over = f"{shorten(figure.x_title, 80) or 'x'} and {shorten(figure.y_title, 80) or 'y'}"
    ends = f"lowest {_extreme(figure, defined[0])}, highest {_extreme(figure, defined[-1])}"
    names = [line.name for line in drawn_series(figure)]
    paths = f" Over it {count_text(len(names), 'path')}: {listed(names[:MOST_LOOKS])}." if names else ""
    return f"Contours of {shorten(surface.value_title, 80) or 'values'} over {over}: {ends}.{paths}"


def _defined(figure: StudyFigure) -> list[SurfacePoint]:
    points = surface_points(surface_of(figure))
    return [point for row in points for point in row if math.isfinite(point.value)]


def _extreme(figure: StudyFigure, point: SurfacePoint) -> str:
    value = number_text(point.value, percent=figure.percent)
    return f"{value} at ({number_text(point.x)}, {number_text(point.y)})"


def surface_marks_text(figure: StudyFigure) -> str:
    """Return what tones and lines mean, and which points are out of the ordinary."""
    surface, levels = surface_of(figure), surface_levels(figure)
    defined, n_points = _defined(figure), len(surface.columns) * len(surface.rows)
    steps = ", whose steps are those of a logarithmic scale" if levels.log else ""
    sentences = [
        f"Dark: low; light: high; lines at the numbers of the scale{steps}. Measured at {len(surface.columns)} ×"
        f" {len(surface.rows)} places, point at one for its value; between them the tones are interpolated."
    ]
    sentences += _told(n_points - len(defined), "place", "not defined and left open")
    n_beyond = sum(not levels.numbers[0] <= point.value <= levels.numbers[-1] for point in defined)
    sentences += _told(n_beyond, "place", "beyond the scale, with the tone of its end")
    view, marks = view_of(figure), [mark for line in drawn_series(figure) for mark in line.marks]
    n_outside = sum(mark.value is not None and not view.shows(mark.position, mark.value) for mark in marks)
    return " ".join(sentences + _told(n_outside, "point", "outside of what is shown"))


def _told(count: int, noun: str, what: str) -> list[str]:
    return [f"{count_text(count, noun)} {'is' if count == 1 else 'are'} {what}."] if count else []
