"""The tasks: their targets, sizes, labels and refusals."""

from __future__ import annotations

import pytest

from tunescope._core.errors import InputError
from tunescope.tasks.arc_label import parse_arc, universal_relation
from tunescope.tasks.example import LabelKind, Span, TargetKind
from tunescope.tasks.treebank import treebank_task

SMALL = {"n_train": 120, "n_dev": 30, "n_test": 50, "n_out_of_domain": 30}


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("pos", TargetKind.TOKEN),
        ("dep", TargetKind.PAIR),
        ("ps-role", TargetKind.TOKEN),
        ("question", TargetKind.SENTENCE),
    ],
)
def test_default_task(kind, target):
    task = treebank_task(kind)
    assert task.name == f"treebank:{kind}"
    assert task.target is target
    assert {name: len(examples) for name, examples in task.splits.items() if name != "dev"} == {
        "train": 1200,
        "test": 500,
    }
    assert set(task.out_of_domain) == {"reviews"}
    assert len(task.out_of_domain["reviews"]) > 100
    assert len(task.labels) >= {"pos": 15, "dep": 30, "ps-role": 20, "question": 20}[kind]


@pytest.mark.parametrize("kind", ["pos", "dep", "parse", "ps-role", "question", "answers"])
@pytest.mark.parametrize("seed", range(4))
def test_small_tasks_are_valid_too(kind, seed):
    treebank_task(kind, seed=seed, **SMALL)


def test_the_seed_decides():
    first, again, other = (treebank_task("pos", seed=seed, **SMALL) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_kinds_share_their_sentences():
    pos, dependencies = treebank_task("pos", **SMALL), treebank_task("dep", **SMALL)
    assert [e.text for e in pos.splits["test"]] == [e.text for e in dependencies.splits["test"]]


def test_dependency_targets_are_pairs_of_a_word_and_its_head():
    task = treebank_task("dep", **SMALL)
    for example in task.splits["train"]:
        assert len(example.targets) == len(example.text) - 1
        assert "root" not in {target.label for target in example.targets}
        assert all(isinstance(span, Span) for target in example.targets for span in target.spans)


def test_arcs_are_those_of_the_dependencies():
    parse, dependencies = treebank_task("parse", **SMALL), treebank_task("dep", **SMALL)
    assert (parse.label, parse.metric) == (LabelKind.TREE, "las")
    for whole, pairs in zip(parse.splits["test"], dependencies.splits["test"], strict=True):
        arcs = [parse_arc(target.label) for target in whole.targets]
        found = {(i, head - 1, relation) for i, (head, relation) in enumerate(arcs) if head}
        expected = {(t.spans[0].start, t.spans[1].start, universal_relation(t.label)) for t in pairs.targets}
        assert found == expected


def test_answers_stand_in_texts_of_their_own_split():
    task = treebank_task("answers", **SMALL)
    assert (task.label, task.metric) == (LabelKind.ANSWER_SPAN, "answer_f1")
    assert {name: len(examples) for name, examples in task.splits.items()} == {
        "train": 120,
        "dev": 30,
        "test": 50,
    }
    texts = [{example.second_text for example in examples} for examples in task.splits.values()]
    assert not texts[0] & texts[1] | texts[1] & texts[2] | texts[0] & texts[2]


def test_questions_are_running_text():
    task = treebank_task("question", **SMALL)
    for example in task.splits["train"]:
        assert isinstance(example.text, str)
        assert example.text.endswith("?")
        assert ":" in example.targets[0].label


def test_sets_of_no_sentences_are_left_out():
    task = treebank_task("pos", n_train=30, n_dev=0, n_test=10, n_out_of_domain=0)
    assert set(task.all_sets) == {"train", "test"}


def test_refusals():
    with pytest.raises(InputError, match="no such task"):
        treebank_task("srl")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="n_test"):
        treebank_task("pos", n_test=0)
    with pytest.raises(InputError, match="negative"):
        treebank_task("pos", n_dev=-1)
