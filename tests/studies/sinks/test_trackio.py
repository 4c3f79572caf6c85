"""Studies in a real trackio folder; in another process, since trackio reads where it is when it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from tests.studies.sinks.conftest import FinishedStudy

from tunescope._core.errors import TrackerError
from tunescope.studies.sinks.trackers import send_study

SEND_AND_READ = """
import json, sys
from tunescope.studies.sinks.trackers import send_study
for folder in sys.argv[1:]:
    place = send_study(folder, "trackio")
import trackio
from trackio.sqlite_storage import SQLiteStorage
runs = [
    {"name": run.name, "config": run.config, "logs": SQLiteStorage.get_logs(run.project, run.name, run_id=run.id)}
    for run in trackio.Api().runs("tunescope-closer-look")
]
print(json.dumps([place, runs]))
"""


def send(trackio_folder: Path, *folders: Path) -> tuple[str, list[dict[str, Any]]]:
    """Send studies one after another; return where the last is, and all runs there."""
    pytest.importorskip("trackio", reason="the extra trackio is not installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRACKIO_")}
    done = subprocess.run(
        [sys.executable, "-c", SEND_AND_READ, *map(str, folders)],
        capture_output=True,
        text=True,
        env={**environment, "TRACKIO_DIR": str(trackio_folder)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    place, runs = json.loads(done.stdout)  # trackio's own lines would break it
    return place, runs


def test_a_study_is_a_run(finished_study: FinishedStudy, tmp_path: Path) -> None:
    place, (run,) = send(tmp_path / "trackio", finished_study())
    assert run["name"] in place
    assert run["name"].startswith("small ")
    assert run["config"]["finetune.epochs"] == "1"
    assert run["config"]["tunescope.claim.01.verdict"] == "holds"
    points = {
        (name, log["step"]): value
        for log in run["logs"]
        for name, value in log.items()
        if name not in ("step", "timestamp")
    }
    assert points == {
        ("accuracy/tiny/tags/before/test/by_layer", 0): 0.5,
        ("accuracy/tiny/tags/before/test/by_layer.low", 0): 0.4,
        ("accuracy/tiny/tags/before/test/by_layer.high", 0): 0.6,
        ("accuracy/tiny/tags/before/test/by_layer", 1): 0.75,
        ("rsa/tiny/tags/after/test/layer 1/by_step", 10): 0.25,
    }


def test_the_same_study_again_is_one_run(finished_study: FinishedStudy, tmp_path: Path) -> None:
    folders = [finished_study(name="one"), finished_study(name="two"), finished_study(name="3", layers=[1])]
    new = finished_study({"measure": "accuracy", "value": 1.0}, name="new figures")
    _, runs = send(tmp_path / "trackio", *folders, new)
    assert len(runs) == 2
    assert len({run["config"]["tunescope.identity"] for run in runs}) == 2
    assert sorted(len(run["logs"]) for run in runs) == [1, 3]


def lose(*arguments: object, **options: object) -> None:
    """Warn as trackio does where it has lost figures."""
    warnings.warn_explicit("some data may be lost", UserWarning, "utils.py", 1, module="trackio.utils")


def test_what_trackio_only_warns_of_is_an_error(
    finished_study: FinishedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackio", Mock(**{"init.return_value.log": lose}))
    with pytest.raises(TrackerError, match="some data may be lost"):
        send_study(finished_study(), "trackio")
