"""Labelled texts from tables: comma-separated, tab-separated or JSON lines, with named columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, LabelKind, Target
from tunescope.tasks.json_lines import read_json_lines
from tunescope.tasks.number_label import parse_number
from tunescope.tasks.tab_separated import column_positions
from tunescope.tasks.text_file import FilePath, place, read_lines

__all__ = ["read_table"]

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_JSON_ENDINGS = (".jsonl", ".ndjson")

_QUOTING: Mapping[bool, Any] = {True: {}, False: {"quoting": csv.QUOTE_NONE, "quotechar": None}}
_Row = tuple[int, Sequence[Any]]


def read_table(
    path: FilePath,
    *,
    text: str = "text",
    second_text: str | None = None,
    label: str = "label",
    label_kind: LabelKind = LabelKind.CLASS,
    separator: str | None = None,
    quoted: bool | None = None,
    encoding: str = "utf-8",
) -> tuple[Example, ...]:
    """Read one labelled text, or pair of texts, from each row of a table.

    Args:
        path: A file that ends in ``.csv``, ``.tsv``, ``.tab``, ``.jsonl`` or ``.ndjson``, or in anything where
            ``separator`` is given.
        text: Column of the text.
        second_text: Column of the second text, for sentence pairs.
        label: Column of the label.
        label_kind: Whether labels are classes or numbers.
        separator: The character between columns; by default what the file's ending says.
        quoted: Whether a field may stand in quotation marks, and then hold separators and line breaks; by default
            only where the separator is no tab.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every row, named ``file:line``. White space around texts and classes is removed.

    Raises:
        InputError: The file cannot be read, its kind is unknown, a column is missing, a row is malformed, a text
            or label is empty, or a number is not finite.
    """
    if label_kind not in (LabelKind.CLASS, LabelKind.NUMBER):
        raise InputError(
            "A table cannot hold labels of this kind.",
            where="label_kind",
            expected="class or number",
            got=str(label_kind),
        )
    columns = [text, *([] if second_text is None else [second_text]), label]
    examples = []
    for line, values in _rows(path, columns, separator, quoted, encoding):
        texts = [
            _text(value, place(path, line, column))
            for column, value in zip(columns[:-1], values[:-1], strict=True)
        ]
        where = place(path, line, label)
        target = Target(
            parse_number(values[-1], where) if label_kind is LabelKind.NUMBER else _class(values[-1], where)
        )
        examples.append(
            Example(f"{Path(path).name}:{line}", texts[0], (target,), texts[1] if len(texts) > 1 else None)
        )
    return tuple(examples)


def _rows(
    path: FilePath, columns: list[str], separator: str | None, quoted: bool | None, encoding: str
) -> Iterator[_Row]:
    ending = Path(path).suffix.lower()
    if separator is None and ending in _JSON_ENDINGS:
        return _json_rows(path, columns, encoding)
    separator = separator or _SEPARATORS.get(ending)
    if separator is None:
        raise InputError(
            "The kind of the table is unknown.",
            where=place(path),
            expected=f"a name that ends in {', '.join([*_SEPARATORS, *_JSON_ENDINGS])}",
            got=repr(Path(path).name),
            fix="rename the file or give separator",
        )
    if len(separator) != 1 or separator in '"\r\n':
        raise InputError(
            "The separator is not a single character.",
            where="separator",
            expected="a character such as ';'",
            got=repr(separator),
        )
    return _separated_rows(
        path, columns, separator, separator != "\t" if quoted is None else quoted, encoding
    )


def _json_rows(path: FilePath, columns: list[str], encoding: str) -> Iterator[_Row]:
    for line, record in read_json_lines(path, encoding=encoding):
        for column in columns:
            if column not in record:
                raise InputError(
                    "A column is missing.",
                    where=place(path, line, column),
                    expected=", ".join(map(repr, columns)),
                    got=", ".join(map(repr, record))[:200] or "an empty object",
                )
        yield line, [record[column] for column in columns]


def _separated_rows(
    path: FilePath, columns: list[str], separator: str, quoted: bool, encoding: str
) -> Iterator[_Row]:
    records = _records(path, separator, quoted, encoding)
    number, header = next(records)
    positions = column_positions(header, columns, path, number)
    for number, values in records:
        if len(values) != len(header):
            raise InputError(
                "A row has the wrong number of columns.",
                where=place(path, number),
                expected=f"{len(header)}: {', '.join(header)}",
                got=f"{len(values)}: {' | '.join(values)[:80]}",
                fix=None if quoted else "where fields stand in quotation marks, say quoted=True",
            )
        yield number, [values[position] for position in positions]


def _records(path: FilePath, separator: str, quoted: bool, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the number of its first line."""
    lines = (f"{line}\n" for _, line in read_lines(path, encoding=encoding))
    # Strict, since the lenient mode reads everything after a stray quotation mark as one field.
    records = csv.reader(lines, delimiter=separator, strict=True, **_QUOTING[quoted])
    first = 1
    while True:
        try:
            values = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                "A row is malformed.",
                where=place(path, first),
                expected="quotation marks in pairs around a field, and doubled within it",
                got=error,
                fix="correct the row, or say quoted=False if quotation marks are plain characters",
            ) from error
        if values:
            yield first, values
        first = records.line_num + 1


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InputError("A text is no text.", where=where, expected="text", got=repr(value)[:80])
    if not value.strip():
        raise InputError("A text is empty.", where=where, fix="remove the row")
    return value.strip()


def _class(value: object, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int) or not str(value).strip():
        raise InputError(
            "A row has no class.",
            where=where,
            expected="text or an integer",
            got=repr(value)[:80],
            fix="label the row or remove it; for labels that are numbers, say label_kind='number'",
        )
    return str(value).strip()
