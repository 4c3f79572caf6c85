"""JSON lines: one object in each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tunescope._core.errors import InputError
from tunescope.tasks.text_file import FilePath, place, read_lines

__all__ = ["read_json_lines"]


def read_json_lines(path: FilePath, *, encoding: str = "utf-8") -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number and the object of each line; blank lines are passed over.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Raises:
        InputError: The file cannot be read; a line is no JSON, or no object; or text in it holds half of a
            surrogate pair, which no tokenizer can read.
    """
    for number, line in read_lines(path, encoding=encoding):
        if line.strip():
            yield number, _parse(line, place(path, number))


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(
            "A line is not JSON.",
            where=f"{where}, character {error.colno}",
            expected='one JSON object in each line, such as {"text": "…", "label": "…"}',
            got=f"{error.msg}: {line[:60]!r}",
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, very deep nesting
        raise InputError("A line cannot be read as JSON.", where=where, got=error) from error
    if not isinstance(record, dict):
        raise InputError(
            "A line is no JSON object.",
            where=where,
            expected='an object such as {"text": "…", "label": "…"}',
            got=repr(record)[:60],
        )
    if "\\u" in line:
        _check_surrogates(record, where)
    return record


def _check_surrogates(record: dict[str, Any], where: str) -> None:
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "A text holds half of a surrogate pair.",
            where=where,
            expected="both halves, or the character itself",
            got=f"\\u{ord(error.object[error.start]):04x}",
        ) from error
