"""The statements of the first domain, news and narrative prose: one function for each construction."""

from __future__ import annotations

from collections.abc import Callable

from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.clauses import (
    clause,
    finite,
    fronted,
    gerund_phrase,
    infinitive,
    passive,
    quantity_clause,
    simple_clause,
)
from tunescope.tasks.treebank.draw import Draw
from tunescope.tasks.treebank.inflection import gerund
from tunescope.tasks.treebank.node import Node
from tunescope.tasks.treebank.noun_phrases import NounPhrase, group, name, noun_phrase, person
from tunescope.tasks.treebank.postmodifiers import described, relative_clause
from tunescope.tasks.treebank.predicates import Predicate, action, predicate
from tunescope.tasks.treebank.questions import yes_no
from tunescope.tasks.treebank.verb_groups import tense_for_news, verb_group
from tunescope.tasks.treebank.words import adverb, and_, comma, final, mark, word

__all__ = ["STATEMENTS", "statement"]

_PAST_OR_PRESENT = ("past", "past", "past", "present", "perfect", "past progressive")
_REPORTED = ("past", "past", "pluperfect", "past progressive", "modal:would", "modal:might", "modal:could")
_YES_NO_SHARE = 0.04
_OPENER_SHARE = 0.015
_QUOTE = '"'


def statement(g: Draw) -> Node:
    """Return a whole sentence of news or narrative prose."""
    if g.chance(_YES_NO_SHARE):
        return yes_no(g).right(final("?"))
    root = g.choice(STATEMENTS)(g)
    if g.chance(_OPENER_SHARE):
        opener = word(g.choice(("well", "oh", "yes", "no")), "INTJ", "discourse")
        root = root.left(opener.right(comma()))
    return root.right(final())


def _simple(g: Draw) -> Node:
    return clause(g)


def _fronted(g: Draw) -> Node:
    tense = g.choice(("past", "past", "present", "future"))
    way = g.number(1, 10)
    if way <= 5:
        when = adv.time(g, tense)
        while when.tag == "ADV" and not when.before:  # no "Late, she left."
            when = adv.time(g, tense)
        return fronted(simple_clause(g, plain=True, tense=tense), when)
    if way <= 7:
        return fronted(clause(g, plain=True, tense=tense), adverb(g.word("speaker_adverb")))
    if way == 8:
        return fronted(simple_clause(g, tense="past"), adv.explanation(g))
    return fronted(passive(g, plain=True, tense=tense), adv.place(g))


def _coordination(g: Draw) -> Node:
    tense = g.choice(("past", "past", "present", "future"))
    first = clause(g, plain=True, tense=tense)
    if g.chance(0.4):
        subject = person(g, plain=True)
        first = finite(g, subject, predicate(g, plain=True), tense)
        what = predicate(g, tense, plain=True)
        # auxiliaries are shared: "will wash the car and sell it"
        form = verb_group(g, what.lemma, subject.agreement, tense).form
        return first.right(what.node(form, "conj").left(and_(g.choice(("and", "and", "or")))))
    second = clause(g, plain=True, tense=tense)
    if g.chance(0.15):
        return first.right(second.left(word(";", "PUNCT", "punct")).to("parataxis"))
    return first.right(
        second.left(comma(), and_(g.choice(("and", "but", "and", "but", "yet", "or")))).to("conj")
    )


def _subordinate(g: Draw) -> Node:
    tense = g.choice(("past", "past", "present"))
    conjunction = g.choice(
        ("before", "after", "while", "because", "since", "until", "although", "as", "when", "if", "though")
    )
    inner = clause(g, plain=True, tense=tense)
    opener = adverb("when") if conjunction == "when" else mark(conjunction)
    inner = inner.left(opener).to("advcl")
    outer = clause(g, plain=True, tense="future" if conjunction == "if" and tense == "present" else tense)
    return fronted(outer, inner) if g.chance(0.5) else outer.right(inner)


def _participial_adjunct(g: Draw) -> Node:
    what = predicate(g, plain=True)
    opener = g.choice(("before", "after", "while", "without", "by", "since"))
    phrase = what.node(gerund(what.lemma), "advcl").left(mark(opener))
    main = simple_clause(g, plain=True, tense=g.choice(("past", "past", "present")))
    return fronted(main, phrase) if g.chance(0.5) else main.right(phrase)


