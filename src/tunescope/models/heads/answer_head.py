"""The head for answers: the first and the last subword of a span (Devlin et al. 2019, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.heads.task_head import TaskHead

__all__ = ["AnswerHead"]

_LONGEST = 30
"""Most subwords of an answer, as in the paper's program."""

Scores = list[Float[torch.Tensor, "row bound"]]


class AnswerHead(TaskHead):
    """Scores every subword of the text as the first and as the last of the answer: S·hᵢ and E·hⱼ.

    The loss is −log p(start) − log p(end), a mean over questions, with a softmax over the text's subwords; where a
    question has several answers, p is the sum over these. The answer is the pair i ≤ j < i + 30 with the highest sum.
    """

    def __init__(self, info: HeadInfo, hidden_size: int) -> None:
        super().__init__()
        self.info = info
        self.bounds = nn.Linear(hidden_size, 2)

    @classmethod
    def make(cls, info: HeadInfo, hidden_size: int) -> Self:
        """Return a head with small random weights."""
        head = cls(info, hidden_size)
        nn.init.normal_(head.bounds.weight, std=0.02)
        nn.init.zeros_(head.bounds.bias)
        return head

    def forward(
        self, rows: Float[torch.Tensor, "row features"], lengths: Int[torch.Tensor, " unit"]
    ) -> Scores:
        """Return for each question the scores of its text's subwords as first and last of the answer."""
        return list(torch.split(self.bounds(rows).float(), lengths.tolist()))

    def encode(self, labels: Sequence[Any]) -> torch.Tensor:
        """Return for each subword whether an answer starts and whether one ends there."""
        return torch.from_numpy(np.array(labels, dtype=bool)).reshape(-1, 2)

    def loss(self, outputs: Scores, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean negative log-probability of the answers' bounds."""
        return self.losses(outputs, labels).mean()

    def losses(self, outputs: Scores, labels: torch.Tensor) -> Float[torch.Tensor, " question"]:
        """Return the negative log-probability of each answer's bounds."""
        gold = torch.split(labels, [len(scores) for scores in outputs])
        losses = [
            scores.logsumexp(0) - scores.masked_fill(~right, -torch.inf).logsumexp(0)
            for scores, right in zip(outputs, gold, strict=True)
        ]
        return torch.stack(losses).sum(1)

    def wrong(self, outputs: Scores, labels: torch.Tensor) -> Float[torch.Tensor, " question"]:
        """Return 1 where the best span does not start and end as an answer does, else 0."""
        gold = torch.split(labels, [len(scores) for scores in outputs])
        right = [
            bool(bounds[first, 0] and bounds[last, 1])
            for bounds, (first, last) in zip(gold, map(_best_span, outputs), strict=True)
        ]
        return 1 - torch.tensor(right, device=labels.device).float()

    def decode(self, outputs: Scores) -> np.ndarray:
        """Return the first and the last subword of each question's answer, counted in its text."""
        return np.array([_best_span(scores) for scores in outputs]).reshape(-1, 2)


def _best_span(scores: Float[torch.Tensor, "row bound"]) -> tuple[int, int]:
    sums = scores[:, 0, None] + scores[None, :, 1]
    allowed = torch.ones_like(sums, dtype=torch.bool).triu().tril(_LONGEST - 1)
    best = int(sums.masked_fill(~allowed, -torch.inf).argmax())
    return best // len(scores), best % len(scores)
