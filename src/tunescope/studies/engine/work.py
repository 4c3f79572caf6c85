"""One step of a study as it is done: in this process, or in that of a worker."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tunescope._core.errors import RunError, TunescopeError
from tunescope._core.files import write_atomically
from tunescope._core.records import Record
from tunescope._core.threads import at_most_threads
from tunescope.runs import Step, StepStore
from tunescope.studies.engine.own_gpu import own_gpu
from tunescope.studies.engine.step_function import STEP_TRAITS

__all__ = ["Outcome", "Work", "do", "skipped"]

_FAILURES = "failures"
_ONE_AT_A_TIME = threading.Lock()
"""A worker may have threads, but random generators and thread counts belong to the whole process."""


class Outcome(Record):
    """How a step ended.

    Attributes:
        key: The step's key.
        title: What it is, for people.
        status: ``"found"`` if its result was there, ``"done"``, ``"failed"``, or ``"skipped"`` since a step that it
            needs has no result.
        seconds: How long it took.
        message: Why it has no result; empty where it has one.
        traceback: Where in the code it failed: a file; empty for faults of the input, which the message tells.
    """

    key: str
    title: str
    status: Literal["found", "done", "failed", "skipped"]
    seconds: float = 0.0
    message: str = ""
    traceback: str = ""

    @property
    def has_result(self) -> bool:
        """Whether the step's result is there."""
        return self.status in ("found", "done")


@dataclass(frozen=True)
class Work:
    """A step with all that it takes to do it elsewhere; it travels as a few names and paths.

    Attributes:
        title: What it is, for people.
        step: The step; arrays among its arguments are paths.
        store: Where results are.
        threads: On how many threads libraries compute.
        gpu: Whether it is to have a GPU of its own.
    """

    title: str
    step: Step
    store: Path
    threads: int
    gpu: bool = False


def do(work: Work, needed: Sequence[Outcome] = ()) -> Outcome:
    """Do the work unless its result is there, or a step that it needs has none. Its exceptions are part of the outcome.

    Only what is to end everything passes through, such as Ctrl-C.
    """
    started = time.monotonic()
    store = StepStore(work.store)
    if store.result_of(work.step) is not None:
        return Outcome(key=work.step.key, title=work.title, status="found")
    lacking = [each.title for each in needed if not each.has_result]
    if lacking:
        return skipped(work, lacking)
    try:
        _check_version(work)
        with _ONE_AT_A_TIME, at_most_threads(work.threads), own_gpu() if work.gpu else nullcontext():
            store.perform(work.step)
    except TunescopeError as error:
        return _failed(work, started, str(error))
    except Exception as error:  # a fault of one step must not cost the others
        message = f"{type(error).__name__}: {error}"
        return _failed(work, started, message, _keep_traceback(work, traceback.format_exc()))
    return Outcome(key=work.step.key, title=work.title, status="done", seconds=time.monotonic() - started)


def _check_version(work: Work) -> None:
    """Refuse to store what other code computes than the step was planned with, as on a worker left running."""
    function = getattr(work.step.compute, "func", work.step.compute)
    traits = getattr(function, STEP_TRAITS, None)
    if traits is not None and traits.version != work.step.version:
        raise RunError(
            "The worker runs other code than the study was planned with.",
            where=work.title,
            expected=f"version {work.step.version} of {function.__name__}",
            got=f"version {traits.version}",
            fix="start the workers again",
        )


def skipped(work: Work, lacking: Sequence[str]) -> Outcome:
    """Return the outcome of a step that needs others which have no result."""
    return Outcome(
        key=work.step.key,
        title=work.title,
        status="skipped",
        message=f"it needs what is not there: {'; '.join(lacking)}",
    )


def _failed(work: Work, started: float, message: str, traceback: str = "") -> Outcome:
    return Outcome(
        key=work.step.key,
        title=work.title,
        status="failed",
        seconds=time.monotonic() - started,
        message=message,
        traceback=traceback,
    )


def _keep_traceback(work: Work, text: str) -> str:
    """Write down where in the code a step failed, if the disk takes it."""
    path = work.store / _FAILURES / f"{work.step.folder_name}.txt"
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, text)
    except OSError:
        return ""
    return str(path)
