"""The first axis of a figure: at whole places, logarithmic, or with names, and how people read a place along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure as PrintFigure
from matplotlib.ticker import NullLocator

from tunescope.report.escaping import short_names
from tunescope.report.study.line_breaks import broken, print_lines, screen_lines
from tunescope.report.study.numbers import number_text, round_texts
from tunescope.studies.study_result import StudyFigure

__all__ = [
    "FirstAxis",
    "axis_names",
    "first_axis",
    "place_text",
    "print_first_axis",
    "screen_first_axis",
    "screen_texts_by_width",
]

_MOST_OWN_PLACES = 9
"""With more places, a logarithmic axis has ticks at round numbers instead."""

_LETTERS_ALONG, _LETTERS_ON_PHONES = 64, 28
"""How many letters fit along an axis for print, where a desktop has room for more, and on a phone."""

_BESIDE_A_SCALE, _BESIDE_A_LETTER = 0.85, 0.6
"""Which share of the room a grid has, and how many letters less for each of the longest name of a row."""

_OF_TITLE = 1.1
"""How much longer a title may be, since there is room beside the axis."""

_LONGEST_LINE, _LONGEST_NAME = 13, 26
_WITHIN_ENDS = 0.9
"""Which share of a logarithmic axis lies between its first and last point."""

_TURNED = {"autotickangles": [0, -35, -90], "ticklabeloverflow": "allow"}
_TURNED_LETTER = 0.045
"""Inches by which a letter of a turned name goes down."""


class FirstAxis(NamedTuple):
    """Where ticks stand, and what they say.

    Attributes:
        ticks: The places, in rising order; empty where the drawing chooses them.
        texts: What each tick says, in lines, none where there is no room; empty where the drawing writes numbers.
        log: Whether the axis is logarithmic.
        range: Both ends of the axis; ``None`` where the drawing chooses them.
    """

    ticks: tuple[float, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    log: bool = False
    range: tuple[float, float] | None = None


def axis_names(figure: StudyFigure) -> tuple[str, ...]:
    """Return the names of the places along the first axis; none where it has numbers."""
    return figure.grid.columns if figure.grid else figure.x_ticks


def first_axis(figure: StudyFigure, letters: int = _LETTERS_ALONG) -> FirstAxis:
    """Return the first axis of a figure that has a point to draw; ``letters`` is for how many there is room."""
    names = axis_names(figure)
    if names:
        texts = _name_texts(short_names(names, _LONGEST_NAME), _room(figure, letters))
        return FirstAxis(tuple(map(float, range(len(names)))), texts, range=(-0.5, len(names) - 0.5))
    places = _places(figure)
    if figure.x_log:
        ticks = _log_ticks(places)
        return FirstAxis(ticks, _with_room(ticks, places, letters), log=True)
    whole = _whole_ticks(places) if figure.kind == "curves" else ()
    return FirstAxis(whole, range=(whole[0] - 0.35, whole[-1] + 0.35)) if whole else FirstAxis()


def _room(figure: StudyFigure, letters: int) -> int:
    """Return for how many letters there is room: in a grid, its scale and the names of its rows take some."""
    if not figure.grid:
        return letters
    longest = min(max(map(len, figure.grid.rows)), 3 * letters // 8)
    return round(_BESIDE_A_SCALE * letters - _BESIDE_A_LETTER * longest)


def _name_texts(names: Sequence[str], letters: int) -> tuple[tuple[str, ...], ...]:
    """Return what ticks with names say: in lines where there is room, else in one that will be turned.

    Turned names need two letters of room; where there is less, every other name is left out, or more of them. Of
    names that are whole numbers, such as layers, so many are left out that the others need not be turned.
    """
    lines = tuple(broken(name, _LONGEST_LINE) for name in names)
    if _fit(lines, letters):
        return lines
    each = 1 + max(map(len, names)) if all(name.isdigit() for name in names) else 2
    every = math.ceil(each * len(names) / letters)
    return tuple(() if place % every else (name,) for place, name in enumerate(names))


def _fit(texts: Sequence[Sequence[str]], letters: int) -> bool:
    """Return whether names stand beside each other with room for a letter between them."""
    return (1 + max(len(line) for lines in texts for line in lines)) * sum(map(bool, texts)) <= letters


def _places(figure: StudyFigure) -> list[float]:
    """Return where along the axis the figure has points, each place once, in rising order."""
    points = ((x, y) for series in figure.series for x, y in zip(series.x, series.y, strict=True))
    return sorted({x for x, y in points if math.isfinite(x) and math.isfinite(y)})


def _whole_ticks(places: Sequence[float]) -> tuple[float, ...]:
    """Return ticks at the places themselves where these are few whole numbers, such as layers; else none."""
    if any(place != round(place) for place in places) or places[-1] - places[0] > 40:
        return ()
    return tuple(places[:: 1 + len(places) // 13])


def _log_ticks(places: Sequence[float]) -> tuple[float, ...]:
    """Return the places themselves where they are few and short to write, else round numbers between them."""
    if len(places) <= _MOST_OWN_PLACES and all(map(_is_short, places)):
        return tuple(places)
    low, high = places[0], places[-1]
    rounds: tuple[float, ...] = ()
    for digits in ("1", "125", "123456789"):
        rounds = _round_numbers(digits, low, high)
        if len(rounds) > 2:
            return rounds[:: 1 + len(rounds) // 10]
    return rounds if len(rounds) == 2 else tuple(dict.fromkeys((low, high)))


def _is_short(place: float) -> bool:
    return float(f"{place:.2g}") == place or (place == round(place) and place < 1e6)


def _round_numbers(digits: str, low: float, high: float) -> tuple[float, ...]:
    """Return the numbers between two ends whose only digit other than 0 is one of these."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    numbers = (float(f"{digit}e{power}") for power in powers for digit in digits)
    return tuple(number for number in numbers if low <= number <= high)


