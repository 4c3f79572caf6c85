"""How unlike a task's text is to a reference: other words lie farther, samples are of equal size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tunescope.studies.steps.inputs import model_input, task_input
from tunescope.studies.steps.rows import read_rows
from tunescope.studies.steps.texts import compare_texts
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.example import Example
from tunescope.tasks.source import TaskSource
from tunescope.tasks.task import Task


def _write(examples: Iterable[Example], path: Path) -> Any:
    write_edge_probing(tuple(examples), path)
    source = TaskSource(format="edge-probing", name=path.stem, train=str(path), test=str(path))
    return task_input(source, path.parent, source.load()).value


def _compared(
    model: Path, task: object, reference: object, folder: Path, n: int = 20_000
) -> dict[str, float]:
    folder.mkdir()
    compare_texts(
        folder,
        model=model_input(str(model)).value,
        task=task,
        reference=reference,
        n_subwords=n,
        seed=0,
        n_resamples=20,
        level=0.95,
    )
    return {row.measure: row.estimate.value for row in read_rows(folder).rows}


def test_other_words_lie_farther_than_chance(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    examples = tiny_task.splits["train"]
    theirs = _write(examples[::2], tmp_path / "reference.jsonl")
    own = _write(examples[1::2], tmp_path / "own.jsonl")
    word = next(iter(examples[0].text))
    odd = [replace(each, text=(word,) * len(each.text)) for each in examples[1::2]]
    other = _write(odd, tmp_path / "other.jsonl")
    near = _compared(tiny_model, own, theirs, tmp_path / "near")
    far = _compared(tiny_model, other, theirs, tmp_path / "far")
    assert 0 < near["text_divergence"] < 0.3 < far["text_divergence"] <= 1
    assert near["text_divergence_by_chance"] == pytest.approx(near["text_divergence"], abs=0.1)


def test_texts_are_cut_to_one_size(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    """A text that is ten times as long is no nearer for that, once both are cut."""
    examples = tiny_task.splits["train"]
    theirs = _write(examples, tmp_path / "reference.jsonl")
    own = _write(examples, tmp_path / "own.jsonl")
    whole, cut = (_compared(tiny_model, own, theirs, tmp_path / str(n), n) for n in (20_000, 40))
    assert cut["text_divergence_by_chance"] > whole["text_divergence_by_chance"]
