"""F1 of typed spans that BIO tags mark, over spans with exact boundaries and type."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from tunescope._core.errors import InputError

__all__ = ["SPAN_F1", "span_counts", "span_f1", "spans_of_tags"]

SPAN_F1 = "span_f1"
"""The name of the metric, beside those of :data:`tunescope.tasks.metrics.METRICS_BY_KIND`."""

Tags = Sequence[str] | NDArray[Any]
SpanCounts = Int[np.ndarray, "sentence 3"]


def spans_of_tags(tags: Iterable[str]) -> set[tuple[str, int, int]]:
    """Return the spans that the BIO tags of one sentence mark.

    ``B-x`` begins a span of type x; ``I-x`` goes on with a span of type x that the word before belongs to, and begins
    one where there is none. That is what CoNLL's ``conlleval`` and the default mode of seqeval do.

    Args:
        tags: A tag for each word: ``O``, ``B-`` or ``I-`` with a type.

    Returns:
        Type, first word and the word after the last of each span, counted from 0.

    Raises:
        InputError: A tag is none of these.

    References:
        Ramshaw and Marcus 1995, "Text Chunking using Transformation-Based Learning"; Tjong Kim Sang and De Meulder
        2003, the shared task of CoNLL-2003.

    >>> sorted(spans_of_tags(["B-PER", "I-PER", "O", "I-LOC", "I-PER"]))
    [('LOC', 3, 4), ('PER', 0, 2), ('PER', 4, 5)]
    """
    spans: set[tuple[str, int, int]] = set()
    kind, start = "", 0
    for position, tag in enumerate([*tags, "O"]):
        prefix, kind_here = _split(tag, position)
        if kind and (prefix != "I" or kind_here != kind):
            spans.add((kind, start, position))
            kind = ""
        if kind_here and not kind:
            kind, start = kind_here, position
    return spans


def span_counts(gold: Tags, predicted: Tags, sentence_ids: Sequence[Any] | NDArray[Any]) -> SpanCounts:
    """Return how many spans of each sentence are found, predicted, and there to find.

    Scores of any set of sentences follow from the sums over them, so that intervals can resample sentences.

    Args:
        gold: Right tags, shape (word,), sentence by sentence.
        predicted: Predicted tags, shape (word,).
        sentence_ids: The sentence of each word, shape (word,); the words of a sentence stand together.

    Returns:
        Shape (sentence, 3), sentences in their order: spans that are right in boundaries and type, predicted spans,
        gold spans.

    Raises:
        InputError: The three differ in shape, a tag is no BIO tag, or a sentence's words do not stand together.

    >>> span_counts(["B-A", "I-A", "O"], ["B-A", "I-A", "B-A"], ["s1", "s1", "s2"]).tolist()
    [[1, 1, 1], [0, 1, 0]]
    """
    right, guess, sentences = (np.asarray(values) for values in (gold, predicted, sentence_ids))
    if right.ndim != 1 or right.shape != guess.shape or right.shape != sentences.shape:
        raise InputError(
            "Tags do not pair up.",
            where="gold, predicted, sentence_ids",
            expected="one gold tag, one predicted tag and one sentence id for each word",
            got=f"shapes {right.shape}, {guess.shape} and {sentences.shape}",
        )
    bounds = _sentence_bounds(sentences)
    counts = np.zeros((len(bounds), 3), dtype=np.int64)
    for number, (start, end) in enumerate(bounds):
        there, found = spans_of_tags(right[start:end].tolist()), spans_of_tags(guess[start:end].tolist())
        counts[number] = len(there & found), len(found), len(there)
    return counts


def span_f1(gold: Tags, predicted: Tags, sentence_ids: Sequence[Any] | NDArray[Any]) -> float:
    """Return F1 = 2 · right / (predicted + gold), summed over all spans of all types.

    A span is right where its first word, its last word and its type are; nothing is right in part.

    Args:
        gold: Right tags, shape (word,), sentence by sentence; see :func:`spans_of_tags`.
        predicted: Predicted tags, shape (word,).
        sentence_ids: The sentence of each word, shape (word,); no span goes beyond its sentence.

    Returns:
        A number from 0 to 1, higher is better; NaN where there is neither a gold nor a predicted span (seqeval
        returns 0 there).

    Raises:
        InputError: The three differ in shape, a tag is no BIO tag, or a sentence's words do not stand together.

    References:
        Tjong Kim Sang and De Meulder 2003, the shared task of CoNLL-2003; the rules are those of seqeval's default
        mode with ``average="micro"``.

    >>> span_f1(["B-A", "I-A", "O", "B-B"], ["B-A", "I-A", "B-A", "O"], ["s1"] * 4)
    0.5
    """
    right, found, there = span_counts(gold, predicted, sentence_ids).sum(axis=0).tolist()
    return 2 * right / (found + there) if found + there else math.nan


def _split(tag: str, position: int) -> tuple[str, str]:
    """Return the letter of a tag and its type, which is empty for ``O``."""
    if tag == "O":
        return tag, ""
    prefix, _, kind = tag.partition("-")
    if prefix not in ("B", "I") or not kind:
        raise InputError(
            "A tag is no BIO tag.",
            where=f"word {position + 1} of its sentence",
            expected="O, B- with a type, or I- with a type, such as B-PERSON",
            got=repr(tag),
        )
    return prefix, kind


def _sentence_bounds(sentences: NDArray[Any]) -> list[tuple[int, int]]:
    if not len(sentences):
        return []
    starts = np.concatenate([[0], np.flatnonzero(sentences[1:] != sentences[:-1]) + 1])
    names, counts = np.unique(sentences[starts], return_counts=True)
    if (counts > 1).any():
        name = names[counts > 1].tolist()[0]
        raise InputError(
            "The words of a sentence do not stand together.",
            where="sentence_ids",
            expected="the words in the order of the text, sentence by sentence",
            got=f"{name!r} in {np.count_nonzero(sentences[starts] == name)} places",
        )
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(sentences)], strict=True))
