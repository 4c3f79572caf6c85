"""Noun phrases: names, pronouns, and nouns with determiners, adjectives, numbers, compounds and owners."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import gerund, participle, plural, superlative
from tunescope.tasks.treebank.lexicon.modifiers import MODIFIERS, OPPOSITES
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.words import adverb, and_, cardinal, comma, word

__all__ = [
    "MASS",
    "NounPhrase",
    "bare_noun",
    "date",
    "group",
    "money",
    "name",
    "noun_phrase",
    "person",
    "person_noun",
    "possessive_pronoun",
    "pronoun",
]

MASS = frozenset({"mass_food", "feeling", "topic", "quality", "weather", "material", "building_material"})
"""Classes of nouns without a plural."""

_OWNER_ROLES = {
    "relative": "p.SocialRel",
    "plan": "p.Originator",
    "document": "p.Originator",
    "feeling": "p.Experiencer",
    "body_feature": "p.Whole",
    "quantity_subject": "p.Gestalt",
    "group": "p.OrgMember",
    "event": "p.Agent",
}
_COMPOUNDS = {
    "group": 0.25,
    "event": 0.25,
    "plan": 0.2,
    "building": 0.1,
    "occupation": 0.1,
    "document": 0.12,
    "thing": 0.12,
    "dish": 0.15,
    "vehicle": 0.12,
    "container": 0.2,
}
_SINGULAR = ("the",) * 13 + ("a",) * 9 + ("this", "that", "that", "every", "another")
_PLURAL = ("the",) * 8 + ("",) * 4 + ("these", "those", "some", "all", "both")
_INTENSIFIERS = ("very", "very", "really", "extremely", "fairly", "rather", "unusually")
_GRADABLE = frozenset(MODIFIERS["gradable"].split())
_ADJECTIVES = frozenset(
    form for pool, text in MODIFIERS.items() if "adverb" not in pool for form in text.split()
)
_PARTICIPLES: dict[str, tuple[str, Callable[[str], str]]] = {
    "occupation": ("v_activity", gerund),
    "animal": ("v_animal_act", gerund),
    "dish": ("v_done_to_dish", participle),
    "vehicle": ("v_done_to_vehicle", participle),
    "building": ("v_done_to_building", participle),
    "document": ("v_done_to_document", participle),
    "thing": ("v_done_to_thing", participle),
    "event": ("v_done_to_event", participle),
    "plan": ("v_done_to_plan", participle),
}
_QUANTIFIERS = ("many", "several", "few")
_POSSESSIVES = ("his", "her", "her", "their", "my", "his", "our", "your", "their")
_POSSESSIVES_OF_RELATIVES = ("his", "her", "her", "my", "my", "your")
_PRONOUNS = (
    ("I", "me", "1s"),
    ("he", "him", "3s"),
    ("she", "her", "3s"),
    ("she", "her", "3s"),
    ("we", "us", "p"),
    ("they", "them", "p"),
    ("you", "you", "p"),
)


class NounPhrase(NamedTuple):
    """A noun phrase and the form of the verb that agrees with it: ``1s`` (I), ``3s`` (she) or ``p`` (they)."""

    node: Node
    agreement: str


def noun_phrase(
    g: Draw, kind: str, *, number: str | None = None, determiner: str | None = None, plain: bool = False
) -> NounPhrase:
    """Return a noun of a class with what may stand before it.

    Args:
        g: Source of words.
        kind: The class of nouns.
        number: ``"3s"`` or ``"p"``; by chance where it is not given.
        determiner: The determiner, ``""`` for none; by chance where it is not given.
        plain: Whether adjectives, compounds and owners stay out.
    """
    if kind in MASS:
        return _mass(g, kind, determiner, plain=plain)
    number = number or ("p" if g.chance(0.3) else "3s")
    lemma = g.word(kind)
    node = word(plural(lemma) if number == "p" else lemma, "NOUN")
    if not plain and g.chance(_COMPOUNDS.get(kind, 0.0)):
        node = node.left(word(g.word("modifier_" + kind), "NOUN", "compound"))
    if not plain or g.chance(0.1):
        node = _with_adjectives(g, node, kind, definite=determiner == "the")
    if number == "3s" and determiner is None and g.chance(0.03):
        return NounPhrase(node.left(word("one", "NUM", "nummod")), number)
    return NounPhrase(_determined(g, node, kind, number, determiner, plain=plain), number)


def bare_noun(g: Draw, kind: str) -> Node:
    """Return a noun of a class and nothing else."""
    return word(g.word(kind), "NOUN")


def person(g: Draw, *, plain: bool = False, subject: bool = True) -> NounPhrase:
    """Return someone: a name, a pronoun, a job, a relative, or two of them."""
    way = g.number(1, 100)
    if way <= 40:
        return NounPhrase(name(g), "3s")
    if way <= 54:
        return pronoun(g, subject=subject)
    if way <= 59 and not plain:
        return _two_people(g)
    if way <= 68:
        number = "p" if g.chance(0.2) else "3s"
        kind = "relatives" if number == "p" else "relative"
        owner = _owner(g, "relative", names=not plain)
        return NounPhrase(
            noun_phrase(g, kind, number=number, determiner="", plain=True).node.left(owner), number
        )
    if way <= 72:
        # the adjective itself is the head: "the rich"
        people = word(g.word("human_adjective"), "ADJ").left(word("the", "DET", "det"))
        return NounPhrase(people, "p")
    return noun_phrase(g, "occupation", plain=plain)


def group(g: Draw) -> NounPhrase:
    """Return an organisation, by a noun or by its name."""
    if g.chance(0.25):
        head = word(g.word("org_name") if g.chance(0.4) else g.word("surname"), "PROPN")
        last = word(
            g.choice(("Bank", "Group", "Records", "Foods", "Motors", "Press", "Park", "Airways")), "PROPN"
        )
        return NounPhrase(last.left(head.to("compound")), "3s")
    determiner = "the" if g.chance(0.7) else None
    return noun_phrase(g, "group", number="3s" if g.chance(0.8) else "p", determiner=determiner)


def name(g: Draw) -> Node:
    """Return a person's name."""
    way = g.number(1, 10)
    if way <= 5:
        return word(g.word("first_name"), "PROPN")
    surname = word(g.word("surname"), "PROPN", "flat")
    if way <= 8:
        return word(g.word("first_name"), "PROPN").right(surname)
    if way == 9:
        return surname.to("root")
    title = g.choice(("Mr.", "Mrs.", "Ms.", "Dr.", "Judge", "Captain", "Mayor", "President"))
    return word(title, "PROPN").right(surname)


