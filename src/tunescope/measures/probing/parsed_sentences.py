"""Sentences as probes of syntax read them: the vectors of their words at every layer, and their trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from tunescope._core.errors import InputError
from tunescope.measures.probing.dependency_trees import Heads, check_tree
from tunescope.measures.validation import check_labels

__all__ = ["ParsedSentences"]


@dataclass(frozen=True, eq=False)
class ParsedSentences:
    """Sentences with the vectors of their words and their dependency trees; all words stand in a row.

    Args:
        vectors: Shape (layer, word, hidden), finite.
        heads: Shape (word,); the head of each word in its sentence, counted from 1, and 0 for the root.
        lengths: Shape (sentence,); how many words each sentence has.
        scored: Shape (word,); false for punctuation, which scores of trees leave out.
        sentence_ids: Shape (sentence,); what intervals resample; by default each sentence is one of its own.

    Raises:
        InputError: A shape does not fit, a vector is not finite, or heads make no tree; the message names the sentence,
            counted from 0.

    >>> ParsedSentences(np.zeros((1, 3, 2)), np.array([2, 0, 0]), np.array([2, 1]), np.ones(3, bool)).n_sentences
    2
    """

    vectors: Float[np.ndarray, "layer word hidden"]
    heads: Int[np.ndarray, " word"]
    lengths: Int[np.ndarray, " sentence"]
    scored: Bool[np.ndarray, " word"]
    sentence_ids: Shaped[np.ndarray, " sentence"] | None = None

    def __post_init__(self) -> None:
        """Check that the arrays fit one another and hold what they should."""
        self._check_shapes()
        for name in ("heads", "lengths"):
            object.__setattr__(self, name, getattr(self, name).astype(np.int64, copy=False))
        if self.sentence_ids is not None:
            check_labels(self.sentence_ids, self.n_sentences, "sentence_ids")
        for sentence in range(self.n_sentences):
            check_tree(self.heads_of(sentence), f"sentence {sentence}")
        for layer, vectors in enumerate(self.vectors):
            finite = np.isfinite(vectors).all(axis=1)
            if not finite.all():
                sentence = int(np.searchsorted(self.starts, int(np.argmin(finite)), side="right")) - 1
                raise InputError(
                    "vectors has a value that is not finite.",
                    where=f"layer {layer}, sentence {sentence}",
                    expected="finite numbers",
                    got=f"{int(np.count_nonzero(~finite))} words with such values",
                    fix="leave these sentences out, or look for an overflow where the vectors were computed",
                )

    @property
    def n_sentences(self) -> int:
        """How many sentences there are."""
        return len(self.lengths)

    @cached_property
    def starts(self) -> Int[np.ndarray, " sentence"]:
        """The first word of each sentence."""
        starts: Int[np.ndarray, " sentence"] = np.cumsum(self.lengths) - self.lengths
        return starts

    def heads_of(self, sentence: int) -> Heads:
        """Return the heads of a sentence's words."""
        return self.heads[self._words(sentence)]

    def scored_of(self, sentence: int) -> Bool[np.ndarray, " word_in_sentence"]:
        """Return which of a sentence's words are scored."""
        return self.scored[self._words(sentence)]

    def vectors_of(self, sentence: int, layer: int) -> Float[np.ndarray, "word_in_sentence hidden"]:
        """Return the vectors of a sentence's words."""
        return self.vectors[layer, self._words(sentence)]

    def _words(self, sentence: int) -> slice:
        start = int(self.starts[sentence])
        return slice(start, start + int(self.lengths[sentence]))

    def _check_shapes(self) -> None:
        if self.vectors.ndim != 3 or self.vectors.dtype.kind != "f" or not self.vectors.size:
            raise InputError(
                "vectors is no array of layers of words.",
                expected="floats of shape (layer, word, hidden), none of them 0",
                got=f"{self.vectors.dtype} of shape {self.vectors.shape}",
            )
        n_words = self.vectors.shape[1]
        for name, array, kind in (
            ("heads", self.heads, "whole number"),
            ("scored", self.scored, "truth value"),
        ):
            if array.shape != (n_words,) or array.dtype.kind not in ("b" if name == "scored" else "iu"):
                raise InputError(
                    f"{name} does not fit the vectors.",
                    expected=f"one {kind} for each of {n_words} words",
                    got=f"{array.dtype} of shape {array.shape}",
                )
        lengths = self.lengths
        if (
            lengths.ndim != 1
            or lengths.dtype.kind not in "iu"
            or (lengths < 1).any()
            or lengths.sum() != n_words
        ):
            raise InputError(
                "lengths does not divide the words into sentences.",
                expected=f"whole numbers from 1 with the sum {n_words}, the number of words",
                got=f"{lengths.dtype} of shape {lengths.shape} with the sum {lengths.sum()}",
            )
