"""The step that tells what reading the test set takes with the upper layers left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tunescope.finetuning.cost import measure_cost
from tunescope.finetuning.training import head_info
from tunescope.measures.estimate import Estimate
from tunescope.models.batching import iterate_batches, plan_batches
from tunescope.models.encoder import load_encoder
from tunescope.models.layer_stack import truncate
from tunescope.models.rows import rows_of
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import checkpoint_of, task_of
from tunescope.studies.steps.operations import passing_operations
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.studies.steps.subsets import subset_of

__all__ = ["measure_inference"]

_TOKEN_BUDGET = 4096
_REPEATS = 3


@step_function(memory_gigabytes=2, gpu=True)
def measure_inference(
    folder: Path,
    *,
    model: dict[str, str],
    task: dict[str, Any],
    test_size: int | None,
    test_seed: int,
    layers: list[int],
    device: str,
) -> None:
    """Measure seconds (the least of three) and operations of one pass over the test sentences, without a head.

    Args:
        folder: Where the figures go.
        model: The pre-trained model; what weights it has makes no difference.
        task: The task.
        test_size: How many test sentences; ``None`` for all.
        test_seed: Which ones.
        layers: How many layers to keep, in turn.
        device: Where to run the model.
    """
    data = task_of(task)
    examples = subset_of(data.splits["test"], test_size, test_seed)
    encoder = load_encoder(checkpoint_of(model), device=device)
    tokenized = rows_of(encoder, head_info(data, encoder.tokenizer), examples).tokenized
    network: Any = encoder.model

    def read() -> float:
        batches = iterate_batches(
            tokenized,
            plan_batches(tokenized.lengths, _TOKEN_BUDGET),
            pad_token_id=encoder.tokenizer.pad_token_id,
            device=encoder.device,
        )
        with torch.inference_mode(), measure_cost(device=str(encoder.device)) as meter:
            for batch in batches:
                network(**batch.inputs)
        return meter.cost.seconds

    rows = []
    for layer in sorted(layers, reverse=True):
        truncate(encoder.model, layer)
        seconds = min(read() for _ in range(_REPEATS))
        for measure, value in (
            ("inference_seconds", seconds),
            ("inference_operations", passing_operations(encoder, tokenized)),
        ):
            estimate = Estimate(value=value, n_examples=len(examples), n_sentences=len(examples))
            rows.append(Row(measure=measure, split="test", layer=layer, estimate=estimate))
    write_rows(folder, rows)