def pronoun(g: Draw, *, subject: bool) -> NounPhrase:
    """Return a personal pronoun that the sentence does not have yet, or else a name."""
    nominative, accusative, agreement = g.choice(_PRONOUNS)
    if not g.first_use("pronoun " + nominative):
        return NounPhrase(name(g), "3s")
    return NounPhrase(word(nominative if subject else accusative, "PRON"), agreement)


def possessive_pronoun(g: Draw, kind: str) -> Node:
    """Return ``her`` and the like, in front of a noun of a class."""
    form = g.choice(_POSSESSIVES_OF_RELATIVES if kind == "relative" else _POSSESSIVES)
    return word(form, "PRON", "nmod:poss", _OWNER_ROLES.get(kind, "p.Possessor"))


def money(g: Draw) -> Node:
    """Return an amount of money, in signs or in words."""
    amount = str(g.choice((15, 20, 30, 45, 60, 75, 80, 90, 120, 250, 300, 400, 700, 950)))
    if g.chance(0.5):
        return word("$", "SYM").right(word(amount, "NUM", "nummod"))
    amount = g.choice((amount, cardinal(g.number(2, 12))))
    return word(g.choice(("dollars", "dollars", "euros", "pounds")), "NOUN").left(
        word(amount, "NUM", "nummod")
    )


def date(g: Draw) -> Node:
    """Return a day of a month, perhaps with the year."""
    node = word(g.word("month"), "PROPN").right(word(str(g.number(1, 28)), "NUM", "nummod"))
    if g.chance(0.25):
        return node.right(comma(), word(str(g.number(1950, 2024)), "NUM", "nummod"))
    return node


