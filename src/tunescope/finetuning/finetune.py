"""Fine-tuning a pre-trained transformer on a task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from transformers import TrainerCallback

from tunescope._core.errors import InputError, ModelError, RunError
from tunescope._core.progress import say
from tunescope.finetuning.progress import ProgressCallback
from tunescope.finetuning.resuming import ResumeCallback, discard_checkpoints, last_checkpoint
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.finetuning.snapshots import Capture, SnapshotCallback, read_snapshots
from tunescope.finetuning.training import make_task_model, train
from tunescope.models.checkpoint import Checkpoint, find_checkpoint, state_hash
from tunescope.models.devices import choose_device
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.heads.make_head import HEADS
from tunescope.models.heads.task_head import TaskHead
from tunescope.models.prediction import predict
from tunescope.runs import Run, Step
from tunescope.tasks.label_text import label_text
from tunescope.tasks.task import Task

__all__ = ["FinetunedModel", "finetune", "open_finetuned"]

_STEP = "finetune"
_SECONDS_BETWEEN_CHECKPOINTS = 60.0


@dataclass(frozen=True)
class FinetunedModel:
    """What a fine-tuning left in its run folder.

    Attributes:
        folder: Folder of the finished step.
    """

    folder: Path

    @property
    def model(self) -> Path:
        """Folder of the final model, ready for ``from_pretrained``, with the task head beside it."""
        return self.folder / "model"

    @property
    def snapshots(self) -> dict[int, Path]:
        """Folders of the snapshots by step."""
        return read_snapshots(self.folder / "snapshots")

    @property
    def history(self) -> pd.DataFrame:
        """One row per update: step, epoch, loss, learning rate, gradient norm."""
        return pd.read_csv(self.folder / "history.csv")

    def predictions(self, split: str) -> pd.DataFrame:
        """One row per target of a split: sentence_id, label, predicted."""
        return pd.read_parquet(self.folder / f"predictions-{split}.parquet")


def finetune(
    base: str | Path | Encoder,
    task: Task,
    folder: Path | str,
    *,
    settings: FinetuneSettings | None = None,
    snapshots: Mapping[str, Any] | None = None,
    max_gigabytes: float = 50.0,
    capture: Capture | None = None,
    device: str = "auto",
    checkpoint_seconds: float = _SECONDS_BETWEEN_CHECKPOINTS,
    overwrite: bool = False,
) -> FinetunedModel:
    """Fine-tune a model on a task; Hugging Face's Trainer does the training.

    Called again after a kill with the same arguments, it goes on and ends as if it had not been killed; called
    again after it finished, it returns at once.

    Args:
        base: The pre-trained model: a name, a folder, or an encoder (whose weights are read again).
        task: What to train on; labels are classes, numbers, trees or answers.
        folder: The run's folder.
        settings: How to train; the usual settings by default. See :func:`tunescope.preset`.
        snapshots: ``{"every": 20}``, ``{"log_spaced": 8}`` or ``{"steps": [0, 10, 50]}``; none by default.
        max_gigabytes: Most disk space that the snapshots may take.
        capture: Called at each snapshot, see :class:`tunescope.SnapshotCallback`. It has no part in the run's
            identity: a training that is finished is not repeated for it.
        device: Where to train; ``"auto"`` takes a GPU where there is one.
        checkpoint_seconds: Least time between two checkpoints to resume from.
        overwrite: Remove a run of other settings that is in ``folder``.

    Returns:
        The final model, the snapshots, the training history and predictions for every split.

    Raises:
        ModelError: The model cannot be loaded.
        InputError: The task does not suit, or a sentence is too long.
        RunError: The folder cannot be written or holds a run of other settings.
    """
    if task.label not in HEADS:
        raise InputError("This kind of label has no head.", expected=", ".join(HEADS), got=task.label)
    _check_process(device)
    settings = settings or FinetuneSettings()
    checkpoint = base.checkpoint if isinstance(base, Encoder) else find_checkpoint(base)
    when = dict(snapshots) if snapshots else None
    run = Run.open(
        folder,
        "finetune",
        settings={**settings.model_dump(), "snapshots": when},
        inputs={"task": task.fingerprint, "state": state_hash(checkpoint)},
        about={"base": checkpoint.name, "task": task.name},
        overwrite=overwrite,
    )
    step = Step(
        name=_STEP,
        inputs={
            "settings": settings.model_dump(),
            "snapshots": when,
            "task": task.fingerprint,
            "state": state_hash(checkpoint),
        },
        compute=partial(
            _compute,
            checkpoint=checkpoint,
            task=task,
            settings=settings,
            snapshots=when,
            max_gigabytes=max_gigabytes,
            capture=capture,
            device=device,
            checkpoint_seconds=checkpoint_seconds,
        ),
        resumable=True,
    )
    with run.recording():
        return FinetunedModel(run.perform(step))


def _check_process(device: str) -> None:
    """Refuse what the run folder and the Trainer do not support."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RunError(
            "A fine-tuning runs in one process.",
            expected="a start without accelerate launch or torchrun",
            got=f"WORLD_SIZE={os.environ['WORLD_SIZE']}",
            fix="use a Trainer of your own with tunescope.SnapshotCallback, then tunescope compare",
        )
    if choose_device(device).index not in (None, 0):
        raise RunError(
            "The Trainer uses the first GPU that it sees.",
            where=f"device {device!r}",
            fix=f"set CUDA_VISIBLE_DEVICES={device.rpartition(':')[2]} and give --device cuda",
        )


