"""Sentences of files in the style of CoNLL-U: tab-separated rows, comments, a blank line after each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conllu.exceptions import ParseException
from conllu.parser import parse_id_value

from tunescope._core.errors import InputError
from tunescope.tasks.text_file import FilePath, place, read_lines

__all__ = ["ConlluSentence", "Row", "read_conllu_sentences"]


@dataclass(frozen=True, slots=True)
class Row:
    """A word or an empty node.

    Attributes:
        line: Line in the file, counted from 1.
        word_id: The number of a word; ``None`` for an empty node such as ``8.1``.
        columns: All columns as they stand in the file.
    """

    line: int
    word_id: int | None
    columns: list[str]


@dataclass(slots=True)
class ConlluSentence:
    """A sentence: its name and its rows, without multiword ranges such as ``3-4``."""

    sentence_id: str
    rows: list[Row] = field(default_factory=list)

    def words(self, *, empty_nodes: bool) -> tuple[str, ...]:
        """Return the forms, with or without those of empty nodes."""
        return tuple(row.columns[1] for row in self.rows if empty_nodes or row.word_id is not None)


def read_conllu_sentences(
    path: FilePath, columns: Sequence[str], *, encoding: str = "utf-8"
) -> Iterator[ConlluSentence]:
    """Yield the sentences of a file in their order.

    Args:
        path: The file.
        columns: The names of the columns, the first two being the id and the form.
        encoding: Any text encoding that Python knows.

    Raises:
        InputError: The file cannot be read; a row has another number of columns; an id is none, or not the
            one that follows; a form is empty.
    """
    sentence: ConlluSentence | None = None
    for number, line in read_lines(path, encoding=encoding):
        if not line.strip():
            if sentence is not None and sentence.rows:
                yield sentence
            sentence = None
            continue
        if sentence is None:
            sentence = ConlluSentence(sentence_id=f"{Path(path).name}:{number}")
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            if key.strip() == "sent_id" and value.strip():
                sentence.sentence_id = value.strip()
        else:
            _add_row(sentence, line.split("\t"), columns, path, number)
    if sentence is not None and sentence.rows:
        yield sentence


def _add_row(
    sentence: ConlluSentence, values: list[str], columns: Sequence[str], path: FilePath, line: int
) -> None:
    if len(values) != len(columns):
        raise InputError(
            "A row has the wrong number of columns.",
            where=place(path, line),
            expected=f"{len(columns)} columns, separated by tabs: {', '.join(columns)}",
            got=f"{len(values)}: {' | '.join(values)[:80]}",
        )
    if not values[1].strip():
        raise InputError("A word is empty.", where=place(path, line, columns[1]), fix="write _ or the word")
    word_id = _parse_id(values[0], path, line, columns[0])
    if isinstance(word_id, tuple):
        if word_id[1] == ".":
            sentence.rows.append(Row(line, None, values))
        return
    expected = next((row.word_id for row in reversed(sentence.rows) if row.word_id is not None), 0) + 1
    if word_id != expected:
        raise InputError(
            "The words of a sentence are not numbered one after the other.",
            where=place(path, line, columns[0]),
            expected=expected,
            got=word_id,
            fix="end every sentence with a blank line, and number its words from 1",
        )
    sentence.rows.append(Row(line, word_id, values))


def _parse_id(value: str, path: FilePath, line: int, column: str) -> int | tuple[int, str, int]:
    cause = None
    try:
        word_id: int | tuple[int, str, int] | None = parse_id_value(value)
    except ParseException as error:
        word_id, cause = None, error
    if word_id is None:
        raise InputError(
            "A row does not begin with a word's number.",
            where=place(path, line, column),
            expected="a number such as 3, a range such as 3-4, or an empty node such as 8.1",
            got=repr(value),
        ) from cause
    return word_id
