"""The second domain: informal reviews and instructions, with imperatives, fragments and exclamations."""

from __future__ import annotations

from collections.abc import Callable

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.clauses import finite
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import comparative, gerund, participle
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, money, noun_phrase
from tunescope.tasks.treebank.predicates import Predicate
from tunescope.tasks.treebank.verb_groups import verb_group
from tunescope.tasks.treebank.words import adverb, and_, cardinal, comma, final, infinitive_marker, mark, word

__all__ = ["review"]


_COMPARED = (
    "cheap",
    "fast",
    "light",
    "good",
    "bad",
    "quiet",
    "big",
    "small",
    "loud",
    "slow",
    "new",
    "sturdy",
)


def review(g: Draw) -> Node:
    """Return a whole sentence of a review or an instruction."""
    root = g.choice(_CONSTRUCTIONS)(g)
    if g.chance(0.15):
        opener = word(g.word("interjection"), "INTJ", "discourse")
        root = root.left(opener.right(comma()))
    return root.right(final("!" if g.chance(0.2) else "."))


def _writer(g: Draw) -> NounPhrase:
    form, agreement = g.choice((("I", "1s"), ("I", "1s"), ("we", "p"), ("we", "p"), ("they", "p")))
    return NounPhrase(word(form, "PRON"), agreement)


def _the(g: Draw, kind: str) -> NounPhrase:
    return noun_phrase(g, kind, number="3s", determiner=g.choice(("the", "the", "this", "that")), plain=True)


def _kind(g: Draw) -> str:
    return g.choice(("gadget", "venue"))


def _judgement_of(g: Draw) -> Node:
    kind = _kind(g)
    subject, pool = (_the(g, kind), kind) if g.chance(0.4) else (_the(g, kind + "_part"), "part")
    if g.chance(0.2):
        subject, pool = _the(g, "venue_person"), "venue_person"
    head = word(g.word("adj_" + pool), "ADJ")
    way = g.number(1, 10)
    if way <= 4:
        head = head.left(adverb(g.choice(("so", "super", "really", "pretty", "kinda", "just", "absolutely"))))
    elif way == 5:
        head = head.left(adverb("too").left(adverb("way")))
    be = verb_group(g, "be", "3s", g.choice(("present", "past")), copula=True, negated=g.chance(0.12))
    return head.left(subject.node.to("nsubj"), *be.auxiliaries)


def _contrast(g: Draw) -> Node:
    second = _judgement_of(g).left(comma(), and_(g.choice(("but", "but", "and", "yet")))).to("conj")
    return _experience(g).right(second)


def _experience(g: Draw) -> Node:
    lemma = g.word("v_gadget")
    traded = lemma in ("return", "buy", "charge", "order", "replace")
    determiner = g.choice(("this", "a", "the")) if traded else "this"
    gadget = noun_phrase(g, "gadget", number="3s", determiner=determiner).node.to("obj")
    what = Predicate(lemma, (gadget, *_extra(g)) if lemma in ("buy", "order") else (gadget,))
    return finite(
        g, _writer(g), what, g.choice(("past", "past", "perfect", "present", "modal")), negated=g.chance(0.1)
    )


def _extra(g: Draw) -> tuple[Node, ...]:
    way = g.number(1, 6)
    if way == 1:
        return (adv.cost(g),)
    if way == 2:
        return (adv.beneficiary(g),)
    if way == 3:
        return (adv.oblique("from", "p.Source", _the(g, "venue")),)
    return ()


def _visit(g: Draw) -> Node:
    lemma = g.choice(("eat", "stay", "stop", "book", "wait", "park", "go", "order"))
    venue = _the(g, "venue")
    after: list[Node] = [
        adv.oblique("at" if lemma != "go" else "to", "p.Locus" if lemma != "go" else "p.Goal", venue)
    ]
    if lemma in ("stay", "wait") or g.chance(0.4):
        after.append(adv.duration(g) if lemma in ("stay", "wait") else adv.time(g, "past"))
    if lemma == "book":
        thing = word(g.choice(("room", "table", "massage", "flight", "tour")), "NOUN", "obj")
        after.insert(0, thing.left(word("a", "DET", "det")))
    return finite(g, _writer(g), Predicate(lemma, tuple(after)), "past")


