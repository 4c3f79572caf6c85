"""Whole dependency trees from CoNLL-U files, word by word, for probes of syntax."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from tunescope._core.errors import InputError
from tunescope._core.hashing import hash_value
from tunescope.tasks.conllu_reader import CONLLU_COLUMNS
from tunescope.tasks.conllu_sentence import ConlluSentence, read_conllu_sentences
from tunescope.tasks.conllu_tree import tree_heads, tree_words
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.sentence_slice import split_slice
from tunescope.tasks.task import Examples, fingerprint
from tunescope.tasks.text_file import FilePath

__all__ = ["ParsedText", "is_punctuation", "read_trees"]

_UPOS, _XPOS = (CONLLU_COLUMNS.index(name) for name in ("UPOS", "XPOS"))

_PENN_PUNCTUATION = frozenset(("''", ",", ".", ":", "``", "-LRB-", "-RRB-"))
_PENN_TAGS = _PENN_PUNCTUATION | frozenset(
    [
        "CC",
        "CD",
        "DT",
        "EX",
        "FW",
        "IN",
        "JJ",
        "JJR",
        "JJS",
        "LS",
        "MD",
        "NN",
        "NNS",
        "NNP",
        "NNPS",
        "PDT",
        "POS",
        "PRP",
        "PRP$",
        "RB",
        "RBR",
        "RBS",
        "RP",
        "SYM",
        "TO",
        "UH",
        "VB",
        "VBD",
        "VBG",
        "VBN",
        "VBP",
        "VBZ",
        "WDT",
        "WP",
        "WP$",
        "WRB",
        "#",
        "$",
    ]
)


@dataclass(frozen=True)
class ParsedText:
    """Sentences with a dependency tree each; the arrays run over the words of all sentences in corpus order.

    Attributes:
        examples: The sentences, with a token target for each word in its order, labelled with its universal part of
            speech. Their vectors stand in the order of the arrays.
        heads: Shape (word,); the head of each word in its sentence, counted from 1, and 0 for the root.
        lengths: Shape (sentence,); how many words each sentence has.
        scored: Shape (word,); false for punctuation, which scores of trees leave out.
    """

    examples: Examples
    heads: Int[np.ndarray, " word"]
    lengths: Int[np.ndarray, " sentence"]
    scored: Bool[np.ndarray, " word"]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything here."""
        return hash_value([fingerprint(self.examples), self.heads.tolist(), self.scored.tolist()])


def read_trees(path: FilePath, *, encoding: str = "utf-8") -> ParsedText:
    """Read the basic dependency trees of a CoNLL-U file.

    Empty nodes are left out, since they have no basic head, and so are multiword ranges.

    Args:
        path: The file, perhaps with a slice of sentences as in ``"train.conllu[:800]"``.
        encoding: Any text encoding that Python knows.

    Raises:
        InputError: The file cannot be read, a row is malformed, the slice holds no sentence, or the heads of a
            sentence make no tree; the message names the line.
    """
    file, part = split_slice(os.fspath(path))
    found = [s for s in read_conllu_sentences(file, CONLLU_COLUMNS, encoding=encoding) if tree_words(s)]
    chosen = found[part]
    if not chosen:
        raise InputError(
            "The slice holds no sentence." if found else "The file holds no sentence.",
            where=path,
            expected=f"a slice of the file's {len(found)} sentences" if found else "at least one",
            got="none",
        )
    rows = [row for sentence in chosen for row in tree_words(sentence)]
    return ParsedText(
        examples=tuple(_example(sentence) for sentence in chosen),
        heads=np.concatenate([tree_heads(tree_words(sentence), file) for sentence in chosen]),
        lengths=np.array([len(tree_words(sentence)) for sentence in chosen]),
        scored=np.array([not is_punctuation(row.columns[_UPOS], row.columns[_XPOS]) for row in rows]),
    )


def is_punctuation(upos: str, xpos: str) -> bool:
    """Return whether scores of trees leave a word out.

    Where the language's own tag is one of the Penn Treebank, punctuation is what Hewitt and Manning (2019) leave out:
    ``''``, ``,``, ``.``, ``:``, ````` `` `````, ``-LRB-`` and ``-RRB-``. Elsewhere it is what is ``PUNCT`` universally.

    Args:
        upos: The universal part of speech.
        xpos: The part of speech of the language; ``_`` where there is none.

    >>> is_punctuation("PUNCT", "."), is_punctuation("SYM", "$"), is_punctuation("PUNCT", "HYPH")
    (True, False, True)
    """
    return xpos in _PENN_PUNCTUATION if xpos in _PENN_TAGS else upos == "PUNCT"


def _example(sentence: ConlluSentence) -> Example:
    targets = (Target(row.columns[_UPOS], (Span(i, i + 1),)) for i, row in enumerate(tree_words(sentence)))
    return Example(sentence.sentence_id, sentence.words(empty_nodes=False), tuple(targets))
