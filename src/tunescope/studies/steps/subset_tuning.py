"""The step that fine-tunes a model on a subset of a task's training sentences, and tells what that costs."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tunescope._core.files import write_atomically
from tunescope.finetuning.cost import measure_cost
from tunescope.finetuning.frozen_prefix import prefix_file
from tunescope.finetuning.progress import ProgressCallback
from tunescope.finetuning.resuming import ResumeCallback, discard_checkpoints, last_checkpoint
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.finetuning.training import make_task_model, train
from tunescope.models.encoder import load_encoder
from tunescope.models.prediction import predict
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.costs import cost_rows, read_cost
from tunescope.studies.steps.inputs import MODEL, checkpoint_of, task_of
from tunescope.studies.steps.operations import tuning_operations
from tunescope.studies.steps.predictions import write_predictions
from tunescope.studies.steps.rows import write_rows
from tunescope.studies.steps.subsets import subset_of, task_on_subset

__all__ = ["tune_subset"]

_SECONDS = "seconds.json"
_SECONDS_BETWEEN_CHECKPOINTS = 60.0


@step_function(resumable=True, memory_gigabytes=4, gpu=True)
def tune_subset(
    folder: Path,
    *,
    model: dict[str, str],
    task: dict[str, Any],
    size: int | None,
    subset_seed: int,
    test_size: int | None,
    test_seed: int,
    settings: dict[str, Any],
    device: str,
    frozen: Path | None = None,
    keep: bool = False,
) -> None:
    """Fine-tune a model on a subset of the training sentences, and predict these and the test set.

    A killed training goes on where it was; its time is then that of all parts.

    Args:
        folder: Where predictions and costs go.
        model: The pre-trained model.
        task: The task.
        size: How many training sentences; ``None`` for all.
        subset_seed: Which ones.
        test_size: How many test sentences; ``None`` for all.
        test_seed: Which ones.
        settings: Of the fine-tuning.
        device: Where to train.
        frozen: What the frozen layers give, from :func:`~tunescope.studies.steps.frozen_layers.run_frozen_layers`;
            by default they are run here.
        keep: Whether to keep the model, for :func:`~tunescope.studies.steps.inputs.encoder_of`.
    """
    data, how = task_of(task), FinetuneSettings(**settings)
    subset = task_on_subset(data, size, subset_seed)
    encoder = load_encoder(checkpoint_of(model), device=device)
    network = make_task_model(encoder, subset, how)
    prefix = None if frozen is None else prefix_file(frozen, how.frozen_layers)
    checkpoints = folder / "resume"
    resume_from = last_checkpoint(checkpoints)
    before = 0.0 if resume_from is None else _seconds_until(resume_from)
    callbacks = [
        ProgressCallback(f"fine-tuning on {data.name}"),
        ResumeCallback(checkpoints, seconds=_SECONDS_BETWEEN_CHECKPOINTS, resume_from=resume_from),
        _Clock(checkpoints, before),
    ]
    with measure_cost(device=str(encoder.device)) as meter:
        train(network, encoder, subset, how, callbacks, resume_from, prefix=prefix)
    network.eval()
    tuned, head = replace(encoder, model=network.encoder), network.head
    sets = {
        "train": subset.splits["train"],
        "test": subset_of(data.splits["test"], test_size, test_seed),
    }
    for split, examples in sets.items():
        write_predictions(folder, split, examples, predict(tuned, head, examples))
    cost = meter.cost.model_copy(
        update={
            "seconds": before + meter.cost.seconds,
            "operations": tuning_operations(network, encoder, sets["train"], how, prefix),
        }
    )
    status = "undefined: the training was interrupted, and how long its first part took is not known"
    reading = None if frozen is None else read_cost(frozen)[0]
    write_rows(folder, cost_rows(cost, reading, status=status))
    if keep:
        network.save_pretrained(folder / MODEL)
        encoder.tokenizer.save_pretrained(folder / MODEL)
    discard_checkpoints(checkpoints)


class _Clock(TrainerCallback):
    """Writes into each checkpoint how long the training took until then, over all attempts.

    Args:
        folder: Where the checkpoints are.
        before: Seconds of earlier attempts, up to the checkpoint that this one goes on from.
    """

    def __init__(self, folder: Path, before: float) -> None:
        self._folder = folder
        self._before = before
        self._begin = time.perf_counter()

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Write the time into a checkpoint that was just taken."""
        del args, state, control, kwargs
        latest = last_checkpoint(self._folder)
        if latest is not None and not (latest / _SECONDS).exists():
            seconds = self._before + time.perf_counter() - self._begin
            write_atomically(latest / _SECONDS, json.dumps(seconds))


def _seconds_until(checkpoint: Path) -> float:
    """Return how long the training took until a checkpoint; NaN where that was not written any more."""
    try:
        return float(json.loads((checkpoint / _SECONDS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return math.nan
