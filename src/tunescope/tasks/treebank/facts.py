"""What the statements of a short text tell: facts that can be told apart, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import plural
from tunescope.tasks.treebank.lexicon.verbs import PARTICLE_VERBS
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, money, name, noun_phrase
from tunescope.tasks.treebank.verb_groups import STATIVE
from tunescope.tasks.treebank.words import and_, cardinal, word

__all__ = ["SLOTS", "Fact", "Frame", "draw_facts", "is_counted"]

SLOTS = (
    "subject", "particle", "object", "recipient", "goods", "topic", "goal", "source", "means", "instrument",
    "beneficiary", "companion", "price", "reason", "duration", "place", "time",
)  # fmt: skip
"""What may be known of a fact, in the order of an active sentence."""

_Maker = Callable[[Draw, str, str], Node | None]

_FEWEST, _MOST = 3, 5
_TENSES = ("past",) * 8 + ("past progressive", "future", "future")
_SHARED = 0.3


class Frame(NamedTuple):
    """A class of events: its verbs, what they are done to, and what else is told.

    Attributes:
        verbs: A class of verbs, or verbs with ``|`` between them.
        object: The class of what it is done to; empty where there is no object.
        always: What every fact of this class tells.
        perhaps: What it may tell.
    """

    verbs: str
    object: str
    always: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ("place", "time")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that someone does.

    Attributes:
        frame: The class of events that it is one of.
        subject: Who does it.
        verb: The base form, with its particle after a space.
        tense: As :func:`~tunescope.tasks.treebank.verb_groups.verb_group` names it.
        parts: What else is known, in the order of an active sentence; prepositions are dependents of their nouns.
    """

    frame: Frame
    subject: NounPhrase
    verb: str
    tense: str
    parts: Mapping[str, Node]

    @property
    def lemma(self) -> str:
        """The base form without the particle."""
        return self.verb.partition(" ")[0]

    @property
    def has_passive(self) -> bool:
        """Whether things may be told from the side of what it is done to."""
        return self.frame.object not in ("", "person", "money")

    @property
    def always(self) -> frozenset[str]:
        """What no sentence on the fact can do without."""
        return frozenset(("particle", "object", *self.frame.always))


def draw_facts(g: Draw) -> list[Fact]:
    """Return the facts of one text.

    Some share a verb, a subject, a place or a time. What any two of them name is the same or has no noun in common.
    """
    while True:
        g.new_sentence()
        facts: list[Fact] = []
        for _ in range(g.number(_FEWEST, _MOST)):
            facts.append(_fact(g, facts))
        named = dict.fromkeys(node for fact in facts for node in (fact.subject.node, *fact.parts.values()))
        nouns = [noun for node in named for noun in _nouns(node)]
        if len(nouns) == len(set(nouns)):
            return facts


def is_counted(node: Node) -> bool:
    """Return whether a noun phrase begins with a number that counts what it names."""
    return bool(node.before) and node.before[0].relation == "nummod"


def _nouns(node: Node) -> set[str]:
    """Return the nouns of a phrase, and their plurals: one canoe is not told from two canoes."""
    form = node.form.lower()
    own = {form, plural(form)} if node.tag in ("NOUN", "PROPN") else set()
    return own.union(*map(_nouns, (*node.before, *node.after)))


def _fact(g: Draw, told: Sequence[Fact]) -> Fact:
    like = g.choice(told) if told and g.chance(_SHARED) else None
    frame = like.frame if like else g.choice(_FRAMES)
    verb = like.verb if like else _verb(g, frame)
    tense = like.tense if like else g.choice(_TENSES)
    subject = g.choice(told).subject if told and g.chance(_SHARED) else _subject(g, frame)
    parts: dict[str, Node | None] = {}
    if " " in verb:
        parts["particle"] = word(verb.partition(" ")[2], "ADP", "compound:prt")
    if frame.object:
        parts["object"] = _object(g, frame.object)
    for slot in (*frame.always, *frame.perhaps):
        known = [fact.parts[slot] for fact in told if slot in fact.parts and fact.tense == tense]
        if known and slot in ("place", "time") and g.chance(_SHARED):
            parts[slot] = g.choice(known)
        elif slot in frame.always or g.chance(0.5):
            parts[slot] = _MAKERS[slot](g, verb, tense)
    if not any(parts.values()):
        parts["place"] = _place(g, verb, tense)
    ordered = {slot: node for slot in SLOTS if (node := parts.get(slot)) is not None}
    return Fact(frame, subject, verb, tense, MappingProxyType(ordered))


