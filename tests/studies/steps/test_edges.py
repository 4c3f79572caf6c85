"""What became of what was known: erased, untouched, and the same model twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.studies.steps.codelengths import code_labels, compare_codes
from tunescope.studies.steps.edges import compare_edges, probe_edges
from tunescope.studies.steps.inputs import model_input, task_input
from tunescope.studies.steps.probed_examples import probed_examples
from tunescope.studies.steps.rows import read_rows
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.source import TaskSource
from tunescope.tasks.task import Task
from tunescope.tasks.treebank import generate_sentences, to_conllu

RESAMPLING: dict[str, Any] = {"seed": 0, "n_resamples": 50, "level": 0.95}


def _write_read(folder: Path, gold: np.ndarray, best: np.ndarray) -> Path:
    """Write what a step of edge probes keeps, of probes that read ``best`` (layer, example)."""
    folder.mkdir()
    labels = np.unique(gold)
    np.savez(
        folder / "edges.npz",
        gold=gold,
        sentence_ids=np.arange(len(gold)) // 2,
        most_frequent=labels[0],
        labels=labels,
        assigned=best[..., None] == labels,
        best=best,
    )
    return folder


def test_what_is_erased_is_lost_and_what_is_not_touched_is_kept(tmp_path: Path) -> None:
    gold = np.array(["noun", "verb", "verb"] * 60)
    nothing = np.full(len(gold), "noun")
    before = _write_read(tmp_path / "before", gold, np.stack([gold, gold]))
    after = _write_read(tmp_path / "after", gold, np.stack([nothing, gold]))
    compare_edges(tmp_path, before=before, after=after, **RESAMPLING)
    left = {row.layer: row for row in read_rows(tmp_path).rows if row.measure == "share_left"}
    gain = {row.layer: row for row in read_rows(tmp_path).rows if row.measure == "edge_f1_gain"}
    assert [(left[layer].label, left[layer].estimate.value) for layer in (0, 1)] == [("lost", 0), ("kept", 1)]
    assert gain[0].estimate.value == pytest.approx(1 / 3 - 1)
    assert gain[0].estimate.high < 0
    assert gain[1].estimate.value == 0


def test_the_same_model_twice_differs_nowhere(tiny_model: Path, tmp_path: Path) -> None:
    sentences = [each for each in generate_sentences(200, seed=0) if len(each.words) < 15]
    path = tmp_path / "text.conllu"
    path.write_text(to_conllu(sentences[:60]), encoding="utf-8")
    source = TaskSource(format="conllu:pos", train=f"{path}[:40]", test=f"{path}[40:]")
    text = task_input(source, tmp_path, source.load())
    of_text: Any = text.value
    model: Any = model_input(str(tiny_model)).value
    for name, (probe, compare) in {
        "edges": (probe_edges, compare_edges),
        "codes": (code_labels, compare_codes),
    }.items():
        folders = [tmp_path / f"{name}-{number}" for number in range(2)]
        for folder in folders:
            folder.mkdir()
            probe(
                folder,
                model=model,
                tuned=None,
                tuned_task=of_text,
                text=of_text,
                max_targets=120,
                device="cpu",
                **RESAMPLING,
            )
        assert read_rows(folders[0]) == read_rows(folders[1])
        assert len(read_rows(folders[0]).rows) == 3
        compare(tmp_path, before=folders[0], after=folders[1], **RESAMPLING)
        gains = [row for row in read_rows(tmp_path).rows if row.measure.endswith("_gain")]
        assert [row.estimate.value for row in gains] == [0, 0, 0]


def _sentences(*labels: str) -> tuple[Example, ...]:
    return tuple(
        Example(f"{label}-{number}", ("a", "word"), (Target(label, (Span(0, 1),)),))
        for number, label in enumerate(labels)
    )


def _task(splits: dict[str, tuple[Example, ...]]) -> Task:
    return Task(name="words", target=TargetKind.TOKEN, label=LabelKind.CLASS, splits=splits)


def test_test_targets_whose_label_is_not_among_those_sampled_stand_aside() -> None:
    task = _task({"train": _sentences(*"ab" * 100, "c"), "test": _sentences("b", "c")})
    train, test = probed_examples(task, 20, seed=0)
    assert {target.label for example in train for target in example.targets} == {"a", "b"}
    assert len(train) == 20
    assert [len(example.targets) for example in test] == [1, 0]


def test_a_text_with_nothing_to_probe_is_refused() -> None:
    task = _task({"train": _sentences(*"a" * 100, "b"), "test": _sentences("a")})
    with pytest.raises(InputError, match="nothing to probe"):
        probed_examples(task, 5, seed=0)
