"""The step that tells how far fine-tuning moved the weights of each layer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tunescope.models.encoder import load_encoder
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.weights import weight_measurements
from tunescope.studies.steps.inputs import checkpoint_of, encoder_of, task_of
from tunescope.studies.steps.rows import Row, write_rows

__all__ = ["compare_weights"]


@step_function(memory_gigabytes=3)
def compare_weights(folder: Path, *, model: dict[str, str], tuned: Path, tuned_task: dict[str, Any]) -> None:
    """Measure the relative update of the embeddings (layer 0) and of each layer.

    Args:
        folder: Where the figures go.
        model: The pre-trained model.
        tuned: The step that fine-tuned it.
        tuned_task: The task that it was tuned on.
    """
    base = load_encoder(checkpoint_of(model), device="cpu")
    after = encoder_of(model, tuned, None, task_of(tuned_task), "cpu")
    rows = [
        Row(measure=found.measure, layer=_layer(found.part or ""), estimate=found.estimate)
        for found in weight_measurements(base, after)
    ]
    write_rows(folder, rows)


def _layer(part: str) -> int:
    """Return the number of a part of the model such as ``"layer 3"``; 0 for the embeddings."""
    number = re.fullmatch(r"layer (\d+)", part)
    return 0 if number is None else int(number[1])
