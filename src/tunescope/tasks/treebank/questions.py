"""Questions with the type of what they ask for, as in TREC: ``HUM:ind``, ``LOC:city``, ``NUM:count`` …"""

from __future__ import annotations

from collections.abc import Callable

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.clauses import finite
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import gerund, plural
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, name, noun_phrase, person
from tunescope.tasks.treebank.predicates import OBJECTS, Predicate, predicate
from tunescope.tasks.treebank.verb_groups import verb_group
from tunescope.tasks.treebank.words import adverb, comma, final, word

__all__ = ["inverted", "question", "review_question", "yes_no"]

Question = tuple[Node, str]

_TENSES = ("past", "past", "past", "present", "future", "modal", "perfect")
_KINDS = {
    "dish": ("dish", "food", "meal", "dessert"),
    "vehicle": ("vehicle", "car", "boat"),
    "animal": ("animal", "breed"),
    "event": ("event", "game", "show"),
    "thing": ("thing", "object", "tool", "gift"),
    "document": ("book", "paper", "text"),
    "building": ("building", "place"),
}
_ENTITY_TYPES = {
    "dish": "ENTY:food",
    "vehicle": "ENTY:veh",
    "animal": "ENTY:animal",
    "event": "ENTY:event",
    "thing": "ENTY:product",
    "document": "ENTY:cremat",
    "building": "LOC:other",
}


def inverted(g: Draw, subject: NounPhrase, what: Predicate, tense: str, *front: Node) -> Node:
    """Return a clause whose first auxiliary stands in front of the subject, after ``front``."""
    verbs = verb_group(g, what.lemma, subject.agreement, tense, inverted=True)
    first, *rest = verbs.auxiliaries
    return what.node(verbs.form).left(*front, first, subject.node.to("nsubj"), *rest)


def question(g: Draw) -> Question:
    """Return a question of news prose and its type."""
    root, kind = g.choice(_QUESTIONS)(g)
    return root.right(final("?")), kind


def review_question(g: Draw) -> Question:
    """Return an informal question of customers and its type."""
    root, kind = g.choice(_REVIEW_QUESTIONS)(g)
    if g.chance(0.2):
        opener = word(g.word("interjection"), "INTJ", "discourse").right(comma())
        root = root.left(opener)
    return root.right(final("?")), kind


def yes_no(g: Draw) -> Node:
    """Return a question that asks for yes or no, without its question mark."""
    tense = g.choice(_TENSES)
    return inverted(g, person(g, plain=True), predicate(g, tense, plain=True), tense)


def _who(g: Draw) -> Question:
    tense = g.choice(("past", "past", "present", "future", "progressive"))
    return finite(g, NounPhrase(word("who", "PRON"), "3s"), predicate(g, tense), tense), "HUM:ind"


def _whom(g: Draw) -> Question:
    lemma = g.word("v_person")
    tense = g.choice(("past", "past", "future"))
    what = Predicate(lemma, (adv.time(g, tense),) if g.chance(0.6) else (adv.place(g),))
    return inverted(g, person(g, plain=True), what, tense, word("who", "PRON", "obj")), "HUM:ind"


def _which_person(g: Draw) -> Question:
    noun = word(g.word("occupation"), "NOUN").left(word(g.choice(("which", "what")), "DET", "det"))
    tense = g.choice(("past", "past", "future"))
    return finite(g, NounPhrase(noun, "3s"), predicate(g, tense, plain=True), tense), "HUM:ind"


def _who_is(g: Draw) -> Question:
    if g.chance(0.5):
        who = name(g)
        return word("who", "PRON").right(
            word(g.choice(("is", "was")), "AUX", "cop"), who.to("nsubj")
        ), "HUM:desc"
    subject = noun_phrase(g, "occupation", number="3s", determiner="the")
    node = subject.node.right(adv.oblique("from", "p.Source", adv.city(g), "nmod"))
    return word("who", "PRON").right(word(g.choice(("is", "was")), "AUX", "cop"), node.to("nsubj")), "HUM:ind"


