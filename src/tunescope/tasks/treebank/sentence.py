"""A sentence of a treebank with its gold analysis."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TreebankSentence"]

_NO_SPACE_BEFORE = frozenset(
    {".", ",", "?", "!", ";", ":", "%", ")", "'s", "'", "n't", "'ll", "'ve", "'re", "'m", "'d"}
)
_NO_SPACE_AFTER = frozenset({"$", "("})


@dataclass(frozen=True, slots=True)
class TreebankSentence:
    """A sentence and its analysis; all tuples have an entry for every word.

    Attributes:
        words: The words, with clitics such as ``n't`` and punctuation apart.
        tags: Universal parts of speech (UD v2).
        heads: The head of each word, counted from 1, and 0 for the root.
        relations: Universal relations (UD v2), with the subtypes of English treebanks.
        roles: The roles of prepositions and possessives, such as ``p.Time``; ``None`` elsewhere.
        question_type: What a question asks for, such as ``LOC:city``; ``None`` for other sentences.
        domain: The domain that the sentence comes from.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    roles: tuple[str | None, ...]
    question_type: str | None
    domain: str

    @property
    def text(self) -> str:
        """The running text, spaced as people write it."""
        pairs = zip(self.words, self.spaces_after, strict=True)
        return "".join(word + (" " if space else "") for word, space in pairs).rstrip()

    @property
    def spaces_after(self) -> tuple[bool, ...]:
        """Whether a space follows each word; never after the last."""
        spaces, in_quotes = [], False
        for word, following in zip(self.words, (*self.words[1:], None), strict=True):
            if word == '"':
                in_quotes = not in_quotes
            opens = word in _NO_SPACE_AFTER or (word == '"' and in_quotes)
            closes = following in _NO_SPACE_BEFORE or (following == '"' and in_quotes)
            spaces.append(following is not None and not opens and not closes)
        return tuple(spaces)
