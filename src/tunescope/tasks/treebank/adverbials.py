"""Time, place, manner and the other circumstances of what happens, with the roles of their prepositions."""

from __future__ import annotations

from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import plural
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, date, money, name, noun_phrase, person
from tunescope.tasks.treebank.words import adposition, adverb, cardinal, fixed, word

__all__ = [
    "accompanier", "beneficiary", "comparison", "cost", "duration", "explanation", "goal", "instrument", "manner",
    "means", "oblique", "path", "place", "purpose", "source", "time", "topic",
]  # fmt: skip

_PERFECT, _PRESENT, _FUTURE = "perfect", "present", ("future", "modal")
_TIME_EVENTS = ("event", "event", "incident")
_PARTS_OF_DAY = ("morning", "evening", "afternoon")
_CLOCK = ("noon", "midnight", "five", "six", "seven", "nine", "ten", "eleven", "dawn")


def oblique(preposition: str, role: str, phrase: NounPhrase | Node, relation: str = "obl") -> Node:
    """Return a prepositional phrase.

    Args:
        preposition: Its preposition; two words such as ``because of`` make a fixed expression.
        role: The preposition's role.
        phrase: What it governs.
        relation: The phrase's relation to its head.
    """
    node = phrase.node if isinstance(phrase, NounPhrase) else phrase
    first, _, second = preposition.partition(" ")
    case = fixed(first, second, "ADP", "ADP", "case", role) if second else adposition(preposition, role)
    return node.left(case).to(relation)


def time(g: Draw, tense: str) -> Node:
    """Return when something happens, in words that suit the tense."""
    if tense == _PERFECT:
        return _since(g)
    if tense == _PRESENT:
        return _habit(g)
    if tense == "progressive":
        return _now(g)
    way = g.number(1, 20)
    if way <= 4:
        return oblique("on", "p.Time", word(g.word("weekday"), "PROPN"))
    if way == 5:
        return oblique("on", "p.Time", date(g))
    if way <= 8:
        return oblique("in", "p.Time", word(g.word("month"), "PROPN"))
    if way <= 11:
        preposition = g.choice(("before", "after", "after", "during", "before"))
        return oblique(preposition, "p.Time", noun_phrase(g, g.choice(_TIME_EVENTS), determiner="the"))
    if way <= 13:
        preposition = g.choice(("at", "around", "before", "after", "by"))
        return oblique(preposition, "p.Time", _clock(g))
    if way == 14:
        part = word(g.choice(_PARTS_OF_DAY), "NOUN").left(word("the", "DET", "det"))
        return oblique("in", "p.Time", part)
    if way == 15:
        late = adverb(g.choice(("late", "early", "early")))
        when = word(g.choice(_PARTS_OF_DAY), "NOUN").left(word("the", "DET", "det"))
        return oblique("in", "p.Time", when).left(late)
    return _future(g) if tense in _FUTURE else _past(g)


def _clock(g: Draw) -> Node:
    form = g.choice(_CLOCK)
    return word(form, "NOUN" if form in ("noon", "midnight", "dawn") else "NUM")


def _since(g: Draw) -> Node:
    way = g.number(1, 6)
    if way <= 3:
        when = word(g.word(g.choice(("weekday", "month"))), "PROPN")
        return oblique("since", "p.Time", when)
    if way == 4:
        return oblique("since", "p.Time", noun_phrase(g, g.choice(_TIME_EVENTS), determiner="the"))
    if way == 5:
        return oblique("since", "p.Time", word(str(g.number(1965, 2019)), "NUM"))
    return adverb(g.choice(("before", "since", "twice", "once", "lately")))


def _habit(g: Draw) -> Node:
    way = g.number(1, 6)
    if way == 1:
        return oblique("on", "p.Time", word(g.word("weekday") + "s", "PROPN"))
    if way <= 3:
        unit = word(g.choice(("day", "week", "month", "summer", "morning", "night")), "NOUN", "obl:tmod")
        return unit.left(word(g.choice(("every", "every", "each")), "DET", "det"))
    if way == 4:
        return oblique("in", "p.Time", word(g.choice(("winter", "summer", "spring", "autumn")), "NOUN"))
    if way == 5:
        meal = word(g.choice(("work", "breakfast", "lunch", "school", "dinner")), "NOUN")
        return oblique(g.choice(("before", "after")), "p.Time", meal)
    return adverb(g.choice(("again", "early", "late", "now")))


def _now(g: Draw) -> Node:
    if g.chance(0.5):
        return adverb(g.choice(("now", "again", "here")))
    unit = word(g.choice(("week", "month", "summer", "morning", "year", "time")), "NOUN", "obl:tmod")
    return unit.left(word("this", "DET", "det"))