def _fragment(g: Draw) -> Node:
    kind = _kind(g)
    head = word(g.word(kind if g.chance(0.5) else kind + "_part"), "NOUN").left(
        word(g.word("adj_" + kind), "ADJ", "amod")
    )
    way = g.number(1, 4)
    if way == 1:
        second = word(g.word(kind + "_part"), "NOUN", "conj").left(
            comma(), word(g.word("adj_" + kind), "ADJ", "amod")
        )
        return head.right(second)
    if way == 2:
        return head.right(adv.cost(g).to("nmod"))
    if way == 3:
        return head.right(
            adv.oblique(
                "with",
                "p.Characteristic",
                noun_phrase(g, kind + "_part", determiner="a", number="3s"),
                "nmod",
            )
        )
    return head.right(second_fragment(g, kind))


def second_fragment(g: Draw, kind: str) -> Node:
    """Return the second part of a fragment, such as ``but terrible service``."""
    second = word(g.word(kind + "_part"), "NOUN", "conj").left(word(g.word("adj_" + kind), "ADJ", "amod"))
    return second.left(and_(g.choice(("and", "but"))))


def _worth(g: Draw) -> Node:
    way = g.number(1, 3)
    if way == 1:
        object_ = word(g.choice(("money", "wait", "price", "trip", "hype", "drive")), "NOUN", "obj")
        head = word("worth", "ADJ").right(object_.left(word("the", "DET", "det")))
        opener = (
            word("not", "PART", "advmod")
            if g.chance(0.6)
            else adverb(g.choice(("well", "totally", "definitely")))
        )
        return head.left(opener)
    if way == 2:
        back = Predicate("go", (adverb("back"), adv.oblique("to", "p.Goal", _the(g, "venue"))))
        return back.node("go").left(
            word("would", "AUX", "aux"), adverb(g.choice(("definitely", "never", "totally")))
        )
    head_node = word("recommend", "VERB").left(adverb(g.choice(("highly", "totally", "really"))))
    return head_node.right(_the(g, _kind(g)).node.to("obj"))


def _stars(g: Draw) -> Node:
    number = g.number(1, 5)
    head = word("star" if number == 1 else "stars", "NOUN").left(word(cardinal(number), "NUM", "nummod"))
    part = _the(g, g.choice(("venue_part", "gadget_part")))
    return head.right(adv.oblique("for", "p.Theme", part, "nmod"))


def _imperative(g: Draw) -> Node:
    pool = g.choice(("soft", "solid"))
    what = noun_phrase(g, "ingredient_" + pool, number="3s", determiner="the", plain=True).node.to("obj")
    verb = word(g.word("v_cook_" + pool), "VERB").right(what)
    way = g.number(1, 6)
    if way == 1:
        number = word(cardinal(g.number(2, 45)), "NUM", "nummod")
        return verb.right(adv.oblique("for", "p.Duration", word("minutes", "NOUN").left(number)))
    if way == 2:
        return verb.right(adv.oblique(g.choice(("in", "into")), "p.Goal", _the(g, "cookware")))
    if way == 3:
        return verb.right(adv.instrument(g, "kitchen_tool"))
    if way == 4:
        return verb.right(_until(g))
    if way == 5:
        manner = adverb(g.choice(("well", "gently", "quickly", "slowly", "again", "thoroughly", "carefully")))
        more = word(g.word("v_cook_" + pool), "VERB", "conj").left(and_())
        return verb.right(more.right(word("it", "PRON", "obj"), manner))
    return verb.left(adverb(g.choice(("then", "now", "first", "gently", "next"))))


def _until(g: Draw) -> Node:
    be = word("is", "AUX", "cop")
    head = word(g.word("adj_ingredient"), "ADJ", "advcl")
    return head.left(mark(g.choice(("until", "once", "if"))), word("it", "PRON", "nsubj"), be)


