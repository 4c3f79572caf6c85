"""What every task head can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from tunescope.models.heads.head_info import HeadInfo

__all__ = ["TaskHead"]


class TaskHead(nn.Module, ABC):
    """Turns rows of top-layer vectors into labels.

    A row is the vector of a target; of an answer, that of a subword of the text which holds it. The rows of a unit (a
    sentence, or one example) stand together.
    """

    info: HeadInfo

    @classmethod
    @abstractmethod
    def make(cls, info: HeadInfo, hidden_size: int) -> Self:
        """Return a head with random weights, drawn from torch's generator.

        Args:
            info: What it predicts.
            hidden_size: Length of the encoder's vectors.
        """

    @abstractmethod
    def forward(self, rows: Float[torch.Tensor, "row features"], lengths: Int[torch.Tensor, " unit"]) -> Any:
        """Return what is computed from the rows, as :meth:`loss` and :meth:`decode` take it.

        Args:
            rows: Vectors of the rows, those of a pair's two parts side by side.
            lengths: How many rows each unit has.
        """

    @abstractmethod
    def encode(self, labels: Sequence[Any]) -> torch.Tensor:
        """Return the labels of rows as :meth:`loss` takes them."""

    @abstractmethod
    def loss(self, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of the rows or units of a batch."""

    @abstractmethod
    def losses(self, outputs: Any, labels: torch.Tensor) -> Float[torch.Tensor, " item"]:
        """Return what :meth:`loss` is the mean of: the loss of each row, or of an answer of each unit."""

    @abstractmethod
    def wrong(self, outputs: Any, labels: torch.Tensor) -> Float[torch.Tensor, " item"]:
        """Return 1 where the prediction is wrong, else 0, for what :meth:`losses` is of; NaN where it is a number."""

    @abstractmethod
    def decode(self, outputs: Any) -> np.ndarray:
        """Return the predictions: one for each row, or of an answer its first and last row for each unit."""