def _report(g: Draw) -> Node:
    tense = g.choice(_PAST_OR_PRESENT)
    lemma = g.word(g.choice(("v_say", "v_think")))
    inner_tense = g.choice(_REPORTED) if tense.startswith("past") else None
    content = clause(g, plain=g.chance(0.6), tense=inner_tense).to("ccomp")
    if g.chance(0.55):
        content = content.left(mark("that"))
    subject = group(g) if g.chance(0.25) else person(g)
    return finite(g, subject, Predicate(lemma, (content,)), tense)


def _quotation(g: Draw) -> Node:
    quoted = clause(g, plain=True, tense=g.choice(("present", "perfect", "future", "past", "modal")))
    speaker = person(g, plain=True)
    if g.chance(0.3):
        opener = word(g.choice(("well", "well", "yes", "no", "oh", "please", "sorry")), "INTJ", "discourse")
        quoted = quoted.left(opener.right(comma()))
    content = quoted.left(word(_QUOTE, "PUNCT", "punct")).right(comma(), word(_QUOTE, "PUNCT", "punct"))
    lemma = g.choice(("say", "add", "explain", "say", "insist", "note", "argue"))
    return finite(g, speaker, Predicate(lemma), "past").left(content.to("ccomp"))


def _wish(g: Draw) -> Node:
    tense = g.choice(_PAST_OR_PRESENT)
    lemma = g.word("v_want")
    subject = group(g) if g.chance(0.15) else person(g)
    return finite(
        g, subject, Predicate(lemma, (infinitive(g, plain=g.chance(0.5)),)), tense, negated=g.chance(0.15)
    )


def _enjoyment(g: Draw) -> Node:
    tense = g.choice(_PAST_OR_PRESENT)
    return finite(
        g,
        person(g),
        Predicate(g.word("v_enjoy"), (gerund_phrase(g).to("xcomp"),)),
        tense,
        negated=g.chance(0.2),
    )


def _goal_clause(g: Draw) -> Node:
    what = Predicate(g.word("v_motion"), (adv.goal(g), infinitive(g, plain=True).to("advcl")))
    return finite(g, person(g), what, tense_for_news(g))


def _helping(g: Draw) -> Node:
    lemma = g.choice(("help", "let", "make", "help", "watch", "see", "hear", "ask", "tell", "allow", "want"))
    what = predicate(g, plain=True)
    inner = what.node(what.lemma, "xcomp")
    if lemma in ("ask", "tell", "allow", "want"):
        inner = inner.left(word("to", "PART", "mark"))
    helped = person(g, plain=True, subject=False).node.to("obj")
    return finite(g, person(g, plain=True), Predicate(lemma, (helped, inner)), g.choice(_PAST_OR_PRESENT))


def _relative_subject(g: Draw) -> Node:
    kind = g.choice(("occupation", "occupation", "vehicle", "building", "document", "plan", "thing", "group"))
    subject = noun_phrase(g, kind, determiner="the", plain=True)
    subject = NounPhrase(subject.node.right(relative_clause(g, kind, subject.agreement)), subject.agreement)
    return _about(g, kind, subject)


def _described_subject(g: Draw) -> Node:
    kind = g.choice(
        ("occupation",) * 4 + ("building", "document", "document", "plan", "vehicle", "thing", "event")
    )
    return _about(g, kind, described(g, kind))


def _about(g: Draw, kind: str, subject: NounPhrase) -> Node:
    if kind in ("occupation", "group"):
        tense = tense_for_news(g)
        return finite(g, subject, predicate(g, tense), tense)
    if g.chance(0.55):
        tense = g.choice(("past", "past", "future", "perfect"))
        verbs = verb_group(g, action(g, kind), subject.agreement, tense, passive=True)
        verb = word(verbs.form, "VERB").left(subject.node.to("nsubj:pass"), *verbs.auxiliaries)
        if g.chance(0.4):
            verb = verb.right(adv.oblique("by", "p.Agent", person(g, plain=True, subject=False), "obl:agent"))
        return verb.right(adv.time(g, tense)) if g.chance(0.5) else verb
    tense = g.choice(("past", "present", "future", "modal"))
    verbs = verb_group(g, "be", subject.agreement, tense, copula=True)
    pool = "adj_" + kind
    return word(g.word(pool), "ADJ").left(subject.node.to("nsubj"), *verbs.auxiliaries)