def _past(g: Draw) -> Node:
    way = g.number(1, 6)
    if way == 1:
        return word("yesterday", "NOUN", "obl:tmod")
    if way <= 3:
        unit = g.choice(
            ("week", "month", "year", "night", "summer", "winter", "spring", "Monday", "May", "March")
        )
        node = word(unit, "PROPN" if unit[0].isupper() else "NOUN", "obl:tmod")
        return node.left(word("last", "ADJ", "amod"))
    if way == 4:
        ago = adverb("ago")
        number = g.number(2, 14)
        period = word(plural(g.word("period")), "NOUN", "obl:npmod")
        return ago.left(period.left(word(cardinal(number), "NUM", "nummod")))
    if way == 5:
        return oblique("in", "p.Time", word(str(g.number(1950, 2023)), "NUM"))
    part = word(
        g.choice(("morning", "evening", "night", "afternoon", "summer", "winter")), "NOUN", "obl:tmod"
    )
    return part.left(word("that", "DET", "det")) if g.chance(0.5) else _weekend(g)


def _future(g: Draw) -> Node:
    way = g.number(1, 5)
    if way == 1:
        return word("tomorrow", "NOUN", "obl:tmod")
    if way == 2:
        return adverb(g.choice(("soon", "again", "later")))
    if way == 3:
        return oblique("by", "p.Time", word(g.word("weekday"), "PROPN"))
    unit = g.choice(("week", "month", "year", "summer", "spring", "Sunday", "May", "June"))
    node = word(unit, "PROPN" if unit[0].isupper() else "NOUN", "obl:tmod")
    return node.left(word("next", "ADJ", "amod"))


def _weekend(g: Draw) -> Node:
    unit = word(g.choice(("weekend", "holidays", "summer")), "NOUN").left(word("the", "DET", "det"))
    return oblique("over", "p.Time", unit)


def duration(g: Draw) -> Node:
    """Return how long something lasts."""
    way = g.number(1, 6)
    if way <= 3:
        number = g.number(2, 12)
        period = word(plural(g.word("period")), "NOUN").left(word(cardinal(number), "NUM", "nummod"))
        if g.chance(0.25):
            about = adverb(g.choice(("about", "almost", "nearly", "around", "over")))
            count = word(cardinal(number), "NUM", "nummod").left(about)
            period = word(plural(g.word("period")), "NOUN").left(count)
        return oblique("for", "p.Duration", period)
    if way == 4:
        return oblique("for", "p.Duration", word(plural(g.word("period")), "NOUN"))
    if way == 5:
        unit = word(g.choice(("night", "winter", "summer", "afternoon")), "NOUN").left(
            word("the", "DET", "det")
        )
        return oblique(g.choice(("through", "throughout")), "p.Duration", unit)
    unit = word(g.choice(("day", "night", "morning", "week", "summer")), "NOUN", "obl:tmod")
    return unit.left(word("all", "DET", "det"))


def place(g: Draw) -> Node:
    """Return where something happens."""
    way = g.number(1, 12)
    if way <= 3:
        return oblique(
            g.choice(("at", "in", "near", "behind", "outside")),
            "p.Locus",
            noun_phrase(g, "building", number="3s"),
        )
    if way <= 5:
        return oblique("in", "p.Locus", noun_phrase(g, "room", number="3s", determiner="the"))
    if way <= 8:
        preposition = g.choice(("near", "by", "at", "around", "along", "by"))
        return oblique(preposition, "p.Locus", noun_phrase(g, "outdoors", number="3s", determiner="the"))
    if way <= 10:
        return oblique(g.choice(("in", "in", "near")), "p.Locus", city(g))
    if way == 11:
        return adverb(
            g.choice(("downtown", "outside", "nearby", "here", "there", "abroad", "upstairs", "around"))
        )
    corner = word(g.choice(("corner", "street", "hall", "road")), "NOUN").left(word("the", "DET", "det"))
    return oblique(g.choice(("around", "across", "down")), "p.Locus", corner)


def city(g: Draw) -> Node:
    """Return a city or a country."""
    if g.chance(0.25):
        return word(g.word("country"), "PROPN")
    node = word(g.word("city"), "PROPN")
    if g.chance(0.08):
        kind = word(g.choice(("city", "town", "port")), "NOUN").left(word("the", "DET", "det"))
        return kind.right(oblique("of", "p.Identity", node, "nmod"))
    return node