def _verb(g: Draw, frame: Frame) -> str:
    if not g.has(frame.verbs):
        return g.choice(frame.verbs.split("|"))
    verb = g.word(frame.verbs)
    while verb in STATIVE:
        verb = g.word(frame.verbs)
    return verb


def _subject(g: Draw, frame: Frame) -> NounPhrase:
    if frame.object in ("plan", "event", "building") and g.chance(0.35):
        return noun_phrase(g, "group", number="3s", determiner="the")
    if g.chance(0.1):
        two = word(g.word("first_name"), "PROPN")
        return NounPhrase(two.right(word(g.word("first_name"), "PROPN", "conj").left(and_())), "p")
    return NounPhrase(_someone(g), "3s")


def _someone(g: Draw) -> Node:
    return name(g) if g.chance(0.55) else noun_phrase(g, "occupation", number="3s", determiner="the").node


def _object(g: Draw, kind: str) -> Node:
    if kind == "person":
        return _someone(g).to("obj")
    if kind == "money":
        return money(g).to("obj")
    return _thing(g, kind).to("obj")


def _thing(g: Draw, kind: str) -> Node:
    if g.chance(0.2):
        several = noun_phrase(g, kind, number="p", determiner="").node
        return several.left(word(cardinal(g.number(2, 12)), "NUM", "nummod"))
    return noun_phrase(g, kind, number="3s", determiner=g.choice(("a", "the"))).node


def _the(g: Draw, *kinds: str) -> Node:
    return noun_phrase(g, g.choice(kinds), number="3s", determiner="the").node


def _place(g: Draw, _verb: str, _tense: str) -> Node:
    way = g.number(1, 4)
    if way == 1:
        return adv.oblique("in", "p.Locus", word(g.word("city"), "PROPN"))
    if way == 2:
        return adv.oblique("in", "p.Locus", _the(g, "room"))
    if way == 3:
        return adv.oblique(g.choice(("near", "by")), "p.Locus", _the(g, "outdoors"))
    return adv.oblique(g.choice(("at", "at", "behind", "outside")), "p.Locus", _the(g, "building"))


def _time(g: Draw, _verb: str, tense: str) -> Node:
    when = adv.time(g, tense)
    while when.tag == "ADV" and not when.before:  # "soon" is no answer to "when"
        when = adv.time(g, tense)
    return when


def _goal(g: Draw, verb: str, _tense: str) -> Node:
    if verb in _PUTTING:
        if g.chance(0.5):
            return adv.oblique(g.choice(("on", "under", "behind")), "p.Goal", _the(g, "surface"))
        return adv.oblique("in", "p.Goal", _the(g, "container"))
    if g.chance(0.5):
        return adv.oblique("to", "p.Goal", word(g.word("city"), "PROPN"))
    return adv.oblique("to", "p.Goal", _the(g, "building", "building", "outdoors"))


def _source(g: Draw, _verb: str, _tense: str) -> Node:
    origin = word(g.word("city"), "PROPN") if g.chance(0.5) else _the(g, "building")
    return adv.oblique("from", "p.Source", origin)


def _means(g: Draw, verb: str, _tense: str) -> Node | None:
    return adv.means(g) if verb in _WITH_VEHICLE else None


def _recipient(g: Draw, _verb: str, _tense: str) -> Node:
    return adv.oblique("to", "p.Recipient", _someone(g))


def _beneficiary(g: Draw, verb: str, _tense: str) -> Node | None:
    return adv.oblique("for", "p.Beneficiary", _someone(g)) if verb in _DONE_FOR_SOMEONE else None


def _companion(g: Draw, _verb: str, _tense: str) -> Node:
    return adv.oblique("with", "p.Accompanier", _someone(g))


def _instrument(g: Draw, verb: str, _tense: str) -> Node | None:
    if verb not in _TOOLS:
        return None
    tool = noun_phrase(g, _TOOLS[verb], number="3s", determiner=g.choice(("a", "the")))
    return adv.oblique("with", "p.Instrument", tool)


def _price(g: Draw, verb: str, _tense: str) -> Node | None:
    return adv.cost(g) if verb in _WITH_PRICE else None


