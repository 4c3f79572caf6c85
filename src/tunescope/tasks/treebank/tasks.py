"""The tasks that the generated treebank holds: parts of speech, trees, preposition roles, questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

import numpy as np

from tunescope._core.errors import InputError
from tunescope.tasks.arc_label import arc_label, universal_relation
from tunescope.tasks.dependency_trees_reader import ParsedText
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.squad_reader import squad_examples
from tunescope.tasks.task import Examples, Task
from tunescope.tasks.treebank.answers import Split, answer_questions
from tunescope.tasks.treebank.generation import Contents, generate_splits
from tunescope.tasks.treebank.sentence import TreebankSentence

__all__ = ["treebank_task", "treebank_trees"]

Kind = Literal["pos", "dep", "parse", "ps-role", "question", "answers"]

_OUT_OF_DOMAIN = "reviews"


def treebank_task(
    kind: Kind,
    *,
    seed: int = 0,
    n_train: int = 1200,
    n_dev: int = 300,
    n_test: int = 500,
    n_out_of_domain: int = 300,
) -> Task:
    """Return a task on generated English, for demonstrations, documentation and tests.

    All sentences are distinct, and all classes of the test set occur in training. The kinds ``"pos"``, ``"dep"``,
    ``"parse"`` and ``"ps-role"`` share their sentences under the same seed and sizes. The labels are those of the
    grammar that made the sentences, so they are exact; but the language is much narrower than what people write, and
    figures measured on it say nothing about real text.

    Args:
        kind: ``"pos"``: the part of speech of each word. ``"dep"``: the relation of each word but the root to its
            head. ``"parse"``: the head of each word and the relation to it. ``"ps-role"``: the role of each
            preposition and possessive, such as ``p.Time``. ``"question"``: what a question asks for, such as
            ``LOC:city``. ``"answers"``: questions on short texts that hold the answers.
        seed: The same seed gives the same task.
        n_train: Sentences of the training set, 1 or more.
        n_dev: Sentences of the development set; none where 0.
        n_test: Sentences of the test set, 1 or more.
        n_out_of_domain: Sentences of the set ``"reviews"``, informal reviews and instructions; none where 0, and none
            of ``"answers"``.

    Raises:
        InputError: The kind is unknown, or a number is too small or greater than the grammar allows.
    """
    if kind not in get_args(Kind):
        expected = ", ".join(get_args(Kind))
        raise InputError("There is no such task.", where="kind", expected=expected, got=repr(kind))
    for name, n in (("n_train", n_train), ("n_test", n_test)):
        if n < 1:
            raise InputError("A set has no sentences.", where=name, expected="1 or more", got=n)
    if kind == "answers":
        return _answers_task({"train": n_train, "dev": n_dev, "test": n_test}, seed)
    form = _FORMS[kind]
    sizes = {"train": n_train, "dev": n_dev, "test": n_test, _OUT_OF_DOMAIN: n_out_of_domain}
    sets = generate_splits({name: n for name, n in sizes.items() if n}, seed=seed, contents=form.contents)
    examples = {name: tuple(_examples(name, sentences, form)) for name, sentences in sets.items()}
    other_domain = {name: examples.pop(name) for name in tuple(examples) if name == _OUT_OF_DOMAIN}
    return Task(f"treebank:{kind}", form.target, form.label, examples, other_domain)


def treebank_trees(*, seed: int = 0, n_train: int = 1000, n_test: int = 300) -> tuple[ParsedText, ParsedText]:
    """Return generated English with its dependency trees, to train structural probes on and to test them.

    Args:
        seed: The same seed gives the same sentences.
        n_train: Sentences of the training set, 1 or more.
        n_test: Sentences of the test set, 1 or more.

    Raises:
        InputError: A number is too small or greater than the grammar allows.
    """
    for name, n in (("n_train", n_train), ("n_test", n_test)):
        if n < 1:
            raise InputError("A set has no sentences.", where=name, expected="1 or more", got=n)
    sets = generate_splits({"train": n_train, "test": n_test}, seed=seed, contents=_FORMS["dep"].contents)
    train, test = (_parsed(name, sets[name]) for name in ("train", "test"))
    return train, test


def _parsed(name: str, sentences: tuple[TreebankSentence, ...]) -> ParsedText:
    form = _FORMS["pos"]
    return ParsedText(
        examples=tuple(_examples(name, sentences, form)),
        heads=np.concatenate([sentence.heads for sentence in sentences]),
        lengths=np.array([len(sentence.words) for sentence in sentences]),
        scored=np.array([tag != "PUNCT" for sentence in sentences for tag in sentence.tags]),
    )


def _answers_task(sizes: dict[Split, int], seed: int) -> Task:
    sets: dict[str, Examples] = {
        name: squad_examples(answer_questions(n, seed=seed, split=name), name)
        for name, n in sizes.items()
        if n
    }
    return Task("treebank:answers", TargetKind.SENTENCE_PAIR, LabelKind.ANSWER_SPAN, sets)


class _Form(NamedTuple):
    target: TargetKind
    contents: Contents
    targets: Callable[[TreebankSentence], Iterator[Target]]
    label: LabelKind = LabelKind.CLASS


def _examples(name: str, sentences: tuple[TreebankSentence, ...], form: _Form) -> Iterator[Example]:
    for number, sentence in enumerate(sentences, start=1):
        text = sentence.text if form.target is TargetKind.SENTENCE else sentence.words
        yield Example(f"{name}-{number}", text, tuple(form.targets(sentence)))


def _pos(sentence: TreebankSentence) -> Iterator[Target]:
    for position, tag in enumerate(sentence.tags):
        yield Target(tag, (Span(position, position + 1),))


def _dependencies(sentence: TreebankSentence) -> Iterator[Target]:
    for position, (head, relation) in enumerate(zip(sentence.heads, sentence.relations, strict=True)):
        if head:
            yield Target(relation, (Span(position, position + 1), Span(head - 1, head)))


def _arcs(sentence: TreebankSentence) -> Iterator[Target]:
    for position, (head, relation) in enumerate(zip(sentence.heads, sentence.relations, strict=True)):
        arc = arc_label(int(head), universal_relation(relation))
        yield Target(arc, (Span(position, position + 1),))


def _roles(sentence: TreebankSentence) -> Iterator[Target]:
    for position, role in enumerate(sentence.roles):
        if role is not None:
            yield Target(role, (Span(position, position + 1),))


def _question(sentence: TreebankSentence) -> Iterator[Target]:
    if sentence.question_type is not None:
        yield Target(sentence.question_type)


_FORMS = MappingProxyType(
    {
        "pos": _Form(TargetKind.TOKEN, "mixed", _pos),
        "dep": _Form(TargetKind.PAIR, "mixed", _dependencies),
        "parse": _Form(TargetKind.TOKEN, "mixed", _arcs, LabelKind.TREE),
        "ps-role": _Form(TargetKind.TOKEN, "mixed", _roles),
        "question": _Form(TargetKind.SENTENCE, "questions", _question),
    }
)
