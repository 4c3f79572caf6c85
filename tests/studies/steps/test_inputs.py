"""What steps are given goes by its content, and is refused when it changed after the study was planned."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tunescope._core.errors import InputError
from tunescope.studies.steps.inputs import checkpoint_of, model_input, task_input, task_of
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.source import TaskSource
from tunescope.tasks.task import Task


def test_data_that_changed_are_refused_and_never_mistaken(tiny_task: Task, tmp_path: Path) -> None:
    for split in ("train", "test"):
        write_edge_probing(tiny_task.splits[split], tmp_path / f"{split}.jsonl")
    source = TaskSource(format="edge-probing", name="tags", train="train.jsonl", test="test.jsonl")
    before = task_input(source, tmp_path, source.load(tmp_path))
    assert task_of(before.value).fingerprint == source.load(tmp_path).fingerprint
    write_edge_probing(tiny_task.splits["train"][:40], tmp_path / "train.jsonl")
    after = task_input(source, tmp_path, source.load(tmp_path))
    assert after.content_hash != before.content_hash
    assert len(task_of(after.value).splits["train"]) == 40
    stale = {**before.value, "folder": f"{tmp_path}/."}  # as in a process that has not read them yet
    with pytest.raises(InputError, match="has changed since"):
        task_of(stale)


def test_a_random_division_is_another_task(tiny_task: Task, tmp_path: Path) -> None:
    for split in ("train", "test"):
        write_edge_probing(tiny_task.splits[split], tmp_path / f"{split}.jsonl")
    source = TaskSource(format="edge-probing", name="tags", train="train.jsonl", test="test.jsonl")
    task = source.load(tmp_path)
    divided = task_input(source, tmp_path, task.random_split(3), 3)
    assert divided.content_hash != task_input(source, tmp_path, task).content_hash
    assert task_of(divided.value).fingerprint == task.random_split(3).fingerprint


def test_a_model_that_changed_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    given = model_input(str(folder)).value
    assert checkpoint_of(given).folder == folder
    (folder / "config.json").write_text((folder / "config.json").read_text().replace("0.1", "0.2"))
    with pytest.raises(InputError, match="has changed since"):
        checkpoint_of({**given, "location": f"{folder}/."})
