"""Labelled spans of words, or pairs of spans, with the vectors of the words at every layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope.measures.shapes import Labels, SentenceIds
from tunescope.measures.validation import check_labels, check_vectors

__all__ = ["LabelledSpans", "LayerWords", "Spans", "words_in_spans"]

LayerWords = Float[np.ndarray, "layer word hidden"]
"""The vector of every word at every layer."""

Spans = Int[np.ndarray, "example *part 2"]
"""The first word of each span and the word after its last; one span or two for each example."""


@dataclass(frozen=True, eq=False)
class LabelledSpans:
    """Spans of words, or pairs of spans, each with a class.

    Attributes:
        vectors: Shape (layer, word, hidden), finite; the words of all sentences in a row. Layer 0 holds the
            embeddings. The array may lie on disk, as :class:`numpy.memmap` does.
        spans: Shape (example, 1 or 2, 2), or (example, 2) for one span each; the first word of a span, counted from 0
            along ``vectors``, and the word after its last.
        labels: Shape (example,); the class of each example.
        sentence_ids: Shape (example,); the sentence of each example, text or whole numbers.

    Raises:
        InputError: The vectors have not three dimensions or are not finite, a span is empty or reaches beyond the
            words, a word is in spans of two sentences, or there is not one label and one sentence for each example.

    >>> words = np.zeros((2, 5, 4))  # two layers, five words
    >>> spans = LabelledSpans(words, np.array([[0, 1], [2, 5]]), np.array(["a", "b"]), np.array([0, 1]))
    >>> spans.n_layers, spans.n_parts, len(spans)
    (2, 1, 2)
    """

    vectors: LayerWords
    spans: Spans
    labels: Labels
    sentence_ids: SentenceIds

    def __post_init__(self) -> None:
        """Check everything, and give the spans their three dimensions."""
        vectors, spans = np.asanyarray(self.vectors), np.asarray(self.spans)
        if vectors.ndim != 3 or not len(vectors):
            raise InputError(
                "vectors is no array of layers of words.",
                expected="shape (layer, word, hidden), with at least one layer",
                got=f"shape {vectors.shape}",
            )
        for layer, words in enumerate(vectors):
            check_vectors(words, f"layer {layer} of vectors")
        if spans.ndim == 2:
            spans = spans[:, None]
        _check_spans(spans, vectors.shape[1])
        labels = check_labels(self.labels, len(spans), "labels")
        sentences = check_labels(self.sentence_ids, len(spans), "sentence_ids")
        _check_sentences(spans, sentences)
        checked = {"vectors": vectors, "spans": spans, "labels": labels, "sentence_ids": sentences}
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.spans)

    @property
    def n_layers(self) -> int:
        """The number of layers, the embeddings among them."""
        return int(self.vectors.shape[0])

    @property
    def hidden_size(self) -> int:
        """The size of a word's vector."""
        return int(self.vectors.shape[2])

    @property
    def n_parts(self) -> int:
        """1 for spans, 2 for pairs of spans."""
        return int(self.spans.shape[1])


def words_in_spans(
    spans: Int[np.ndarray, "span 2"],
) -> tuple[Int[np.ndarray, " word"], Int[np.ndarray, " word"]]:
    """Return the words of all spans in a row, and the number of the span that each is in.

    >>> words_in_spans(np.array([[3, 5], [0, 1]]))
    (array([3, 4, 0]), array([0, 0, 1]))
    """
    lengths = spans[:, 1] - spans[:, 0]
    place_in_span = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return place_in_span + np.repeat(spans[:, 0], lengths), np.repeat(np.arange(len(spans)), lengths)


def _check_spans(spans: np.ndarray, n_words: int) -> None:
    if spans.dtype.kind not in "iu" or spans.ndim != 3 or spans.shape[1] not in (1, 2) or spans.shape[2] != 2:
        raise InputError(
            "spans has the wrong shape.",
            expected="whole numbers of shape (example, 1 or 2, 2): first word, word after the last",
            got=f"shape {spans.shape}, dtype {spans.dtype}",
        )
    if not len(spans):
        raise InputError("There is no example.", where="spans", expected="at least one span")
    start, end = spans[..., 0], spans[..., 1]
    wrong = np.argwhere((start < 0) | (start >= end) | (end > n_words))
    if len(wrong):
        example, part = map(int, wrong[0])
        raise InputError(
            "A span is empty or reaches beyond the words.",
            where=f"span {part + 1} of example {example}",
            expected=f"0 ≤ start < end ≤ {n_words}, the number of words",
            got=f"[{start[example, part]}, {end[example, part]}), and {len(wrong)} such spans in all",
        )


def _check_sentences(spans: np.ndarray, sentence_ids: np.ndarray) -> None:
    """Refuse a word that is in spans of two sentences: a span crosses the end of its sentence, or the ids are wrong."""
    words, span = words_in_spans(spans.reshape(-1, 2))
    sentence = np.unique(sentence_ids, return_inverse=True)[1][span // spans.shape[1]]
    order = np.argsort(words, kind="stable")
    shared = (np.diff(words[order]) == 0) & (np.diff(sentence[order]) != 0)
    if shared.any():
        place = int(np.argmax(shared))
        first, second = order[place], order[place + 1]
        example, other = span[first] // spans.shape[1], span[second] // spans.shape[1]
        raise InputError(
            "A word is in the spans of two sentences.",
            where=f"word {words[first]}, examples {example} and {other}",
            expected="spans that end within their sentence, and the right sentence for each example",
            got=f"sentences {sentence_ids[example]!s} and {sentence_ids[other]!s}",
        )
