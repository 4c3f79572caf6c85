"""Questions on short texts of generated English, with the stretch of the text that answers each, as in SQuAD."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.seeds import make_rng
from tunescope.tasks.text_file import FilePath
from tunescope.tasks.treebank import adverbials as adv
from tunescope.tasks.treebank.clauses import finite
from tunescope.tasks.treebank.draw import Draw, vocabulary
from tunescope.tasks.treebank.facts import Fact, draw_facts, is_counted
from tunescope.tasks.treebank.inflection import plural
from tunescope.tasks.treebank.node import Node, linearise
from tunescope.tasks.treebank.noun_phrases import NounPhrase
from tunescope.tasks.treebank.predicates import Predicate
from tunescope.tasks.treebank.questions import inverted
from tunescope.tasks.treebank.sentence import TreebankSentence
from tunescope.tasks.treebank.statements import statement
from tunescope.tasks.treebank.verb_groups import verb_group
from tunescope.tasks.treebank.words import comma, final, word

__all__ = ["Split", "answer_questions", "write_answer_questions"]

Split = Literal["train", "dev", "test"]

_Item = TypeVar("_Item")

_HELD_OUT_WORDS = 0.5
_HELD_OUT_SHARE = 0.8
_MOST_QUESTIONS = 4
_ASIDE_SHARE = 0.4
_LONGEST_ASIDE = 16
_PASSIVE_SHARE = 0.25
_FRONTED_SHARE = 0.2
_MENTIONED_SHARE = 0.3

_ASKED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "recipient": ("who", "to"), "beneficiary": ("who", "for"), "companion": ("who", "with"),
        "instrument": ("what", "with"), "topic": ("what", "about"), "goods": ("what", "for"),
        "price": ("how much", "for"), "source": ("where", "from"), "goal": ("where", ""), "place": ("where", ""),
        "time": ("when", ""), "duration": ("how long", ""), "means": ("how", ""), "reason": ("why", ""),
    }
)  # fmt: skip
"""How to ask for what is known of a fact: in front, and the preposition left behind; an answer keeps the others."""
_SORTS = ("dish", "vehicle", "animal", "event", "building", "plan")


class _Statement(NamedTuple):
    """A sentence that tells a fact, and of all that can be asked for the first word and the one after the last."""

    sentence: TreebankSentence
    places: Mapping[str, tuple[int, int]]


class _Answer(NamedTuple):
    question: str
    text: str
    start: int


def answer_questions(n: int, *, seed: int, split: Split = "train") -> dict[str, Any]:
    """Return questions on generated texts in SQuAD's format, for demonstrations, documentation and tests.

    A text has three to six statements. Some of them share people, verbs, places or times, so that one has to read which
    of them a question is about: all that a question says is true of one statement only. Questions ask who, what, where,
    when, why, how long, how many, with what, for whom and the like; to where, when, why and how, the preposition is a
    part of the answer. The language is much narrower than what people write, and figures measured on it say nothing
    about real text.

    Args:
        n: How many questions, 1 or more; up to four share a text.
        seed: The same seed gives the same questions, of which a smaller number are the first ones; another seed gives
            others.
        split: Each split of a seed has texts of its own. A part of every open class of words is kept back from
            ``"train"``, and the other splits draw most of their words from it.

    Returns:
        What SQuAD's JSON holds: ``version``, and ``data`` with one article, whose paragraphs have a ``context`` and
        ``qas``. Ids such as ``train-12-3`` name the split, the text and the question.

    Raises:
        InputError: The number is below 1, or there is no such split.

    References:
        The format is that of Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text".

    >>> paragraph = answer_questions(1, seed=0)["data"][0]["paragraphs"][0]
    >>> answer = paragraph["qas"][0]["answers"][0]
    >>> paragraph["context"].startswith(answer["text"], answer["answer_start"])
    True
    """
    if n < 1:
        raise InputError("There is no question to make.", where="n", expected="1 or more", got=n)
    if split not in get_args(Split):
        raise InputError(
            "There is no such split.", where="split", expected=", ".join(get_args(Split)), got=repr(split)
        )
    rng = make_rng(seed, "treebank answers", split)
    g = Draw(rng, vocabulary(seed, _HELD_OUT_WORDS), 0.0 if split == "train" else _HELD_OUT_SHARE)
    paragraphs: list[dict[str, Any]] = []
    while n > 0:
        context, answers = _text_with_answers(g)
        name = f"{split}-{len(paragraphs) + 1}"
        qas = [_record(f"{name}-{k}", answer) for k, answer in enumerate(answers[:n], start=1)]
        if qas:
            paragraphs.append({"context": context, "qas": qas})
        n -= len(qas)
    return {"version": "1.1", "data": [{"title": f"Generated English, {split}", "paragraphs": paragraphs}]}


def write_answer_questions(path: FilePath, n: int, seed: int, *, split: Split = "train") -> None:
    """Write the questions of :func:`answer_questions` to a file, as JSON that readers of SQuAD read.

    Args:
        path: The file; its folder is made where it is missing, and an older file is replaced.
        n: How many questions, 1 or more.
        seed: The same seed gives the same file.
        split: Which of the splits of that seed.

    Raises:
        InputError: As :func:`answer_questions`.
        RunError: The file cannot be written.
    """
    file = Path(path).expanduser()
    content = json.dumps(answer_questions(n, seed=seed, split=split), ensure_ascii=False, indent=1)
    with readable_write_errors(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, content + "\n")


def _record(name: str, answer: _Answer) -> dict[str, Any]:
    answers = [{"text": answer.text, "answer_start": answer.start}]
    return {"id": name, "question": answer.question, "answers": answers}


def _text_with_answers(g: Draw) -> tuple[str, list[_Answer]]:
    """Return a text and questions on it, perhaps none."""
    facts = draw_facts(g)
    told = [_tell(g, fact) for fact in facts]
    texts = [each.sentence.text for each in told]
    aside_at = g.number(0, len(texts)) if g.chance(_ASIDE_SHARE) else None
    if aside_at is not None:
        texts.insert(aside_at, _aside(g, told))
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    if aside_at is not None:
        del starts[aside_at]
    answers: dict[str, _Answer] = {}
    candidates = [(i, asked) for i, each in enumerate(told) for asked in each.places]
    for i, asked in _shuffled(g, candidates)[: g.number(2, _MOST_QUESTIONS)]:
        question = _question(g, facts, i, asked)
        if question is not None:
            text, start = _stretch(told[i].sentence, *told[i].places[asked])
            answers[question] = _Answer(question, text, starts[i] + start)
    return " ".join(texts), list(answers.values())


def _shuffled(g: Draw, items: Sequence[_Item]) -> list[_Item]:
    left = list(items)
    return [left.pop(g.number(0, len(left) - 1)) for _ in items]


def _aside(g: Draw, told: Sequence[_Statement]) -> str:
    """Return a statement that has nothing to do with the others."""
    known = {form.lower() for each in told for form in each.sentence.words}
    while True:
        aside = linearise(statement(g), domain="news")
        tagged = zip(aside.words, aside.tags, strict=True)
        own = {form.lower() for form, tag in tagged if tag in ("NOUN", "PROPN", "VERB")}
        if aside.words[-1] == "." and len(aside.words) <= _LONGEST_ASIDE and not own & known:
            return aside.text


def _tell(g: Draw, fact: Fact) -> _Statement:
    """Return a statement of a fact, active or passive, perhaps with its time or place in front."""
    parts = dict(fact.parts)
    front = next((slot for slot in ("time", "place") if slot in parts and g.chance(_FRONTED_SHARE)), None)
    opener = parts.pop(front).right(comma()) if front else None
    passive = fact.has_passive and g.chance(_PASSIVE_SHARE)
    root, constituents = _passive(g, fact, parts) if passive else _active(g, fact, parts)
    if front and opener:
        root, constituents[front] = root.left(opener), opener
    places = {slot: _place_of(slot, node, root) for slot, node in constituents.items() if slot != "particle"}
    if "object" in parts and is_counted(parts["object"]):
        places["number"] = places["object"][0], places["object"][0] + 1
    return _Statement(linearise(root.right(final()), domain="news"), places)


def _active(g: Draw, fact: Fact, parts: Mapping[str, Node]) -> tuple[Node, dict[str, Node]]:
    order = dict(parts)
    if "recipient" in order and "object" in order and g.chance(0.5):
        receiver = order.pop("recipient")
        order = {"recipient": replace(receiver, relation="iobj", before=receiver.before[1:]), **order}
    root = finite(g, fact.subject, Predicate(fact.lemma, tuple(order.values())), fact.tense)
    return root, {"subject": fact.subject.node.to("nsubj"), **order}


def _passive(g: Draw, fact: Fact, parts: Mapping[str, Node]) -> tuple[Node, dict[str, Node]]:
    order = dict(parts)
    patient = order.pop("object").to("nsubj:pass")
    agent = adv.oblique("by", "p.Agent", fact.subject, "obl:agent")
    first: dict[str, Node] = {slot: order.pop(slot) for slot in ("particle", "recipient") if slot in order}
    order = {**first, "subject": agent, **order}
    agreement = "p" if is_counted(patient) else "3s"
    verbs = verb_group(g, fact.lemma, agreement, fact.tense, passive=True)
    root = word(verbs.form, "VERB").left(patient, *verbs.auxiliaries).right(*order.values())
    return root, {"object": patient, **order}


def _place_of(slot: str, constituent: Node, root: Node) -> tuple[int, int]:
    """Return the first word of an answer in the sentence and the one after its last."""
    start = 0
    for child in (*root.before, None, *root.after):
        if child == constituent:
            break
        start += _n_words(child) if child else 1
    end = start + _n_words(constituent)
    if constituent.after and constituent.after[-1].relation == "punct":
        end -= 1
    has_preposition = bool(constituent.before) and constituent.before[0].relation == "case"
    keeps_preposition = slot in _ASKED and not _ASKED[slot][1]
    return start + (has_preposition and not keeps_preposition), end


def _n_words(node: Node) -> int:
    return 1 + sum(map(_n_words, (*node.before, *node.after)))


def _stretch(sentence: TreebankSentence, first: int, end: int) -> tuple[str, int]:
    """Return the running text of some words, and where it starts in that of the sentence."""
    pairs = zip(sentence.words, sentence.spaces_after, strict=True)
    pieces = [form + " " * space for form, space in pairs]
    return "".join(pieces[first:end]).rstrip(), len("".join(pieces[:first]))


def _question(g: Draw, facts: Sequence[Fact], i: int, asked: str) -> str | None:
    """Return a question that only one of the facts answers, or none where there is no such question."""
    fact = facts[i]
    others = [other for j, other in enumerate(facts) if j != i]
    everything = fact.parts.keys() - {asked}
    some = {slot for slot in fact.parts if slot in fact.always or g.chance(_MENTIONED_SHARE)} - {asked}
    for mentioned in (some, everything):
        is_vague = asked == "subject" and not mentioned
        if not is_vague and not any(_fits(other, fact, asked, mentioned) for other in others):
            return _ask(g, fact, asked, mentioned)
    return None


def _fits(other: Fact, fact: Fact, asked: str, mentioned: Set[str]) -> bool:
    """Return whether a question about one fact could be about another; what that leaves unsaid may be the same."""
    same_subject = asked == "subject" or other.subject == fact.subject
    same_parts = all(other.parts.get(slot, fact.parts[slot]) == fact.parts[slot] for slot in mentioned)
    return other.verb == fact.verb and same_subject and same_parts


def _ask(g: Draw, fact: Fact, asked: str, mentioned: Set[str]) -> str:
    parts: list[Node] = []
    for slot, node in fact.parts.items():
        if slot == asked and slot in _ASKED and _ASKED[slot][1]:
            parts.append(word(_ASKED[slot][1], "ADP", "case"))
        elif slot in mentioned and not (slot == "object" and asked == "number"):
            parts.append(_known(g, node, shorten=slot != "time"))
    what = Predicate(fact.lemma, tuple(parts))
    if asked == "subject":
        root = finite(g, NounPhrase(word("who", "PRON"), "3s"), what, fact.tense)
    else:
        subject = NounPhrase(_known(g, fact.subject.node), fact.subject.agreement)
        root = inverted(g, subject, what, fact.tense, *_front(g, fact, asked))
    return linearise(root.right(final("?")), domain="news").text


def _front(g: Draw, fact: Fact, asked: str) -> list[Node]:
    """Return the words that begin a question."""
    if asked in _ASKED:
        return [word(form, "ADV", "advmod") for form in _ASKED[asked][0].split()]
    thing = fact.parts["object"]
    if asked == "number":
        return [
            word("how", "ADV", "advmod"),
            word("many", "ADJ", "amod"),
            replace(thing, before=thing.before[1:]),
        ]
    kind = fact.frame.object
    if kind in _SORTS and g.chance(0.4):
        sort = word(plural(kind) if is_counted(thing) else kind, "NOUN", "obj")
        return [sort.left(word(g.choice(("which", "what")), "DET", "det"))]
    return [
        word(form, "PRON", "obj") for form in {"person": "who", "money": "how much"}.get(kind, "what").split()
    ]


def _known(g: Draw, node: Node, *, shorten: bool = True) -> Node:
    """Return a noun phrase as one names again what was told: definite, perhaps without its adjectives."""
    short = shorten and g.chance(0.5)
    kept = [child for child in node.before if not (short and child.relation == "amod")]
    return replace(node, before=tuple(replace(n, form="the") if n.form == "a" else n for n in kept))
