"""Writing the vectors of targets: one forward pass gives every layer, streamed to disk."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors
from tunescope._core.progress import track
from tunescope.models.alignment import LongSentences, Pooling, default_pooling, tokenize
from tunescope.models.batching import BatchPlan, iterate_batches, plan_batches
from tunescope.models.encoder import Encoder
from tunescope.models.pooling import PartIndex, plan_pooling, pool
from tunescope.models.tokenized import TokenizedExamples
from tunescope.representations.store import Representations, Storage, StoreInfo, VectorWriter
from tunescope.tasks.example import Example, Target, TargetKind
from tunescope.tasks.label_text import label_text
from tunescope.tasks.task import Examples, fingerprint

__all__ = ["write_representations"]

_SECONDS_BETWEEN_MARKS = 10.0
_TORCH_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def write_representations(
    encoder: Encoder,
    examples: Examples,
    target: TargetKind,
    folder: Path,
    *,
    task: str,
    split: str,
    layers: Sequence[int] | None = None,
    pooling: Pooling | None = None,
    storage: Storage = "float32",
    long_sentences: LongSentences = "error",
    token_budget: int = 4096,
) -> Representations:
    """Write the vectors of the examples' targets into ``folder``, going on where an earlier attempt stopped.

    The other arguments and the errors are those of :func:`tunescope.extract`; the caller sees to it that what an
    earlier attempt left in the folder is of the same model, examples and settings.

    Args:
        encoder: The model.
        examples: The examples.
        target: What in them carries labels.
        folder: Where the vectors go.
        task: Name of the task, for the record.
        split: Name of the split, for the record.
    """
    pooling = pooling or default_pooling(target, encoder.tokenizer)
    tokenized = tokenize(
        encoder.tokenizer_for(target),
        examples,
        target,
        max_length=encoder.max_length,
        pooling=pooling,
        long_sentences=long_sentences,
    )
    info = StoreInfo(
        model=encoder.checkpoint.name,
        state_sha256=encoder.state_sha256,
        task=task,
        split=split,
        examples_sha256=fingerprint(examples),
        pooling=pooling,
        storage=storage,
        layers=_check_layers(layers, encoder.n_layers),
        n_examples=tokenized.n_targets,
        hidden_size=encoder.hidden_size * tokenized.part_start.shape[1],
    )
    with readable_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with VectorWriter(folder, info) as writer:
            plan = plan_batches(tokenized.lengths, token_budget, n_done=writer.n_done)
            _write_vectors(encoder, tokenized, writer, plan)
            return _finish(writer, examples)


def _write_vectors(
    encoder: Encoder, tokenized: TokenizedExamples, writer: VectorWriter, plan: BatchPlan
) -> None:
    index = PartIndex(tokenized)
    n_done = writer.n_done
    last_mark = time.monotonic()
    pad = encoder.tokenizer.pad_token_id
    batches = iterate_batches(tokenized, plan, pad_token_id=pad, device=encoder.device)
    model: Any = encoder.model
    total = len(tokenized.lengths)
    with track(f"vectors of {writer.info.split}", total=total) as advance, torch.inference_mode():
        advance(n_done)
        for batch in batches:
            hidden = model(**batch.inputs, output_hidden_states=True).hidden_states
            plan_of_batch = plan_pooling(tokenized, index, batch.sequences)
            positions = plan_of_batch.positions.to(encoder.device)
            offsets = plan_of_batch.offsets.to(encoder.device)
            for row, layer in enumerate(writer.info.layers):
                vectors = _as_stored(pool(hidden[layer], positions, offsets), writer.info.storage)
                _write_layer(writer, row, plan_of_batch.target, plan_of_batch.part, vectors)
            n_done += len(batch.sequences)
            advance(len(batch.sequences))
            if time.monotonic() - last_mark > _SECONDS_BETWEEN_MARKS:
                writer.mark_done(n_done)
                last_mark = time.monotonic()


def _write_layer(
    writer: VectorWriter, row: int, target: np.ndarray, part: np.ndarray, vectors: np.ndarray
) -> None:
    for number in np.unique(part):
        mine = part == number
        writer.write(row, target[mine], int(number) * vectors.shape[1], vectors[mine])


def _as_stored(vectors: torch.Tensor, storage: Storage) -> np.ndarray:
    vectors = vectors.to(_TORCH_DTYPES[storage]).cpu()
    return (vectors.view(torch.uint16) if storage == "bfloat16" else vectors).numpy()


def _finish(writer: VectorWriter, examples: Examples) -> Representations:
    pairs = [(example, target) for example in examples for target in example.targets]
    return writer.finish(
        [example.sentence_id for example, _ in pairs],
        [_target_words(example, target) for example, target in pairs],
        [label_text(target.label) for _, target in pairs],
    )


def _check_layers(layers: Sequence[int] | None, n_layers: int) -> tuple[int, ...]:
    chosen = tuple(range(n_layers + 1)) if layers is None else tuple(layers)
    if not chosen or any(not 0 <= layer <= n_layers for layer in chosen) or len({*chosen}) < len(chosen):
        raise InputError(
            "The model has no such layers.",
            where="layers",
            expected=f"distinct numbers from 0 (embeddings) to {n_layers}",
            got=list(chosen),
        )
    return chosen


def _target_words(example: Example, target: Target) -> str:
    """Return the words of a target for people to read: its spans joined by an arrow, or the whole text."""
    if target.spans:
        return " → ".join(example.words_of(span) for span in target.spans)
    texts = (example.text,) if example.second_text is None else (example.text, example.second_text)
    return " | ".join(text if isinstance(text, str) else " ".join(text) for text in texts)
