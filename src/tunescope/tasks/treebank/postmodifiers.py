"""What follows a noun: relative clauses, participles and prepositional phrases."""

from __future__ import annotations

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.clauses import finite
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import gerund, participle
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, name, noun_phrase, person
from tunescope.tasks.treebank.predicates import action, predicate
from tunescope.tasks.treebank.verb_groups import tense_for_news, verb_group
from tunescope.tasks.treebank.words import word

__all__ = ["described", "relative_clause"]


def relative_clause(g: Draw, kind: str, agreement: str) -> Node:
    """Return a relative clause for a noun of a class.

    Args:
        g: Source of words.
        kind: The noun's class.
        agreement: The noun's agreement, for a verb that it is the subject of.
    """
    if kind in ("occupation", "group"):
        relative = word("who" if kind == "occupation" and g.chance(0.6) else "that", "PRON")
        tense = tense_for_news(g)
        what = predicate(g, tense, plain=True)
        return finite(g, NounPhrase(relative, agreement), what, tense).to("acl:relcl")
    lemma = g.word("v_" + kind)
    tense = g.choice(("past", "past", "perfect", "pluperfect", "modal"))
    if g.chance(0.4):
        lemma = action(g, kind)
        verbs = verb_group(g, lemma, agreement, tense, passive=True)
        relative = word(g.choice(("that", "which")), "PRON", "nsubj:pass")
        return (
            word(verbs.form, "VERB", "acl:relcl").left(relative, *verbs.auxiliaries).right(adv.time(g, tense))
        )
    subject = person(g, plain=True)
    verbs = verb_group(g, lemma, subject.agreement, tense)
    verb = word(verbs.form, "VERB", "acl:relcl").left(subject.node.to("nsubj"), *verbs.auxiliaries)
    opener = g.choice(("that", "which", ""))
    return verb.left(word(opener, "PRON", "obj")) if opener else verb


def described(g: Draw, kind: str) -> NounPhrase:
    """Return a definite noun phrase of a class with a description behind the noun."""
    phrase = noun_phrase(g, kind, determiner="the" if g.chance(0.7) else None, plain=True)
    return NounPhrase(phrase.node.right(_description(g, kind)), phrase.agreement)


def _description(g: Draw, kind: str) -> Node:
    if kind == "occupation":
        return _of_person(g)
    if kind == "document":
        return (
            adv.topic(g, "nmod", preposition=g.choice(("about", "on", "on")))
            if g.chance(0.6)
            else _by_author(g)
        )
    if kind == "plan":
        return _to_do(g) if g.chance(0.6) else adv.topic(g, "nmod", preposition="on")
    if kind == "event":
        return adv.oblique("in", "p.Locus", adv.city(g), "nmod") if g.chance(0.5) else _on_day(g)
    if g.chance(0.5):
        agent = adv.oblique("by", "p.Agent", person(g, plain=True, subject=False), "obl:agent")
        return word(participle(action(g, kind)), "VERB", "acl").right(agent)
    where = noun_phrase(
        g, "outdoors" if kind != "thing" else "surface", number="3s", determiner="the", plain=True
    )
    preposition = g.choice(("on", "under", "near") if kind == "thing" else ("by", "near", "across"))
    return adv.oblique(preposition, "p.Locus", where, "nmod")


def _of_person(g: Draw) -> Node:
    way = g.number(1, 5)
    if way <= 2:
        feature = noun_phrase(g, "body_feature", number="3s", determiner="a")
        return adv.oblique("with", "p.Characteristic", feature, "nmod")
    if way == 3:
        return adv.oblique("from", "p.Source", adv.city(g), "nmod")
    if way == 4:
        workplace = noun_phrase(g, "building", number="3s", determiner="the", plain=True)
        return adv.oblique("at", "p.OrgMember", workplace, "nmod")
    what = predicate(g, plain=True)
    return what.node(gerund(what.lemma), "acl")


def _by_author(g: Draw) -> Node:
    return adv.oblique("by", "p.Originator", name(g), "nmod")


def _on_day(g: Draw) -> Node:
    return adv.oblique("on", "p.Time", word(g.word("weekday"), "PROPN"), "nmod")


def _to_do(g: Draw) -> Node:
    what = predicate(g, plain=True)
    return what.node(what.lemma, "acl").left(word("to", "PART", "mark"))
