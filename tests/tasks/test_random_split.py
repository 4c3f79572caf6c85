"""The random-split control: the same sentences, the same sizes, nothing lost silently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, LabelKind, Target, TargetKind
from tunescope.tasks.task import Task


def _texts(name: str, labels: str) -> tuple[Example, ...]:
    return tuple(Example(f"{name}{i}", f"text {i}", (Target(label),)) for i, label in enumerate(labels))


def _task(train: str, test: str, **sets: tuple[Example, ...]) -> Task:
    splits = {"train": _texts("a", train), "test": _texts("b", test)}
    return Task("t", TargetKind.SENTENCE, LabelKind.CLASS, splits, sets)


def test_it_divides_the_same_sentences_into_the_same_sizes() -> None:
    task = _task("xy" * 20, "yx" * 5)
    control = task.random_split(0)
    assert {k: len(v) for k, v in control.splits.items()} == {"train": 40, "test": 10}
    pooled = {e.sentence_id for split in ("train", "test") for e in task.splits[split]}
    assert {e.sentence_id for split in ("train", "test") for e in control.splits[split]} == pooled
    assert control.random_split(0).fingerprint != control.fingerprint
    assert task.random_split(0).fingerprint == control.fingerprint
    assert task.random_split(1).fingerprint != control.fingerprint


def test_labels_that_fall_out_of_training_are_counted() -> None:
    task = _task("xy" * 10 + "z", "xy" * 10)
    for seed in range(50):
        control = task.random_split(seed)
        if "z" not in control.labels:
            assert control.left_out == {"test": 1}
            assert len(control.splits["test"]) == 19
            return
    raise AssertionError("no seed put the single z into the test set")


def test_equal_ids_on_both_sides_are_told_apart() -> None:
    examples = _texts("same", "xyxyxy")
    task = Task("t", TargetKind.SENTENCE, LabelKind.CLASS, {"train": examples, "test": examples})
    control = task.random_split(0)
    ids = [e.sentence_id for split in control.splits.values() for e in split]
    assert len(set(ids)) == 12


def test_a_set_without_any_known_label_is_refused_at_once() -> None:
    with pytest.raises(InputError, match=r"No label of the set 'web'(.|\n)*'x', 'y'(.|\n)*'q'"):
        _task("xy", "xy", web=_texts("w", "qqq"))


@pytest.mark.parametrize("name", ["a/b", "", "..", "[/x]", "x" * 65])
def test_names_that_cannot_be_part_of_a_file_name(name: str) -> None:
    task = _task("xy", "xy")
    with pytest.raises(InputError, match="cannot be a part of a file name"):
        replace(task, out_of_domain={name: _texts("w", "xy")})


def test_a_whole_text_has_one_label() -> None:
    two = (Example("s", "text", (Target("x"), Target("y"))),)
    with pytest.raises(InputError, match="more than one label"):
        Task("t", TargetKind.SENTENCE, LabelKind.CLASS, {"train": two, "test": two})
