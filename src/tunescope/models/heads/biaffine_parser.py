"""The biaffine head: dependency parsing (Dozat and Manning 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.heads.task_head import TaskHead
from tunescope.tasks.arc_label import arc_label, parse_arc
from tunescope.tasks.maximum_spanning_tree import maximum_spanning_tree

__all__ = ["BiaffineParser", "ParserOutputs"]

_ARC_SIZE = 256
_RELATION_SIZE = 128
_DROPOUT = 0.33
_ROOT = "root"
_NEVER = torch.finfo(torch.float32).min


@dataclass(frozen=True)
class ParserOutputs:
    """What the parser computes from the words of some sentences, padded to the longest.

    Attributes:
        arcs: Score of each head (0 for the root, words from 1) for each word; far below zero where there is no word.
        relations: Score of each relation between each word and each head.
        real: Where there is a word.
    """

    arcs: Float[torch.Tensor, "sentence word head"]
    relations: Float[torch.Tensor, "sentence word head relation"]
    real: Bool[torch.Tensor, "sentence word"]


class BiaffineParser(TaskHead):
    """Every word chooses its head and the relation to it.

    With h the vectors of words, a learnt vector for the root among the heads, and four perceptrons of one layer
    (ReLU, dropout 0.33), which give r for each word as a head and as a dependent:

    - arc: s(i ← j) = rⱼ' U rᵢ + u'rⱼ,
    - relation: s(i ← j, l) = rⱼ' Uₗ rᵢ + wₗ'[rⱼ; rᵢ] + bₗ, with perceptrons of its own

    (Dozat and Manning 2017, section 3). The loss is the cross-entropy of the right head plus that of the right relation
    to the right head, means over words. Decoding takes the spanning tree with one root whose log-probabilities sum to
    the most, then the best relation of each arc; ``root`` belongs to the root alone. Sizes are 256 and 128, about half
    of the paper's (500 and 100 on top of LSTMs of 800), for encoders of a few hundred dimensions.
    """

    def __init__(self, info: HeadInfo, hidden_size: int) -> None:
        super().__init__()
        self.info = info
        self.root = nn.Parameter(torch.zeros(hidden_size))
        self.arc_head, self.arc_dependent = (_perceptron(hidden_size, _ARC_SIZE) for _ in range(2))
        self.relation_head, self.relation_dependent = (
            _perceptron(hidden_size, _RELATION_SIZE) for _ in range(2)
        )
        self.arc = nn.Parameter(torch.zeros(_ARC_SIZE + 1, _ARC_SIZE))
        self.relation = nn.Parameter(torch.zeros(len(info.labels), _RELATION_SIZE + 1, _RELATION_SIZE + 1))
        is_root = torch.tensor([label == _ROOT for label in info.labels])
        self.register_buffer("is_root", is_root, persistent=False)

    @classmethod
    def make(cls, info: HeadInfo, hidden_size: int) -> Self:
        """Return a parser with random perceptrons; the biaffine maps start at zero, as in the paper's program."""
        parser = cls(info, hidden_size)
        nn.init.normal_(parser.root, std=0.02)
        return parser

    def forward(
        self, rows: Float[torch.Tensor, "row features"], lengths: Int[torch.Tensor, " unit"]
    ) -> ParserOutputs:
        """Return the scores of all arcs and relations of each sentence."""
        words = pad_sequence(list(torch.split(rows, lengths.tolist())), batch_first=True)
        real = (torch.arange(words.shape[1], device=lengths.device) < lengths[:, None]).to(words.device)
        heads = torch.cat([self.root.to(words.dtype).expand(len(words), 1, -1), words], dim=1)
        # Softmax over a few dozen candidates is computed in single precision, also under bfloat16.
        arcs = _with_one(self.arc_head(heads)) @ self.arc @ self.arc_dependent(words).mT
        arcs = arcs.mT.float()
        is_head = nn.functional.pad(real, (1, 0), value=True)[:, None, :]
        # A word is no head of its own.
        itself = torch.eye(words.shape[1], words.shape[1] + 1, dtype=torch.bool, device=words.device).roll(
            1, 1
        )
        arcs = arcs.masked_fill(~is_head | itself, _NEVER)
        relations = torch.einsum(
            "bhx,lxy,bdy->bdhl",
            _with_one(self.relation_head(heads)),
            self.relation.to(words.dtype),
            _with_one(self.relation_dependent(words)),
        )
        return ParserOutputs(arcs, relations.float(), real)

    def encode(self, labels: Sequence[Any]) -> torch.Tensor:
        """Return head and index of the relation of each word."""
        index = {label: i for i, label in enumerate(self.info.labels)}
        arcs = [parse_arc(label) for label in labels]
        return torch.tensor([[head, index[relation]] for head, relation in arcs]).reshape(-1, 2)

    def loss(self, outputs: ParserOutputs, labels: torch.Tensor) -> torch.Tensor:
        """Return the cross-entropy of heads plus that of relations, means over words."""
        arcs, relations = self._scored(outputs, labels)
        return nn.functional.cross_entropy(*arcs) + nn.functional.cross_entropy(*relations)

    def losses(self, outputs: ParserOutputs, labels: torch.Tensor) -> Float[torch.Tensor, " word"]:
        """Return the cross-entropy of head plus that of relation of each word."""
        arcs, relations = self._scored(outputs, labels)
        entropies = [nn.functional.cross_entropy(*each, reduction="none") for each in (arcs, relations)]
        return entropies[0] + entropies[1]

    def wrong(self, outputs: ParserOutputs, labels: torch.Tensor) -> Float[torch.Tensor, " word"]:
        """Return 1 where a word's best head, or the best relation to the right head, is wrong, each word on its own."""
        arcs, relations = self._scored(outputs, labels)
        unlike = [scores.argmax(-1) != right for scores, right in (arcs, relations)]
        return (unlike[0] | unlike[1]).float()

    def _scored(
        self, outputs: ParserOutputs, labels: torch.Tensor
    ) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
        """Return the words' scores of heads with the right ones, and those of relations to the right head, likewise."""
        heads, relations = labels.unbind(1)
        arcs, scores = outputs.arcs[outputs.real], outputs.relations[outputs.real]
        chosen = scores[torch.arange(len(heads), device=heads.device), heads]
        return (arcs, heads), (chosen, relations)

    def decode(self, outputs: ParserOutputs) -> np.ndarray:
        """Return the arc of each word, such as ``"3:nsubj"``."""
        log_probabilities = outputs.arcs.log_softmax(-1).double().cpu().numpy()
        relations = self._allowed(outputs.relations).argmax(-1).cpu().numpy()
        labels = []
        for sentence, length in enumerate(outputs.real.sum(1).tolist()):
            scores = np.full((length + 1, length + 1), -np.inf)
            scores[:, 1:] = log_probabilities[sentence, :length, : length + 1].T
            heads = maximum_spanning_tree(scores)
            chosen = relations[sentence, np.arange(length), heads]
            labels += [
                arc_label(int(head), self.info.labels[relation])
                for head, relation in zip(heads, chosen, strict=True)
            ]
        return np.array(labels)

    def _allowed(
        self, relations: Float[torch.Tensor, "sentence word head relation"]
    ) -> Float[torch.Tensor, "sentence word head relation"]:
        """Return the scores with ``root`` for the root alone, where there is such a relation."""
        is_root: torch.Tensor = self.is_root  # type: ignore[assignment]
        if not is_root.any() or is_root.all():
            return relations
        from_root = torch.zeros(relations.shape[2], dtype=torch.bool, device=relations.device)
        from_root[0] = True
        return relations.masked_fill(from_root[:, None] != is_root, _NEVER)


def _perceptron(n_inputs: int, n_outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_inputs, n_outputs), nn.ReLU(), nn.Dropout(_DROPOUT))


def _with_one(vectors: torch.Tensor) -> torch.Tensor:
    """Append a feature that is always 1, so that the linear and constant terms are columns of the map."""
    return nn.functional.pad(vectors, (0, 1), value=1.0)
