"""A study that is killed, or whose workers are, ends as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

N_KILLS, N_WORKER_KILLS = 10, 5
STUDIES = {
    "closer-look": """\
tasks:
  - {name: tags, format: "treebank:pos", options: {n_train: 120, n_test: 60}}
layers: [0, 6]
finetune: {epochs: 2}
snapshots: 3
probe_at_top: linear
random_split: false
""",
    "visualizing": """\
tasks:
  - {name: questions, format: "treebank:question", options: {n_train: 100, n_dev: 0, n_test: 60}}
finetune: {epochs: 2}
snapshots: 3
compare_scratch: false
n_examples: 60
line_points: 5
plane_points: 11
planes: [random plane]
groups: false
sharpness: false
""",
}


@pytest.fixture(scope="module", params=STUDIES)
def study_file(
    request: pytest.FixtureRequest, minilm: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a study of a real model: one that fine-tunes it for half a minute, one that mostly measures a grid."""
    path = tmp_path_factory.mktemp("study") / "study.yaml"
    head = f"study: {request.param}\nmodels: [{{name: MiniLM, path: {minilm}}}]\nn_resamples: 50\n"
    path.write_text(head + STUDIES[request.param], encoding="utf-8")
    return path


def _name_of(study_file: Path) -> str:
    return study_file.read_text(encoding="utf-8").split()[1]


def _start(study_file: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    folder = study_file.parent
    arguments = [
        "study",
        _name_of(study_file),
        study_file,
        "--out",
        folder / name,
        "--store",
        folder / f"{name}-store",
    ]
    command = [sys.executable, "-m", "tunescope", *map(str, arguments), "--device", "cpu", *options]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def _finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()[-3000:]


def _records(study_file: Path, name: str) -> bytes:
    return (study_file.parent / name / "records.json").read_bytes()


def _committed(study_file: Path, name: str) -> dict[str, int]:
    """Return when each finished step was committed, and each point of a grid was measured."""
    store = study_file.parent / f"{name}-store"
    found = [*store.glob("[!.]*/step.json"), *store.glob("*/points/point-*.npz")]
    return {
        str(path.relative_to(store)).removeprefix(".").replace(".partial", ""): path.stat().st_mtime_ns
        for path in found
    }


@pytest.fixture(scope="module")
def undisturbed(study_file: Path) -> tuple[bytes, float]:
    """Return the records of a run that nobody disturbed, and how long it took."""
    started = time.monotonic()
    _finish(_start(study_file, "undisturbed"))
    return _records(study_file, "undisturbed"), time.monotonic() - started


def _disturb(
    study_file: Path,
    name: str,
    kill: Callable[[subprocess.Popen[bytes]], bool],
    most: int,
    seconds: float,
    *options: str,
) -> int:
    """Run the study to its end, killing at random moments, at most ``most`` times; return how often."""
    draw = random.Random(name)
    committed: dict[str, int] = {}
    process, n_kills = _start(study_file, name, *options), 0
    while True:
        try:
            process.wait(draw.uniform(0.05, 0.6) * seconds if n_kills < most else None)
        except subprocess.TimeoutExpired:
            n_kills += kill(process)
        if process.poll() is None:
            continue
        now = _committed(study_file, name)
        assert {path: now[path] for path in committed} == committed  # nothing that was done was done again
        committed = now
        _, errors = process.communicate()
        if process.returncode == 0:
            return n_kills
        assert process.returncode == -signal.SIGKILL, errors.decode()[-3000:]
        process = _start(study_file, name, *options)


def _kill(process: subprocess.Popen[bytes]) -> bool:
    process.kill()
    process.wait()
    return True


def _kill_a_worker(process: subprocess.Popen[bytes]) -> bool:
    """Kill the process of one Dask worker; its nanny starts another."""
    workers = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]
    if workers:
        random.Random(len(workers)).choice(workers).kill()
    return bool(workers)


def test_a_study_that_is_killed_goes_on_and_ends_equal(
    study_file: Path, undisturbed: tuple[bytes, float]
) -> None:
    records, seconds = undisturbed
    n_kills = n_rounds = 0
    while n_kills < N_KILLS:
        n_rounds += 1
        n_kills += _disturb(study_file, f"killed-{n_rounds}", _kill, N_KILLS - n_kills, seconds)
        assert _records(study_file, f"killed-{n_rounds}") == records


def test_a_study_whose_workers_are_killed_ends_equal(
    study_file: Path, undisturbed: tuple[bytes, float]
) -> None:
    records, seconds = undisturbed
    options = ("--cluster", "local", "--workers", "2")
    n_kills = n_rounds = 0
    while n_kills < N_WORKER_KILLS:
        n_rounds += 1
        left = N_WORKER_KILLS - n_kills
        n_kills += _disturb(study_file, f"workers-{n_rounds}", _kill_a_worker, left, seconds / 2, *options)
        assert _records(study_file, f"workers-{n_rounds}") == records
