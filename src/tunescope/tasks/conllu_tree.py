"""The words of a CoNLL-U sentence and their heads, which make a tree."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from tunescope._core.errors import InputError
from tunescope.tasks.conllu_reader import CONLLU_COLUMNS
from tunescope.tasks.conllu_sentence import ConlluSentence, Row
from tunescope.tasks.text_file import FilePath, place
from tunescope.tasks.tree_fault import find_tree_fault

__all__ = ["tree_heads", "tree_words"]

_HEAD = CONLLU_COLUMNS.index("HEAD")


def tree_words(sentence: ConlluSentence) -> list[Row]:
    """Return the rows of a sentence that its basic tree joins: all but empty nodes."""
    return [row for row in sentence.rows if row.word_id is not None]


def tree_heads(words: list[Row], path: FilePath) -> Int[np.ndarray, " word"]:
    """Return the basic heads of a sentence's words.

    Args:
        words: The rows of :func:`tree_words`, at least one.
        path: Their file, for errors.

    Returns:
        Shape (word,); the head of each word, counted from 1, and 0 for the root.

    Raises:
        InputError: The heads make no tree; the message names the line.
    """
    values = [row.columns[_HEAD] for row in words]
    heads = np.array([int(value) if value.isdecimal() and len(value) < 10 else -1 for value in values])
    fault = find_tree_fault(heads)
    if fault is not None:
        raise InputError(
            fault.what,
            where=place(path, words[fault.word].line, "HEAD"),
            expected=f"a tree: heads from 1 to {len(words)}, and 0 for the one root",
            got=repr(values[fault.word]),
        )
    return heads