def _mass(g: Draw, kind: str, determiner: str | None, *, plain: bool) -> NounPhrase:
    node = bare_noun(g, kind)
    if not plain:
        node = _with_adjectives(g, node, kind, definite=False)
    if determiner is None:
        determiner = g.choice(("the", "the", "", "", "some", "that", "her", "this"))
    if determiner == "her":
        return NounPhrase(node.left(possessive_pronoun(g, kind)), "3s")
    return NounPhrase(node.left(word(determiner, "DET", "det")) if determiner else node, "3s")


def _with_adjectives(g: Draw, node: Node, kind: str, *, definite: bool) -> Node:
    pool = "adj_" + kind
    if not g.has(pool) or not g.chance(0.32):
        return node
    if kind in _PARTICIPLES and g.chance(0.2):
        return node.left(_participle(g, kind))
    form = g.word(pool)
    adjective = word(form, "ADJ", "amod")
    way = g.number(1, 100)
    if way <= 12 and definite and kind in ("building", "thing", "vehicle", "outdoors", "room"):
        return node.left(word(superlative(g.word("comparable_thing")), "ADJ", "amod"))
    if way <= 24 and form in _GRADABLE:
        return node.left(adjective.left(adverb(g.choice(_INTENSIFIERS))))
    if way <= 44:
        return _with_second_adjective(g, node, adjective, g.word(pool))
    return node.left(adjective)


def _participle(g: Draw, kind: str) -> Node:
    verbs, inflect = _PARTICIPLES[kind]
    form = inflect(g.word(verbs))
    return word(form, "ADJ" if form in _ADJECTIVES else "VERB", "amod")


def _with_second_adjective(g: Draw, node: Node, adjective: Node, second: str) -> Node:
    graded = _GRADABLE & {second, adjective.form}
    if second == adjective.form or not graded or frozenset((adjective.form, second)) in OPPOSITES:
        return node.left(adjective)
    if second in _GRADABLE and adjective.form in _GRADABLE and g.chance(0.5):
        return node.left(adjective.right(word(second, "ADJ", "conj").left(and_())))
    # the one that describes least stands next to the noun
    outer, inner = (second, adjective.form) if second in _GRADABLE else (adjective.form, second)
    return node.left(word(outer, "ADJ", "amod"), word(inner, "ADJ", "amod"))


def _determined(g: Draw, node: Node, kind: str, number: str, determiner: str | None, *, plain: bool) -> Node:
    if determiner is not None:
        return node.left(word(determiner, "DET", "det")) if determiner else node
    way = g.number(1, 100)
    if way <= (10 if plain else 17):
        return node.left(_owner(g, kind, names=not plain))
    if number == "3s":
        return node.left(word(g.choice(_SINGULAR), "DET", "det"))
    if way <= 32:
        return node.left(word(cardinal(g.number(2, 13)), "NUM", "nummod"))
    if way <= 42:
        return node.left(word(g.choice(_QUANTIFIERS), "ADJ", "amod"))
    chosen = g.choice(_PLURAL)
    return node.left(word(chosen, "DET", "det")) if chosen else node


def _owner(g: Draw, kind: str, *, names: bool) -> Node:
    if not names or g.chance(0.6):
        return possessive_pronoun(g, kind)
    clitic = word("'s", "PART", "case", _OWNER_ROLES.get(kind, "p.Possessor"))
    if g.chance(0.6):
        owner = name(g)
    else:
        kinds = "occupation" if kind == "relative" or g.chance(0.6) else "group"
        owner = noun_phrase(g, kinds, number="3s", determiner="the", plain=True).node
    return owner.right(clitic).to("nmod:poss")


def _two_people(g: Draw) -> NounPhrase:
    first = word(g.word("first_name"), "PROPN") if g.chance(0.6) else person_noun(g)
    second = word(g.word("first_name"), "PROPN") if g.chance(0.6) else person_noun(g)
    return NounPhrase(first.right(second.left(and_()).to("conj")), "p")


def person_noun(g: Draw) -> Node:
    """Return a definite noun for one person."""
    return noun_phrase(g, "occupation", number="3s", determiner="the", plain=True).node
