"""Finished steps in a folder: each step's result appears whole or not at all, and is never computed twice."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tunescope._core.files import flush_tree, readable_write_errors
from tunescope._core.progress import say
from tunescope._core.provenance import collect_provenance
from tunescope.runs.step import Step, StepRecord

__all__ = ["StepStore"]

_logger = logging.getLogger(__name__)
_RECORD = "step.json"


@dataclass(frozen=True)
class StepStore:
    """A folder of finished steps, each looked up by its key.

    A step's folder gets its final name only after all its files are on disk, so a killed process leaves nothing that
    could be mistaken for a result. Several processes may work in one store, on machines that share its file system:
    each step is computed by one of them, the others wait.

    Attributes:
        folder: The folder; made with the first step.
    """

    folder: Path

    def perform(self, step: Step) -> Path:
        """Return the folder with the step's result, computing it first unless it is there.

        Raises:
            RunError: The disk refuses to take the result. Whatever ``step.compute`` raises passes through.
        """
        with readable_write_errors(self.folder):
            found = self.result_of(step)
            if found is not None:
                return found
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / f".{step.folder_name}.lock", step.name):
                return self.result_of(step) or self._compute(step)

    def result_of(self, step: Step) -> Path | None:
        """Return the folder with the step's result if it is there."""
        folder = self.folder / step.folder_name
        return folder if (folder / _RECORD).exists() else None

    def record_of(self, step: Step) -> StepRecord | None:
        """Return the record of a finished step."""
        folder = self.result_of(step)
        return None if folder is None else StepRecord.model_validate_json((folder / _RECORD).read_bytes())

    def find(self, name: str) -> Path | None:
        """Return the folder of the finished step of this name, the latest if there are several."""
        records = self.folder.glob(f"{name}-*/{_RECORD}")
        named = [path for path in records if path.parent.name.rpartition("-")[0] == name]
        return max(named, key=lambda path: path.stat().st_mtime).parent if named else None

    def _compute(self, step: Step) -> Path:
        final = self.folder / step.folder_name
        partial = final.with_name(f".{step.folder_name}.partial")
        if partial.exists() and not step.resumable:
            shutil.rmtree(partial)
        partial.mkdir(exist_ok=True)
        provenance = collect_provenance()
        started = time.monotonic()
        step.compute(partial)
        record = StepRecord(
            name=step.name,
            key=step.key,
            version=step.version,
            inputs=dict(step.inputs),
            elapsed_seconds=time.monotonic() - started,
            provenance=provenance,
        )
        (partial / _RECORD).write_text(record.model_dump_json(indent=2), encoding="utf-8")
        flush_tree(partial)
        partial.replace(final)  # not flushed: a power cut may take the name back, and costs this step alone
        _logger.info("%s done in %.1f s", step.name, record.elapsed_seconds)
        return final


@contextmanager
def _locked(path: Path, name: str) -> Iterator[None]:
    """Hold the lock of a step; the operating system lets go of it when the process dies."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another process that is at work on {name}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()  # the file stays: a process that waits for it must meet the next one at the same file
