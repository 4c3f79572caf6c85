"""Parsers and answer heads, trained end to end on a tiny model, saved, and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.finetuning.finetune import FinetunedModel, finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.tuned import load_tuned
from tunescope.tasks.answers import Answers
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.metrics import score
from tunescope.tasks.task import Task

SETTINGS = FinetuneSettings(learning_rate=5e-3, epochs=12, batch_size=16)
WORDS = ("the", "a", "cat", "bird", "sees", "running")


def _parsed(n: int, seed: int) -> tuple[Example, ...]:
    """Sentences whose only "dog" is the root, and head of all other words."""
    rng = np.random.default_rng(seed)
    examples = []
    for number in range(n):
        words = rng.choice(WORDS, rng.integers(2, 7)).tolist()
        root = int(rng.integers(len(words) + 1))
        words.insert(root, "dog")
        arcs = [
            "0:root" if place == root else f"{root + 1}:{'det' if word in ('the', 'a') else 'dep'}"
            for place, word in enumerate(words)
        ]
        targets = tuple(Target(arc, (Span(i, i + 1),)) for i, arc in enumerate(arcs))
        examples.append(Example(f"s{seed}-{number}", tuple(words), targets))
    return tuple(examples)


def _questions(n: int, seed: int) -> tuple[Example, ...]:
    """Texts in which the answer is the one "dog", with whatever runs after it."""
    rng = np.random.default_rng(seed)
    examples = []
    for number in range(n):
        words = rng.choice(WORDS, rng.integers(2, 7)).tolist()
        place = int(rng.integers(len(words) + 1))
        words.insert(place, "dog")
        text = " ".join(words)
        answers = Answers(("dog",), (len(" ".join(words[:place])) + (place > 0),))
        examples.append(Example(f"q{seed}-{number}", "the?", (Target(answers),), second_text=text))
    return tuple(examples)


@pytest.fixture(scope="module")
def parses() -> Task:
    splits = {"train": _parsed(80, 0), "test": _parsed(30, 1)}
    return Task("parse", TargetKind.TOKEN, LabelKind.TREE, splits)


@pytest.fixture(scope="module")
def questions() -> Task:
    splits = {"train": _questions(80, 0), "test": _questions(30, 1)}
    return Task("answers", TargetKind.SENTENCE_PAIR, LabelKind.ANSWER_SPAN, splits)


def _score(tuned: FinetunedModel, metric: str) -> float:
    test = tuned.predictions("test")
    return score(metric, test["label"].to_numpy(str), test["predicted"].to_numpy(str))


def test_a_parser_learns(tiny_model: Path, parses: Task, tmp_path: Path) -> None:
    tuned = finetune(tiny_model, parses, tmp_path, settings=SETTINGS)
    assert _score(tuned, "uas") > 0.9
    assert _score(tuned, "uas") >= _score(tuned, "las") > 0.8
    again = load_tuned(tuned.model, parses, device="cpu")
    assert again.head == "biaffine parser, for parse"
    assert again.predict is not None
    assert again.predict(parses.splits["test"]).tolist() == tuned.predictions("test")["predicted"].tolist()


def test_answers_are_found(tiny_model: Path, questions: Task, tmp_path: Path) -> None:
    tuned = finetune(tiny_model, questions, tmp_path, settings=SETTINGS)
    assert _score(tuned, "answer_f1") >= _score(tuned, "exact_match") > 0.8
    again = load_tuned(tuned.model, questions, device="cpu")
    assert again.predict is not None
    assert again.predict(questions.splits["test"]).tolist() == tuned.predictions("test")["predicted"].tolist()


def test_long_texts_with_answers_are_refused(tiny_model: Path, questions: Task, tmp_path: Path) -> None:
    long = " ".join(["dog", *["cat"] * 100])
    example = Example("long", "the?", (Target(Answers(("dog",), (0,))),), second_text=long)
    task = Task("answers", questions.target, questions.label, {"train": (example,), "test": (example,)})
    with pytest.raises(InputError, match="longer than the model takes"):
        finetune(tiny_model, task, tmp_path)


def _question(answers: object) -> tuple[Example, ...]:
    return (Example("q", "the?", (Target(answers),), second_text="the dog runs"),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (Answers(("cat",), (4,)), "does not stand in its text"),
        (Answers(("dog",), (3,)), "does not stand in its text"),
        (Answers(("dog",), (-9,)), "does not stand in its text"),
        (Answers((" ",), (3,)), "does not stand in its text"),
        ("dog", "holds no answers"),
    ],
)
def test_answers_that_are_not_there(answers: object, message: str) -> None:
    examples = _question(answers)
    with pytest.raises(InputError, match=message):
        Task("t", TargetKind.SENTENCE_PAIR, LabelKind.ANSWER_SPAN, {"train": examples, "test": examples})


@pytest.mark.parametrize(
    ("arcs", "message"),
    [
        (("2:det",), "does not cover its sentence"),
        (("2:det", "1:dep"), "in a circle|no root"),
        (("0:root", "0:root"), "more than one root"),
        (("3:det", "0:root"), "no word of its sentence"),
        (("det", "0:root"), "names no arc"),
    ],
)
def test_arcs_that_make_no_tree(arcs: tuple[str, ...], message: str) -> None:
    targets = tuple(Target(arc, (Span(i, i + 1),)) for i, arc in enumerate(arcs))
    examples = (Example("s", ("the", "dog"), targets),)
    with pytest.raises(InputError, match=message):
        Task("t", TargetKind.TOKEN, LabelKind.TREE, {"train": examples, "test": examples})
