"""The loss and the error of every example at a model's present weights, batches made once and kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from tunescope._core.errors import InputError
from tunescope._core.hashing import hash_value
from tunescope.finetuning.batches import Collator
from tunescope.models.batching import plan_batches, plan_tight_batches
from tunescope.models.encoder import Encoder
from tunescope.models.layer_stack import LayerStack
from tunescope.models.pooling import PartIndex, plan_pooling, pool, pool_by_sums
from tunescope.models.rows import rows_of
from tunescope.models.task_model import TaskModel
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Examples, fingerprint

__all__ = ["ExampleLosses", "Measured"]

_TOKEN_BUDGET = (1024, 32768)
"""Positions in a batch: what stays in a processor's caches, and what fills a GPU."""

_CURVATURE_BATCHES = 24
"""At least so many batches tell how curvature varies, where there are as many examples."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a model makes of some examples.

    Attributes:
        losses: Shape (row,); the training loss of each target, in the order of the examples; of questions, of each.
            NaN and infinity are kept.
        wrong: Shape (row,); 1 where the prediction is wrong by the head's own rule, else 0; NaN for numbers, and where
            the loss is NaN, for then nothing is predicted.
    """

    losses: Float[np.ndarray, " row"]
    wrong: Float[np.ndarray, " row"]


class ExampleLosses:
    """Measures a model's loss on the same examples again and again, while its weights are moved.

    The examples are tokenised, sorted by length into batches and put on the device once. Nothing is dropped out.

    Args:
        model: The model; it is put into evaluation mode.
        encoder: What the model was made from, for its tokenizer and device.
        examples: Of the model's task.
        n_fixed: How many of the lowest layers never move, from 0 (the embeddings); their vectors are computed now, and
            used each time. −1: everything may move.
        bf16: Compute in bfloat16, which is faster where the hardware has it; losses then differ by a few parts in a
            thousand.
        for_curvature: Make batches that second derivatives fit into memory for, and so many of them that what is found
            for each tells how it varies, whatever the device. By default batches are as large as is fast.

    Attributes:
        sentence_ids: Shape (row,); the example of each row, for intervals.
        key: Hash of the examples, of how their losses are computed, and of the weights that the model has at first.

    Raises:
        InputError: There are no examples, a sentence is too long, or a target has no subword.
    """

    def __init__(
        self,
        model: TaskModel,
        encoder: Encoder,
        examples: Examples,
        *,
        n_fixed: int = -1,
        bf16: bool = False,
        for_curvature: bool = False,
    ) -> None:
        if not examples:
            raise InputError(
                "There are no examples to measure the loss on.", expected="at least one", got="none"
            )
        self.key = hash_value([fingerprint(examples), n_fixed, bf16, _hash_of_weights(model)])
        self._model = model
        self._autocast = torch.autocast(encoder.device.type, dtype=torch.bfloat16, enabled=bf16)
        nn.Module.eval(model)
        rows = rows_of(encoder, model.info, examples)
        of_units = model.info.label is LabelKind.ANSWER_SPAN
        n_items = np.ones_like(rows.lengths) if of_units else rows.lengths
        self.sentence_ids: Int[np.ndarray, " row"] = np.repeat(np.arange(len(n_items)), n_items)
        self._stack = None if n_fixed < 0 else LayerStack(model.encoder)
        self._n_fixed = n_fixed
        collate = Collator(rows, model.head.encode(rows.labels), encoder.tokenizer.pad_token_id)
        index = PartIndex(rows.tokenized)
        n_parts = rows.tokenized.part_start.shape[1]
        self._batches: list[_Batch] = []
        lengths = rows.tokenized.lengths
        budget = _TOKEN_BUDGET[encoder.device.type != "cpu" and not for_curvature]
        if for_curvature:
            budget = min(budget, int(lengths.sum()) // _CURVATURE_BATCHES)
        plan = (plan_batches if for_curvature else plan_tight_batches)(lengths, budget)
        for sequences in plan:
            inputs = {name: tensor.to(encoder.device) for name, tensor in collate(sequences.tolist()).items()}
            targets = plan_pooling(rows.tokenized, index, sequences).target[::n_parts]
            self._batches.append(self._prepared(inputs, sequences if of_units else targets))

    def measure(self) -> Measured:
        """Return the loss and the error of each row at the model's present weights."""
        losses, wrong = (np.full(len(self.sentence_ids), math.nan) for _ in range(2))
        with torch.inference_mode(), self._autocast:
            for batch in self._batches:
                outputs = self._outputs(batch)
                found = self._model.head.losses(outputs, batch.labels)
                losses[batch.items] = found.cpu().double().numpy()
                wrong[batch.items] = self._model.head.wrong(outputs, batch.labels).cpu().numpy()
        return Measured(losses, np.where(np.isnan(losses), math.nan, wrong))

    def batch_losses(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the mean loss of each batch, with its graph, and how many rows it is the mean of.

        It can be differentiated twice within :func:`tunescope.landscapes.eager_attention.eager_attention`.
        """
        for batch in self._batches:
            with self._autocast:
                outputs = self._outputs(batch, pooled=pool_by_sums)
                yield self._model.head.loss(outputs, batch.labels), len(batch.items)

    def _outputs(self, batch: _Batch, pooled: Callable[..., torch.Tensor] = pool) -> Any:
        if self._stack is None or batch.below is None:
            hidden = self._model.encoder(**batch.inputs).last_hidden_state
        else:
            hidden = self._stack.run_from(self._n_fixed, batch.below, batch.inputs)
        parts = pooled(hidden, batch.positions, batch.offsets)
        return self._model.head(parts.reshape(-1, self._model.info.n_parts * parts.shape[-1]), batch.lengths)

    def _prepared(self, inputs: dict[str, torch.Tensor], items: Int[np.ndarray, " item"]) -> _Batch:
        own = {name: inputs.pop(name) for name in ("positions", "offsets", "lengths", "labels")}
        below = None
        if self._stack is not None:
            with torch.no_grad(), self._autocast:
                *_, below = self._stack.states(inputs, self._n_fixed)
        return _Batch(inputs, items, below=below, **own)


def _hash_of_weights(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class _Batch:
    """A batch on the device; ``items`` are the rows (of questions, the examples) that its losses are of."""

    inputs: dict[str, torch.Tensor]
    items: Int[np.ndarray, " item"]
    positions: torch.Tensor
    offsets: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor
    below: torch.Tensor | None
