"""What steps are given of tasks and models: a place to read them from, which goes by a hash of the content."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunescope._core.errors import InputError
from tunescope.finetuning.finetune import open_finetuned
from tunescope.models.checkpoint import Checkpoint, find_checkpoint, state_hash
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.tuned import load_tuned
from tunescope.studies.engine.plan import Content
from tunescope.tasks.source import TaskSource
from tunescope.tasks.task import Task

__all__ = ["MODEL", "checkpoint_of", "encoder_of", "model_input", "task_input", "task_of"]

MODEL = "model"
"""The folder of a fine-tuned model in the result of the step that trained it on a subset."""

_RUN = "run"


def task_input(source: TaskSource, folder: Path, task: Task, partition_seed: int | None = None) -> Content:
    """Return what steps are given of a task.

    Args:
        source: Where it comes from.
        folder: What relative paths start from.
        task: The task, read from there, and divided.
        partition_seed: Of a random division into training and test set; None for the given one.
    """
    value = {"source": source.model_dump(), "folder": str(folder), "partition_seed": partition_seed}
    content = _identity_of(task)
    return Content({**value, "content": content}, content)


def task_of(value: dict[str, Any]) -> Task:
    """Read the task that a step was given.

    Raises:
        InputError: Its data are no longer what they were when the study was planned.
    """
    return _read(json.dumps(value, sort_keys=True))


@lru_cache(maxsize=4)
def _read(text: str) -> Task:
    value = json.loads(text)
    names = TaskSource.model_fields.keys()
    source = TaskSource(**{name: each for name, each in value["source"].items() if name in names})
    task = source.load(value["folder"])
    task = task if value["partition_seed"] is None else task.random_split(value["partition_seed"])
    _check_unchanged(_identity_of(task), value["content"], f"the data of {task.name!r}")
    return task


def _identity_of(task: Task) -> str:
    return f"{task.fingerprint} {task.metric}"


def model_input(location: str) -> Content:
    """Return what steps are given of a pre-trained model.

    Raises:
        ModelError: It cannot be found.
    """
    state = state_hash(find_checkpoint(location))
    return Content({"location": location, "state": state}, state)


def checkpoint_of(model: dict[str, str]) -> Checkpoint:
    """Find the pre-trained model that a step was given.

    Raises:
        ModelError: It cannot be found.
        InputError: It is no longer what it was when the study was planned.
    """
    return _find(model["location"], model["state"])


@lru_cache(maxsize=4)
def _find(location: str, state: str) -> Checkpoint:
    checkpoint = find_checkpoint(location)
    _check_unchanged(state_hash(checkpoint), state, location)
    return checkpoint


def _check_unchanged(found: str, planned: str, what: str) -> None:
    """Refuse to store a result under the key of other data."""
    if found != planned:
        raise InputError(
            "What the study was planned with has changed since.",
            where=what,
            expected=f"content {planned[:12]}",
            got=f"content {found[:12]}",
            fix="start the study again: it is planned anew, and keeps what is not concerned",
        )


def encoder_of(
    model: dict[str, str], tuned: Path | None, snapshot: int | None, task: Task, device: str
) -> Encoder:
    """Load the encoder that a step is about.

    Args:
        model: The pre-trained model.
        tuned: Result of the step that fine-tuned it; None for the model as it was.
        snapshot: Training step of a snapshot; None for the end of training.
        task: The task that it was tuned on, or any where it was not.
        device: Where to put it.
    """
    base = checkpoint_of(model)
    if tuned is None:
        return load_encoder(base, device=device)
    if (tuned / MODEL).is_dir():
        return load_tuned(tuned / MODEL, task, base=base, device=device).encoder
    finetuned = open_finetuned(tuned / _RUN)
    folder = finetuned.model if snapshot is None else finetuned.snapshots[snapshot]
    return load_tuned(folder, task, base=base, device=device).encoder
