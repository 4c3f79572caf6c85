"""Extraction: one forward pass gives the vectors of every target at every layer, streamed to disk."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors
from tunescope._core.progress import track
from tunescope.models.alignment import LongSentences, Pooling, default_pooling, tokenize
from tunescope.models.batching import BatchPlan, iterate_batches, plan_batches
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.pooling import PartIndex, plan_pooling, pool
from tunescope.models.tokenized import TokenizedExamples
from tunescope.representations.store import Representations, Storage, StoreInfo, VectorWriter
from tunescope.tasks.example import Example, Target
from tunescope.tasks.task import Task, fingerprint

__all__ = ["extract"]

_SECONDS_BETWEEN_MARKS = 10.0
_TORCH_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def extract(
    model: Encoder | str | Path,
    task: Task,
    split: str,
    folder: Path | str,
    *,
    layers: Sequence[int] | None = None,
    pooling: Pooling | None = None,
    storage: Storage = "float32",
    long_sentences: LongSentences = "error",
    token_budget: int = 4096,
) -> Representations:
    """Write the vectors of a split's targets at every layer to disk, in corpus order.

    The vectors equal transformers' own ``output_hidden_states``, pooled over each target's subwords (float32:
    up to 1e-5). Memory is bounded by a batch and the tokenised split, not by the vectors. An extraction that
    was interrupted goes on where it stopped when called again with the same folder and arguments.

    Args:
        model: A loaded encoder, or a name or folder to load one from.
        task: The task.
        split: ``"train"``, ``"dev"``, ``"test"``, or the name of an out-of-domain set.
        folder: Where the vectors go; made if it is missing.
        layers: Layers to keep: 0 for the embeddings, then 1 … L; all by default.
        pooling: Which subwords a vector is the mean of; by default the mean over a span, CLS for whole texts,
            the last token for decoders.
        storage: Number format on disk.
        long_sentences: ``"error"`` or ``"window"``, see :func:`tunescope.models.alignment.tokenize`.
        token_budget: Most positions in a batch, padding included.

    Returns:
        The vectors, ``layer × example × hidden``; a pair's vector is the concatenation of its two.

    Raises:
        InputError: The split or a layer does not exist, a target has no subword, or a sentence is too long.
        ModelError: The model cannot be loaded.
        RunError: The disk refuses to take the vectors.
    """
    encoder = model if isinstance(model, Encoder) else load_encoder(model)
    folder = Path(folder)
    if split not in task.all_sets:
        raise InputError("There is no such split.", where=task.name, expected=list(task.all_sets), got=split)
    examples = task.all_sets[split]
    chosen = _check_layers(layers, encoder.n_layers)
    pooling = pooling or default_pooling(task.target, encoder.tokenizer)
    tokenized = tokenize(
        encoder.tokenizer,
        examples,
        task.target,
        max_length=encoder.max_length,
        pooling=pooling,
        long_sentences=long_sentences,
    )
    info = StoreInfo(
        model=encoder.checkpoint.name,
        weights_sha256=encoder.weights_sha256,
        task=task.name,
        split=split,
        examples_sha256=fingerprint(examples),
        pooling=pooling,
        storage=storage,
        layers=chosen,
        n_examples=tokenized.n_targets,
        hidden_size=encoder.hidden_size * tokenized.part_start.shape[1],
    )
    with readable_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with VectorWriter(folder, info) as writer:
            _write_vectors(encoder, tokenized, writer, plan_batches(tokenized.lengths, token_budget), split)
            pairs = [(example, target) for example in examples for target in example.targets]
            return writer.finish(
                [example.sentence_id for example, _ in pairs],
                [_target_words(example, target) for example, target in pairs],
                [target.label for _, target in pairs],
            )


def _write_vectors(
    encoder: Encoder, tokenized: TokenizedExamples, writer: VectorWriter, plan: BatchPlan, split: str
) -> None:
    index = PartIndex(tokenized)
    n_done = writer.n_done
    last_mark = time.monotonic()
    batches = iterate_batches(
        tokenized, plan[n_done:], pad_token_id=encoder.tokenizer.pad_token_id, device=encoder.device
    )
    with track(f"vectors of {split}", total=len(plan)) as advance, torch.inference_mode():
        advance(n_done)
        for number, batch in enumerate(batches, start=n_done + 1):
            hidden = encoder.model(**batch.inputs, output_hidden_states=True).hidden_states
            pooling = plan_pooling(tokenized, index, batch.sequences)
            positions, offsets = pooling.positions.to(encoder.device), pooling.offsets.to(encoder.device)
            for row, layer in enumerate(writer.info.layers):
                vectors = _as_stored(pool(hidden[layer], positions, offsets), writer.info.storage)
                for part in np.unique(pooling.part):
                    mine = pooling.part == part
                    column = int(part) * encoder.hidden_size
                    writer.write(row, pooling.target[mine], column, vectors[mine])
            advance()
            if time.monotonic() - last_mark > _SECONDS_BETWEEN_MARKS:
                writer.mark_done(number)
                last_mark = time.monotonic()


def _as_stored(vectors: torch.Tensor, storage: Storage) -> np.ndarray:
    vectors = vectors.to(_TORCH_DTYPES[storage]).cpu()
    return (vectors.view(torch.uint16) if storage == "bfloat16" else vectors).numpy()


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
    """Return the words of a target for people to read: spans joined by an arrow, or the beginning of a text."""
    if target.spans:
        return " → ".join(example.words_of(span) for span in target.spans)
    return example.text if isinstance(example.text, str) else " ".join(example.text)
