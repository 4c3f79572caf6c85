"""The rows of vectors that a task head reads: of targets, or of the subwords among which an answer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from tunescope.models.alignment import LongSentences, tokenize
from tunescope.models.answer_rows import answer_bounds, tokenize_answers
from tunescope.models.encoder import Encoder
from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.tokenized import TokenizedExamples
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Examples

__all__ = ["Rows", "rows_of"]


@dataclass(frozen=True)
class Rows:
    """Tokenised examples with the rows that a head reads.

    Attributes:
        examples: The examples.
        tokenized: Their sequences; its targets are the rows.
        lengths: How many rows each example has.
        characters: Of subwords among which an answer is: where each one's characters start and end in the text.
    """

    examples: Examples
    tokenized: TokenizedExamples
    lengths: Int[np.ndarray, " example"]
    characters: Int[np.ndarray, "row bound"] | None = None

    @property
    def labels(self) -> list[Any]:
        """The label of each row: its target's, or whether an answer starts and ends there."""
        if self.characters is None:
            return [target.label for example in self.examples for target in example.targets]
        pieces = np.split(self.characters, np.cumsum(self.lengths)[:-1])
        bounds = [
            answer_bounds(example.targets[0].label, characters)  # type: ignore[arg-type]
            for example, characters in zip(self.examples, pieces, strict=True)
        ]
        return list(np.concatenate(bounds))

    def answer_texts(self, spans: Int[np.ndarray, "example bound"]) -> np.ndarray:
        """Return the text of each answer.

        Args:
            spans: First and last row of each, counted from its example's first.
        """
        characters = np.zeros((0, 2), dtype=np.int64) if self.characters is None else self.characters
        first = np.cumsum(self.lengths) - self.lengths
        starts, ends = characters[first + spans[:, 0], 0], characters[first + spans[:, 1], 1]
        texts = [str(example.second_text) for example in self.examples]
        return np.array([text[start:end] for text, start, end in zip(texts, starts, ends, strict=True)])


def rows_of(
    encoder: Encoder, info: HeadInfo, examples: Sequence[Any], *, long_sentences: LongSentences = "error"
) -> Rows:
    """Tokenise examples and find the rows that a head reads.

    Args:
        encoder: Gives the tokenizer and the longest input.
        info: What the head reads.
        examples: Examples of the head's kind of target.
        long_sentences: See :func:`tunescope.models.alignment.tokenize`; texts with answers cannot be windowed.

    Raises:
        InputError: A sentence is too long, or a target has no subword.
    """
    chosen: Examples = tuple(examples)
    if info.label is LabelKind.ANSWER_SPAN:
        tokenized, characters = tokenize_answers(encoder.tokenizer, chosen, max_length=encoder.max_length)
        lengths = np.bincount(tokenized.part_sequence[:, 0], minlength=len(chosen))
        return Rows(chosen, tokenized, lengths, characters)
    tokenized = tokenize(
        encoder.tokenizer_for(info.target),
        chosen,
        info.target,
        max_length=encoder.max_length,
        pooling=info.pooling,
        long_sentences=long_sentences,
    )
    return Rows(chosen, tokenized, np.array([len(example.targets) for example in chosen]))
