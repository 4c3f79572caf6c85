"""Labelled spans in the JSON lines of edge probing (Tenney et al. 2019, as in the jiant toolkit), read and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.json_lines import read_json_lines
from tunescope.tasks.text_file import FilePath, place

__all__ = ["read_edge_probing", "write_edge_probing"]


def read_edge_probing(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read labelled spans, or pairs of spans, of words.

    Each line is an object such as::

        {"text": "She left .", "targets": [{"span1": [0, 1], "span2": [1, 2], "label": "nsubj"}], "info": {}}

    Spans count words from 0 and do not include their end. The words are those of ``tokens``, a list, or else those
    of ``text`` between single spaces.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every line, named by the text ``info.sentence_id`` or else ``file:line``. Targets have one
        span, or two where ``span2`` is given; all of a file have the same number.

    Raises:
        InputError: The file cannot be read; a line is no such object; a token is empty; a span lies outside its
            sentence; a label is no text; or some targets have one span and others two.
    """
    examples: list[Example] = []
    n_spans: int | None = None
    for line, record in read_json_lines(path, encoding=encoding):
        words = _words(record, path, line)
        targets = tuple(
            _target(target, len(words), partial(place, path, line), f"targets[{position}]")
            for position, target in enumerate(_list(record, "targets", path, line))
        )
        for position, target in enumerate(targets):
            n_spans = n_spans or len(target.spans)
            if len(target.spans) != n_spans:
                raise InputError(
                    "Some targets have one span and others two.",
                    where=place(path, line, f"targets[{position}]"),
                    expected=f"{n_spans} as in the lines before",
                    got=len(target.spans),
                )
        examples.append(Example(_sentence_id(record, path, line), words, targets))
    return tuple(examples)


def write_edge_probing(examples: Iterable[Example], path: FilePath) -> None:
    """Write labelled spans, or pairs of spans, so that :func:`read_edge_probing` gives the same examples.

    ``text`` holds the words between spaces; where a word holds white space itself, ``tokens`` lists them too. The
    name of an example goes into ``info.sentence_id``.

    Args:
        examples: Examples whose text is given as words and whose targets have one or two spans and a class.
        path: The file; its folder is made where it is missing, and an older file is replaced.

    Raises:
        InputError: An example's text is running text, a second text or a word is empty, or a target has no span, more
            than two, or a label that is no class.
        RunError: The file cannot be written.
    """
    lines = [json.dumps(_record(example), ensure_ascii=False) + "\n" for example in examples]
    if not lines:
        raise InputError("There is no example to write.", where=place(path))
    try:
        content = "".join(lines).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "A text holds half of a surrogate pair.", where=place(path), got=ascii(error.object[error.start])
        ) from error
    target = Path(path).expanduser()
    with readable_write_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, content)


def _words(record: dict[str, Any], path: FilePath, line: int) -> tuple[str, ...]:
    if "tokens" in record:
        column, words = "tokens", _list(record, "tokens", path, line)
    else:
        column, text = "text", record.get("text")
        if not isinstance(text, str):
            raise InputError(
                "A sentence has no text.",
                where=place(path, line, "text"),
                expected="text, or a list of words as 'tokens'",
                got="nothing" if text is None else repr(text)[:80],
            )
        # A trailing space moves no index; any other empty token would.
        words = [part for token in text.rstrip().split(" ") for part in token.split() or [token]]
    for position, word in enumerate(words):
        if not isinstance(word, str) or not word.strip():
            raise InputError(
                "A token is empty." if isinstance(word, str) else "A token is no text.",
                where=f"{place(path, line, column)}, token {position}",
                expected="words between single spaces" if column == "text" else "a list of words",
                got=repr(word)[:80],
            )
    if not words:
        raise InputError("A sentence has no words.", where=place(path, line, column), fix="remove the line")
    return tuple(words)


def _list(record: dict[str, Any], column: str, path: FilePath, line: int) -> list[Any]:
    value = record.get(column)
    if not isinstance(value, list):
        raise InputError(
            "A column is missing or no list.",
            where=place(path, line, column),
            expected="a list",
            got="nothing" if value is None else repr(value)[:80],
        )
    return value


def _target(target: object, n_words: int, where: Callable[[str], str], name: str) -> Target:
    if not isinstance(target, dict):
        raise InputError("A target is no object.", where=where(name), got=repr(target)[:80])
    spans = [
        _span(target[span], n_words, where(f"{name}.{span}")) for span in ("span1", "span2") if span in target
    ]
    label = target.get("label")
    if "span1" not in target:
        raise InputError("A target has no span.", where=where(f"{name}.span1"), got=repr(target)[:80])
    if not isinstance(label, str) or not label.strip():
        raise InputError(
            "A label is no text.",
            where=where(f"{name}.label"),
            expected="a single class",
            got="nothing" if label is None else repr(label)[:80],
        )
    return Target(label, tuple(spans))


def _span(value: object, n_words: int, where: str) -> Span:
    ends = value if isinstance(value, list) else []
    if len(ends) != 2 or not all(type(end) is int for end in ends) or not 0 <= ends[0] < ends[1] <= n_words:
        raise InputError(
            "A span does not lie in its sentence.",
            where=where,
            expected=f"[start, end] with 0 ≤ start < end ≤ {n_words}, the number of words",
            got=repr(value)[:80],
        )
    return Span(ends[0], ends[1])


def _sentence_id(record: dict[str, Any], path: FilePath, line: int) -> str:
    info = record.get("info")
    name = info.get("sentence_id") if isinstance(info, dict) else None
    # jiant's own files number sentences within documents; such a number alone is not unique.
    return name if isinstance(name, str) and name else f"{Path(path).name}:{line}"


def _record(example: Example) -> dict[str, Any]:
    words = example.text
    if isinstance(words, str) or example.second_text is not None:
        raise InputError(
            "Edge probing has spans of words in one text.",
            where=example.sentence_id,
            expected="one text, given as words",
            got="running text" if isinstance(words, str) else "two texts",
        )
    if not words or not all(word.strip() for word in words):
        raise InputError("A token is empty.", where=example.sentence_id, got=repr(words)[:80])
    record: dict[str, Any] = {
        "text": " ".join(words),
        "targets": [_target_record(target, example.sentence_id, len(words)) for target in example.targets],
        "info": {"sentence_id": example.sentence_id},
    }
    if tuple(record["text"].split()) != words:
        record["tokens"] = list(words)
    return record


def _target_record(target: Target, sentence_id: str, n_words: int) -> dict[str, Any]:
    if not isinstance(target.label, str) or not target.label.strip() or len(target.spans) not in (1, 2):
        raise InputError(
            "Edge probing cannot hold this target.",
            where=sentence_id,
            expected="a class as label, and one or two spans",
            got=repr(target)[:120],
        )
    for span in target.spans:
        _span([span.start, span.end], n_words, sentence_id)
    spans = {f"span{i}": [span.start, span.end] for i, span in enumerate(target.spans, start=1)}
    return {**spans, "label": target.label}
