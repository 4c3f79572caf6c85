"""The lines of a figure with their looks: a dozen differ in colour, dash and symbol, others are thin and grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go
from matplotlib.axes import Axes

from tunescope.report.canvas import hover_text
from tunescope.report.escaping import short_names, shorten
from tunescope.report.figure_info import finite
from tunescope.report.marks import Mark
from tunescope.report.palette import BASELINE, SUBJECTS, Look, label_look
from tunescope.report.study.first_axis import place_text
from tunescope.report.study.numbers import number_text
from tunescope.studies.study_result import Series, StudyFigure

__all__ = [
    "MOST_LOOKS",
    "DrawnSeries",
    "add_thin_lines",
    "drawn_series",
    "is_drawable",
    "print_thin_lines",
    "thin_name",
]

MOST_LOOKS = 12
"""More looks than these cannot be told apart."""

_ROLES = {
    "base": SUBJECTS["base"],
    "tuned": SUBJECTS["tuned"],
    "baseline": BASELINE._replace(dash="dash", symbol="x", print_dash="--", print_marker="X"),
}
_DASHES = (("solid", "-"), ("dash", "--"), ("dashdot", "-."), ("dot", ":"))
_N_COLOURS, _N_SYMBOLS = 9, 5
_THIN = Look("#848d97")


class DrawnSeries(NamedTuple):
    """A line as it is drawn: a short name that no other line has, a look, and marks with their words."""

    name: str
    look: Look
    thin: bool
    marks: tuple[Mark, ...]


def drawn_series(figure: StudyFigure) -> tuple[DrawnSeries, ...]:
    """Return the lines that have any point, with their looks."""
    drawn = [series for series in figure.series if _has_point(series)]
    names = short_names([series.name for series in drawn], 34)
    return tuple(
        DrawnSeries(name, look or _THIN, look is None, _marks(figure, series))
        for name, look, series in zip(names, _looks(drawn), drawn, strict=True)
    )


def is_drawable(figure: StudyFigure) -> bool:
    """Return whether the figure has a point or a cell to draw; of a surface, a value."""
    whole = figure.grid or figure.surface
    if whole:
        has_any = any(math.isfinite(value) for row in whole.values for value in row)
    else:
        has_any = any(map(_has_point, figure.series))
    return figure.missing is None and has_any


def _has_point(series: Series) -> bool:
    return any(math.isfinite(x) and math.isfinite(y) for x, y in zip(series.x, series.y, strict=True))


def _looks(series: Sequence[Series]) -> list[Look | None]:
    """Give looks to lines with a role first, then to the others as they come, and ``None`` to the rest."""
    by_right = sorted(range(len(series)), key=lambda index: not series[index].role)
    taken = {_ROLES[each.role].colour for each in series if each.role}
    colours = [index for index in range(_N_COLOURS) if label_look(index).colour not in taken]
    looks: dict[int, Look] = {}
    seen = dict.fromkeys(("", *_ROLES), 0)
    for index in by_right[:MOST_LOOKS]:
        role = series[index].role
        looks[index] = _role_look(role, seen[role]) if role else _free_look(colours, seen[""])
        seen[role] += 1
    return [looks.get(index) for index in range(len(series))]


def _role_look(role: str, repetition: int) -> Look:
    """Return the look of a role; where several lines have it, they differ in dash and symbol."""
    look = _ROLES[role]
    return _varied(look, _N_COLOURS * repetition, repetition) if repetition else look


def _free_look(colours: Sequence[int], place: int) -> Look:
    """Return the look of the line at this place among those without a role."""
    look = label_look(colours[place % len(colours)])
    return _varied(look, _N_COLOURS * (place % _N_SYMBOLS), place)


def _varied(look: Look, symbol_of: int, dash: int) -> Look:
    other = label_look(symbol_of)
    screen_dash, print_dash = _DASHES[dash % len(_DASHES)]
    return Look(look.colour, screen_dash, other.symbol, print_dash, other.print_marker)


def _marks(figure: StudyFigure, series: Series) -> tuple[Mark, ...]:
    nothing = (math.nan,) * len(series.x)
    ends = zip(series.low or nothing, series.high or nothing, strict=True)
    labels = series.labels or ("",) * len(series.x)
    return tuple(
        _mark(figure, series.name, label, x, y, *end)
        for x, y, end, label in zip(series.x, series.y, ends, labels, strict=True)
    )


def _mark(figure: StudyFigure, name: str, label: str, x: float, y: float, low: float, high: float) -> Mark:
    if not (math.isfinite(x) and math.isfinite(y)):
        return Mark(position=math.nan if not math.isfinite(x) else x, value=None)
    has_interval = math.isfinite(low) and math.isfinite(high)
    percent = figure.percent and figure.kind != "surface"
    value = number_text(y, percent=percent)
    if has_interval:
        value += f" ({' … '.join(number_text(end, percent=percent) for end in (low, high))})"
    heading = [shorten(text, 200) for text in (name, label) if text.strip()]
    place = f"{figure.x_title or 'x'}: {place_text(figure, x, 4)}"
    places = [] if place.replace(":", "").lower() == label.lower() else [shorten(place, 200)]
    return Mark(
        position=x,
        value=y,
        low=finite(low) if has_interval else None,
        high=finite(high) if has_interval else None,
        text=(*heading, *places, shorten(f"{figure.y_title or 'y'}: {value}", 200)),
    )


def add_thin_lines(figure: go.Figure, lines: Sequence[DrawnSeries], mode: str) -> None:
    """Add the lines without a look of their own, behind the others."""
    for line in lines:
        figure.add_scatter(
            x=[mark.position for mark in line.marks],
            y=[mark.value for mark in line.marks],
            mode=mode,
            line={"color": line.look.faint(0.6), "width": 1},
            marker={"color": line.look.faint(0.6), "size": 3, "line": {"width": 0}},
            hovertext=hover_text(line.marks),
            hoverinfo="text",
            connectgaps=False,
            zorder=-1,
        )


def print_thin_lines(axes: Axes, lines: Sequence[DrawnSeries], linestyle: str) -> None:
    """Draw the lines without a look of their own for a paper, behind the others."""
    for index, line in enumerate(lines):
        axes.plot(
            [mark.position for mark in line.marks],
            [math.nan if mark.value is None else mark.value for mark in line.marks],
            linestyle=linestyle,
            linewidth=0.6,
            marker=".",
            markersize=2,
            color=line.look.colour,
            zorder=1.5,
            label=thin_name(len(lines)) if index == 0 else None,
        )


def thin_name(count: int) -> str:
    """Return what the legend calls the lines without a look of their own."""
    return "1 other" if count == 1 else f"{count} others"