def _which_group(g: Draw) -> Question:
    noun = word(g.word("group"), "NOUN").left(word(g.choice(("which", "what")), "DET", "det"))
    kind = g.choice(("plan", "building", "document", "event"))
    what = Predicate(g.word("v_" + kind), (noun_phrase(g, kind).node.to("obj"),))
    return finite(g, NounPhrase(noun, "3s"), what, g.choice(("past", "future"))), "HUM:gr"


def _where(g: Draw) -> Question:
    tense = g.choice(_TENSES)
    return inverted(g, person(g, plain=True), predicate(g, plain=True), tense, adverb("where")), "LOC:other"


def _where_is(g: Draw) -> Question:
    subject = noun_phrase(g, g.choice(("building", "room", "outdoors", "event")), number="3s")
    be = word(g.choice(("is", "was")), "AUX", "cop")
    return Node("where", "ADV").right(be, subject.node.to("nsubj")), "LOC:other"


def _in_what_place(g: Draw) -> Question:
    noun, kind = g.choice(
        (("city", "LOC:city"), ("town", "LOC:city"), ("country", "LOC:country"), ("state", "LOC:state"))
    )
    node = word(noun, "NOUN").left(word(g.choice(("what", "which")), "DET", "det"))
    where = adv.oblique("in", "p.Locus", node)
    return inverted(g, person(g, plain=True), predicate(g, plain=True), "past", where), kind


def _what_place(g: Draw) -> Question:
    noun, kind = g.choice(
        (("city", "LOC:city"), ("country", "LOC:country"), ("mountain", "LOC:mount"), ("state", "LOC:state"))
    )
    node = word(noun, "NOUN").left(word(g.choice(("what", "which")), "DET", "det")).to("obj")
    what = Predicate(
        g.choice(("visit", "like", "leave", "photograph", "love", "climb" if noun == "mountain" else "miss"))
    )
    what = Predicate(what.lemma, (adv.time(g, "past"),))
    return inverted(g, person(g, plain=True), what, "past", node), kind


def _when(g: Draw) -> Question:
    opener = g.choice(("when", "year", "day", "month"))
    if opener == "when":
        front = adverb("when")
    else:
        node = word(opener, "NOUN").left(word(g.choice(("what", "which")), "DET", "det"))
        front = adv.oblique("on" if opener == "day" else "in", "p.Time", node)
    tense = g.choice(("past", "past", "future"))
    return inverted(g, person(g, plain=True), predicate(g, plain=True), tense, front), "NUM:date"


def _how_many(g: Draw) -> Question:
    kind = g.choice(OBJECTS)
    noun = plural(g.word("occupation" if kind == "person" else kind))
    many = word("many", "ADJ", "amod").left(adverb("how"))
    counted = word(noun, "NOUN").left(many)
    if g.chance(0.3):
        where = adv.place(g)
        verb = word("are", "VERB").left(counted.to("nsubj")).right(word("there", "PRON", "expl"), where)
        return verb, "NUM:count"
    tense = g.choice(("past", "past", "future"))
    what = Predicate(g.word("v_" + kind), (adv.time(g, tense),) if g.chance(0.6) else ())
    return inverted(g, person(g, plain=True), what, tense, counted.to("obj")), "NUM:count"


def _how_much(g: Draw) -> Question:
    much = word("much", "ADJ", "obj").left(adverb("how"))
    kind = g.choice(("thing", "vehicle", "dish", "document"))
    if g.chance(0.5):
        subject = noun_phrase(g, kind, number="3s")
        return inverted(g, subject, Predicate("cost"), g.choice(("past", "present")), much), "NUM:money"
    what = Predicate("pay", (adv.oblique("for", "p.Theme", noun_phrase(g, kind)),))
    return inverted(g, person(g, plain=True), what, g.choice(("past", "future")), much), "NUM:money"


def _how_long(g: Draw) -> Question:
    long = adverb("long").left(adverb("how"))
    what = Predicate(g.word("v_activity"), (adv.place(g),))
    return inverted(
        g, person(g, plain=True), what, g.choice(("past", "perfect", "future")), long
    ), "NUM:period"


