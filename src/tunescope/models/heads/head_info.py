"""The head that turns a target's vector into a label; saved beside the encoder, read and applied without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydantic
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tunescope._core.errors import ModelError
from tunescope._core.files import write_atomically
from tunescope._core.records import Record
from tunescope.models.alignment import Pooling
from tunescope.models.checkpoint import HEAD_CONFIG
from tunescope.tasks.example import LabelKind, TargetKind

__all__ = ["HeadInfo", "TaskHead"]

_WEIGHTS = "task_head.safetensors"


class HeadInfo(Record):
    """What a head reads and what it predicts.

    Attributes:
        task: Name of the task that it was trained on.
        target: What in an example carries a label.
        label: ``class`` or ``number``.
        pooling: Which subwords a target's vector is the mean of.
        labels: The classes in the order of the outputs; empty for numbers.
        offset: A number is predicted as ``offset + scale · output``: the mean of the training labels.
        scale: Standard deviation of the training labels; 1 for classes.
    """

    schema_version: int = 1
    task: str
    target: TargetKind
    label: LabelKind
    pooling: Pooling
    labels: tuple[str, ...] = ()
    offset: float = 0.0
    scale: float = 1.0

    @property
    def n_outputs(self) -> int:
        """Number of outputs: one per class, or one for a number."""
        return len(self.labels) or 1

    @property
    def n_parts(self) -> int:
        """How many vectors are concatenated: two for a pair, else one."""
        return 2 if self.target is TargetKind.PAIR else 1


@dataclass(frozen=True)
class TaskHead:
    """A linear head: ``output = weight · vector + bias``.

    Attributes:
        info: What it predicts.
        weight: One row per output.
        bias: One number per output.
    """

    info: HeadInfo
    weight: Float[np.ndarray, "output hidden"]
    bias: Float[np.ndarray, " output"]

    def predict(self, vectors: Float[np.ndarray, "target hidden"]) -> np.ndarray:
        """Return the predicted class names (strings) or numbers (float64) of top-layer vectors."""
        outputs = vectors @ self.weight.T + self.bias
        if self.info.label is LabelKind.NUMBER:
            numbers: np.ndarray = self.info.offset + self.info.scale * outputs[:, 0].astype(np.float64)
            return numbers
        classes: np.ndarray = np.array(self.info.labels)[outputs.argmax(axis=1)]
        return classes

    def save(self, folder: Path) -> None:
        """Write the head beside the encoder's files."""
        save_file({"weight": self.weight, "bias": self.bias}, folder / _WEIGHTS)
        write_atomically(folder / HEAD_CONFIG, self.info.model_dump_json(indent=2))

    @classmethod
    def load(cls, folder: Path) -> TaskHead:
        """Read the head from an encoder's folder.

        Raises:
            ModelError: The folder has no head of tunescope's, or a damaged one.
        """
        try:
            info = HeadInfo.model_validate_json((folder / HEAD_CONFIG).read_bytes())
            tensors = load_file(folder / _WEIGHTS)
            weight, bias = tensors["weight"], tensors["bias"]
        except (OSError, KeyError, SafetensorError, pydantic.ValidationError) as error:
            raise ModelError("The task head cannot be read.", where=folder, got=error) from error
        if weight.ndim != 2 or len(weight) != info.n_outputs or bias.shape != (info.n_outputs,):
            raise ModelError(
                "The task head's weights do not fit its labels.",
                where=folder,
                expected=f"{info.n_outputs} outputs",
                got=f"weight {weight.shape}, bias {bias.shape}",
            )
        return cls(info, weight, bias)
