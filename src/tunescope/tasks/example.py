"""A labelled example: one text or two, and the targets in it that carry labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tunescope.tasks.answers import Answers

__all__ = ["Example", "Label", "LabelKind", "Span", "Target", "TargetKind", "Text"]


class TargetKind(StrEnum):
    """What in an example carries a label."""

    TOKEN = "token"
    PAIR = "pair"
    SENTENCE = "sentence"
    SENTENCE_PAIR = "sentence-pair"


class LabelKind(StrEnum):
    """What a label is."""

    CLASS = "class"
    NUMBER = "number"
    TREE = "tree"
    ANSWER_SPAN = "answer-span"
    ENTITY_SPANS = "entity-spans"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Words ``start`` up to, not including, ``end`` of an example's first text (0-based).

    >>> Span(2, 3)
    Span(start=2, end=3)
    """

    start: int
    end: int


Text = str | tuple[str, ...]
"""Running text, or the words of a text whose targets are spans of words."""

Label = str | float | Answers
"""A class name, a number, the arc from a word to its head (``"3:nsubj"``), or the answers to a question."""


@dataclass(frozen=True, slots=True)
class Target:
    """A label and the spans that carry it: one for a token, two for a pair, none for whole texts."""

    label: Label
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One text (or two, for sentence pairs) with its targets.

    Attributes:
        sentence_id: Name of the example, unique in its split: the corpus's own id, or ``file:line``.
            Intervals resample these.
        text: Running text, or a tuple of words where targets are spans of words.
        second_text: The second text of a sentence pair.
        targets: The labelled targets, in corpus order.
    """

    sentence_id: str
    text: Text
    targets: tuple[Target, ...]
    second_text: Text | None = None

    def words_of(self, span: Span) -> str:
        """Return the words of ``span``, joined by spaces, for people to read."""
        words = self.text.split() if isinstance(self.text, str) else self.text
        return " ".join(words[span.start : span.end])