def _how_measured(g: Draw) -> Question:
    measure, kind, noun = g.choice(
        (
            ("long", "NUM:dist", "outdoors"),
            ("long", "NUM:period", "event"),
            ("wide", "NUM:dist", "outdoors"),
            ("old", "NUM:period", "occupation"),
            ("old", "NUM:period", "building"),
            ("tall", "NUM:dist", "building"),
            ("heavy", "NUM:weight", "vehicle"),
            ("heavy", "NUM:weight", "thing"),
            ("fast", "NUM:speed", "vehicle"),
            ("fast", "NUM:speed", "animal"),
        )
    )
    head = word(measure, "ADJ").left(adverb("how"))
    subject = noun_phrase(g, noun, number="3s")
    return head.right(word(g.choice(("is", "was")), "AUX", "cop"), subject.node.to("nsubj")), kind


def _how_far(g: Draw) -> Question:
    far = adverb("far").left(adverb("how"))
    what = Predicate(g.word("v_motion"), (adv.time(g, "past"),))
    return inverted(g, person(g, plain=True), what, "past", far), "NUM:dist"


def _why(g: Draw) -> Question:
    tense = g.choice(_TENSES)
    return inverted(g, person(g, plain=True), predicate(g, plain=True), tense, adverb("why")), "DESC:reason"


def _how(g: Draw) -> Question:
    kind = g.choice(OBJECTS)
    what = Predicate(
        g.word("v_" + kind), (noun_phrase(g, "occupation" if kind == "person" else kind).node.to("obj"),)
    )
    return inverted(
        g, person(g, plain=True), what, g.choice(("past", "present")), adverb("how")
    ), "DESC:manner"


def _what_is(g: Draw) -> Question:
    kind = g.choice(("kitchen_tool", "repair_tool", "animal", "event", "feeling", "topic", "occupation"))
    subject = noun_phrase(g, kind, number="3s", determiner="" if kind in ("feeling", "topic") else "a")
    return word("what", "PRON").right(word("is", "AUX", "cop"), subject.node.to("nsubj")), "DESC:def"


def _mean(g: Draw) -> Question:
    term = word("word", "NOUN").left(word("the", "DET", "det"))
    kind = g.choice(("plan", "document", "repair_tool", "feeling", "event"))
    term = term.right(word(g.word(kind), "NOUN", "appos"))
    return inverted(
        g, NounPhrase(term, "3s"), Predicate("mean"), "present", word("what", "PRON", "obj")
    ), "DESC:def"


def _stand_for(g: Draw) -> Question:
    short = NounPhrase(word(g.word("acronym"), "PROPN"), "3s")
    letters = word("letters", "NOUN").left(word("the", "DET", "det")).right(short.node.to("appos"))
    subject = NounPhrase(letters, "p") if g.chance(0.5) else short
    verb = g.choice(("mean", "mean", "abbreviate", "signify"))
    front = word("what", "PRON", "obj")
    return inverted(g, subject, Predicate(verb), "present", front), "ABBR:exp"


def _what_entity(g: Draw) -> Question:
    kind = g.choice(tuple(_KINDS))
    if g.chance(0.5):
        front = word(g.choice(_KINDS[kind]), "NOUN", "obj").left(
            word(g.choice(("what", "which")), "DET", "det")
        )
    else:
        sort = word(g.choice(("kind", "type", "sort")), "NOUN", "obj").left(word("what", "DET", "det"))
        front = sort.right(adv.oblique("of", "p.Species", word(_KINDS[kind][0], "NOUN"), "nmod"))
    tense = g.choice(("past", "past", "future", "present"))
    after = (adv.time(g, tense),) if g.chance(0.5) else (adv.place(g),)
    return inverted(
        g, person(g, plain=True), Predicate(g.word("v_" + kind), after), tense, front
    ), _ENTITY_TYPES[kind]


