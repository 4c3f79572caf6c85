"""Semantic roles and functions of prepositions and possessives from ``.conllulex`` files (STREUSLE)."""

from __future__ import annotations

from collections.abc import Iterator

from tunescope._core.errors import InputError
from tunescope.tasks.conllu_reader import CONLLU_COLUMNS
from tunescope.tasks.conllu_sentence import ConlluSentence, read_conllu_sentences
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.text_file import FilePath, place

__all__ = ["CONLLULEX_COLUMNS", "read_preposition_functions", "read_preposition_roles"]

CONLLULEX_COLUMNS = (
    *CONLLU_COLUMNS,
    *("SMWE", "LEXCAT", "LEXLEMMA", "SS", "SS2", "WMWE", "WCAT", "WLEMMA", "LEXTAG"),
)
"""The nineteen columns of CoNLL-U-Lex, in their order."""

_ROLE, _FUNCTION = CONLLULEX_COLUMNS.index("SS"), CONLLULEX_COLUMNS.index("SS2")
_STRONG_EXPRESSION = CONLLULEX_COLUMNS.index("SMWE")


def read_preposition_roles(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read the scene role (column ``SS``) of every single-token preposition and possessive.

    A target is a word that is no part of a strong multiword expression and whose ``SS`` starts with ``p.``.
    That leaves out ``??``, which marks usages that no one could label. Empty nodes are no part of the text.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every sentence, named by its ``sent_id`` or else ``file:line``; many have no target. Labels
        are as in the file, such as ``p.Locus``.

    Raises:
        InputError: The file cannot be read, a row is malformed, or a label is missing.

    References:
        Schneider et al. 2018, "Comprehensive Supersense Disambiguation of English Prepositions and Possessives".
    """
    return _read(path, _ROLE, encoding)


def read_preposition_functions(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read the function (column ``SS2``) of every single-token preposition and possessive.

    The targets are those of :func:`read_preposition_roles`, chosen by ``SS``; only the labels differ.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every sentence, as :func:`read_preposition_roles`.

    Raises:
        InputError: The file cannot be read, a row is malformed, or a label is missing.

    References:
        Schneider et al. 2018, "Comprehensive Supersense Disambiguation of English Prepositions and Possessives".
    """
    return _read(path, _FUNCTION, encoding)


def _read(path: FilePath, column: int, encoding: str) -> tuple[Example, ...]:
    return tuple(
        Example(
            sentence_id=sentence.sentence_id,
            text=sentence.words(empty_nodes=False),
            targets=tuple(_targets(sentence, path, column)),
        )
        for sentence in read_conllu_sentences(path, CONLLULEX_COLUMNS, encoding=encoding)
    )


def _targets(sentence: ConlluSentence, path: FilePath, column: int) -> Iterator[Target]:
    words = [row for row in sentence.rows if row.word_id is not None]
    for position, row in enumerate(words):
        if row.columns[_STRONG_EXPRESSION] != "_" or not row.columns[_ROLE].startswith("p."):
            continue
        label = row.columns[column]
        if not label.startswith("p."):
            raise InputError(
                "A preposition has no such label.",
                where=place(path, row.line, CONLLULEX_COLUMNS[column]),
                expected="a supersense such as p.Locus",
                got=repr(label),
            )
        yield Target(label, (Span(position, position + 1),))
