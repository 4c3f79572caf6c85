"""Fine-tuning end to end on a tiny model: it learns, repeats itself, and survives being killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tunescope._core.errors import InputError, ModelError, RunError
from tunescope.finetuning.finetune import FinetunedModel, finetune, open_finetuned
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.encoder import load_encoder
from tunescope.tasks.example import Example, LabelKind, Target, TargetKind
from tunescope.tasks.task import Task

FAST = FinetuneSettings(learning_rate=5e-3, epochs=6, batch_size=16)


def _weights(model: Path) -> dict[str, np.ndarray]:
    return {**load_file(model / "model.safetensors"), **load_file(model / "task_head.safetensors")}


def _assert_same(a: FinetunedModel, b: FinetunedModel) -> None:
    for step, folder in {**a.snapshots, -1: a.model}.items():
        others = b.model if step == -1 else b.snapshots[step]
        for name, weight in _weights(folder).items():
            np.testing.assert_array_equal(weight, _weights(others)[name], err_msg=f"{step} {name}")
    assert a.history.equals(b.history)
    assert a.predictions("test").equals(b.predictions("test"))


def test_it_learns_and_leaves_what_it_promises(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    tuned = finetune(tiny_model, tiny_task, tmp_path / "run", settings=FAST, snapshots={"every": 10})
    test = tuned.predictions("test")
    assert (test["label"] == test["predicted"]).mean() > 0.9
    assert list(tuned.snapshots) == [0, 10, 20, 24]
    assert tuned.history["step"].tolist() == list(range(1, 25))
    assert tuned.history["loss"].iloc[-1] < tuned.history["loss"].iloc[0]
    assert {"train", "test", "other"} == {
        path.stem.removeprefix("predictions-") for path in tuned.folder.glob("predictions-*.parquet")
    }
    assert load_encoder(tuned.model).n_layers == 2
    assert not (tuned.folder / "resume").exists()
    assert open_finetuned(tmp_path / "run") == tuned


def test_the_first_snapshot_is_the_untouched_model(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    tuned = finetune(tiny_model, tiny_task, tmp_path, settings=FAST, snapshots={"steps": [0]})
    before, first = load_file(tiny_model / "model.safetensors"), _weights(tuned.snapshots[0])
    assert all(np.array_equal(before[name], first[name]) for name in before)


def test_the_same_seed_gives_the_same_model(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    one = finetune(tiny_model, tiny_task, tmp_path / "1", settings=FAST, snapshots={"log_spaced": 3})
    two = finetune(tiny_model, tiny_task, tmp_path / "2", settings=FAST, snapshots={"log_spaced": 3})
    _assert_same(one, two)
    other = finetune(tiny_model, tiny_task, tmp_path / "3", settings=FAST.model_copy(update={"seed": 1}))
    assert not np.array_equal(_weights(one.model)["weight"], _weights(other.model)["weight"])


_CHILD = """
import sys
sys.path.insert(0, {tests!r})
from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.tasks.edge_probing import read_edge_probing
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Task
train, test = read_edge_probing({data!r} + "/train.jsonl"), read_edge_probing({data!r} + "/test.jsonl")
task = Task("tags", TargetKind.TOKEN, LabelKind.CLASS, {{"train": train, "test": test}})
settings = FinetuneSettings(learning_rate=5e-3, epochs=12, batch_size=8)
finetune({model!r}, task, {run!r}, settings=settings, snapshots={{"every": 10}}, checkpoint_seconds=0)
"""


def _start(folder: Path, model: Path, data: Path) -> subprocess.Popen[bytes]:
    code = _CHILD.format(tests=str(Path(__file__).parent), data=str(data), model=str(model), run=str(folder))
    return subprocess.Popen([sys.executable, "-c", code])


def _wait_for_checkpoint(folder: Path, process: subprocess.Popen[bytes], step: int) -> None:
    while process.poll() is None:
        names = [path.name for path in folder.glob("steps/.finetune-*/resume/checkpoint-*")]
        if any(int(name.rpartition("-")[2]) >= step for name in names):
            return
        time.sleep(0.002)
    raise AssertionError("the training ended before it could be killed")


def test_a_training_that_is_killed_goes_on_as_if_it_had_not(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    from tunescope.tasks.edge_probing import write_edge_probing

    for split in ("train", "test"):
        write_edge_probing(tiny_task.splits[split], tmp_path / f"{split}.jsonl")
    for step in (5, 38, 71):  # within an epoch of eight batches, at its end, and late
        with _start(tmp_path / "b", tiny_model, tmp_path) as process:
            _wait_for_checkpoint(tmp_path / "b", process, step)
            process.send_signal(signal.SIGKILL)
        with pytest.raises(ModelError, match="no finished fine-tuning"):
            open_finetuned(tmp_path / "b")
    for run in ("a", "b"):
        with _start(tmp_path / run, tiny_model, tmp_path) as process:
            assert process.wait() == 0
    _assert_same(open_finetuned(tmp_path / "a"), open_finetuned(tmp_path / "b"))


def test_a_finished_run_is_not_trained_again(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    first = finetune(tiny_model, tiny_task, tmp_path, settings=FAST)
    written = (first.model / "model.safetensors").stat().st_mtime_ns
    again = finetune(tiny_model, tiny_task, tmp_path, settings=FAST)
    assert again == first
    assert (again.model / "model.safetensors").stat().st_mtime_ns == written


def test_a_run_of_other_settings_is_refused_and_kept(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    first = finetune(tiny_model, tiny_task, tmp_path, settings=FAST)
    other = FAST.model_copy(update={"epochs": 7})
    with pytest.raises(RunError, match=r"other settings(.|\n)*epochs: 6 → 7(.|\n)*--overwrite"):
        finetune(tiny_model, tiny_task, tmp_path, settings=other)
    assert open_finetuned(tmp_path) == first
    assert finetune(tiny_model, tiny_task, tmp_path, settings=other, overwrite=True) != first


@pytest.mark.parametrize("paired", [False, True])
def test_numbers_are_learnt_for_sentences_and_pairs(tiny_model: Path, tmp_path: Path, paired: bool) -> None:
    rng = np.random.default_rng(0)

    def examples(n: int, name: str) -> tuple[Example, ...]:
        made = []
        for i in range(n):
            cats = int(rng.integers(0, 5))
            words = rng.permutation(["cat"] * cats + ["dog"] * (5 - cats)).tolist()
            second = "the" if paired else None
            made.append(Example(f"{name}{i}", " ".join(words), (Target(10.0 + cats),), second))
        return tuple(made)

    target = TargetKind.SENTENCE_PAIR if paired else TargetKind.SENTENCE
    task = Task("n", target, LabelKind.NUMBER, {"train": examples(80, "a"), "test": examples(30, "b")})
    tuned = finetune(tiny_model, task, tmp_path, settings=FAST.model_copy(update={"epochs": 12}))
    test = tuned.predictions("test")
    assert np.corrcoef(test["label"], test["predicted"])[0, 1] > 0.7
    assert test["predicted"].between(8, 17).all()


def test_pairs_are_told_apart_by_their_order(tiny_model: Path, tmp_path: Path) -> None:
    from tunescope.tasks.example import Span

    def examples(n: int, name: str) -> tuple[Example, ...]:
        rng = np.random.default_rng(n)
        made = []
        for i in range(n):
            words = tuple(rng.permutation(["cat", "sees", "the", "dogs"]).tolist())
            cat, dog = words.index("cat"), words.index("dogs")
            spans = (Span(cat, cat + 1), Span(dog, dog + 1))
            made.append(
                Example(f"{name}{i}", words, (Target("cat first", spans), Target("dog first", spans[::-1])))
            )
        return tuple(made)

    task = Task(
        "order", TargetKind.PAIR, LabelKind.CLASS, {"train": examples(60, "a"), "test": examples(30, "b")}
    )
    test = finetune(tiny_model, task, tmp_path, settings=FAST).predictions("test")
    assert (test["label"] == test["predicted"]).mean() > 0.95


def test_equal_numbers_cannot_be_learnt(tiny_model: Path, tmp_path: Path) -> None:
    texts = tuple(Example(str(i), "the cat", (Target(1.0),)) for i in range(4))
    task = Task("n", TargetKind.SENTENCE, LabelKind.NUMBER, {"train": texts, "test": texts})
    with pytest.raises(InputError, match="same number"):
        finetune(tiny_model, task, tmp_path)


def test_labels_without_a_head_are_refused(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no head"):
        finetune(tiny_model, replace(tiny_task, label=LabelKind.ENTITY_SPANS), tmp_path)


def test_an_adapter_is_trained_alone(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="the extra peft is not installed")
    settings = FAST.model_copy(update={"lora_rank": 4, "epochs": 2})
    tuned = finetune(tiny_model, tiny_task, tmp_path, settings=settings, snapshots={"steps": [0]})
    assert (tuned.model / "adapter_model.safetensors").exists()
    assert not (tuned.model / "model.safetensors").exists()
    assert all((folder / "task_head.json").exists() for folder in tuned.snapshots.values())
