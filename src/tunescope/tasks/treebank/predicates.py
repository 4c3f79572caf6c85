"""What people do: a verb with objects and circumstances that suit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.lexicon.verbs import PARTICLE_VERBS, TOPIC_VERBS
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import money, noun_phrase, person
from tunescope.tasks.treebank.verb_groups import STATIVE
from tunescope.tasks.treebank.words import adverb, word

__all__ = ["OBJECTS", "Predicate", "action", "predicate"]

OBJECTS = ("dish", "vehicle", "building", "document", "person", "event", "thing", "plan", "animal")
"""The classes of things that the transitive verbs ``v_…`` take."""


_ALONE = ("sleep", "nap", "cough", "smile", "rest", "swim")
_TOOLS = {
    "dish": "kitchen_tool",
    "document": "writing_tool",
    "thing": "repair_tool",
    "vehicle": "repair_tool",
    "building": "repair_tool",
    "event": "recording_tool",
}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A verb with what follows it.

    Attributes:
        lemma: The verb's base form.
        after: Objects, particles and circumstances, in their order.
        before: Adverbs directly in front of the verb.
    """

    lemma: str
    after: tuple[Node, ...] = ()
    before: tuple[Node, ...] = ()

    def node(self, form: str, relation: str = "root") -> Node:
        """Return the verb in a form, with its dependents."""
        return Node(form, "VERB", relation, self.before, self.after)


def predicate(g: Draw, tense: str = "bare", *, plain: bool = False) -> Predicate:
    """Return something that a person may do.

    Args:
        g: Source of words.
        tense: The tense, which times have to suit; no time is given for ``"bare"``.
        plain: Whether it is kept short.
    """
    frame = g.choice(_FRAMES)
    result = frame(g, plain)
    if tense != "bare" and g.chance(0.42 if not plain else 0.15):
        result = replace(result, after=(*result.after, adv.time(g, tense)))
    if not plain and g.chance(0.09):
        result = replace(result, before=(adverb(g.word("aspect_adverb" if g.chance(0.6) else "manner")),))
    return result


def action(g: Draw, kind: str) -> str:
    """Return a verb for what is done to things of a class: one that suits the passive."""
    for _ in range(8):
        lemma = g.word("v_" + kind)
        if lemma not in STATIVE:
            break
    return lemma


def transitive(g: Draw, kind: str, *, plain: bool = False) -> tuple[str, Node]:
    """Return a verb and an object of a class."""
    lemma = action(g, kind) if plain or g.chance(0.7) else g.word("v_" + kind)
    if kind == "person":
        return lemma, person(g, plain=plain, subject=False).node.to("obj")
    if kind == "dish" and g.chance(0.3):
        return lemma, noun_phrase(g, "mass_food", plain=plain).node.to("obj")
    return lemma, noun_phrase(g, kind, plain=plain).node.to("obj")


def _transitive(g: Draw, plain: bool) -> Predicate:
    kind = g.choice(OBJECTS)
    lemma, object_ = transitive(g, kind, plain=plain)
    chosen = _circumstances(g, kind) if g.chance(0.4 if plain else 0.7) else ()
    return Predicate(lemma, (object_, *chosen))


def _circumstances(g: Draw, kind: str) -> tuple[Node, ...]:
    way = g.number(1, 9)
    if way == 1:
        return (adv.place(g),)
    if way <= 3:
        return (adv.manner(g),)
    if way == 4:
        return (adv.accompanier(g),)
    if way == 5:
        return (
            (adv.explanation(g),)
            if kind in ("event", "plan", "building", "person")
            else (adv.beneficiary(g),)
        )
    return (_special(g, kind),)


def _special(g: Draw, kind: str) -> Node:
    if kind in _TOOLS and g.chance(0.5):
        return adv.instrument(g, _TOOLS[kind])
    if kind in ("thing", "vehicle"):
        return adv.cost(g) if g.chance(0.5) else adv.beneficiary(g)
    if kind == "document":
        return adv.purpose(g)
    if kind == "dish":
        return adv.beneficiary(g)
    return adv.accompanier(g) if kind == "person" else adv.manner(g)