def _with_room(ticks: Sequence[float], places: Sequence[float], letters: int) -> tuple[tuple[str, ...], ...]:
    """Return what ticks of a logarithmic axis say; nothing where it would touch the text before or the last one."""
    low, high = places[0], places[-1]
    per_decade = _WITHIN_ENDS * letters / max(math.log10(high / low), 1e-9)
    texts = round_texts(ticks)

    def touch(one: int, other: int) -> bool:
        apart = per_decade * math.log10(ticks[other] / ticks[one])
        return apart < (len(texts[one]) + len(texts[other])) / 2 + 1

    last = len(ticks) - 1
    kept = [0]
    for index in range(1, last):
        if not touch(kept[-1], index) and not touch(index, last):
            kept.append(index)
    return tuple((text,) if index in {*kept, last} else () for index, text in enumerate(texts))


def place_text(figure: StudyFigure, x: float, digits: int = 6) -> str:
    """Return a place along the first axis as people read it: its name where it has one, else a number."""
    if figure.x_ticks and math.isfinite(x):
        return figure.x_ticks[round(x)]
    is_count = math.isfinite(x) and x == round(x) and abs(x) < 1e9
    return number_text(x, ",.0f" if is_count else f",.{digits}g")


def screen_first_axis(figure: StudyFigure) -> dict[str, Any]:
    """Return the settings of the first axis on the page."""
    axis = first_axis(figure)
    settings: dict[str, Any] = {"title_text": screen_lines([_title(figure)]), "rangemode": "normal"}
    if axis.log:
        settings["type"] = "log"
    if axis.ticks:
        settings["tickvals"] = list(axis.ticks)
    if axis.texts:
        settings["ticktext"] = list(map(screen_lines, axis.texts))
    if axis.range:
        settings["range"] = list(axis.range)
    return settings | (_TURNED if axis_names(figure) else {"tickangle": 0} if axis.ticks else {})


def screen_texts_by_width(figure: StudyFigure) -> dict[str, dict[str, Any]]:
    """Return what the first axis says where the page is wide, and where it is narrow, as on a phone."""
    texts: dict[str, dict[str, Any]] = {}
    for width, letters in (("wide", _LETTERS_ALONG), ("narrow", _LETTERS_ON_PHONES)):
        title = broken(_title(figure), round(_OF_TITLE * _room(figure, letters)))
        texts[width] = {"xaxis.title.text": screen_lines(title)}
        if figure.x_log or axis_names(figure):
            texts[width]["xaxis.ticktext"] = list(map(screen_lines, first_axis(figure, letters).texts))
    return texts


def _title(figure: StudyFigure) -> str:
    return f"{figure.x_title} (log\N{NO-BREAK SPACE}scale)".strip() if figure.x_log else figure.x_title


def print_first_axis(printed: PrintFigure, figure: StudyFigure) -> None:
    """Set the first axis of a figure for print."""
    axes, letters = printed.axes[0], _room(figure, _LETTERS_ALONG)
    axis = first_axis(figure)
    axes.set_xlabel(print_lines(broken(_title(figure), round(_OF_TITLE * letters))))
    if axis.log:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    if axis.ticks:
        axes.set_xticks(axis.ticks, list(map(print_lines, axis.texts)) or None)
    if axis_names(figure):
        axes.set_xlim(axis.range)
        if not _fit(axis.texts, letters):
            _turn_names(printed, max(len(name) for (name,) in filter(None, axis.texts)))


def _turn_names(printed: PrintFigure, longest: int) -> None:
    """Turn the names, of which the longest has so many letters; the figure grows by as much as they take."""
    for label in printed.axes[0].get_xticklabels():
        label.set(rotation=40, rotation_mode="anchor", horizontalalignment="right")
    width, height = printed.get_size_inches()
    printed.set_size_inches(width, height + _TURNED_LETTER * longest)
