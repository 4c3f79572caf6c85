"""Parts of speech and dependency relations from CoNLL-U files (Universal Dependencies)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from conllu.exceptions import ParseException
from conllu.parser import parse_int_value

from tunescope._core.errors import InputError
from tunescope.tasks.conllu_sentence import ConlluSentence, Row, read_conllu_sentences
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.text_file import FilePath, place

__all__ = ["CONLLU_COLUMNS", "read_dependencies", "read_pos"]

CONLLU_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
"""The ten columns of CoNLL-U, in their order (https://universaldependencies.org/format.html)."""

_UNSPECIFIED = "_"


def read_pos(
    path: FilePath,
    *,
    empty_nodes: bool = True,
    tags: Literal["UPOS", "XPOS"] = "UPOS",
    encoding: str = "utf-8",
) -> tuple[Example, ...]:
    """Read a part of speech for every token of a CoNLL-U file.

    Multiword ranges such as ``3-4`` are no tokens; the words they stand for are. An empty node without a tag
    is part of the text but no target.

    Args:
        path: The file.
        empty_nodes: Whether empty nodes such as ``8.1``, words that the sentence leaves unsaid, are tokens of
            the text. They were in Zhou and Srikumar (2022); the word counts that treebanks publish lack them.
        tags: The column of the tags: universal ones, or those of the language.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every sentence, named by its ``sent_id`` or else ``file:line``, with a target for every
        token in the order of the text.

    Raises:
        InputError: The file cannot be read, a row is malformed, or a word has no tag.
    """
    column = CONLLU_COLUMNS.index(tags)
    return tuple(
        Example(
            sentence_id=sentence.sentence_id,
            text=sentence.words(empty_nodes=empty_nodes),
            targets=tuple(_pos_targets(sentence, path, column, empty_nodes=empty_nodes)),
        )
        for sentence in read_conllu_sentences(path, CONLLU_COLUMNS, encoding=encoding)
    )


def read_dependencies(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read the basic dependency relations of a CoNLL-U file, as pairs of a token and its head.

    The root's own row is no pair, since it has no head. Empty nodes are left out altogether: they have no basic
    head. Subtypes of relations, such as ``nmod:poss``, are kept.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every sentence, named by its ``sent_id`` or else ``file:line``. Each target has two spans,
        the token and its head, and the relation as label. A sentence of one word has no target.

    Raises:
        InputError: The file cannot be read, a row is malformed, a head is no word of the sentence or the token
            itself, or a relation is missing.
    """
    return tuple(
        Example(
            sentence_id=sentence.sentence_id,
            text=sentence.words(empty_nodes=False),
            targets=tuple(_dependency_targets(sentence, path)),
        )
        for sentence in read_conllu_sentences(path, CONLLU_COLUMNS, encoding=encoding)
    )


def _pos_targets(
    sentence: ConlluSentence, path: FilePath, column: int, *, empty_nodes: bool
) -> Iterator[Target]:
    rows = [row for row in sentence.rows if empty_nodes or row.word_id is not None]
    for position, row in enumerate(rows):
        tag = row.columns[column]
        if tag != _UNSPECIFIED or row.word_id is not None:
            yield Target(_label(row, column, path), (Span(position, position + 1),))


def _dependency_targets(sentence: ConlluSentence, path: FilePath) -> Iterator[Target]:
    words = [row for row in sentence.rows if row.word_id is not None]
    relation = CONLLU_COLUMNS.index("DEPREL")
    for position, row in enumerate(words):
        head = _head(row, len(words), path)
        if head == position + 1:
            raise InputError("A word is its own head.", where=place(path, row.line, "HEAD"), got=head)
        if head:
            yield Target(_label(row, relation, path), (Span(position, position + 1), Span(head - 1, head)))


def _head(row: Row, n_words: int, path: FilePath) -> int:
    value = row.columns[CONLLU_COLUMNS.index("HEAD")]
    try:
        head = parse_int_value(value)
    except ParseException:
        head = None
    if head is None or not 0 <= head <= n_words:
        raise InputError(
            "A head is no word of its sentence.",
            where=place(path, row.line, "HEAD"),
            expected=f"a number from 0 (the root) to {n_words}",
            got=repr(value),
        )
    return int(head)


def _label(row: Row, column: int, path: FilePath) -> str:
    label = row.columns[column].strip()
    if label in ("", _UNSPECIFIED):
        raise InputError(
            "A word has no label.",
            where=place(path, row.line, CONLLU_COLUMNS[column]),
            got=repr(row.columns[column]),
            fix="annotate the word, or take its sentence out",
        )
    return label
