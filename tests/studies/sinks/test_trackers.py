"""What every tracker is told, and what happens where one is unknown, missing or out of order."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.studies.sinks.conftest import FinishedStudy

from tunescope._core.errors import InputError, MissingExtraError, RunError, TrackerError
from tunescope.studies.sinks import trackers
from tunescope.studies.sinks.secrets import hide_secrets
from tunescope.studies.sinks.tracked_study import TrackedStudy, read_tracked_study
from tunescope.studies.sinks.trackers import TRACKERS, check_trackers, send_study

ROW = {"measure": "accuracy", "value": 0.5}


def accept(study: TrackedStudy) -> str:
    return "there"


def use(monkeypatch: pytest.MonkeyPatch, sink: Any) -> None:
    """Make ``sink`` the tracker mlflow, as if its package were there."""
    monkeypatch.setitem(sys.modules, "mlflow", object())
    monkeypatch.setattr(trackers, "TRACKERS", {"mlflow": sink})


def test_an_unknown_tracker() -> None:
    with pytest.raises(InputError, match="expected: mlflow, trackio\n  got: 'wandb'"):
        check_trackers(["wandb"])


@pytest.mark.parametrize("name", sorted(TRACKERS))
def test_a_tracker_that_is_not_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"tunescope\[{name}\]"):
        check_trackers([name])


def test_a_tracker_given_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, accept)
    assert check_trackers(["mlflow", "mlflow"]) == ("mlflow",)


def test_what_a_tracker_is_told(finished_study: FinishedStudy) -> None:
    folder = finished_study(failed=True)
    study = read_tracked_study(folder)
    assert (study.study, study.name, study.collection) == ("closer-look", "small", "tunescope-closer-look")
    assert study.settings["models.0.path"] == "models/tiny"
    assert study.tags["claim.01.verdict"] == "holds"
    assert study.tags["provenance.torch"] == "2.0"
    assert study.tags["failed steps"] == "1"
    assert study.tags["undefined figures"] == "1"
    assert {path.name for path in study.files} == {"report.html", "study.json", "records.parquet"}
    assert len(study.points) == 5


def test_identity_is_of_the_inputs_and_content_of_the_figures(finished_study: FinishedStudy) -> None:
    first, again, other_figures, other_inputs = (
        read_tracked_study(folder)
        for folder in (
            finished_study(name="1"),
            finished_study(name="2"),
            finished_study(ROW, name="3"),
            finished_study(name="4", layers=[1]),
        )
    )
    assert (first.identity, first.content) == (again.identity, again.content)
    assert first.identity == other_figures.identity
    assert first.content != other_figures.content
    assert first.identity != other_inputs.identity


def test_a_tracker_that_fails_gives_one_message(
    finished_study: FinishedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(study: TrackedStudy) -> str:
        raise ConnectionError("no answer from https://me:secret@tracker.example/?write_token=hidden")

    use(monkeypatch, refuse)
    folder = finished_study()
    with pytest.raises(TrackerError) as caught:
        send_study(folder, "mlflow")
    message = str(caught.value)
    assert "ConnectionError: no answer from https://tracker.example/?write_token=…" in message
    assert str(folder) in message
    assert "secret" not in message
    assert "hidden" not in message


def test_a_folder_without_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, accept)
    with pytest.raises(RunError, match="no run"):
        send_study(tmp_path, "mlflow")


@pytest.mark.parametrize(
    "text", ["user/space", "sqlite:////tmp/x.db", "http://127.0.0.1:5000", "a line with me@example.org"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert hide_secrets(text) == text