def _motion(g: Draw, plain: bool) -> Predicate:
    after = [adv.path(g) if g.chance(0.4) else adv.goal(g)]
    if g.chance(0.25 if plain else 0.6):
        extra = g.choice((adv.accompanier, adv.source, adv.means, adv.means, adv.manner, adv.purpose))
        after.append(extra(g))
    return Predicate(g.word("v_motion"), tuple(after))


def _activity(g: Draw, plain: bool) -> Predicate:
    lemma = g.word("v_activity")
    choices: tuple[Callable[[Draw], Node], ...] = (adv.place, adv.duration, adv.manner)
    if lemma not in _ALONE:
        choices = (*choices, adv.accompanier)
    after = [g.choice(choices)(g)]
    if not plain and g.chance(0.45):
        after.append(adv.duration(g) if g.chance(0.5) else adv.place(g))
        if after[0].tag == after[1].tag == "ADV" or _preposition(after[0]) == _preposition(after[1]):
            after.pop()
    return Predicate(lemma, tuple(after))


def _preposition(node: Node) -> str:
    return node.before[0].form if node.before else node.form


def _particle(g: Draw, plain: bool) -> Predicate:
    kind = g.choice(tuple(PARTICLE_VERBS))
    lemma, particle = g.choice(PARTICLE_VERBS[kind].split("|")).split()
    tag = "ADV" if particle in ("away", "apart", "back", "aside") else "ADP"
    particle_node = word(particle, tag, "advmod" if tag == "ADV" else "compound:prt")
    object_ = noun_phrase(g, kind, plain=plain).node.to("obj")
    short = not object_.after and len(object_.before) <= 1
    if short and g.chance(0.5):
        return Predicate(lemma, (object_, particle_node))
    return Predicate(lemma, (particle_node, object_))


def _give(g: Draw, plain: bool) -> Predicate:
    kind = g.choice(("thing", "thing", "document", "dish"))
    lemma = g.choice(("give", "send", "hand", "bring", "offer")) if kind == "dish" else g.word("v_give")
    thing = noun_phrase(g, kind, plain=plain).node.to("obj")
    receiver = person(g, plain=True, subject=False)
    if g.chance(0.5) and lemma != "mail":
        return Predicate(lemma, (receiver.node.to("iobj"), thing))
    return Predicate(lemma, (thing, adv.oblique("to", "p.Recipient", receiver)))


def _talk(g: Draw, plain: bool) -> Predicate:
    lemma = g.choice(tuple(TOPIC_VERBS))
    topic = adv.topic(g, preposition=g.choice(TOPIC_VERBS[lemma]))
    if plain or lemma not in ("talk", "speak", "write", "complain") or g.chance(0.4):
        return Predicate(lemma, (topic,))
    receiver = adv.oblique("to", "p.Recipient", person(g, plain=True, subject=False))
    return Predicate(lemma, (receiver, topic))


def _look(g: Draw, plain: bool) -> Predicate:
    kind = g.choice(("vehicle", "thing", "animal", "occupation", "dish"))
    wanted = adv.oblique("for", "p.Theme", noun_phrase(g, kind, plain=plain))
    place = (adv.place(g),) if not plain and g.chance(0.4) else ()
    return Predicate(g.word("v_look"), (wanted, *place))