def open_finetuned(folder: Path | str) -> FinetunedModel:
    """Open the result of a fine-tuning by its run folder.

    Raises:
        ModelError: The folder holds no finished fine-tuning.
        RunError: The folder holds no run.
    """
    step = Run.read(folder).find(_STEP)
    if step is None:
        raise ModelError(
            "The run has no finished fine-tuning.",
            where=folder,
            fix="start the same command again to finish it",
        )
    return FinetunedModel(step)


def _compute(
    folder: Path,
    *,
    checkpoint: Checkpoint,
    task: Task,
    settings: FinetuneSettings,
    snapshots: Mapping[str, Any] | None,
    max_gigabytes: float,
    capture: Capture | None,
    device: str,
    checkpoint_seconds: float,
) -> None:
    encoder = load_encoder(checkpoint, device=device)
    model = make_task_model(encoder, task, settings)
    resume_folder = folder / "resume"
    resume_from = last_checkpoint(resume_folder)
    if resume_from is not None:
        say(f"going on from step {resume_from.name.rpartition('-')[2]}")
    callbacks: list[TrainerCallback] = [
        ProgressCallback(f"fine-tuning on {task.name}"),
        ResumeCallback(resume_folder, seconds=checkpoint_seconds, resume_from=resume_from),
    ]
    if snapshots is not None:
        callbacks.append(
            SnapshotCallback(folder / "snapshots", **snapshots, max_gigabytes=max_gigabytes, capture=capture)
        )
    history = train(model, encoder, task, settings, callbacks, resume_from)
    history.to_csv(folder / "history.csv", index=False)
    model.eval()
    model.save_pretrained(folder / "model")
    encoder.tokenizer.save_pretrained(folder / "model")
    _save_predictions(replace(encoder, model=model.encoder), model.head, task, folder)
    discard_checkpoints(resume_folder)


def _save_predictions(encoder: Encoder, head: TaskHead, task: Task, folder: Path) -> None:
    for split, examples in task.all_sets.items():
        pairs = [
            (example.sentence_id, label_text(target.label))
            for example in examples
            for target in example.targets
        ]
        table = pd.DataFrame(pairs, columns=["sentence_id", "label"])
        table["predicted"] = predict(encoder, head, examples)
        table.to_parquet(folder / f"predictions-{split}.parquet", index=False)
