"""An encoder with a task head, as one module that can be trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import nn
from transformers import PreTrainedModel

from tunescope.models.pooling import pool
from tunescope.models.quiet import quiet_transformers
from tunescope.models.task_head import HeadInfo, TaskHead
from tunescope.tasks.example import LabelKind

__all__ = ["TaskModel"]


class TaskModel(nn.Module):
    """The encoder's top-layer vectors, pooled per target, through dropout and a linear layer.

    Args:
        encoder: The transformer, perhaps with adapters.
        info: What the head predicts.
        hidden_size: Length of the encoder's vectors.
        dropout: Probability that a feature is dropped in training.
    """

    def __init__(self, encoder: PreTrainedModel, info: HeadInfo, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.info = info
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size * info.n_parts, info.n_outputs)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(
        self,
        positions: torch.Tensor,
        offsets: torch.Tensor,
        labels: torch.Tensor | None = None,
        **inputs: Any,
    ) -> dict[str, torch.Tensor]:
        """Return the ``logits`` of the batch's targets, and the mean ``loss`` where labels are given.

        Args:
            positions: As in :class:`tunescope.models.pooling.PoolingPlan`.
            offsets: As there.
            labels: Index of each target's class, or its standardised number.
            inputs: The encoder's inputs.
        """
        hidden = self.encoder(**inputs).last_hidden_state
        logits = self.head(self.dropout(self._target_vectors(hidden, positions, offsets)))
        if labels is None:
            return {"logits": logits}
        if self.info.label is LabelKind.NUMBER:
            loss = nn.functional.mse_loss(logits[:, 0].float(), labels)
        else:
            loss = nn.functional.cross_entropy(logits.float(), labels)
        return {"loss": loss, "logits": logits}

    def save_pretrained(self, folder: Path | str, **_: Any) -> None:
        """Write the encoder as transformers does (or its adapter as peft does), and the head beside it."""
        folder = Path(folder)
        with quiet_transformers():
            self.encoder.save_pretrained(folder, safe_serialization=True)
        self.task_head().save(folder)

    def task_head(self) -> TaskHead:
        """Return a copy of the head as it is now."""
        weight = self.head.weight.detach().float().cpu().numpy().copy()
        return TaskHead(self.info, weight, self.head.bias.detach().float().cpu().numpy().copy())

    def _target_vectors(
        self,
        hidden: Float[torch.Tensor, "sequence position hidden"],
        positions: torch.Tensor,
        offsets: torch.Tensor,
    ) -> Float[torch.Tensor, "target hidden"]:
        parts = pool(hidden, positions, offsets)
        return parts.reshape(-1, self.info.n_parts * parts.shape[-1])