def _what_object(g: Draw) -> Question:
    kind = g.choice(("dish", "vehicle", "document"))
    lemma = {
        "dish": ("cook", "eat", "bake", "fry"),
        "vehicle": ("drive", "steer", "park"),
        "document": ("read", "write", "translate"),
    }[kind]
    tense = g.choice(("past", "future", "past progressive"))
    after = (adv.time(g, tense),) if g.chance(0.6) else (adv.place(g),)
    front = word("what", "PRON", "obj")
    return inverted(g, person(g, plain=True), Predicate(g.choice(lemma), after), tense, front), _ENTITY_TYPES[
        kind
    ]


def _color(g: Draw) -> Question:
    color = word("color", "NOUN").left(word("what", "DET", "det"))
    subject = noun_phrase(g, g.choice(("vehicle", "thing", "building", "surface")), number="3s")
    return color.right(word(g.choice(("is", "was")), "AUX", "cop"), subject.node.to("nsubj")), "ENTY:color"


def _customer(g: Draw) -> NounPhrase:
    return NounPhrase(word(g.choice(("you", "I", "we")), "PRON"), "p")


def _how_do_i(g: Draw) -> Question:
    gadget = noun_phrase(g, "gadget", number="3s", determiner="this").node.to("obj")
    what = Predicate(g.word("v_handle"), (gadget,))
    return inverted(
        g, _customer(g), what, g.choice(("present", "modal:can", "modal:should")), adverb("how")
    ), "DESC:manner"


def _why_does_it(g: Draw) -> Question:
    subject = noun_phrase(g, g.choice(("gadget", "gadget_part")), number="3s", determiner="the")
    what = Predicate(g.choice(("stop", "keep")), (word(gerund(g.word("v_fail")), "VERB", "xcomp"),))
    return inverted(g, subject, what, g.choice(("present", "past")), adverb("why")), "DESC:reason"


def _where_can_i(g: Draw) -> Question:
    part = noun_phrase(g, "gadget_part", number="3s", determiner="a").node.to("obj")
    what = Predicate(g.choice(("buy", "get", "find", "order", "replace")), (part,))
    return inverted(g, _customer(g), what, "modal:can", adverb("where")), "LOC:other"


def _how_long_lasts(g: Draw) -> Question:
    subject = noun_phrase(g, "gadget_part", number="3s", determiner="the")
    long = adverb("long").left(adverb("how"))
    return inverted(g, subject, Predicate("last"), g.choice(("present", "future")), long), "NUM:period"


def _what_price(g: Draw) -> Question:
    much = word("much", "ADJ", "obj").left(adverb("how"))
    subject = noun_phrase(g, g.choice(("gadget", "gadget_part")), number="3s", determiner="that")
    return inverted(g, subject, Predicate("cost"), "present", much), "NUM:money"


def _who_runs(g: Draw) -> Question:
    place = noun_phrase(g, "venue", number="3s", determiner="this").node.to("obj")
    what = Predicate(g.choice(("run", "own", "manage", "rate", "recommend", "design")), (place,))
    return finite(g, NounPhrase(word("who", "PRON"), "3s"), what, g.choice(("present", "past"))), "HUM:ind"


def _how_many_stars(g: Draw) -> Question:
    many = word("many", "ADJ", "amod").left(adverb("how"))
    counted = word(g.choice(("stars", "points", "cups", "tries", "refunds")), "NOUN", "obj").left(many)
    subject = noun_phrase(g, g.choice(("venue", "gadget")), number="3s", determiner="this")
    return inverted(
        g, subject, Predicate(g.choice(("get", "need", "deserve"))), "present", counted
    ), "NUM:count"


_QUESTIONS: tuple[Callable[[Draw], Question], ...] = (
    _who, _who, _whom, _which_person, _who_is, _which_group, _which_group, _where, _where_is, _in_what_place,
    _in_what_place, _what_place, _what_place, _when, _when, _how_many, _how_many, _how_much, _how_long, _how_measured,
    _how_measured, _how_far, _why, _why, _how, _what_is, _mean, _what_entity, _what_entity, _what_object,
    _color, _stand_for,
)  # fmt: skip

_REVIEW_QUESTIONS: tuple[Callable[[Draw], Question], ...] = (
    _how_do_i, _why_does_it, _where_can_i, _how_long_lasts, _what_price, _who_runs, _how_many_stars,
)  # fmt: skip
