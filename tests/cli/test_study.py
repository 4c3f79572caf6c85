"""``tunescope study``: a file to start from, a dry run, a run, and what goes wrong."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tunescope = Callable[..., Any]


@pytest.fixture
def study_file(tagged: list[str], tiny_model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(
        f"""\
study: closer-look
name: "[bold]tiny[/bold]"
models: [{{name: tiny, path: {tiny_model}}}]
tasks:
  - {{name: "tags [x]", format: edge-probing, train: train.jsonl, test: test.jsonl}}
layers: [2]
finetune: {{epochs: 1}}
snapshots: 2
n_resamples: 20
probe_at_top: linear
""",
        encoding="utf-8",
    )
    return path


def _use_trackers(monkeypatch: pytest.MonkeyPatch, **sinks: Callable[[Any], str]) -> None:
    """Put functions in the place of trackers, as if their packages were there."""
    monkeypatch.setattr("tunescope.studies.sinks.trackers.TRACKERS", sinks)
    for name in sinks:
        monkeypatch.setitem(sys.modules, name, object())


def test_a_file_to_start_from_and_its_schema(tunescope: Tunescope) -> None:
    example = tunescope("study", "init", "closer-look")
    assert example.exit_code == 0
    assert example.out.startswith("# A study after Zhou and Srikumar (2022)")
    schema = json.loads(tunescope("study", "schema", "closer-look").out)
    assert "cross_task" in schema["properties"]


def test_an_unknown_study(tunescope: Tunescope) -> None:
    outcome = tunescope("study", "init", "closer")
    assert outcome.exit_code == 2
    assert "expected: closer-look" in outcome.err


def test_a_dry_run_does_nothing(tunescope: Tunescope, study_file: Path, tmp_path: Path) -> None:
    outcome = tunescope("study", "closer-look", study_file, "--out", tmp_path / "out", "--dry-run")
    assert outcome.exit_code == 0, outcome.err
    assert "fine-tuning of tiny on tags [x], seed 0" in outcome.out
    assert "0 done" in outcome.out
    assert "to do in all" in outcome.out
    assert re.search(r"\ntune +\d+ +\d+\.\d min", outcome.out)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "tunescope-store").exists()


def test_a_device_that_is_not_there_is_told_at_once(
    tunescope: Tunescope, study_file: Path, tmp_path: Path
) -> None:
    outcome = tunescope(
        "study", "closer-look", study_file, "--out", tmp_path / "out", "--device", "gpu", "--dry-run"
    )
    assert outcome.exit_code == 2
    assert "There is no such device" in outcome.err
    assert "leave --device out" in outcome.err


def test_a_study_runs_to_its_report_on_workers(
    tunescope: Tunescope, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("study", "closer-look", study_file, "--out", tmp_path / "out", "--device", "cpu")
    outcome = tunescope(*arguments, "--cluster", "local", "--workers", 2)
    assert outcome.exit_code == 0, outcome.err
    assert "CANNOT BE TOLD: " in outcome.out
    for name in ("report.html", "study.json", "records.json", "records.parquet", "tables/gains.csv"):
        assert (tmp_path / "out" / name).exists()
    first = (tmp_path / "out" / "records.json").read_bytes()
    _use_trackers(monkeypatch, trackio=lambda study: f"run of {study.name}")
    again = tunescope(*arguments, "--track", "trackio")
    assert again.exit_code == 0
    assert "trackio: run of [bold]tiny[/bold]" in again.out
    assert " done; to do: about 0 min" in again.out
    assert (tmp_path / "out" / "records.json").read_bytes() == first


def test_a_step_that_fails_gives_exit_code_1(
    tunescope: Tunescope, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("tunescope.studies.steps.clusters.direct_probe", fail)
    outcome = tunescope("study", "closer-look", study_file, "--out", tmp_path / "out", "--device", "cpu")
    assert outcome.exit_code == 1
    assert "failed: clusters, train, layer 2" in outcome.out
    assert "MemoryError: no room" in outcome.out
    assert (tmp_path / "out" / "report.html").exists()


def test_a_tracker_that_fails_costs_nothing_but_the_exit_code(
    tunescope: Tunescope, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(study: object) -> str:
        assert (tmp_path / "out" / "report.html").exists()
        raise ConnectionError("nobody is there")

    def accept(study: object) -> str:
        return "project [x]"

    _use_trackers(monkeypatch, mlflow=refuse, trackio=accept)
    arguments = ("study", "closer-look", study_file, "--out", tmp_path / "out", "--device", "cpu")
    outcome = tunescope(*arguments, "--track", "mlflow", "--track", "trackio")
    assert outcome.exit_code == 1
    assert "not sent to mlflow" in outcome.err
    assert "nobody is there" in outcome.err
    assert "Traceback" not in outcome.err
    assert "trackio: project [x]" in outcome.out
    assert (tmp_path / "out" / "records.parquet").exists()


@pytest.mark.parametrize(
    ("name", "part"), [("wandb", "expected: mlflow, trackio"), ("mlflow", "tunescope[mlflow]")]
)
def test_a_tracker_that_is_not_there_is_told_before_anything_runs(
    tunescope: Tunescope,
    study_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    part: str,
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    outcome = tunescope("study", "closer-look", study_file, "--out", tmp_path / "out", "--track", name)
    assert outcome.exit_code == 2
    assert part in outcome.err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "tunescope-store").exists()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("snapshots: 2", "snapshot: 2"), ("study.yaml:8", "did you mean 'snapshots'")),
        (("layers: [2]", "layers: [9]"), ("The model has no such layer",)),
        (("study: closer-look", "study: closer-lok"), ("study.yaml:1", "closer-look")),
        (("train.jsonl", "trian.jsonl"), ("study.yaml:5", "trian.jsonl")),
    ],
)
def test_bad_files_give_one_message(
    tunescope: Tunescope, study_file: Path, tmp_path: Path, change: tuple[str, str], parts: tuple[str, ...]
) -> None:
    study_file.write_text(study_file.read_text().replace(*change))
    outcome = tunescope("study", "closer-look", study_file, "--out", tmp_path / "out")
    assert outcome.exit_code == 2
    assert "Traceback" not in outcome.err
    for part in parts:
        assert part in outcome.err
    assert not (tmp_path / "out").exists()
