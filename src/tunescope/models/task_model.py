"""An encoder with a task head, as one module that can be trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from tunescope.models.frozen_part import FrozenPart
from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.heads.make_head import make_head, save_head
from tunescope.models.pooling import pool
from tunescope.models.quiet import quiet_transformers

__all__ = ["TaskModel"]


class TaskModel(nn.Module):
    """The encoder's top-layer vectors, pooled per target, through dropout and a head.

    Args:
        encoder: The transformer, perhaps with adapters.
        info: What the head predicts.
        hidden_size: Length of the encoder's vectors.
        dropout: Probability that a feature is dropped in training.

    Attributes:
        frozen: The part of the encoder that is not trained; none by default.
    """

    def __init__(self, encoder: PreTrainedModel, info: HeadInfo, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.info = info
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(info, hidden_size)
        self.frozen: FrozenPart | None = None

    def forward(
        self,
        positions: torch.Tensor,
        offsets: torch.Tensor,
        lengths: torch.Tensor,
        labels: torch.Tensor,
        below: torch.Tensor | None = None,
        **inputs: Any,
    ) -> dict[str, torch.Tensor]:
        """Return the mean ``loss`` of the batch.

        Args:
            positions: As in :class:`tunescope.models.pooling.PoolingPlan`.
            offsets: As there.
            lengths: How many rows each sequence has.
            labels: As the head's ``encode`` gives them.
            below: The vectors after the frozen layers, which are then not run.
            inputs: The encoder's inputs.
        """
        if self.frozen is not None and self.training:
            self.frozen.switch_off_dropout()
        if self.frozen is None or below is None:
            hidden = self.encoder(**inputs).last_hidden_state
        else:
            hidden = self.frozen.run_above(below, inputs)
        parts = pool(hidden, positions, offsets)
        rows = parts.reshape(-1, self.info.n_parts * parts.shape[-1])
        return {"loss": self.head.loss(self.head(self.dropout(rows), lengths), labels)}

    def save_pretrained(self, folder: Path | str, **_: Any) -> None:
        """Write the encoder as transformers does (or its adapter as peft does), and the head beside it."""
        folder = Path(folder)
        with quiet_transformers():
            self.encoder.save_pretrained(folder, safe_serialization=True)
        save_head(self.head, folder)
