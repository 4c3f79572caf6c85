"""The linear head: classes and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.heads.task_head import TaskHead
from tunescope.tasks.example import LabelKind

__all__ = ["LinearHead"]


class LinearHead(TaskHead):
    """``output = weight · vector + bias``: one output per class, or one for a standardised number."""

    def __init__(self, info: HeadInfo, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.info = info
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)

    @classmethod
    def make(cls, info: HeadInfo, hidden_size: int) -> Self:
        """Return a head with small random weights."""
        linear = nn.Linear(hidden_size * info.n_parts, info.n_outputs)
        return cls(info, nn.init.normal_(linear.weight.data, std=0.02), torch.zeros_like(linear.bias.data))

    def forward(
        self, rows: Float[torch.Tensor, "row features"], lengths: Int[torch.Tensor, " unit"]
    ) -> Float[torch.Tensor, "row output"]:
        """Return the outputs of each row."""
        del lengths
        return nn.functional.linear(rows, self.weight, self.bias)

    def encode(self, labels: Sequence[Any]) -> torch.Tensor:
        """Return the index of each class, or each number standardised."""
        if self.info.label is LabelKind.NUMBER:
            numbers = (np.array(labels, dtype=np.float64) - self.info.offset) / self.info.scale
            return torch.tensor(numbers, dtype=torch.float32)
        index = {label: i for i, label in enumerate(self.info.labels)}
        return torch.tensor([index[str(label)] for label in labels])

    def loss(self, outputs: Float[torch.Tensor, "row output"], labels: torch.Tensor) -> torch.Tensor:
        """Return the cross-entropy of classes, or the squared error of numbers."""
        if self.info.label is LabelKind.NUMBER:
            return nn.functional.mse_loss(outputs[:, 0].float(), labels)
        return nn.functional.cross_entropy(outputs.float(), labels)

    def losses(
        self, outputs: Float[torch.Tensor, "row output"], labels: torch.Tensor
    ) -> Float[torch.Tensor, " row"]:
        """Return the loss of each row."""
        if self.info.label is LabelKind.NUMBER:
            return nn.functional.mse_loss(outputs[:, 0].float(), labels, reduction="none")
        return nn.functional.cross_entropy(outputs.float(), labels, reduction="none")

    def wrong(
        self, outputs: Float[torch.Tensor, "row output"], labels: torch.Tensor
    ) -> Float[torch.Tensor, " row"]:
        """Return 1 where the class is wrong, else 0; NaN for numbers."""
        if self.info.label is LabelKind.NUMBER:
            return torch.full_like(labels, torch.nan)
        return (outputs.argmax(-1) != labels).float()

    def decode(self, outputs: Float[torch.Tensor, "row output"]) -> np.ndarray:
        """Return the class names (strings) or numbers (float64)."""
        values = outputs.float().cpu().numpy()
        if self.info.label is LabelKind.NUMBER:
            numbers: np.ndarray = self.info.offset + self.info.scale * values[:, 0].astype(np.float64)
            return numbers
        classes: np.ndarray = np.array(self.info.labels)[values.argmax(axis=1)]
        return classes
