"""Snapshots: when they are taken, in whose training, and on which disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from transformers import AutoModelForTokenClassification, Trainer, TrainingArguments

from tunescope._core.errors import InputError, RunError
from tunescope.finetuning.snapshots import SnapshotCallback, plan_snapshots, read_snapshots


@pytest.mark.parametrize(
    ("when", "planned"),
    [
        ({"every": 20}, (0, 20, 40, 60, 75)),
        ({"every": 100}, (0, 75)),
        ({"every": 25}, (0, 25, 50, 75)),
        ({"steps": [10, 5, 10, 999]}, (0, 5, 10, 75)),
        ({"steps": []}, (0, 75)),
        ({"log_spaced": 1}, (0, 1, 75)),
        ({"log_spaced": 4}, (0, 1, 9, 75)),
    ],
)
def test_plans(when: dict[str, object], planned: tuple[int, ...]) -> None:
    assert plan_snapshots(75, **when) == planned  # type: ignore[arg-type]


@given(st.integers(1, 10_000), st.integers(1, 50))
def test_log_spaced_plans_rise_from_the_first_step_to_the_last(n_steps: int, n: int) -> None:
    planned = plan_snapshots(n_steps, log_spaced=n)
    assert planned[0] == 0
    assert planned[-1] == n_steps
    assert list(planned) == sorted(set(planned))
    assert len(planned) <= n + 2


@pytest.mark.parametrize("when", [{}, {"every": 2, "log_spaced": 3}])
def test_exactly_one_way(when: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="exactly one"):
        SnapshotCallback(tmp_path, **when)  # type: ignore[arg-type]


@pytest.mark.parametrize("when", [{"every": 0}, {"log_spaced": -1}, {"steps": [-3]}])
def test_steps_are_positive(when: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positive"):
        SnapshotCallback(tmp_path, **when)  # type: ignore[arg-type]


def _trainer(model_folder: Path, out: Path) -> Trainer:
    model = AutoModelForTokenClassification.from_pretrained(model_folder, num_labels=2)
    rows = [{"input_ids": [2, 5, 6, 3], "labels": [-100, 0, 1, -100]}] * 16
    arguments = TrainingArguments(
        str(out), num_train_epochs=2, per_device_train_batch_size=4, report_to="none", save_strategy="no",
        use_cpu=True, disable_tqdm=True, dataloader_pin_memory=False,
    )  # fmt: skip
    return Trainer(model, arguments, train_dataset=rows)


def test_in_a_trainer_of_ones_own(tiny_model: Path, tmp_path: Path) -> None:
    trainer = _trainer(tiny_model, tmp_path / "out")
    trainer.add_callback(SnapshotCallback(tmp_path / "snapshots", every=3))
    trainer.train()
    snapshots = read_snapshots(tmp_path / "snapshots")
    assert list(snapshots) == [0, 3, 6, 8]
    last = load_file(snapshots[8] / "model.safetensors")
    for name, tensor in trainer.model.state_dict().items():
        np.testing.assert_array_equal(last[name], tensor.numpy())
    first = load_file(snapshots[0] / "model.safetensors")
    assert any(not np.array_equal(first[name], last[name]) for name in first)
    AutoModelForTokenClassification.from_pretrained(snapshots[3])
    manifest = json.loads((tmp_path / "snapshots" / "manifest.json").read_text())
    assert [entry["epoch"] for entry in manifest["snapshots"]] == [0, 0.75, 1.5, 2]
    assert not list((tmp_path / "snapshots").glob(".*"))


def test_too_large_for_what_is_allowed(tiny_model: Path, tmp_path: Path) -> None:
    trainer = _trainer(tiny_model, tmp_path / "out")
    trainer.add_callback(SnapshotCallback(tmp_path / "snapshots", every=1, max_gigabytes=1e-5))
    with pytest.raises(RunError, match=r"more disk space than is allowed(.|\n)*9 snapshots"):
        trainer.train()


def test_too_large_for_the_disk(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**6, 10**6 - 100, 100))
    trainer = _trainer(tiny_model, tmp_path / "out")
    trainer.add_callback(SnapshotCallback(tmp_path / "snapshots", every=4))
    with pytest.raises(RunError, match="no room"):
        trainer.train()
    assert not read_snapshots(tmp_path / "snapshots")


def test_a_folder_without_snapshots_has_none(tmp_path: Path) -> None:
    assert read_snapshots(tmp_path) == {}


def test_damaged_lists_and_lost_snapshots_are_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_snapshots(tmp_path)
    entry = {"step": 3, "epoch": 1.0, "folder": "step-000003", "n_bytes": 1}
    (tmp_path / "manifest.json").write_text(json.dumps({"snapshots": [entry]}))
    with pytest.raises(InputError, match=r"is gone(.|\n)*step-000003"):
        read_snapshots(tmp_path)
