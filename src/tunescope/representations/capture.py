"""Capturing the vectors of some targets at every snapshot of a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tunescope.models.encoder import Encoder
from tunescope.models.task_model import TaskModel
from tunescope.representations.writing import write_representations
from tunescope.tasks.example import Example
from tunescope.tasks.task import Examples, Task

__all__ = ["VectorCapture"]

_TOKEN_BUDGET = 512
"""A few dozen sentences would all fit into one batch, padded to the longest; small batches pad less."""


class VectorCapture:
    """Writes the vectors of some targets beside each snapshot.

    To be passed to :class:`tunescope.SnapshotCallback` or :func:`tunescope.finetune` as ``capture``; read the vectors
    of a snapshot with ``open_representations(snapshot / "vectors")``.

    Args:
        encoder: The model before training; gives the tokenizer and the longest input.
        task: The task.
        split: Which split the targets are from.
        max_targets: Most targets; the first sentences of the split are taken, whole.
    """

    def __init__(self, encoder: Encoder, task: Task, split: str = "test", *, max_targets: int = 1000) -> None:
        self._encoder = encoder
        self._task = task
        self._split = split
        self._examples = _first(task, split, max_targets)

    def __call__(self, model: nn.Module, folder: Path) -> None:
        """Write the vectors as the model is now; its mode (training or not) is kept."""
        transformer: Any = model.encoder if isinstance(model, TaskModel) else model.base_model
        was_training = transformer.training
        transformer.eval()
        try:
            encoder = replace(self._encoder, model=transformer, state_sha256="")
            with torch.no_grad():
                write_representations(
                    encoder,
                    self._examples,
                    self._task.target,
                    folder / "vectors",
                    task=self._task.name,
                    split=self._split,
                    token_budget=_TOKEN_BUDGET,
                )
        finally:
            transformer.train(was_training)


def _first(task: Task, split: str, max_targets: int) -> Examples:
    chosen: list[Example] = []
    n = 0
    for example in task.splits[split]:
        if chosen and n + len(example.targets) > max_targets:
            break
        chosen.append(example)
        n += len(example.targets)
    return tuple(chosen)
