"""Extraction into a run folder: done once, found again, resumed after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tunescope._core.errors import InputError
from tunescope.models.alignment import LongSentences, Pooling
from tunescope.models.checkpoint import find_checkpoint, state_hash
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.representations.store import Representations, Storage, open_representations
from tunescope.representations.writing import write_representations
from tunescope.runs import Run, Step
from tunescope.tasks.task import Task, fingerprint

__all__ = ["extract"]


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
    device: str = "auto",
    dtype: torch.dtype = torch.float32,
    overwrite: bool = False,
) -> Representations:
    """Write the vectors of a split's targets at every layer to disk, in corpus order.

    The vectors equal transformers' own ``output_hidden_states``, pooled over each target's subwords (float32:
    up to 1e-5). Memory is bounded by a batch and the tokenised split, not by the vectors. Called again after a
    kill, it goes on where it stopped; called again after it finished, it returns at once.

    Args:
        model: A name or folder, or a loaded encoder.
        task: The task.
        split: ``"train"``, ``"dev"``, ``"test"``, or the name of an out-of-domain set.
        folder: The run's folder; it may hold several splits.
        layers: Layers to keep: 0 for the embeddings, then 1 … L; all by default.
        pooling: Which subwords a vector is the mean of; by default the mean over a span, CLS for whole texts,
            the last token for decoders.
        storage: Number format on disk.
        long_sentences: ``"error"`` or ``"window"``, see :func:`tunescope.models.alignment.tokenize`.
        token_budget: Most positions in a batch, padding included.
        device: Where to run a model that is loaded here; ``"auto"`` takes a GPU where there is one.
        dtype: Number format in which a model that is loaded here computes.
        overwrite: Remove a run of other settings that is in ``folder``.

    Returns:
        The vectors, ``layer × example × hidden``; a pair's vector is the concatenation of its two.

    Raises:
        InputError: The split or a layer does not exist, a target has no subword, or a sentence is too long.
        ModelError: The model cannot be loaded.
        RunError: The folder cannot be written or holds a run of other settings.
    """
    if split not in task.all_sets:
        raise InputError("There is no such split.", where=task.name, expected=list(task.all_sets), got=split)
    checkpoint = model.checkpoint if isinstance(model, Encoder) else find_checkpoint(model)
    state = model.state_sha256 if isinstance(model, Encoder) else state_hash(checkpoint)
    settings = {
        "layers": None if layers is None else list(layers),
        "pooling": pooling,
        "storage": storage,
        "long_sentences": long_sentences,
        "dtype": str(model.model.dtype if isinstance(model, Encoder) else dtype),
    }
    run = Run.open(
        folder,
        "extract",
        settings=settings,
        inputs={"task": task.fingerprint, "state": state},
        about={"model": checkpoint.name, "task": task.name},
        overwrite=overwrite,
    )

    def write(step_folder: Path) -> None:
        loaded = model if isinstance(model, Encoder) else load_encoder(checkpoint, device=device, dtype=dtype)
        write_representations(
            loaded,
            task.all_sets[split],
            task.target,
            step_folder,
            task=task.name,
            split=split,
            layers=layers,
            pooling=pooling,
            storage=storage,
            long_sentences=long_sentences,
            token_budget=token_budget,
        )

    step = Step(
        name=f"vectors-{split}",
        inputs={
            **settings,
            "state": state,
            "examples": fingerprint(task.all_sets[split]),
            "target": task.target,
        },
        compute=write,
        resumable=True,
    )
    with run.recording():
        return open_representations(run.perform(step))
