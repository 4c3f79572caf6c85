"""Dependency trees from CoNLL-U files as a label for every word: its head and its relation to it."""

from __future__ import annotations

from tunescope._core.errors import InputError
from tunescope.tasks.arc_label import arc_label, universal_relation
from tunescope.tasks.conllu_reader import CONLLU_COLUMNS
from tunescope.tasks.conllu_sentence import ConlluSentence, Row, read_conllu_sentences
from tunescope.tasks.conllu_tree import tree_heads, tree_words
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.text_file import FilePath, place

__all__ = ["read_parses"]

_RELATION = CONLLU_COLUMNS.index("DEPREL")


def read_parses(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read the head and the relation of every word of a CoNLL-U file.

    Multiword ranges such as ``3-4`` are left out, the words they stand for are not; empty nodes are left out, since
    they have no basic head, and so are sentences of nothing else. Of a relation with a subtype only the universal part
    is kept, ``nsubj`` of ``nsubj:pass``: no more is compared in the shared task of CoNLL 2018 (Zeman et al. 2018).

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every sentence, named by its ``sent_id`` or else ``file:line``, with a target for every word in
        the order of the text. Labels are those of :func:`~tunescope.tasks.arc_label.arc_label`: ``3:nsubj`` for a
        subject of the third word, ``0:root`` for the root.

    Raises:
        InputError: The file cannot be read, a row is malformed, the heads of a sentence make no tree, or a relation is
            missing; the message names the line.
    """
    return tuple(
        _example(sentence, path)
        for sentence in read_conllu_sentences(path, CONLLU_COLUMNS, encoding=encoding)
        if tree_words(sentence)
    )


def _example(sentence: ConlluSentence, path: FilePath) -> Example:
    words = tree_words(sentence)
    arcs = zip(tree_heads(words, path).tolist(), words, strict=True)
    labels = [arc_label(head, _relation(row, path)) for head, row in arcs]
    targets = tuple(Target(label, (Span(i, i + 1),)) for i, label in enumerate(labels))
    return Example(sentence.sentence_id, sentence.words(empty_nodes=False), targets)


def _relation(row: Row, path: FilePath) -> str:
    relation = universal_relation(row.columns[_RELATION].strip())
    if relation in ("", "_"):
        raise InputError(
            "A word has no relation to its head.",
            where=place(path, row.line, "DEPREL"),
            expected="a relation such as nsubj or nsubj:pass",
            got=repr(row.columns[_RELATION]),
            fix="annotate the word, or take its sentence out",
        )
    return relation
