"""Verbs with their auxiliaries: tense, aspect, modality, negation and voice."""

from __future__ import annotations

from typing import NamedTuple

from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import gerund, participle, past, third_person
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.words import word

__all__ = ["MODALS", "STATIVE", "VerbGroup", "tense_for_news", "verb_group"]

MODALS = ("will", "may", "can", "could", "might", "must", "should", "would")
"""Modal auxiliaries."""

_PRESENT_BE = {"1s": "am", "3s": "is", "p": "are"}
_CONTRACTED = {"will": "wo", "can": "ca"}
_TENSES = (
    ("past",) * 9
    + ("present",) * 4
    + ("perfect",) * 3
    + ("pluperfect", "progressive", "progressive", "past progressive", "past progressive")
    + ("future", "future", "modal", "modal", "modal")
)


_STATIVES = """like love hate want need know believe own mind have doubt fear respect trust hope seem sound remain
    understand appear favor envy mean recommend regret recognize remember notice keep cost
    state suggest claim announce believe hesitate decide refuse agree suspect guess expect manage promise feel add"""
STATIVE = frozenset(_STATIVES.split())
"""Verbs that name states: they take no progressive and hardly a passive."""


class VerbGroup(NamedTuple):
    """The auxiliaries in their order, with ``not``, and the form of the main verb."""

    auxiliaries: tuple[Node, ...]
    form: str


def tense_for_news(g: Draw) -> str:
    """Return a tense, as often as prose uses it."""
    return g.choice(_TENSES)


def verb_group(
    g: Draw,
    lemma: str,
    agreement: str,
    tense: str,
    *,
    negated: bool = False,
    passive: bool = False,
    copula: bool = False,
    inverted: bool = False,
) -> VerbGroup:
    """Return a verb with the auxiliaries that its tense and voice need.

    Args:
        g: Source of randomness, for the modal and for contractions.
        lemma: The main verb; ``"be"`` for a copula.
        agreement: The subject's: ``"1s"``, ``"3s"`` or ``"p"``.
        tense: ``"past"``, ``"present"``, ``"perfect"``, ``"pluperfect"``, ``"progressive"``,
            ``"past progressive"``, ``"future"``, ``"modal"`` (any), ``"modal:can"`` (that one), ``"bare"``,
            ``"gerund"`` or ``"participle"``.
        negated: Whether it is denied.
        passive: Whether the verb is in the passive.
        copula: Whether the verb is a copula: it is then the last of the auxiliaries, and the form is empty.
        inverted: Whether the first auxiliary goes in front of the subject, so that there must be one.
    """
    if lemma in STATIVE and tense.endswith("progressive"):
        tense = "past" if tense.startswith("past") else "present"
    chain, first = _chain(g, tense)
    if passive:
        chain.append(("be", "aux:pass", "participle"))
    if copula:
        chain.append(("be", "cop", ""))
    if (negated or inverted) and not chain and first in ("past", "present"):
        chain.append(("do", "aux", "bare"))
    if not chain:
        return VerbGroup((), _inflect(lemma, first, agreement))
    nodes, demanded = [], first
    for auxiliary, relation, demands in chain:
        nodes.append(word(_inflect(auxiliary, demanded, agreement), "AUX", relation))
        demanded = demands
    if negated:
        nodes = _negate(g, nodes)
    return VerbGroup(tuple(nodes), _inflect(lemma, demanded, agreement) if demanded else "")


def _chain(g: Draw, tense: str) -> tuple[list[tuple[str, str, str]], str]:
    """Return the auxiliaries with what each demands of the next verb, and the form of the first."""
    if tense == "future":
        return [("will", "aux", "bare")], "modal"
    if tense.startswith("modal:"):
        return [(tense.removeprefix("modal:"), "aux", "bare")], "modal"
    if tense == "modal":
        return [(g.choice(MODALS[1:]), "aux", "bare")], "modal"
    if tense in ("perfect", "pluperfect"):
        return [("have", "aux", "participle")], "present" if tense == "perfect" else "past"
    if tense in ("progressive", "past progressive"):
        return [("be", "aux", "gerund")], "present" if tense == "progressive" else "past"
    return [], tense


def _inflect(lemma: str, form: str, agreement: str) -> str:
    if form in ("bare", "modal"):
        return lemma
    if form == "gerund":
        return gerund(lemma)
    if form == "participle":
        return participle(lemma)
    if form == "past":
        return "were" if lemma == "be" and agreement == "p" else past(lemma)
    if lemma == "be":
        return _PRESENT_BE[agreement]
    return third_person(lemma) if agreement == "3s" else lemma


def _negate(g: Draw, nodes: list[Node]) -> list[Node]:
    first, *rest = nodes
    contracts = first.form not in ("am", "may", "might") and g.chance(0.5)
    if not contracts:
        return [first, word("not", "PART", "advmod"), *rest]
    stem = Node(_CONTRACTED.get(first.form, first.form), first.tag, first.relation)
    return [stem, word("n't", "PART", "advmod"), *rest]
