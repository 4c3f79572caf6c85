"""Names of files and places on the page: safe, whatever a study calls its tables and figures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tunescope.studies.study_result import StudyFigure, StudyResult, StudyTable

__all__ = ["NamedFigure", "NamedTable", "named_figures", "named_tables", "targets"]

_LONGEST = 80


class NamedTable(NamedTuple):
    """A table, and the name of its file and of its place on the page."""

    name: str
    table: StudyTable


class NamedFigure(NamedTuple):
    """A figure, and the name of its files and of its place on the page."""

    name: str
    figure: StudyFigure


def named_tables(result: StudyResult) -> tuple[NamedTable, ...]:
    """Return the tables with their names; a plain key names its file as it is."""
    return tuple(map(NamedTable, _names(result), result.tables))


def named_figures(result: StudyResult) -> tuple[NamedFigure, ...]:
    """Return the figures with their names; these differ from those of the tables, since both have a CSV file."""
    return tuple(map(NamedFigure, _names(result)[len(result.tables) :], result.figures))


def targets(result: StudyResult) -> dict[str, tuple[str, str]]:
    """Return the place on the page and the title of what claims may point at, by key; a table goes before a figure."""
    figures = {
        figure.key: (
            f"figure-{name}",
            ": ".join(filter(str.strip, (figure.title, figure.tab))) or "the figure",
        )
        for name, figure in named_figures(result)
    }
    tables = {
        table.key: (f"table-{name}", table.title.strip() or "the table")
        for name, table in named_tables(result)
    }
    return figures | tables


def _names(result: StudyResult) -> tuple[str, ...]:
    return _apart([*(table.key for table in result.tables), *(figure.key for figure in result.figures)])


def _apart(keys: Iterable[str]) -> tuple[str, ...]:
    """Return a safe name for each key; none equals another, not even where case is not told apart.

    >>> _apart(["scores", "Scores", "../scores", ""])
    ('scores', 'Scores-2', 'scores-3', 'item')
    """
    taken: set[str] = set()
    names = []
    for key in keys:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:_LONGEST].strip("-") or "item"
        name, count = plain, 1
        while name.lower() in taken:
            count += 1
            name = f"{plain}-{count}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)
