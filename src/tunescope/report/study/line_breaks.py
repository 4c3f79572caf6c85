"""Texts of figures in several lines, where one line has no room."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from tunescope.report.escaping import plotly_text, print_text

__all__ = ["broken", "print_lines", "screen_lines"]


def broken(text: str, letters: int) -> tuple[str, ...]:
    """Break a text at spaces; only a word that is too long makes too long a line.

    >>> broken("supersense function of words", 13)
    ('supersense', 'function of', 'words')
    """
    return tuple(textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False))


def screen_lines(lines: Iterable[str]) -> str:
    """Return the lines so that plotly shows each as it is."""
    return "<br>".join(map(plotly_text, lines))


def print_lines(lines: Iterable[str]) -> str:
    """Return the lines so that matplotlib shows each as it is."""
    return "\n".join(map(print_text, lines))