def _apposition(g: Draw) -> Node:
    job = noun_phrase(g, "occupation", number="3s", determiner="a").node
    if g.chance(0.6):
        job = job.right(adv.oblique("from", "p.Source", adv.city(g), "nmod"))
    subject = name(g).right(job.left(comma()).right(comma()).to("appos"))
    tense = tense_for_news(g)
    return finite(g, NounPhrase(subject, "3s"), predicate(g, tense), tense)


def _gerund_subject(g: Draw) -> Node:
    subject = gerund_phrase(g).to("csubj")
    tense = g.choice(("present", "present", "past", "modal", "future"))
    verbs = verb_group(g, "be", "3s", tense, copula=True, negated=g.chance(0.2))
    return word(g.word("judgement"), "ADJ").left(subject, *verbs.auxiliaries)


def _extraposition(g: Draw) -> Node:
    tense = g.choice(("present", "past", "modal", "future"))
    verbs = verb_group(g, "be", "3s", tense, copula=True, negated=g.chance(0.15))
    head = word(g.word("judgement"), "ADJ").left(word("it", "PRON", "expl"), *verbs.auxiliaries)
    if g.chance(0.75):
        return head.right(infinitive(g).to("csubj"))
    certain = word(g.choice(("clear", "likely", "possible", "true", "certain", "strange", "sad")), "ADJ")
    content = clause(g, plain=True, tense=tense if tense == "past" else None).left(mark("that")).to("csubj")
    return certain.left(word("it", "PRON", "expl"), *verbs.auxiliaries).right(content)


def _existential(g: Draw) -> Node:
    tense = g.choice(("past", "past", "present", "future", "perfect"))
    kind = g.choice(("incident", "event", "vehicle", "building", "occupation", "animal", "thing"))
    thing = noun_phrase(g, kind, number=None, determiner=g.choice(("a", "no")))
    if thing.agreement == "p":
        plural = noun_phrase(g, kind, number="p", determiner="", plain=True).node
        many = word(g.choice(("many", "several", "few", "two", "three", "five")), "ADJ", "amod")
        if many.form in ("two", "three", "five"):
            many = word(many.form, "NUM", "nummod")
        thing = NounPhrase(plural.left(many), "p")
    verbs = verb_group(g, "be", thing.agreement, tense, negated=False)
    verb = word(verbs.form, "VERB").left(word("there", "PRON", "expl"), *verbs.auxiliaries)
    return verb.right(thing.node.to("nsubj"), adv.place(g))


def _noun_content(g: Draw) -> Node:
    head = word(
        g.choice(("claim", "hope", "fear", "report", "idea", "belief", "promise", "news")), "NOUN", "nsubj"
    )
    content = clause(g, plain=True).left(mark("that")).to("acl")
    subject = NounPhrase(head.left(word("the", "DET", "det")).right(content), "3s")
    lemma = g.choice(("surprise", "please", "worry", "upset", "delight", "amuse", "anger"))
    return finite(
        g, subject, Predicate(lemma, (person(g, plain=True, subject=False).node.to("obj"),)), "past"
    )


def _result(g: Draw) -> Node:
    subject = person(g, plain=True)
    verbs = verb_group(g, "be", subject.agreement, "past", copula=True)
    head = word(g.word("state_person"), "ADJ").left(adverb("so"))
    content = simple_clause(g, plain=True, tense="past").left(mark("that")).to("advcl")
    return head.left(subject.node.to("nsubj"), *verbs.auxiliaries).right(content)