def _warning(g: Draw) -> Node:
    not_ = word("n't", "PART", "advmod") if g.chance(0.6) else word("not", "PART", "advmod")
    verb = word(g.choice(("forget", "try", "bother", "expect")), "VERB")
    task = word(g.word("v_setup"), "VERB", "xcomp").left(infinitive_marker())
    task = task.right(_the(g, "gadget_part").node.to("obj"))
    root = verb.left(word("do", "AUX", "aux"), not_).right(task)
    return root.left(word("please", "INTJ", "discourse")) if g.chance(0.3) else root


def _condition(g: Draw) -> Node:
    subject = _the(g, g.choice(("gadget", "gadget_part")))
    verbs = verb_group(g, g.word("v_fail"), "3s", "present")
    condition = word(verbs.form, "VERB", "advcl").left(
        mark(g.choice(("if", "if", "once"))), subject.node.to("nsubj")
    )
    on_part = g.chance(0.5)
    object_ = _the(g, "gadget_part" if on_part else "gadget").node.to("obj")
    what = word(g.word("v_setup" if on_part else "v_handle"), "VERB").right(object_)
    return what.left(condition.right(comma()))


def _failure(g: Draw) -> Node:
    what = Predicate(g.word("v_fail"), (adv.oblique("after", "p.Time", _period(g)),))
    if g.chance(0.3):
        what = Predicate(
            g.choice(("stop", "keep", "start")), (word(gerund(g.word("v_fail")), "VERB", "xcomp"),)
        )
    return finite(g, _the(g, g.choice(("gadget", "gadget_part"))), what, "past")


def _period(g: Draw) -> Node:
    unit = word(g.choice(("days", "weeks", "months", "uses", "washes")), "NOUN")
    return unit.left(word(cardinal(g.number(2, 10)), "NUM", "nummod"))


def _better(g: Draw) -> Node:
    head = word(comparative(g.choice(_COMPARED)), "ADJ").left(
        adverb(g.choice(("way", "much", "even", "far")))
    )
    other = noun_phrase(
        g, "gadget", number="3s", determiner=g.choice(("my", "the", "that", "any")), plain=True
    )
    if other.node.before[0].form == "my":
        other = NounPhrase(
            word(other.node.form, "NOUN").left(word("my", "PRON", "nmod:poss", "p.Possessor")), "3s"
        )
    return head.right(adv.oblique("than", "p.ComparisonRef", other))


def _passive_service(g: Draw) -> Node:
    lemma = g.choice(("treat", "greet", "ignore", "overcharge", "seat", "serve"))
    agent = adv.oblique(
        "by",
        "p.Agent",
        noun_phrase(g, "venue_person", number="3s", determiner=g.choice(("a", "the"))),
        "obl:agent",
    )
    be = word("was", "AUX", "aux:pass")
    return word(participle(lemma), "VERB").left(word("I", "PRON", "nsubj:pass"), be).right(agent)


def _list_of_parts(g: Draw) -> Node:
    head = word("love", "VERB").right(_the(g, "venue_part").node.to("obj"))
    second = word("hate", "VERB", "conj").left(comma()).right(_the(g, "venue_part").node.to("obj"))
    return head.right(second)


def _paid(g: Draw) -> Node:
    what = Predicate(
        "pay",
        (
            money(g).to("obj"),
            adv.oblique("for", "p.Theme", noun_phrase(g, "gadget", number="3s", determiner="this")),
        ),
    )
    return finite(g, _writer(g), what, "past")


_CONSTRUCTIONS: tuple[Callable[[Draw], Node], ...] = (
    *(_judgement_of,) * 4, _contrast, _contrast, *(_experience,) * 3, _visit, _visit, _fragment, _fragment, _worth,
    _stars, *(_imperative,) * 5, _warning, _condition, _condition, _failure, _better, _passive_service,
    _list_of_parts, _paid,
)  # fmt: skip
