"""The step that runs the frozen layers over a training set once, for all trainings that freeze them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tunescope.finetuning.cost import measure_cost
from tunescope.finetuning.frozen_prefix import write_prefixes
from tunescope.finetuning.training import head_info
from tunescope.models.encoder import load_encoder
from tunescope.models.rows import rows_of
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.costs import write_cost
from tunescope.studies.steps.inputs import checkpoint_of, task_of
from tunescope.studies.steps.operations import passing_operations
from tunescope.studies.steps.subsets import task_on_subset

__all__ = ["run_frozen_layers"]


@step_function(memory_gigabytes=3, gpu=True)
def run_frozen_layers(
    folder: Path,
    *,
    model: dict[str, str],
    task: dict[str, Any],
    size: int | None,
    subset_seed: int,
    layers: list[int],
    bf16: bool,
    device: str,
) -> None:
    """Write the vectors of all subwords of a task's training sentences after each of some layers.

    Args:
        folder: Where they go.
        model: The pre-trained model.
        task: The task.
        size: How many training sentences; ``None`` for all.
        subset_seed: Which ones.
        layers: After which layers, from 1.
        bf16: Whether the trainings compute in bfloat16.
        device: Where to run the model.
    """
    subset = task_on_subset(task_of(task), size, subset_seed)
    encoder = load_encoder(checkpoint_of(model), device=device)
    rows = rows_of(encoder, head_info(subset, encoder.tokenizer), subset.splits["train"])
    with measure_cost(device=str(encoder.device)) as meter:
        write_prefixes(encoder, rows.tokenized, layers, folder, bf16=bf16)
    cost = meter.cost.model_copy(update={"operations": passing_operations(encoder, rows.tokenized)})
    write_cost(folder, cost, n_sentences=len(subset.splits["train"]))