def _put(g: Draw, plain: bool) -> Predicate:
    lemma = g.choice(("put", "leave", "place", "drop", "set", "hide", "keep", "park"))
    if lemma == "park":
        thing = noun_phrase(g, "vehicle", number="3s")
        where = adv.oblique(
            g.choice(("behind", "near", "outside")), "p.Locus", noun_phrase(g, "building", number="3s")
        )
        return Predicate("park", (thing.node.to("obj"), where))
    thing = noun_phrase(g, g.choice(("thing", "document")), plain=plain)
    if g.chance(0.5):
        where = adv.oblique(
            g.choice(("on", "on", "under", "near")), "p.Locus" if lemma in ("leave", "hide", "keep") else "p.Goal",
            noun_phrase(g, "surface", number="3s"),
        )  # fmt: skip
    else:
        where = adv.oblique(
            g.choice(("in", "into" if lemma in ("put", "drop") else "in", "behind")),
            "p.Locus" if lemma in ("leave", "hide", "keep") else "p.Goal",
            noun_phrase(g, "container", number="3s"),
        )
    return Predicate(lemma, (thing.node.to("obj"), where))


def _take(g: Draw, plain: bool) -> Predicate:
    lemma = g.choice(("take", "take", "have", "need", "enjoy", "want"))
    object_ = noun_phrase(
        g, "action_noun", number="3s", determiner=g.choice(("a", "a", "another")), plain=plain
    ).node
    return Predicate(lemma, (object_.to("obj"), adv.place(g)) if g.chance(0.5) else (object_.to("obj"),))


def _work_as(g: Draw, plain: bool) -> Predicate:
    job = adv.oblique("as", "p.Identity", noun_phrase(g, "job", number="3s", determiner="a", plain=plain))
    return Predicate(g.choice(("work", "train", "start", "serve", "volunteer")), (job, adv.place(g)))


def _have(g: Draw, plain: bool) -> Predicate:
    if g.chance(0.4):
        feeling = noun_phrase(g, "feeling", determiner="", plain=plain).node.to("obj")
        return Predicate(g.choice(("feel", "show", "lose", "express")), (feeling,))
    kind = g.choice(("thing", "body_feature", "animal"))
    return Predicate("have", (noun_phrase(g, kind, determiner="a", number="3s", plain=plain).node.to("obj"),))


def _trade(g: Draw, plain: bool) -> Predicate:
    thing = noun_phrase(g, g.choice(("thing", "vehicle")), number="3s", plain=plain).node.to("obj")
    return Predicate(g.choice(("buy", "sell", "rent", "get", "offer")), (thing, adv.cost(g)))


def _pay(g: Draw, _plain: bool) -> Predicate:
    lemma = g.choice(("pay", "spend", "save"))
    amount = money(g).to("obj")
    if lemma == "spend":
        return Predicate(
            lemma,
            (amount, adv.oblique("on", "p.Theme", noun_phrase(g, g.choice(("thing", "vehicle", "dish"))))),
        )
    if lemma == "save":
        return Predicate(
            lemma, (amount, adv.oblique("for", "p.Purpose", noun_phrase(g, "purpose", number="3s")))
        )
    return Predicate(
        lemma,
        (
            amount,
            adv.oblique(
                "for", "p.Theme", noun_phrase(g, g.choice(("thing", "vehicle", "dish")), number="3s")
            ),
        ),
    )


def _like(g: Draw, _plain: bool) -> Predicate:
    return Predicate(
        g.choice(("look", "act", "sound", "sing", "dance", "swim", "drive", "cook", "run")),
        (adv.comparison(g),),
    )


def _do(g: Draw, plain: bool) -> Predicate:
    task = word(
        g.choice(("work", "dishes", "job", "shopping", "cooking", "cleaning", "homework", "laundry")), "NOUN"
    )
    after = (task.left(word("the", "DET", "det")).to("obj"),)
    return Predicate("do", (*after, adv.manner(g)) if not plain else after)


_FRAMES = (
    *(_transitive,) * 11, *(_motion,) * 4, *(_activity,) * 5, *(_particle,) * 3, _give, _give, _talk, _talk, _look,
    _look, _put, _put, _take, _take, _work_as, *(_have,) * 3, _pay, _trade, _like, _like, *(_do,) * 3,
)  # fmt: skip
