"""Steps that run models: fine-tuning, and extraction of vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.representations.store import Representations, open_representations
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import checkpoint_of, encoder_of, task_of

__all__ = ["VECTORS", "extract_vectors", "open_vectors", "tune"]

_RUN = "run"
VECTORS = "vectors"
"""The folder of vectors in the result of a step that extracted them."""


@step_function(resumable=True, memory_gigabytes=4, gpu=True)
def tune(
    folder: Path,
    *,
    model: dict[str, str],
    task: dict[str, Any],
    settings: dict[str, Any],
    snapshots: list[int],
    device: str,
) -> None:
    """Fine-tune a model, with snapshots after some steps; a killed training goes on where it was."""
    finetune(
        checkpoint_of(model).name,
        task_of(task),
        folder / _RUN,
        settings=FinetuneSettings(**settings),
        snapshots={"steps": snapshots} if snapshots else None,
        device=device,
    )


@step_function(resumable=True, memory_gigabytes=3, gpu=True)
def extract_vectors(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path | None,
    snapshot: int | None,
    tuned_task: dict[str, Any],
    task: dict[str, Any],
    split: str,
    device: str,
) -> None:
    """Write the vectors of all targets of a split at all layers, of a model before, during or after fine-tuning."""
    data = task_of(task)
    encoder = encoder_of(model, tuned, snapshot, task_of(tuned_task), device)
    write_representations(
        encoder, data.all_sets[split], data.target, folder / VECTORS, task=data.name, split=split
    )


def open_vectors(folder: Path) -> Representations:
    """Open what :func:`extract_vectors` wrote."""
    return open_representations(folder / VECTORS)