def goal(g: Draw) -> Node:
    """Return where someone goes."""
    way = g.number(1, 10)
    if way <= 3:
        return oblique("to", "p.Goal", noun_phrase(g, "building", number="3s", determiner="the"))
    if way <= 5:
        return oblique("to", "p.Goal", city(g))
    if way <= 7:
        return oblique(
            "into",
            "p.Goal",
            noun_phrase(g, "room", number="3s", determiner="the"),
        )
    if way == 8:
        return oblique("toward", "p.Direction", noun_phrase(g, "outdoors", number="3s", determiner="the"))
    if way == 9:
        return oblique("to", "p.Goal", noun_phrase(g, "event", number="3s", determiner="the"))
    return adverb(g.choice(("home", "north", "inside", "back", "away", "abroad", "downtown")))


def path(g: Draw) -> Node:
    """Return the way that someone takes."""
    if g.chance(0.2):
        hill = word(g.choice(("hill", "stairs", "road", "street", "slope")), "NOUN").left(
            word("the", "DET", "det")
        )
        return oblique(g.choice(("up", "down")), "p.Path", hill)
    preposition = g.choice(("through", "across", "along", "around", "over", "past", "by"))
    return oblique(preposition, "p.Path", noun_phrase(g, "outdoors", number="3s", determiner="the"))


def source(g: Draw) -> Node:
    """Return where someone comes from."""
    if g.chance(0.5):
        return oblique("from", "p.Source", city(g))
    return oblique("from", "p.Source", noun_phrase(g, "building", number="3s", determiner="the"))


def manner(g: Draw) -> Node:
    """Return how something is done."""
    way = g.number(1, 10)
    if way <= 6:
        adverb_ = adverb(g.word("manner"))
        return (
            adverb_.left(adverb(g.choice(("very", "so", "too", "rather", "pretty"))))
            if g.chance(0.2)
            else adverb_
        )
    if way <= 8:
        quality = word(g.word("quality"), "NOUN")
        if g.chance(0.5):
            amount = g.choice((("great", "ADJ", "amod"), ("little", "ADJ", "amod"), ("some", "DET", "det")))
            quality = quality.left(word(*amount))
        return oblique("with", "p.Manner", quality)
    if way == 9:
        return oblique(
            "in", "p.Manner", word(g.choice(("silence", "secret", "pairs", "person", "detail")), "NOUN")
        )
    hurry = word(g.choice(("hurry", "rush", "panic")), "NOUN").left(word("a", "DET", "det"))
    return oblique("in", "p.Manner", hurry)


def accompanier(g: Draw) -> Node:
    """Return who comes along."""
    if g.chance(0.15):
        return oblique("without", "p.Accompanier", person(g, plain=True, subject=False))
    return oblique("with", "p.Accompanier", person(g, plain=True, subject=False))


def instrument(g: Draw, kind: str) -> Node:
    """Return the tool that is used, of a class of tools."""
    determiner = g.choice(("a", "a", "the", None))
    return oblique("with", "p.Instrument", noun_phrase(g, kind, number="3s", determiner=determiner))


def means(g: Draw) -> Node:
    """Return what someone travels by."""
    return oblique("by", "p.Means", word(g.word("vehicle"), "NOUN"))


def beneficiary(g: Draw) -> Node:
    """Return for whom something is done."""
    return oblique("for", "p.Beneficiary", person(g, plain=True, subject=False))


def purpose(g: Draw) -> Node:
    """Return what something is done for."""
    if g.chance(0.4):
        return oblique("for", "p.Purpose", noun_phrase(g, "mass_food", determiner="", plain=True))
    return oblique("for", "p.Purpose", noun_phrase(g, "purpose", number="3s"))


def explanation(g: Draw) -> Node:
    """Return why something happens."""
    preposition = g.choice(("because of", "because of", "due to"))
    if g.chance(0.5):
        return oblique(preposition, "p.Explanation", noun_phrase(g, "incident", number="3s"))
    return oblique(preposition, "p.Explanation", noun_phrase(g, "weather", determiner="the", plain=True))


def cost(g: Draw) -> Node:
    """Return for how much something is bought or sold."""
    return oblique("for", "p.Cost", money(g))


def topic(g: Draw, relation: str = "obl", *, preposition: str | None = None) -> Node:
    """Return what someone talks or a text is about."""
    preposition = preposition or g.choice(("about", "about", "on", "of", "over"))
    kind = g.choice(("topic", "topic", "plan", "event", "incident"))
    return oblique(
        preposition, "p.Topic", noun_phrase(g, kind, determiner="" if kind == "topic" else None), relation
    )


def comparison(g: Draw) -> Node:
    """Return what someone or something acts or looks like."""
    if g.chance(0.5):
        return oblique("like", "p.ComparisonRef", noun_phrase(g, "job", number="3s", determiner="a"))
    return oblique("like", "p.ComparisonRef", name(g))
