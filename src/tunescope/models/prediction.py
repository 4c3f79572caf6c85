"""Predictions of a task model for every target of some examples."""

from __future__ import annotations

import numpy as np
import torch

from tunescope.models.alignment import LongSentences, tokenize
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.encoder import Encoder
from tunescope.models.pooling import PartIndex, plan_pooling, pool
from tunescope.models.task_head import TaskHead
from tunescope.tasks.task import Examples

__all__ = ["predict"]

_TOKEN_BUDGET = 4096


def predict(
    encoder: Encoder, head: TaskHead, examples: Examples, *, long_sentences: LongSentences = "error"
) -> np.ndarray:
    """Return the predicted label of every target, in corpus order: class names or numbers.

    Args:
        encoder: The transformer, perhaps with adapters; the caller has switched off dropout.
        head: Its task head.
        examples: Examples of the head's kind of target.
        long_sentences: ``"error"`` or ``"window"``, see :func:`tunescope.models.alignment.tokenize`.

    Raises:
        InputError: A sentence is too long, or a target has no subword.
    """
    tokenized = tokenize(
        encoder.tokenizer_for(head.info.target),
        examples,
        head.info.target,
        max_length=encoder.max_length,
        pooling=head.info.pooling,
        long_sentences=long_sentences,
    )
    index = PartIndex(tokenized)
    vectors = np.empty((*tokenized.part_start.shape, encoder.hidden_size), dtype=np.float32)
    batches = iterate_batches(
        tokenized,
        plan_batches(tokenized.lengths, _TOKEN_BUDGET),
        pad_token_id=encoder.tokenizer.pad_token_id,
        device=encoder.device,
    )
    with torch.inference_mode():
        for batch in batches:
            plan = plan_pooling(tokenized, index, batch.sequences)
            hidden = encoder.model(**batch.inputs).last_hidden_state
            pooled = pool(hidden, plan.positions.to(hidden.device), plan.offsets.to(hidden.device))
            vectors[plan.target, plan.part] = pooled.float().cpu().numpy()
    return head.predict(vectors.reshape(len(vectors), -1))
