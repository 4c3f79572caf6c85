"""Random choices of words and constructions, with a part of the vocabulary kept back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.tasks.treebank.lexicon.modifiers import MODIFIERS
from tunescope.tasks.treebank.lexicon.names import FIXED_NAMES, NAMES
from tunescope.tasks.treebank.lexicon.nouns import NOUNS
from tunescope.tasks.treebank.lexicon.review_words import REVIEW_WORDS
from tunescope.tasks.treebank.lexicon.verbs import VERBS

__all__ = ["Draw", "Vocabulary", "vocabulary"]

_Item = TypeVar("_Item")

_BLOCK = 4096
_ATTEMPTS = 5

Vocabulary = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""For every class of words: those that training sentences may use, and those kept back from them."""


@cache
def vocabulary(seed: int, held_out: float) -> Vocabulary:
    """Return the lexicon with a part of every open class kept back.

    Args:
        seed: Decides which words are kept back.
        held_out: The part kept back, 0 to 1. A word in several classes may be kept back in one and be common
            in another, so that its form is known with another tag.
    """
    result = {}
    for name, text in {**NOUNS, **VERBS, **MODIFIERS, **NAMES, **REVIEW_WORDS}.items():
        words = tuple(dict.fromkeys(text.split()))
        order = make_rng(seed, "held-out words", name).permutation(len(words))
        n_kept_back = min(round(held_out * len(words)), len(words) - 1)
        shuffled = tuple(words[i] for i in order)
        result[name] = (shuffled[n_kept_back:], shuffled[:n_kept_back])
    for name, text in FIXED_NAMES.items():
        result[name] = (tuple(text.split()), ())
    return MappingProxyType(result)


class Draw:
    """Draws words and constructions for one sentence after another.

    Args:
        rng: Source of the randomness.
        words: The vocabulary.
        held_out_share: How often an open-class word comes from those kept back, 0 to 1.
    """

    def __init__(self, rng: np.random.Generator, words: Vocabulary, held_out_share: float) -> None:
        self._rng = rng
        self._words = words
        self._held_out_share = held_out_share
        self._block: list[float] = []
        self._used: set[str] = set()

    def new_sentence(self) -> None:
        """Forget which words the last sentence used."""
        self._used.clear()

    def chance(self, probability: float) -> bool:
        """Return whether an event of that probability happens."""
        return self._uniform() < probability

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Return one of the items; one that stands there twice is twice as likely."""
        return items[int(self._uniform() * len(items))]

    def number(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self._uniform() * (high - low + 1))

    def first_use(self, key: str) -> bool:
        """Return whether the sentence does not use something yet, and note that it does."""
        new = key not in self._used
        self._used.add(key)
        return new

    def has(self, name: str) -> bool:
        """Return whether there is a class of words of that name."""
        return name in self._words

    def word(self, name: str) -> str:
        """Return a word of a class, if possible one that the sentence does not use yet."""
        common, kept_back = self._words[name]
        word = ""
        for _ in range(_ATTEMPTS):
            rare = kept_back and self._uniform() < self._held_out_share
            word = self.choice(kept_back if rare else common)
            if word.lower() not in self._used:
                break
        self._used.add(word.lower())
        return word

    def _uniform(self) -> float:
        # numpy draws single numbers slowly
        if not self._block:
            self._block = self._rng.random(_BLOCK).tolist()
        return self._block.pop()
