"""Making, saving and loading the head of a task."""

from __future__ import annotations

from pathlib import Path

import pydantic
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from tunescope._core.errors import ModelError
from tunescope._core.files import write_atomically
from tunescope.models.checkpoint import HEAD_CONFIG
from tunescope.models.heads.answer_head import AnswerHead
from tunescope.models.heads.biaffine_parser import BiaffineParser
from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.heads.linear_head import LinearHead
from tunescope.models.heads.task_head import TaskHead
from tunescope.tasks.example import LabelKind

__all__ = ["HEADS", "load_head", "make_head", "save_head"]

_WEIGHTS = "task_head.safetensors"

HEADS: dict[LabelKind, type[TaskHead]] = {
    LabelKind.CLASS: LinearHead,
    LabelKind.NUMBER: LinearHead,
    LabelKind.TREE: BiaffineParser,
    LabelKind.ANSWER_SPAN: AnswerHead,
}
"""The head that predicts each kind of label."""


def make_head(info: HeadInfo, hidden_size: int) -> TaskHead:
    """Return a head with random weights, drawn from torch's generator.

    Args:
        info: What it predicts.
        hidden_size: Length of the encoder's vectors.
    """
    return HEADS[info.label].make(info, hidden_size)


def save_head(head: TaskHead, folder: Path) -> None:
    """Write a head beside the encoder's files."""
    weights = {name: tensor.detach().float().cpu().contiguous() for name, tensor in head.state_dict().items()}
    save_file(weights, folder / _WEIGHTS)
    write_atomically(folder / HEAD_CONFIG, head.info.model_dump_json(indent=2))


def load_head(folder: Path, hidden_size: int) -> TaskHead:
    """Read the head from an encoder's folder.

    Args:
        folder: What :func:`save_head` wrote into.
        hidden_size: Length of the encoder's vectors.

    Raises:
        ModelError: The folder has no head of tunescope's, or a damaged one, or one for another encoder.
    """
    try:
        info = HeadInfo.model_validate_json((folder / HEAD_CONFIG).read_bytes())
        weights = load_file(folder / _WEIGHTS)
    except (OSError, SafetensorError, pydantic.ValidationError) as error:
        raise ModelError("The task head cannot be read.", where=folder, got=error) from error
    head = make_head(info, hidden_size)
    expected = {name: tuple(tensor.shape) for name, tensor in head.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if found != expected:
        raise ModelError(
            "The task head's weights do not fit its labels or the encoder.",
            where=folder,
            expected=", ".join(f"{name} {shape}" for name, shape in expected.items()),
            got=", ".join(f"{name} {shape}" for name, shape in found.items()) or "no weights",
        )
    head.load_state_dict(weights)
    head.requires_grad_(False)
    head.eval()
    return head
