"""Answers that stand in a text, and how well a predicted answer agrees with them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tunescope._core.errors import InputError

__all__ = ["Answers", "answer_f1", "exact_match", "normalise_answer"]

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


@dataclass(frozen=True, slots=True)
class Answers:
    """The right answers to a question, any of which will do.

    Attributes:
        texts: The answers, each a stretch of the context.
        starts: Where each of them begins in the context, in characters counted from 0.

    Raises:
        InputError: There is no answer, or not one place for each.
    """

    texts: tuple[str, ...]
    starts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check that every answer has its place."""
        if not self.texts or len(self.texts) != len(self.starts):
            raise InputError(
                "Answers and their places do not pair up.",
                where="texts, starts",
                expected="at least one answer, and a place for each",
                got=f"{len(self.texts)} answers and {len(self.starts)} places",
            )


def normalise_answer(text: str) -> str:
    """Return an answer without what does not count when answers are compared.

    In this order: lower case; without the characters of :data:`string.punctuation`; without the words *a*, *an* and
    *the*; without white space but single spaces between words.

    Args:
        text: An answer.

    Returns:
        What counts of it; empty where that is nothing.

    References:
        Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1, by the rules
        of the evaluation that was published with version 1.1 of the data.

    >>> normalise_answer("  The U.S. Army's\\n camp-site ")
    'us armys campsite'
    """
    return " ".join(_words(text))


def exact_match(golds: Sequence[str], predicted: str) -> float:
    """Return whether the predicted answer is one of the right ones, after :func:`normalise_answer`.

    Args:
        golds: The right answers; ``[""]`` where the right answer is none.
        predicted: The predicted answer; empty for none.

    Returns:
        1 or 0, higher is better.

    Raises:
        InputError: There is no right answer.

    References:
        Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1; answers that
        are none as in Rajpurkar et al. 2018, "Know What You Don't Know".

    >>> exact_match(["the old clock", "clock"], "The clock."), exact_match(["the old clock"], "clock")
    (1.0, 0.0)
    """
    guess = _words(predicted)
    return max(float(_words(gold) == guess) for gold in _checked(golds))


def answer_f1(golds: Sequence[str], predicted: str) -> float:
    """Return F1 of the predicted answer's words, the best over the right answers, after :func:`normalise_answer`.

    F1 = 2 · shared / (predicted + gold), where a word that occurs several times counts as often. Where nothing is left
    of one of the two answers, it is 1 if nothing is left of the other one either, and else 0: so version 2.0 of SQuAD
    scores the answer that there is none. Version 1.1, which always has an answer, gives 0 in both cases.

    Args:
        golds: The right answers; ``[""]`` where the right answer is none.
        predicted: The predicted answer; empty for none.

    Returns:
        A number from 0 to 1, higher is better; never below :func:`exact_match`.

    Raises:
        InputError: There is no right answer.

    References:
        Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1; answers that
        are none as in Rajpurkar et al. 2018, "Know What You Don't Know".

    >>> answer_f1(["the old clock"], "a clock"), answer_f1([""], "clock"), answer_f1([""], "")
    (0.6666666666666666, 0.0, 1.0)
    """
    guess = _words(predicted)
    return max(_f1(_words(gold), guess) for gold in _checked(golds))


def _words(text: str) -> list[str]:
    return _ARTICLE.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def _f1(gold: list[str], guess: list[str]) -> float:
    if not gold or not guess:
        return float(gold == guess)
    n_shared = (Counter(gold) & Counter(guess)).total()
    return 2 * n_shared / (len(gold) + len(guess))


def _checked(golds: Sequence[str]) -> Sequence[str]:
    if isinstance(golds, str) or not len(golds):
        raise InputError(
            "There is no list of right answers.",
            where="golds",
            expected="at least one right answer in a list",
            got=repr(golds),
            fix='give [""] where the right answer is that there is none',
        )
    return golds
