"""Tab-separated rows without quoting: a quotation mark is a character like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tunescope._core.errors import InputError
from tunescope.tasks.text_file import FilePath, place, read_lines

__all__ = ["column_positions", "read_tab_separated"]


def read_tab_separated(
    path: FilePath, columns: Sequence[str], *, header: bool = True, encoding: str = "utf-8"
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the wanted columns of each row; blank lines are passed over.

    Args:
        path: The file.
        columns: With a header, the names of the wanted columns; without, the names of all columns.
        header: Whether the first line names the columns.
        encoding: Any text encoding that Python knows.

    Raises:
        InputError: The file cannot be read, a column is missing, or a row has another number of columns.
    """
    lines = read_lines(path, encoding=encoding)
    names, positions = list(columns), list(range(len(columns)))
    if header:
        number, line = next(lines)
        names = line.split("\t")
        positions = column_positions(names, columns, path, number)
    for number, line in lines:
        if not line:
            continue
        values = line.split("\t")
        if len(values) != len(names):
            raise InputError(
                "A row has the wrong number of columns.",
                where=place(path, number),
                expected=f"{len(names)} columns, separated by tabs: {', '.join(names)}",
                got=f"{len(values)}: {' | '.join(values)[:80]}",
            )
        yield number, [values[position] for position in positions]


def column_positions(names: Sequence[str], wanted: Sequence[str], path: FilePath, line: int) -> list[int]:
    """Return where the wanted columns stand in a header.

    Raises:
        InputError: A wanted column is missing, or its name occurs twice.
    """
    for column in wanted:
        if names.count(column) != 1:
            raise InputError(
                "A column occurs twice." if column in names else "A column is missing.",
                where=place(path, line, column),
                expected=", ".join(map(repr, wanted)),
                got=", ".join(map(repr, names))[:200],
                fix="name the columns as in the file's first line",
            )
    return [names.index(column) for column in wanted]
