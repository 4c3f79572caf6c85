"""The legend of a figure: on the page beside the drawing, where it wraps at any width; in print above the axes."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure as PrintFigure

from tunescope.report.canvas import print_legend
from tunescope.report.palette import Look
from tunescope.report.study.drawn_series import drawn_series, thin_name
from tunescope.studies.study_result import StudyFigure

__all__ = ["LegendEntry", "legend_entries", "print_legend_above"]

_PRINT_SAMPLE, _PRINT_LETTER, _PRINT_ROW = 0.62, 0.066, 0.17
"""Inches that a sample with its margins, a letter and a row of a printed legend take."""

_DASHES = {"solid": "none", "dash": "7 4", "dashdot": "7 3 2 3", "dot": "2 3"}
_SYMBOLS = {
    "circle": '<circle cx="16" cy="7" r="4"/>',
    "square": '<path d="M12.5 3.5h7v7h-7z"/>',
    "diamond": '<path d="M16 2l5 5-5 5-5-5z"/>',
    "triangle-up": '<path d="M16 2.5l4.5 8h-9z"/>',
    "triangle-down": '<path d="M16 11.5l4.5-8h-9z"/>',
    "x": '<path d="M13 4l6 6m0-6l-6 6" stroke-width="2.6"/>',
}


class LegendEntry(NamedTuple):
    """A drawn sample of a line, and its name."""

    sample: Markup
    name: str


def legend_entries(figure: StudyFigure) -> tuple[LegendEntry, ...]:
    """Return an entry for each line with a look of its own, and one for all others; none for a single line."""
    lines = drawn_series(figure)
    if len(lines) < 2:
        return ()
    joined = figure.kind != "dots"
    entries = [LegendEntry(_sample(line.look, joined, 2.2), line.name) for line in lines if not line.thin]
    thin = [line for line in lines if line.thin]
    if thin:
        entries.append(LegendEntry(_sample(thin[0].look, joined, 1), thin_name(len(thin))))
    return tuple(entries)


def _sample(look: Look, joined: bool, width: float) -> Markup:
    """Return a small picture of a look."""
    line = (
        f'<path d="M0 7h32" stroke-width="{width}" stroke-dasharray="{_DASHES[look.dash]}"/>'
        if joined
        else ""
    )
    symbol = _SYMBOLS[look.symbol] if width > 1 or not joined else ""
    return Markup(
        f'<svg class="sample" viewBox="0 0 32 14" width="32" height="14" aria-hidden="true"'
        f' fill="{look.colour}" stroke="{look.colour}">{line}<g stroke-width="0">{symbol}</g></svg>'
    )


def print_legend_above(figure: PrintFigure, axes: Axes) -> None:
    """Put the legend above the axes in as many columns as its names allow; the figure grows by its rows."""
    for legend in figure.legends:
        legend.remove()
    names = axes.get_legend_handles_labels()[1]
    if len(names) < 2:
        return
    width, height = figure.get_size_inches()
    columns = int(width / (_PRINT_SAMPLE + _PRINT_LETTER * max(map(len, names))))
    columns = max(1, min(4, columns, len(names)))
    rows = -(-len(names) // columns)
    figure.set_size_inches(width, height + _PRINT_ROW * (rows - 1))
    print_legend(figure, axes, n_columns=columns)
