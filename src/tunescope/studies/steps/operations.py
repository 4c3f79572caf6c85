"""Floating-point operations of work in many batches, counted on some of them outside of what is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tunescope.finetuning.batches import Collator, LengthGroupedBatches
from tunescope.finetuning.cost import measure_cost
from tunescope.finetuning.frozen.head import FrozenHeadInfo
from tunescope.finetuning.frozen_prefix import FrozenPrefix
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.alignment import default_pooling, tokenize
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.encoder import Encoder
from tunescope.models.rows import rows_of
from tunescope.models.task_model import TaskModel
from tunescope.models.tokenized import TokenizedExamples
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Examples

__all__ = ["linear_head_operations", "passing_operations", "reading_operations", "tuning_operations"]

_MOST_COUNTED = 8
_TOKEN_BUDGET = 4096


def reading_operations(encoder: Encoder, examples: Examples, target: TargetKind) -> float:
    """Return the operations of one pass of an encoder over some sentences, padding included."""
    pooling = default_pooling(target, encoder.tokenizer)
    tokenized = tokenize(
        encoder.tokenizer_for(target), examples, target, max_length=encoder.max_length, pooling=pooling
    )
    return passing_operations(encoder, tokenized)


def passing_operations(encoder: Encoder, tokenized: TokenizedExamples) -> float:
    """Return the operations of one pass of an encoder over some sequences, padding included.

    Of more than eight batches, eight evenly spaced by length are counted, and the sum is scaled by positions.
    """
    model: Any = encoder.model

    def read(batch: Sequence[int]) -> None:
        plan = [np.asarray(batch)]
        pad = encoder.tokenizer.pad_token_id
        for padded in iterate_batches(tokenized, plan, pad_token_id=pad, device=encoder.device):
            with torch.inference_mode():
                model(**padded.inputs)

    batches = [each.tolist() for each in plan_batches(tokenized.lengths, _TOKEN_BUDGET)]
    return _counted(batches, tokenized, read, encoder.device)


def tuning_operations(
    model: TaskModel,
    encoder: Encoder,
    examples: Examples,
    settings: FinetuneSettings,
    prefix: Path | None = None,
) -> float:
    """Return the operations of fine-tuning on some sentences, forward and backward, over all epochs.

    Args:
        model: The model with its head; it gets gradients, but no step is taken.
        encoder: What it was made from, for the tokenizer.
        examples: What it is trained on.
        settings: How.
        prefix: What the frozen layers give; they are then not run.
    """
    rows = rows_of(encoder, model.info, examples)
    tokenized = rows.tokenized
    collate = Collator(
        rows,
        model.head.encode(rows.labels),
        encoder.tokenizer.pad_token_id,
        None if prefix is None else FrozenPrefix(prefix, tokenized),
    )

    def learn(batch: Sequence[int]) -> None:
        inputs = {name: tensor.to(encoder.device) for name, tensor in collate(batch).items()}
        torch.autograd.backward(model(**inputs)["loss"])

    batches = sorted(
        LengthGroupedBatches(tokenized.lengths, settings.batch_size, settings.seed),
        key=lambda batch: _positions(batch, tokenized),
    )
    model.train()
    operations = _counted(batches, tokenized, learn, encoder.device)
    model.zero_grad(set_to_none=True)
    return settings.epochs * operations


def linear_head_operations(info: FrozenHeadInfo) -> float:
    """Return the operations of fitting a linear head, by a formula.

    Classes: 4 n h c for each iteration of the solver, a product forward and one for the gradient, with one output c
    where there are two classes; evaluations of a line search beyond the first are not in it. Numbers: 2 n h² for the
    matrix of products and h³ / 3 for solving.

    >>> from tunescope.finetuning.frozen.settings import FrozenHeadSettings
    >>> info = FrozenHeadInfo(kind="linear", label="class", labels=("a", "b", "c"), layers=(0,), hidden_size=4,
    ...                       sequences=False, settings=FrozenHeadSettings(), n_train=10, n_epochs=5)
    >>> linear_head_operations(info)  # 5 · 4 · 10 · 4 · 3
    2400.0
    """
    n, size = info.n_train, info.hidden_size
    if info.label is LabelKind.NUMBER:
        return 2.0 * n * size**2 + size**3 / 3
    n_outputs = 1 if info.n_outputs == 2 else info.n_outputs
    return 4.0 * n * size * n_outputs * info.n_epochs


def _counted(
    batches: Sequence[Sequence[int]],
    tokenized: TokenizedExamples,
    do: Callable[[Sequence[int]], None],
    device: torch.device,
) -> float:
    chosen = [batches[number] for number in _evenly_spaced(len(batches))]
    every, some = (sum(_positions(batch, tokenized) for batch in each) for each in (batches, chosen))
    with measure_cost(device=str(device)) as meter, meter.counting(times=every / some):
        for batch in chosen:
            do(batch)
    return meter.cost.operations


def _evenly_spaced(n: int) -> Iterator[int]:
    yield from np.unique(np.linspace(0, n - 1, min(n, _MOST_COUNTED)).round().astype(int)).tolist()


def _positions(batch: Sequence[int], tokenized: TokenizedExamples) -> int:
    return len(batch) * int(tokenized.lengths[np.asarray(batch)].max())