def _goods(g: Draw, _verb: str, _tense: str) -> Node:
    return adv.oblique("for", "p.Theme", _thing(g, g.choice(("thing", "vehicle", "dish"))))


def _topic(g: Draw, _verb: str, _tense: str) -> Node:
    if g.chance(0.6):
        return adv.oblique("about", "p.Topic", noun_phrase(g, "topic", determiner=""))
    return adv.oblique("about", "p.Topic", _the(g, "plan", "event", "incident"))


def _reason(g: Draw, verb: str, _tense: str) -> Node | None:
    if verb not in _WITH_REASON:
        return None
    why = noun_phrase(g, "weather", determiner="the") if g.chance(0.4) else _the(g, "incident")
    return adv.oblique("because of", "p.Explanation", why)


def _duration(g: Draw, _verb: str, _tense: str) -> Node:
    period = word(plural(g.word("period")), "NOUN").left(word(cardinal(g.number(2, 14)), "NUM", "nummod"))
    return adv.oblique("for", "p.Duration", period)


_MAKERS: Mapping[str, _Maker] = MappingProxyType(
    {
        "place": _place, "time": _time, "goal": _goal, "source": _source, "means": _means, "recipient": _recipient,
        "beneficiary": _beneficiary, "companion": _companion, "instrument": _instrument, "price": _price,
        "goods": _goods, "topic": _topic, "reason": _reason, "duration": _duration,
    }
)  # fmt: skip

_PUTTING = ("put", "hide", "leave", "drop", "place", "set")
_WITH_VEHICLE = ("travel", "return", "head", "move")
_WITH_PRICE = frozenset(("buy", "sell", "rent"))
_REASONED = "cancel delay postpone miss skip announce leave close secure help call reject change"
_WITH_REASON = frozenset(_REASONED.split())
_DONE_FOR = "cook bake prepare order roast buy wrap repair fix find translate copy carry"
_DONE_FOR_SOMEONE = frozenset(_DONE_FOR.split())
_TOOLS = MappingProxyType(
    {
        **dict.fromkeys(("repair", "fix", "break", "open"), "repair_tool"),
        **dict.fromkeys(("cook", "fry", "cut", "bake", "serve", "prepare"), "kitchen_tool"),
        **dict.fromkeys(("write", "sign", "edit", "copy", "mark", "draft", "translate"), "writing_tool"),
        **dict.fromkeys(("film", "record", "photograph"), "recording_tool"),
    }
)

_WITH_TOOLS: tuple[str, ...] = ("instrument", "beneficiary", "place", "time")
_WITH_REASONS: tuple[str, ...] = ("reason", "place", "time")

_FRAMES = (
    Frame("v_dish", "dish", (), _WITH_TOOLS),
    Frame("v_thing", "thing", (), ("price", *_WITH_TOOLS)),
    Frame("v_thing", "thing", (), ("price", *_WITH_TOOLS)),
    Frame("v_vehicle", "vehicle", (), ("price", *_WITH_TOOLS)),
    Frame("v_document", "document", (), _WITH_TOOLS),
    Frame("v_animal", "animal"),
    Frame("v_person", "person", (), _WITH_REASONS),
    Frame("v_building", "building", (), ("reason", "time")),
    Frame("v_event", "event", (), _WITH_REASONS),
    Frame("v_event", "event", (), _WITH_REASONS),
    Frame("v_plan", "plan", (), _WITH_REASONS),
    *(Frame(verbs, kind) for kind, verbs in PARTICLE_VERBS.items() if kind not in ("occupation", "building")),
    Frame("v_give", "thing", ("recipient",)),
    Frame("v_give", "document", ("recipient",)),
    Frame("|".join(_PUTTING), "thing", ("goal",), ("time",)),
    Frame("|".join(_PUTTING), "document", ("goal",), ("time",)),
    Frame("v_motion", "", ("goal",), ("source", "means", "companion", "time")),
    Frame("|".join(_WITH_VEHICLE), "", ("goal",), ("source", "means", "companion", "time")),
    Frame("talk|speak|complain", "", ("topic",), ("recipient", "place", "time")),
    Frame("work|wait|sing|dance|play|practice|swim|study|train", "", (), ("companion", "duration", "place", "time")),
    Frame("buy|sell|rent", "vehicle", ("price",)),
    Frame("pay", "money", ("goods",)),
)  # fmt: skip
"""The classes of events; one that stands there twice is twice as frequent."""
