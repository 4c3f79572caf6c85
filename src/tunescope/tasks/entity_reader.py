"""Nominal supersenses of ``.conllulex`` files (STREUSLE) as entity spans, a BIO tag for every word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tunescope._core.errors import InputError
from tunescope.tasks.conllu_sentence import Row, read_conllu_sentences
from tunescope.tasks.conllulex_reader import CONLLULEX_COLUMNS
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.text_file import FilePath, place

__all__ = ["read_entities"]

_SUPERSENSE = CONLLULEX_COLUMNS.index("SS")
_STRONG_EXPRESSION = CONLLULEX_COLUMNS.index("SMWE")
_NOMINAL = "n."


def read_entities(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read the nominal supersense (column ``SS``, prefix ``n.``) of every word, as a BIO tag.

    A strong multiword expression with a nominal supersense is one span over its words; a word of its own with one is a
    span of one word. All other words are ``O``: verbs and prepositions with their supersenses, ``??``, and words that
    only a weak expression joins. Empty nodes are no part of the text.

    BIO tags cannot say that a span has a gap. An expression with one (*Phone calls were n't returned*, with *Phone*
    *calls* and *returned* annotated as one) becomes several spans of its supersense, each over words that stand
    together, each beginning with ``B-``; the words in the gap keep tags of their own. In STREUSLE 4.2 these are 18 of
    940 nominal expressions of several words in train, 2 of 155 in dev and 2 of 129 in test.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every sentence, named by its ``sent_id`` or else ``file:line``, with a target for every word in
        the order of the text. Labels are ``O``, ``B-n.PERSON``, ``I-n.PERSON`` …

    Raises:
        InputError: The file cannot be read, a row is malformed, or a strong expression is not numbered as it should be.

    References:
        Schneider and Smith 2015, "A Corpus and Model Integrating Multiword Expressions and Supersenses"; the format is
        that of STREUSLE's CONLLULEX.md.
    """
    examples = []
    for sentence in read_conllu_sentences(path, CONLLULEX_COLUMNS, encoding=encoding):
        words = [row for row in sentence.rows if row.word_id is not None]
        tags = _tags(words, path)
        targets = tuple(Target(tag, (Span(i, i + 1),)) for i, tag in enumerate(tags))
        examples.append(Example(sentence.sentence_id, sentence.words(empty_nodes=False), targets))
    return tuple(examples)


def _tags(words: Sequence[Row], path: FilePath) -> list[str]:
    groups = [_group(row, path) for row in words]
    senses = _senses_of_groups(words, groups, path)
    tags: list[str] = []
    for position, (row, group) in enumerate(zip(words, groups, strict=True)):
        sense = row.columns[_SUPERSENSE] if group is None else senses[group[0]]
        if not sense.startswith(_NOMINAL):
            tags.append("O")
            continue
        before = groups[position - 1] if position else None
        goes_on = group is not None and before is not None and before[0] == group[0]
        tags.append(f"{'I' if goes_on else 'B'}-{sense}")
    return tags


def _group(row: Row, path: FilePath) -> tuple[int, int] | None:
    """Return the number of the row's strong expression and its place in that, or ``None`` where it is in none."""
    value = row.columns[_STRONG_EXPRESSION]
    if value == "_":
        return None
    number, colon, position = value.partition(":")
    if not (colon and number.isdecimal() and position.isdecimal()):
        raise _wrong_number(row, path, "_ or two numbers such as 1:2")
    return int(number), int(position)


def _senses_of_groups(
    words: Sequence[Row], groups: Sequence[tuple[int, int] | None], path: FilePath
) -> Mapping[int, str]:
    """Return the supersense of each strong expression: that of its first word."""
    senses: dict[int, str] = {}
    n_words: dict[int, int] = {}
    for row, group in zip(words, groups, strict=True):
        if group is None:
            continue
        number, position = group
        n_words[number] = n_words.get(number, 0) + 1
        if position != n_words[number]:
            expected = f"{number}:{n_words[number]}, the next word of its expression"
            raise _wrong_number(row, path, expected)
        senses.setdefault(number, row.columns[_SUPERSENSE])
    return senses


def _wrong_number(row: Row, path: FilePath, expected: str) -> InputError:
    return InputError(
        "A strong multiword expression is not numbered as it should be.",
        where=place(path, row.line, CONLLULEX_COLUMNS[_STRONG_EXPRESSION]),
        expected=expected,
        got=repr(row.columns[_STRONG_EXPRESSION]),
    )
