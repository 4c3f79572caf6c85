"""Clauses: a subject, a verb group and a predicate put together."""

from __future__ import annotations

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import comparative, gerund
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, group, noun_phrase, person
from tunescope.tasks.treebank.predicates import OBJECTS, Predicate, action, predicate
from tunescope.tasks.treebank.verb_groups import tense_for_news, verb_group
from tunescope.tasks.treebank.words import adverb, comma, infinitive_marker, word

__all__ = [
    "adjective_clause",
    "clause",
    "finite",
    "fronted",
    "gerund_phrase",
    "infinitive",
    "nominal_clause",
    "passive",
    "quantity_clause",
    "simple_clause",
]

_SUBJECTS_OF_PASSIVES = tuple(kind for kind in OBJECTS if kind != "person")


def finite(
    g: Draw,
    subject: NounPhrase,
    what: Predicate,
    tense: str,
    *,
    negated: bool = False,
    relation: str = "nsubj",
) -> Node:
    """Return a finite clause with a verb as its head."""
    group_ = verb_group(g, what.lemma, subject.agreement, tense, negated=negated)
    return what.node(group_.form).left(subject.node.to(relation), *group_.auxiliaries)


def clause(g: Draw, *, plain: bool = False, tense: str | None = None) -> Node:
    """Return a statement of any kind.

    Args:
        g: Source of words.
        plain: Whether it is kept short, as inside another clause.
        tense: Its tense; by chance where it is not given.
    """
    way = g.number(1, 100)
    if way <= 62:
        return simple_clause(g, plain=plain, tense=tense)
    if way <= 75:
        return passive(g, plain=plain, tense=tense)
    if way <= 86:
        return adjective_clause(g, plain=plain, tense=tense)
    if way <= 91:
        return nominal_clause(g, tense=tense)
    if way <= 95:
        return animal_clause(g, tense=tense)
    return quantity_clause(g, plain=plain, tense=tense)


def simple_clause(
    g: Draw, *, plain: bool = False, tense: str | None = None, subject: NounPhrase | None = None
) -> Node:
    """Return a statement on what someone does."""
    tense = tense or tense_for_news(g)
    subject = subject or person(g, plain=plain)
    what = predicate(g, tense, plain=plain)
    return finite(g, subject, what, tense, negated=not what.before and g.chance(0.1))


def passive(g: Draw, *, plain: bool = False, tense: str | None = None) -> Node:
    """Return a clause in the passive, perhaps with who did it."""
    tense = tense or g.choice(("past", "past", "past", "perfect", "future", "modal"))
    kind = g.choice(_SUBJECTS_OF_PASSIVES)
    subject = noun_phrase(g, kind, plain=plain)
    lemma = action(g, kind)
    verbs = verb_group(g, lemma, subject.agreement, tense, passive=True, negated=g.chance(0.08))
    verb = word(verbs.form, "VERB").left(subject.node.to("nsubj:pass"), *verbs.auxiliaries)
    if g.chance(0.5):
        agent = group(g) if g.chance(0.4) else person(g, plain=True, subject=False)
        verb = verb.right(adv.oblique("by", "p.Agent", agent, "obl:agent"))
    elif g.chance(0.4):
        verb = verb.right(adv.place(g))
    return verb.right(adv.time(g, tense)) if g.chance(0.4) else verb


def adjective_clause(g: Draw, *, plain: bool = False, tense: str | None = None) -> Node:
    """Return a clause on what someone or something is like, perhaps compared with another."""
    tense = tense or g.choice(("past", "past", "present", "present", "perfect", "future", "modal"))
    about_person = g.chance(0.5)
    if about_person:
        subject = person(g, plain=plain)
    else:
        subject = noun_phrase(g, g.choice(("building", "vehicle", "thing", "room", "container")), plain=plain)
    head = _adjective(g, about_person)
    if g.chance(0.3):
        lemma = g.word("v_seem")
        verbs = verb_group(g, lemma, subject.agreement, tense, negated=g.chance(0.1))
        return (
            word(verbs.form, "VERB")
            .left(subject.node.to("nsubj"), *verbs.auxiliaries)
            .right(head.to("xcomp"))
        )
    verbs = verb_group(g, "be", subject.agreement, tense, copula=True, negated=g.chance(0.12))
    return head.left(subject.node.to("nsubj"), *verbs.auxiliaries)


