"""The weights of snapshots, read from disk where they are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from tunescope._core.errors import ModelError

__all__ = ["State", "read_state"]

State = Mapping[str, torch.Tensor]
"""Weights by the names that they have in a :class:`~tunescope.models.task_model.TaskModel`."""

_HEAD_WEIGHTS = "task_head.safetensors"
_ENCODER_WEIGHTS = "model*.safetensors"


def read_state(folder: Path) -> State:
    """Return the weights of a snapshot or of a fine-tuned model; they stay on disk until they are looked at.

    Args:
        folder: What fine-tuning wrote: the encoder's weights, and the head's.

    Raises:
        ModelError: The folder is not there, has no such weights, or they are damaged.
    """
    files = [("encoder.", path) for path in sorted(folder.glob(_ENCODER_WEIGHTS))]
    head = folder / _HEAD_WEIGHTS
    if not files or not head.is_file():
        raise ModelError(
            "A snapshot is missing, or is no whole model of tunescope's.",
            where=folder,
            expected=f"a folder with model.safetensors and {_HEAD_WEIGHTS}",
            got="no such folder" if not folder.is_dir() else "a folder without them",
            fix="train again with snapshots, and without an adapter",
        )
    try:
        return {
            f"{prefix}{name}": tensor
            for prefix, path in (*files, ("head.", head))
            for name, tensor in load_file(path).items()
        }
    except (OSError, SafetensorError) as error:
        raise ModelError("The weights of a snapshot cannot be read.", where=folder, got=error) from error