def _as_if(g: Draw) -> Node:
    subject = NounPhrase(word(g.choice(("he", "she", "they", "nobody", "everyone")), "PRON"), "3s")
    lemma = g.choice(("own", "need", "want", "hear", "see", "forget", "lose", "like", "hate"))
    kind = g.choice(("building", "vehicle", "thing", "document", "action_noun", "plan"))
    thing = noun_phrase(g, kind, number="3s", determiner="a" if kind == "action_noun" else "the").node.to(
        "obj"
    )
    inner = finite(g, subject, Predicate(lemma, (thing,)), g.choice(("past", "pluperfect"))).left(
        mark("like")
    )
    lemma = g.choice(("act", "talk", "look", "sound", "drive", "sing", "cook", "run"))
    return finite(g, person(g), Predicate(lemma, (inner.to("advcl"),)), g.choice(("past", "present")))


def _indirect_question(g: Draw) -> Node:
    inner = clause(g, plain=True, tense=g.choice(("past", "present", "future")))
    if g.chance(0.4):
        lemma = g.choice(("know", "ask", "wonder", "remember"))
        inner = inner.left(mark(g.choice(("whether", "if"))))
    else:
        lemma = g.choice(("know", "ask", "wonder", "understand", "forget", "explain", "remember", "say"))
        inner = inner.left(adverb(g.choice(("why", "how", "when", "where"))))
    what = Predicate(lemma, (inner.to("ccomp"),))
    negated = lemma not in ("ask", "wonder") and g.chance(0.6)
    return finite(g, person(g), what, g.choice(("past", "present")), negated=negated)


def _part_of_group(g: Draw) -> Node:
    subject = NounPhrase(
        word(g.choice(("that", "this", "one", "each", "some", "many", "both")), "PRON"), "3s"
    )
    many = subject.node.form in ("some", "many", "both")
    kind = g.choice(("occupation", "animal"))
    members = noun_phrase(g, kind, number="p", determiner="the", plain=True)
    if subject.node.form in ("that", "this"):
        verbs = verb_group(g, "surprise", "3s", "past")
        return (
            word(verbs.form, "VERB")
            .left(subject.node.to("nsubj"))
            .right(person(g, subject=False).node.to("obj"))
        )
    tag = {"one": "NUM", "many": "ADJ", "each": "DET", "some": "DET", "both": "DET"}[subject.node.form]
    head = word(subject.node.form, tag).right(adv.oblique("of", "p.Whole", members, "nmod"))
    tense = tense_for_news(g)
    return finite(
        g, NounPhrase(head, "p" if many else "3s"), Predicate(g.word("v_animal_act"), (adv.place(g),)), tense
    )


def _those_who(g: Draw) -> Node:
    tense = g.choice(("past", "present", "past", "perfect"))
    inner = finite(g, NounPhrase(word("who", "PRON"), "p"), predicate(g, tense, plain=True), tense).to(
        "acl:relcl"
    )
    subject = NounPhrase(word("those", "PRON").right(inner), "p")
    tense = (
        g.choice(("past", "present", "modal", "future"))
        if tense == "present"
        else g.choice(("past", "modal"))
    )
    return finite(g, subject, predicate(g, tense, plain=True), tense)


def _quantity(g: Draw) -> Node:
    return quantity_clause(g)


def _second_one(g: Draw) -> Node:
    kind = g.choice(("thing", "vehicle"))
    first = noun_phrase(g, kind, number="3s", determiner="the", plain=True)
    adjective = word(g.word("adj_" + kind), "ADJ", "amod")
    one = word("one", "NOUN", "conj").left(word("the", "DET", "det"), adjective)
    object_ = first.node.right(one.left(and_())).to("obj")
    return finite(g, person(g), Predicate(g.word("v_" + kind), (object_,)), tense_for_news(g))


STATEMENTS: tuple[Callable[[Draw], Node], ...] = (
    *(_simple,) * 12, *(_fronted,) * 3, *(_coordination,) * 3, *(_subordinate,) * 5, *(_participial_adjunct,) * 3,
    *(_report,) * 3, _quotation, *(_wish,) * 3, *(_enjoyment,) * 2, *(_goal_clause,) * 2, *(_helping,) * 2,
    *(_relative_subject,) * 2, *(_described_subject,) * 3, _apposition, *(_gerund_subject,) * 2,
    *(_extraposition,) * 2, *(_existential,) * 3, _noun_content, _result, *(_as_if,) * 3, _indirect_question,
    *(_those_who,) * 2, _part_of_group, _quantity, _second_one,
)  # fmt: skip
"""The constructions; one that stands there twice is twice as frequent."""
