"""The run folder: steps are done once, appear whole or not at all, and survive being killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import RunError
from tunescope._core.hashing import hash_value
from tunescope.runs import Run, Step


def _open(folder: Path, **settings: object) -> Run:
    return Run.open(folder, "test", settings=settings, inputs={})


def _counting_step(calls: list[str], **inputs: object) -> Step:
    def compute(folder: Path) -> None:
        calls.append(folder.name)
        (folder / "result.txt").write_text(str(inputs))

    return Step("count", inputs, compute)


def test_a_step_is_done_once_per_key(tmp_path: Path) -> None:
    calls: list[str] = []
    run = _open(tmp_path)
    first = run.perform(_counting_step(calls, seed=1))
    assert run.perform(_counting_step(calls, seed=1)) == first
    other = run.perform(_counting_step(calls, seed=2))
    assert other != first
    assert len(calls) == 2
    assert (first / "result.txt").read_text() == "{'seed': 1}"
    assert run.find("count") in (first, other)
    assert run.find("coun") is None


def test_the_key_depends_on_name_version_and_inputs() -> None:
    steps = [
        Step(name, {"a": a}, lambda _: None, version=version)
        for name in ("x", "y")
        for a in (1, 2)
        for version in (1, 2)
    ]
    assert len({step.key for step in steps}) == len(steps)


_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _plain, max_size=5))
def test_the_order_of_inputs_does_not_matter(inputs: dict[str, object]) -> None:
    assert hash_value(inputs) == hash_value(dict(reversed(inputs.items())))


def test_a_failed_step_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise ValueError("broken")

    run = _open(tmp_path)
    with pytest.raises(ValueError, match="broken"), run.recording():
        run.perform(Step("fail", {}, fail))
    assert run.find("fail") is None
    assert Run.read(tmp_path).record.status == "failed"
    assert Run.read(tmp_path).record.error == "broken"


@pytest.mark.parametrize("resumable", [False, True])
def test_a_second_attempt_finds_the_first_only_if_it_asked_to(tmp_path: Path, resumable: bool) -> None:
    seen: list[bool] = []

    def compute(folder: Path) -> None:
        seen.append((folder / "half.txt").exists())
        (folder / "half.txt").write_text("half")
        if len(seen) == 1:
            raise ValueError("broken")

    run = _open(tmp_path)
    step = Step("twice", {}, compute, resumable=resumable)
    with pytest.raises(ValueError, match="broken"):
        run.perform(step)
    run.perform(step)
    assert seen == [False, resumable]


def test_ctrl_c_is_recorded(tmp_path: Path) -> None:
    run = _open(tmp_path)
    with pytest.raises(KeyboardInterrupt), run.recording():
        raise KeyboardInterrupt
    assert Run.read(tmp_path).record.status == "interrupted"


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    _open(tmp_path, epochs=3, seed=0)
    assert _open(tmp_path, epochs=3, seed=0).record.settings == {"epochs": 3, "seed": 0}
    with pytest.raises(RunError, match=r"epochs: 3 → 4") as caught:
        _open(tmp_path, epochs=4, seed=0)
    assert "seed" not in str(caught.value.got)
    with pytest.raises(RunError, match="kind: test → other"):
        Run.open(tmp_path, "other", settings={}, inputs={})


def test_overwriting_removes_the_old_run(tmp_path: Path) -> None:
    _open(tmp_path, seed=0).perform(_counting_step([], seed=0))
    run = Run.open(tmp_path, "test", settings={"seed": 1}, inputs={}, overwrite=True)
    assert run.find("count") is None


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match="other files"):
        Run.open(tmp_path, "test", settings={}, inputs={}, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_a_file_is_no_run_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(RunError, match="a file, not a folder"):
        _open(path)
    with pytest.raises(RunError, match="not a folder"):
        _open(path / "below")


def test_a_folder_without_a_run_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        Run.read(tmp_path)
    (tmp_path / "record.json").write_text("{")
    with pytest.raises(RunError, match="holds no run"):
        Run.read(tmp_path)


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "permission denied"), (errno.EROFS, "read-only")],
)
def test_a_refusing_disk_is_told_in_words(tmp_path: Path, number: int, message: str) -> None:
    def compute(folder: Path) -> None:
        raise OSError(number, os.strerror(number), str(folder / "vectors.npy"))

    with pytest.raises(RunError, match=rf"{message}(.|\n)*vectors.npy(.|\n)*finished work is kept"):
        _open(tmp_path).perform(Step("write", {}, compute))


def test_other_operating_system_errors_pass_through(tmp_path: Path) -> None:
    def compute(_: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "gone")

    with pytest.raises(FileNotFoundError):
        _open(tmp_path).perform(Step("read", {}, compute))


_SLOW_STEP = """
import sys, time
from pathlib import Path
from tunescope.runs import Run, Step

def compute(folder):
    for i in range(30):
        with (folder / "log.txt").open("a") as file:
            file.write(f"{i}\\n")
        time.sleep(0.02)

run = Run.open(Path(sys.argv[1]), "test", settings={}, inputs={})
print(run.perform(Step("slow", {}, compute)))
"""


def _start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _SLOW_STEP, str(folder)], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_process_leaves_no_lock_and_no_result(tmp_path: Path) -> None:
    with _start(tmp_path) as process:
        while not list(tmp_path.glob("steps/.slow-*.partial/log.txt")):
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert not list(tmp_path.glob("steps/slow-*"))
    with _start(tmp_path) as process:
        assert process.wait(timeout=60) == 0
    (log,) = tmp_path.glob("steps/slow-*/log.txt")
    assert log.read_text().split() == [str(i) for i in range(30)]


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    with _start(tmp_path) as one, _start(tmp_path) as two:
        paths = {process.communicate(timeout=60)[0] for process in (one, two)}
    assert len(paths) == 1
    (log,) = tmp_path.glob("steps/slow-*/log.txt")
    assert log.read_text().split() == [str(i) for i in range(30)]