def _adjective(g: Draw, about_person: bool) -> Node:
    way = g.number(1, 10)
    kind = "person" if about_person else "thing"
    if way <= 3:
        compared = word(comparative(g.word("comparable_" + kind)), "ADJ")
        if g.chance(0.3):
            compared = compared.left(adverb(g.choice(("much", "far", "even", "still"))))
        other = (
            person(g, plain=True, subject=False) if about_person else noun_phrase(g, "building", plain=True)
        )
        return compared.right(adv.oblique("than", "p.ComparisonRef", other))
    if way == 4:
        equal = word(g.word("comparable_" + kind), "ADJ").left(adverb("as"))
        other = (
            person(g, plain=True, subject=False) if about_person else noun_phrase(g, "building", plain=True)
        )
        return equal.right(adv.oblique("as", "p.ComparisonRef", other))
    head = word(g.word("state_" + kind), "ADJ")
    if g.chance(0.35):
        head = head.left(adverb(g.word("intensifier")))
    if about_person and way <= 6:
        return head.right(infinitive(g, plain=True).to("advcl"))
    if way <= 8:
        after = noun_phrase(g, g.choice(("event", "incident")), number="3s", determiner="the", plain=True)
        return head.right(adv.oblique(g.choice(("after", "before", "during", "since")), "p.Time", after))
    return head


def nominal_clause(g: Draw, *, tense: str | None = None) -> Node:
    """Return a clause on what someone or something is."""
    tense = tense or g.choice(("past", "present", "present", "perfect"))
    if g.chance(0.3):
        subject = NounPhrase(word(g.choice(("that", "this", "it")), "PRON"), "3s")
        head = noun_phrase(g, g.choice(("plan", "event", "document")), number="3s", determiner="a").node
    else:
        subject = person(g, plain=True)
        while subject.agreement == "p":
            subject = person(g, plain=True)
        head = noun_phrase(g, "job", number="3s", determiner="a").node
        if g.chance(0.4):
            head = head.right(adv.oblique("from", "p.Source", adv.city(g), "nmod"))
    verbs = verb_group(g, "be", subject.agreement, tense, copula=True, negated=g.chance(0.1))
    return head.left(subject.node.to("nsubj"), *verbs.auxiliaries)


def animal_clause(g: Draw, *, tense: str | None = None) -> Node:
    """Return a clause on what an animal does."""
    tense = tense or tense_for_news(g)
    subject = noun_phrase(g, "animal")
    after = (adv.place(g), adv.time(g, tense)) if g.chance(0.4) else (adv.place(g),)
    return finite(g, subject, Predicate(g.word("v_animal_act"), after), tense, negated=g.chance(0.1))


def quantity_clause(g: Draw, *, plain: bool = False, tense: str | None = None) -> Node:
    """Return a clause on figures that rise or fall."""
    tense = tense or g.choice(("past", "past", "past", "perfect", "future", "modal", "progressive"))
    subject = noun_phrase(
        g, "quantity_subject", number="p", determiner="" if g.chance(0.6) else "the", plain=True
    )
    if g.chance(0.3):
        subject = NounPhrase(word(g.choice(("prices", "costs", "exports", "sales", "imports")), "NOUN"), "p")
        product = noun_phrase(g, "mass_food", determiner="", plain=True)
        subject = NounPhrase(subject.node.right(adv.oblique("of", "p.Gestalt", product, "nmod")), "p")
    after: list[Node] = []
    if g.chance(0.6):
        percent = word("percent", "NOUN") if g.chance(0.6) else word("%", "SYM")
        percent = percent.left(word(str(g.number(2, 60)), "NUM", "nummod"))
        after.append(adv.oblique("by", "p.Extent", percent))
    else:
        after.append(adverb(g.word("rate_adverb")))
    if g.chance(0.6):
        after.append(adv.time(g, tense))
    elif not plain:
        after.append(adv.oblique("in", "p.Locus", adv.city(g)))
    return finite(g, subject, Predicate(g.word("v_rise"), tuple(after)), tense)


def infinitive(g: Draw, *, plain: bool = False) -> Node:
    """Return an infinitive with ``to``."""
    what = predicate(g, plain=plain)
    return what.node(what.lemma, "xcomp").left(infinitive_marker())


def gerund_phrase(g: Draw) -> Node:
    """Return a verb in ``-ing`` with its objects, as a subject or an object may be."""
    what = predicate(g, plain=True)
    return what.node(gerund(what.lemma))


def fronted(main: Node, modifier: Node) -> Node:
    """Return a clause with a modifier and a comma in front of it."""
    return main.left(modifier.right(comma()))
