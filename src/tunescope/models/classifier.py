"""Checkpoints that carry transformers' own classification heads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedModel,
)

from tunescope._core.errors import ModelError
from tunescope.models.alignment import LongSentences, Pooling, tokenize
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.checkpoint import Checkpoint, readable_model_errors
from tunescope.models.encoder import Encoder
from tunescope.models.pooling import PartIndex, plan_pooling
from tunescope.models.quiet import quiet_transformers
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Examples, Task

__all__ = ["classify", "head_class", "load_classifier"]

_TOKEN_BUDGET = 4096
_HEADS = {
    "ForTokenClassification": AutoModelForTokenClassification,
    "ForSequenceClassification": AutoModelForSequenceClassification,
}


def head_class(config: dict[str, Any]) -> Any | None:
    """Return transformers' class for the head that a configuration names, ``None`` if it names none of these."""
    architectures = config.get("architectures") or [""]
    return next((cls for ending, cls in _HEADS.items() if architectures[0].endswith(ending)), None)


def load_classifier(checkpoint: Checkpoint, *, dtype: torch.dtype) -> PreTrainedModel:
    """Load a checkpoint with its classification head.

    Raises:
        ModelError: It cannot be loaded, or weights are missing from it.
    """
    with quiet_transformers(), readable_model_errors(checkpoint):
        model, report = head_class(checkpoint.config).from_pretrained(  # type: ignore[union-attr]
            checkpoint.folder, dtype=dtype, use_safetensors=True, output_loading_info=True
        )
    if report["missing_keys"]:
        raise ModelError(
            "The checkpoint lacks weights that the model needs.",
            where=checkpoint.name,
            got=", ".join(sorted(report["missing_keys"])[:5]),
        )
    model.requires_grad_(False)
    torch.nn.Module.eval(model)
    loaded: PreTrainedModel = model
    return loaded


def classify(
    model: PreTrainedModel, encoder: Encoder, task: Task, long_sentences: LongSentences
) -> Callable[[Examples], np.ndarray] | str:
    """Return a function that predicts the label of every target, or a sentence that says why there is none.

    A token's label is read at its first subword, as these heads are trained.
    """
    config: Any = model.config
    fits_tokens = type(model).__name__.endswith("ForTokenClassification")
    if fits_tokens != (task.target is TargetKind.TOKEN) or task.target is TargetKind.PAIR:
        return "it predicts other targets than the task's"
    if task.label is LabelKind.NUMBER:
        if config.num_labels != 1:
            return f"it has {config.num_labels} outputs, and the task's labels are numbers"
        return partial(_predict, model, encoder, task.target, None, long_sentences)
    names = tuple(str(config.id2label[i]) for i in range(config.num_labels))
    if not set(task.labels) <= set(names):
        missing = sorted(set(task.labels) - set(names))
        return f"its label names (id2label) lack {', '.join(map(repr, missing[:5]))}"
    return partial(_predict, model, encoder, task.target, np.array(names), long_sentences)


def _predict(
    model: PreTrainedModel,
    encoder: Encoder,
    target: TargetKind,
    names: np.ndarray | None,
    long_sentences: LongSentences,
    examples: Examples,
) -> np.ndarray:
    whole_text = target is not TargetKind.TOKEN
    tokenized = tokenize(
        encoder.tokenizer_for(target),
        examples,
        target,
        max_length=encoder.max_length,
        pooling=Pooling.MEAN if whole_text else Pooling.FIRST,
        long_sentences=long_sentences,
    )
    index = PartIndex(tokenized)
    outputs: np.ndarray = np.empty((tokenized.n_targets, int(model.config.num_labels or 0)), dtype=np.float32)
    batches = iterate_batches(
        tokenized,
        plan_batches(tokenized.lengths, _TOKEN_BUDGET),
        pad_token_id=encoder.tokenizer.pad_token_id,
        device=encoder.device,
    )
    with torch.inference_mode():
        for batch in batches:
            plan = plan_pooling(tokenized, index, batch.sequences)
            logits = model(**batch.inputs).logits.float().cpu()
            flat = logits if whole_text else logits.flatten(0, 1)[plan.positions]
            outputs[plan.target] = flat.numpy()
    if names is None:
        return outputs[:, 0].astype(np.float64)
    predicted: np.ndarray = names[outputs.argmax(axis=1)]
    return predicted
