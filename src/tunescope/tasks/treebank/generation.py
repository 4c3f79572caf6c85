"""Distinct sentences of a domain, and the splits of a treebank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from tunescope._core.errors import InputError
from tunescope._core.seeds import make_rng
from tunescope.tasks.treebank.draw import Draw, vocabulary
from tunescope.tasks.treebank.node import linearise
from tunescope.tasks.treebank.questions import question, review_question
from tunescope.tasks.treebank.reviews import review
from tunescope.tasks.treebank.sentence import TreebankSentence
from tunescope.tasks.treebank.statements import statement

__all__ = ["DOMAINS", "Contents", "Domain", "generate_sentences", "generate_splits"]

Domain = Literal["news", "reviews"]
Contents = Literal["mixed", "questions"]

DOMAINS: tuple[Domain, ...] = ("news", "reviews")
"""The domains: news and narrative prose, and informal reviews with instructions."""

_HELD_OUT_WORDS = 0.5
_HELD_OUT_SHARE = 0.8
_QUESTION_SHARE = 0.1
_LONGEST = 26
_MAX_ATTEMPTS = 200


def generate_sentences(
    n: int, *, seed: int, domain: Domain = "news", contents: Contents = "mixed"
) -> tuple[TreebankSentence, ...]:
    """Return sentences with gold analyses, each different from all others.

    Args:
        n: How many.
        seed: The same seed gives the same sentences; another one gives others.
        domain: ``"news"`` for news and narrative prose, ``"reviews"`` for informal reviews and instructions.
        contents: ``"mixed"`` for statements with one question in ten, ``"questions"`` for questions only.

    Raises:
        InputError: The number is negative, the domain or the contents are unknown, or the grammar has not that many
            sentences.

    >>> sentence, = generate_sentences(1, seed=1)
    >>> len(sentence.words) == len(sentence.tags) == len(sentence.heads)
    True
    """
    _check(n, domain, contents)
    words = vocabulary(seed, 0.0)
    g = Draw(make_rng(seed, "treebank", domain, contents), words, 0.0)
    return _distinct(g, n, domain, contents, set(), lambda _: True)


def generate_splits(
    sizes: Mapping[str, int], *, seed: int, contents: Contents = "mixed"
) -> dict[str, tuple[TreebankSentence, ...]]:
    """Return the sentences of the sets of a treebank, all distinct.

    A part of every open class of words is kept back from training: the other sets draw words from it too, so that
    a model has to read the context of words that it was not trained on.

    Args:
        sizes: The number of sentences by set: ``"train"``, ``"dev"`` and ``"test"`` are news, any other name is a
            domain. Sentences outside training have no tag, relation, role or question type that training lacks.
        seed: Decides the sentences and which words are kept back.
        contents: As :func:`generate_sentences`.

    Raises:
        InputError: As :func:`generate_sentences`, or no name of a set is ``"train"``.
    """
    seen: set[tuple[str, ...]] = set()
    words = vocabulary(seed, _HELD_OUT_WORDS)
    result: dict[str, tuple[TreebankSentence, ...]] = {}
    known: frozenset[str] = frozenset()
    for name, n in sorted(sizes.items(), key=lambda item: item[0] != "train"):
        domain: Domain = "news" if name in ("train", "dev", "test") else _domain(name)
        _check(n, domain, contents)
        rng = make_rng(seed, "treebank split", name, contents)
        g = Draw(rng, words, 0.0 if name == "train" else _HELD_OUT_SHARE)
        accept = _accept_all if name not in ("dev", "test") else _with_labels_in(known)
        result[name] = _distinct(g, n, domain, contents, seen, accept)
        if name == "train":
            known = frozenset().union(*map(_labels, result[name]))
    return result


def _distinct(
    g: Draw,
    n: int,
    domain: Domain,
    contents: Contents,
    seen: set[tuple[str, ...]],
    accept: Callable[[TreebankSentence], bool],
) -> tuple[TreebankSentence, ...]:
    sentences: list[TreebankSentence] = []
    attempts = 0
    while len(sentences) < n:
        attempts += 1
        if attempts > _MAX_ATTEMPTS * (n + 10):
            raise InputError(
                "The grammar has not so many different sentences.",
                where=domain,
                expected=len(sentences),
                got=n,
            )
        sentence = _sentence(g, domain, contents)
        key = tuple(word.lower() for word in sentence.words)
        if len(key) <= _LONGEST and key not in seen and accept(sentence):
            seen.add(key)
            sentences.append(sentence)
    return tuple(sentences)


def _sentence(g: Draw, domain: Domain, contents: Contents) -> TreebankSentence:
    g.new_sentence()
    if contents == "questions" or g.chance(_QUESTION_SHARE):
        root, kind = (question if domain == "news" else review_question)(g)
        return linearise(root, domain=domain, question_type=kind)
    return linearise((statement if domain == "news" else review)(g), domain=domain)


def _labels(sentence: TreebankSentence) -> frozenset[str]:
    """Return all labels of a sentence, marked by their kind, since some names occur in several."""
    return frozenset(
        [f"tag {tag}" for tag in sentence.tags]
        + [f"relation {relation}" for relation in sentence.relations]
        + [f"role {role}" for role in sentence.roles if role]
        + [f"question {sentence.question_type}"]
    )


def _with_labels_in(known: frozenset[str]) -> Callable[[TreebankSentence], bool]:
    return lambda sentence: _labels(sentence) <= known


def _accept_all(_: TreebankSentence) -> bool:
    return True


def _domain(name: str) -> Domain:
    for domain in DOMAINS:
        if domain == name:
            return domain
    raise InputError("There is no such domain.", where="domain", expected=", ".join(DOMAINS), got=repr(name))


def _check(n: int, domain: str, contents: str) -> None:
    _domain(domain)
    if contents not in ("mixed", "questions"):
        raise InputError(
            "There are no such contents.", where="contents", expected="mixed or questions", got=repr(contents)
        )
    if n < 0:
        raise InputError("The number of sentences is negative.", where="n", expected="0 or more", got=n)
