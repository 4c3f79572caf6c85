"""A run folder: the record of what was asked for, and the steps that were done for it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pydantic
from filelock import FileLock

from tunescope._core.errors import RunError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.provenance import collect_provenance, now
from tunescope.runs.record import RunRecord, Status
from tunescope.runs.step import Step
from tunescope.runs.store import StepStore

__all__ = ["Run"]

_logger = logging.getLogger(__name__)
_RECORD = "record.json"
_LOCK = ".lock"


class Run:
    """A folder that holds one run: ``record.json`` and the results of its steps below ``steps/``.

    What is finished is not done again, and a killed run leaves nothing that could be mistaken for a result: see
    :class:`~tunescope.runs.store.StepStore`.
    """

    def __init__(self, folder: Path, record: RunRecord) -> None:
        self.folder = folder
        self.record = record

    @classmethod
    def open(
        cls,
        folder: Path | str,
        kind: str,
        *,
        settings: Mapping[str, object],
        inputs: Mapping[str, object],
        about: Mapping[str, object] | None = None,
        overwrite: bool = False,
    ) -> Self:
        """Start a run in ``folder``, or go on with the one that is there.

        Args:
            folder: The run's folder; made if it is missing.
            kind: What the run does, such as ``"finetune"``.
            settings: Everything that the user chose or left to its default, as plain JSON values.
            inputs: Hashes of the data and weights that the run reads.
            about: Names and folders for people; a run in the same folder may have others.
            overwrite: Remove a run of other settings that is there instead of refusing.

        Raises:
            RunError: The folder cannot be written, holds other files, or a run of other settings.
        """
        folder = Path(folder)
        record = RunRecord(
            kind=kind,
            settings=dict(settings),
            inputs=dict(inputs),
            about=dict(about or {}),
            provenance=collect_provenance(),
        )
        record = RunRecord.model_validate_json(record.model_dump_json())
        with readable_write_errors(folder):
            _check_room(folder)
            with FileLock(folder / _LOCK):
                _clear_other_run(folder, record, overwrite)
                run = cls(folder, record)
                run._write_record()
        return run

    @classmethod
    def read(cls, folder: Path | str) -> Self:
        """Open an existing run to look at it.

        Raises:
            RunError: The folder holds no run.
        """
        folder = Path(folder)
        record = _read_record(folder)
        if record is None:
            raise RunError(
                "The folder holds no run of tunescope.",
                where=folder,
                expected=f"a folder with a readable {_RECORD}",
                fix="give the folder that was passed as --out",
            )
        return cls(folder, record)

    @contextmanager
    def recording(self) -> Iterator[Self]:
        """Note in the record how the work inside this context ends."""
        try:
            yield self
        except KeyboardInterrupt:
            self._close("interrupted", None)
            raise
        except BaseException as error:
            self._close("failed", str(error))
            raise
        self._close("finished", None)

    @property
    def store(self) -> StepStore:
        """The finished steps."""
        return StepStore(self.folder / "steps")

    def perform(self, step: Step) -> Path:
        """Return the folder with the step's result, computing it first unless it is there.

        Raises:
            RunError: The disk refuses to take the result. Whatever ``step.compute`` raises passes through.
        """
        return self.store.perform(step)

    def find(self, name: str) -> Path | None:
        """Return the folder of the finished step of this name, the latest if there are several."""
        return self.store.find(name)

    def _close(self, status: Status, error: str | None) -> None:
        changes = {"status": status, "error": error, "finished": now()}
        self.record = self.record.model_copy(update=changes)
        try:
            self._write_record()
        except OSError:  # the error that ended the run matters more than this one
            _logger.warning("the record of the run could not be written: %s", self.folder)

    def _write_record(self) -> None:
        write_atomically(self.folder / _RECORD, self.record.model_dump_json(indent=2))


def _check_room(folder: Path) -> None:
    """Make the folder, or refuse one that holds something else than a run; nothing in it is touched."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise RunError(
            "The output is a file, not a folder.", where=folder, fix="choose another --out"
        ) from error
    except FileNotFoundError as error:  # a file system that takes no folders, such as /proc
        raise RunError(
            "The output folder cannot be made.", where=folder, fix="choose another --out"
        ) from error
    own = (_RECORD, _LOCK, f".{_RECORD}.")
    if _read_record(folder) is None and any(not path.name.startswith(own) for path in folder.iterdir()):
        raise RunError(
            "The output folder holds other files, but no run of tunescope.",
            where=folder,
            expected="a new or empty folder, or a run to go on with",
            fix="choose another --out",
        )


def _clear_other_run(folder: Path, record: RunRecord, overwrite: bool) -> None:
    """Refuse a run of other settings, or remove it where the user says so."""
    existing = _read_record(folder)
    differences = existing.differences(record) if existing is not None else []
    if existing is None or not differences:
        return
    same_kind = existing.kind == record.kind
    if not (overwrite and same_kind):
        raise RunError(
            "The output folder holds a run of other settings.",
            where=folder,
            expected="the settings of that run, to go on with it",
            got="; ".join(differences),
            fix="choose another --out" + (", or pass --overwrite to remove that run" if same_kind else ""),
        )
    for path in folder.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _read_record(folder: Path) -> RunRecord | None:
    try:
        return RunRecord.model_validate_json((folder / _RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, pydantic.ValidationError):
        return None
