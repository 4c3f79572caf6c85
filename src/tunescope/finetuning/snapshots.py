"""Snapshots: the weights at chosen steps of a training, ours or a user's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tunescope._core.errors import InputError, RunError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.progress import say
from tunescope._core.records import Record

__all__ = ["Snapshot", "SnapshotCallback", "SnapshotManifest", "plan_snapshots", "read_snapshots"]

_MANIFEST = "manifest.json"
_DISK_RESERVE = 1.1
"""Free space that must be there, as a multiple of what the snapshots will take."""

Capture = Callable[[nn.Module, Path], None]


class Snapshot(Record):
    """One snapshot: its step, epoch (fractional) and folder, relative to the manifest."""

    step: int
    epoch: float
    folder: str
    n_bytes: int


class SnapshotManifest(Record):
    """The snapshots of one training, by rising step."""

    schema_version: int = 1
    snapshots: tuple[Snapshot, ...] = ()


def read_snapshots(folder: Path | str) -> dict[int, Path]:
    """Return the folders of a training's snapshots by step, rising; empty where there are none.

    Raises:
        InputError: The manifest is damaged, or names a snapshot that is gone.
    """
    folder = Path(folder)
    path = folder / _MANIFEST
    if not path.exists():
        return {}
    try:
        manifest = SnapshotManifest.model_validate_json(path.read_bytes())
    except pydantic.ValidationError as error:
        raise InputError("The list of snapshots cannot be read.", where=path, got=error) from error
    snapshots = {snapshot.step: folder / snapshot.folder for snapshot in manifest.snapshots}
    for snapshot_folder in snapshots.values():
        if not snapshot_folder.is_dir():
            raise InputError(
                "A snapshot is gone.",
                where=snapshot_folder,
                expected="all snapshots that the training has written",
                got="no such folder",
                fix="put it back, or train again: a study does where the training's folder (tune-…) is removed",
            )
    return snapshots


def plan_snapshots(
    n_steps: int,
    *,
    steps: Sequence[int] | None = None,
    every: int | None = None,
    log_spaced: int | None = None,
) -> tuple[int, ...]:
    """Return the steps after which a snapshot is taken; always step 0 (before training) and the last.

    Args:
        n_steps: Updates of the whole training.
        steps: These steps; those beyond the training are left out.
        every: Every so many steps.
        log_spaced: This many steps, evenly spaced on a logarithmic scale: most change is early.

    Raises:
        InputError: Not exactly one way is given, or a number is not positive.

    >>> plan_snapshots(75, every=20)
    (0, 20, 40, 60, 75)
    >>> plan_snapshots(100, log_spaced=5)
    (0, 1, 5, 22, 100)
    """
    given = {"steps": steps, "every": every, "log_spaced": log_spaced}
    chosen = {name: value for name, value in given.items() if value is not None}
    if len(chosen) != 1:
        raise InputError(
            "When to take snapshots is not clear.",
            expected="exactly one of steps, every, log_spaced",
            got=", ".join(chosen) or "none",
        )
    numbers = list(steps) if steps is not None else [every or log_spaced or 0]
    if min(numbers, default=0) < (0 if steps is not None else 1):
        raise InputError("Snapshots are taken at positive steps.", expected="positive numbers", got=numbers)
    if every is not None:
        planned = list(range(every, n_steps, every))
    elif log_spaced is not None:
        planned = np.unique(np.geomspace(1, n_steps, max(log_spaced - 1, 1)).round().astype(int)).tolist()
    else:
        planned = [step for step in numbers if step <= n_steps]
    return tuple(sorted({0, *planned, n_steps}))


class SnapshotCallback(TrainerCallback):
    """Saves weights-only snapshots while a Trainer trains.

    In a Trainer of your own, two lines do::

        from tunescope import SnapshotCallback
        trainer.add_callback(SnapshotCallback("snapshots", every=100))

    Each snapshot is a folder as ``save_pretrained`` writes it, ready for ``from_pretrained``; ``manifest.json``
    lists them. A snapshot appears whole or not at all. The disk space that they will take is announced before
    the first step, and the training does not start where it is not there.

    Args:
        folder: Where the snapshots go.
        steps: Take them after these steps …
        every: … or every so many steps …
        log_spaced: … or at this many steps, evenly spaced on a logarithmic scale.
        max_gigabytes: Refuse to start where the snapshots would take more.
        capture: Called with the model and the snapshot's folder before it is declared whole, for instance a
            :class:`tunescope.VectorCapture`.

    Raises:
        InputError: Not exactly one of ``steps``, ``every``, ``log_spaced`` is given.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        steps: Sequence[int] | None = None,
        every: int | None = None,
        log_spaced: int | None = None,
        max_gigabytes: float = 50.0,
        capture: Capture | None = None,
    ) -> None:
        self.folder = Path(folder)
        self._when = {"steps": steps, "every": every, "log_spaced": log_spaced}
        plan_snapshots(1, **self._when)  # type: ignore[arg-type]
        self._max_gigabytes = max_gigabytes
        self._capture = capture
        self._planned: frozenset[int] = frozenset()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Plan the snapshots, announce their size, and take that of step 0."""
        del args, control
        self._planned = frozenset(plan_snapshots(state.max_steps, **self._when))  # type: ignore[arg-type]
        if not state.is_world_process_zero:
            return
        with readable_write_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._announce(kwargs["model"], [step for step in self._planned if step >= state.global_step])
        if state.global_step == 0:
            self._take(kwargs["model"], state)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Take a snapshot after a planned step."""
        del args, control
        if state.is_world_process_zero and state.global_step in self._planned:
            self._take(kwargs["model"], state)

    def _announce(self, model: nn.Module, remaining: Sequence[int]) -> None:
        size = _saved_bytes(model)
        total = size * len(remaining)
        say(f"{len(remaining)} snapshots of {size / 1e6:.0f} MB: {total / 1e9:.2f} GB")
        if total > self._max_gigabytes * 1e9:
            raise RunError(
                "The snapshots would take more disk space than is allowed.",
                where=self.folder,
                expected=f"at most {self._max_gigabytes:g} GB",
                got=f"{len(remaining)} snapshots of {size / 1e6:.0f} MB: {total / 1e9:.1f} GB",
                fix="take fewer snapshots, or raise max_gigabytes (--max-gigabytes)",
            )
        free = shutil.disk_usage(self.folder).free
        if total * _DISK_RESERVE > free:
            raise RunError(
                "The disk has no room for the snapshots.",
                where=self.folder,
                expected=f"{total * _DISK_RESERVE / 1e9:.1f} GB",
                got=f"{free / 1e9:.1f} GB free",
                fix="take fewer snapshots, free some space or choose another output folder",
            )

    def _take(self, model: nn.Module, state: TrainerState) -> None:
        name = f"step-{state.global_step:06d}"
        final, partial = self.folder / name, self.folder / f".{name}.partial"
        with readable_write_errors(self.folder):
            shutil.rmtree(partial, ignore_errors=True)
            model.save_pretrained(partial)  # type: ignore[operator]
            if self._capture is not None:
                self._capture(model, partial)
            shutil.rmtree(final, ignore_errors=True)  # a resumed training takes it again
            partial.replace(final)
            n_bytes = sum(path.stat().st_size for path in final.rglob("*"))
            self._list(
                Snapshot(step=state.global_step, epoch=state.epoch or 0.0, folder=name, n_bytes=n_bytes)
            )

    def _list(self, snapshot: Snapshot) -> None:
        path = self.folder / _MANIFEST
        old = SnapshotManifest.model_validate_json(path.read_bytes()) if path.exists() else SnapshotManifest()
        kept = [other for other in old.snapshots if other.step != snapshot.step]
        snapshots = tuple(sorted([*kept, snapshot], key=lambda s: s.step))
        write_atomically(path, SnapshotManifest(snapshots=snapshots).model_dump_json(indent=2))


def _saved_bytes(model: nn.Module) -> int:
    """Return the bytes that ``save_pretrained`` writes: all weights, or an adapter's alone."""
    is_adapter = any("lora_" in name for name, _ in model.named_parameters())
    parameters = [p for p in model.parameters() if p.requires_grad or not is_adapter]
    return sum(p.numel() * p.element_size() for p in parameters)
