"""Predictions of a task model for every target of some examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float

from tunescope.models.alignment import LongSentences
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.encoder import Encoder
from tunescope.models.heads.task_head import TaskHead
from tunescope.models.pooling import PartIndex, plan_pooling, pool
from tunescope.models.rows import Rows, rows_of
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Examples

__all__ = ["Forward", "predict", "predict_with"]

_TOKEN_BUDGET = 4096
_EXAMPLES_AT_ONCE = 512
"""Bounds the memory that vectors take."""
_UNITS_AT_ONCE = 32
"""Bounds the memory that the scores of all pairs of words take."""

Forward = Callable[[dict[str, torch.Tensor]], list[Float[torch.Tensor, "sequence position hidden"]]]
"""From a batch's inputs to top-layer vectors, of one model or of several variants of it."""


def predict(
    encoder: Encoder, head: TaskHead, examples: Examples, *, long_sentences: LongSentences = "error"
) -> np.ndarray:
    """Return the predicted label of every target, in corpus order: class names, numbers, arcs, or answers' texts.

    Args:
        encoder: The transformer, perhaps with adapters; the caller has switched off dropout.
        head: Its task head.
        examples: Examples of the head's kind of target.
        long_sentences: ``"error"`` or ``"window"``, see :func:`tunescope.models.alignment.tokenize`.

    Raises:
        InputError: A sentence is too long, or a target has no subword.
    """
    return predict_with(
        lambda inputs: [encoder.model(**inputs).last_hidden_state],
        encoder,
        head,
        examples,
        long_sentences=long_sentences,
    )[0]


def predict_with(
    forward: Forward,
    encoder: Encoder,
    head: TaskHead,
    examples: Examples,
    *,
    long_sentences: LongSentences = "error",
) -> list[np.ndarray]:
    """Return what :func:`predict` returns, for each of several variants of a model that are run together.

    Args:
        forward: Gives the top-layer vectors of each variant.
        encoder: Gives the tokenizer, the longest input and the device.
        head: The task head.
        examples: Examples of the head's kind of target.
        long_sentences: As for :func:`predict`.
    """
    found: list[list[np.ndarray]] = []
    with torch.inference_mode():
        for start in range(0, len(examples), _EXAMPLES_AT_ONCE):
            rows = rows_of(
                encoder, head.info, examples[start : start + _EXAMPLES_AT_ONCE], long_sentences=long_sentences
            )
            vectors = _read(forward, encoder, rows)
            found.append([_decode(head, each, rows, encoder.device) for each in vectors])
    return [np.concatenate(chunks) for chunks in zip(*found, strict=True)]


def _read(forward: Forward, encoder: Encoder, rows: Rows) -> Float[torch.Tensor, "variant row features"]:
    """Return the vectors of all rows, on the CPU."""
    tokenized = rows.tokenized
    index = PartIndex(tokenized)
    vectors: torch.Tensor | None = None
    batches = iterate_batches(
        tokenized,
        plan_batches(tokenized.lengths, _TOKEN_BUDGET),
        pad_token_id=encoder.tokenizer.pad_token_id,
        device=encoder.device,
    )
    for batch in batches:
        plan = plan_pooling(tokenized, index, batch.sequences)
        places = plan.positions.to(encoder.device), plan.offsets.to(encoder.device)
        variants = [pool(hidden, *places).float().cpu() for hidden in forward(batch.inputs)]
        if vectors is None:
            shape = (len(variants), *tokenized.part_start.shape, variants[0].shape[-1])
            vectors = torch.empty(shape)
        vectors[:, plan.target, plan.part] = torch.stack(variants)
    assert vectors is not None
    return vectors.flatten(2)


def _decode(
    head: TaskHead, vectors: Float[torch.Tensor, "row features"], rows: Rows, device: torch.device
) -> np.ndarray:
    decoded = [head.decode(head(*_on(device, *group))) for group in _groups(vectors, rows)]
    predicted = np.concatenate(decoded)
    return rows.answer_texts(predicted) if head.info.label is LabelKind.ANSWER_SPAN else predicted


def _groups(
    vectors: Float[torch.Tensor, "row features"], rows: Rows
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    ends = np.cumsum(rows.lengths)
    for start in range(0, len(rows.lengths), _UNITS_AT_ONCE):
        lengths = rows.lengths[start : start + _UNITS_AT_ONCE]
        end = int(ends[start + len(lengths) - 1])
        if lengths.any():
            yield vectors[end - int(lengths.sum()) : end], torch.from_numpy(lengths)


def _on(
    device: torch.device, vectors: torch.Tensor, lengths: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    return vectors.to(device), lengths
