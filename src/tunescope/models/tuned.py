"""A fine-tuned model in whatever form it comes: a checkpoint, one with a task head, or a PEFT adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from tunescope._core.errors import ModelError
from tunescope.models.adapter import load_adapted
from tunescope.models.alignment import LongSentences
from tunescope.models.checkpoint import Checkpoint, find_checkpoint, state_hash
from tunescope.models.classifier import classify, head_class, load_classifier
from tunescope.models.encoder import Encoder, load_encoder, make_encoder
from tunescope.models.heads.make_head import load_head
from tunescope.models.prediction import predict
from tunescope.models.tokenizers import load_tokenizer
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Examples, Task

__all__ = ["TunedModel", "load_tuned"]

_HEAD_NAMES = {
    LabelKind.CLASS: "linear",
    LabelKind.NUMBER: "linear",
    LabelKind.TREE: "biaffine parser",
    LabelKind.ANSWER_SPAN: "answer span",
}

Predictor = Callable[[Examples], np.ndarray]


@dataclass(frozen=True)
class TunedModel:
    """A fine-tuned model: its encoder, and what its own head predicts.

    Attributes:
        encoder: The transformer; an adapter is merged into its weights.
        head: Name of the head for people; ``None`` where there is none.
        predict: Returns the head's prediction for every target of some examples; ``None`` where there is no
            head, or it does not fit the task.
        adapter: Kind of the adapter, such as ``"LORA"``; ``None`` for a whole checkpoint.
        notes: What a reader must know, for instance why the head is not used.
    """

    encoder: Encoder
    head: str | None = None
    predict: Predictor | None = None
    adapter: str | None = None
    notes: tuple[str, ...] = ()


def load_tuned(
    source: str | Path | Checkpoint,
    task: Task,
    *,
    base: Checkpoint | None = None,
    device: str = "auto",
    dtype: torch.dtype = torch.float32,
    long_sentences: LongSentences = "error",
) -> TunedModel:
    """Load a fine-tuned model and find out whether its own head can be scored on a task.

    Args:
        source: A folder, a name on the hub, or a checkpoint already found.
        task: The task to be scored on.
        base: The model that an adapter belongs on, by default the one that the adapter names; it also gives the
            tokenizer where the checkpoint has none.
        device: As for :func:`tunescope.load_encoder`.
        dtype: As there.
        long_sentences: What the head's predictions do with them, see :func:`tunescope.models.alignment.tokenize`.

    Raises:
        ModelError: The model cannot be loaded, or the adapter does not fit its base.
        MissingExtraError: The model is an adapter, and peft is not installed.
    """
    checkpoint = source if isinstance(source, Checkpoint) else find_checkpoint(source)
    unsaved: tuple[str, ...] = ()
    if checkpoint.is_adapter:
        base = base or find_checkpoint(_base_name(checkpoint))
        classifier, unsaved = load_adapted(checkpoint, base, dtype=dtype)
    elif head_class(checkpoint.config) is not None and not checkpoint.has_task_head:
        classifier = load_classifier(checkpoint, dtype=dtype)
    else:
        encoder = load_encoder(checkpoint, device=device, dtype=dtype, tokenizer_of=base)
        return _with_own_head(TunedModel(encoder), checkpoint, task, long_sentences)
    transformer: PreTrainedModel = classifier.base_model  # type: ignore[assignment]
    tokenizer = load_tokenizer(checkpoint, base)
    encoder = make_encoder(checkpoint, transformer, tokenizer, device, state_hash(checkpoint, base))
    adapter = str(checkpoint.config.get("peft_type", "adapter")) if checkpoint.is_adapter else None
    tuned = TunedModel(encoder, adapter=adapter)
    if checkpoint.has_task_head:
        return _with_own_head(tuned, checkpoint, task, long_sentences)
    if classifier is transformer:
        return tuned
    if unsaved:
        why = f"some of its weights were not saved with the adapter ({', '.join(unsaved[:3])})"
        return _without_head(tuned, type(classifier).__name__, why)
    torch.nn.Module.to(classifier, encoder.device)
    return _with_classifier(tuned, classifier, task, long_sentences)


def _base_name(adapter: Checkpoint) -> str:
    name = adapter.config.get("base_model_name_or_path")
    if not isinstance(name, str) or not name:
        raise ModelError(
            "The adapter does not name its base model.",
            where=adapter.name,
            expected="base_model_name_or_path in adapter_config.json",
            got=name,
        )
    return name


def _with_own_head(
    tuned: TunedModel, checkpoint: Checkpoint, task: Task, long_sentences: LongSentences
) -> TunedModel:
    if not checkpoint.has_task_head:
        return tuned
    head = load_head(checkpoint.folder, tuned.encoder.hidden_size)
    head.to(tuned.encoder.device)
    name = f"{_HEAD_NAMES[head.info.label]}, for {head.info.task}"
    fits = (head.info.target, head.info.label) == (task.target, task.label)
    if not fits or not set(task.labels) <= set(head.info.labels):
        return _without_head(tuned, name, "it predicts other targets or labels than the task's")
    predictor = partial(predict, tuned.encoder, head, long_sentences=long_sentences)
    return TunedModel(tuned.encoder, name, predictor, tuned.adapter)


def _with_classifier(
    tuned: TunedModel, classifier: PreTrainedModel, task: Task, long_sentences: LongSentences
) -> TunedModel:
    name = type(classifier).__name__
    config: Any = classifier.config
    if config.pad_token_id is None:  # decoders look for the end of the text by it
        config.pad_token_id = tuned.encoder.tokenizer.pad_token_id
    predictor = classify(classifier, tuned.encoder, task, long_sentences)
    if isinstance(predictor, str):
        return _without_head(tuned, name, predictor)
    return TunedModel(tuned.encoder, name, predictor, tuned.adapter)


def _without_head(tuned: TunedModel, name: str, why: str) -> TunedModel:
    note = f"The tuned model's own head ({name}) is not scored: {why}."
    return TunedModel(tuned.encoder, name, None, tuned.adapter, (note,))
