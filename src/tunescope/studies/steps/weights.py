"""Steps that tell how far fine-tuning moved the weights of each layer, along how many directions, and which way."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.weights.intruder_dimensions import intruder_dimensions
from tunescope.measures.weights.task_vectors import task_vector_cosine
from tunescope.measures.weights.update_spectra import update_spectra
from tunescope.measures.weights.weight_change import part_of_parameter
from tunescope.models.encoder import load_encoder
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.weights import weight_measurements, weights_as_arrays
from tunescope.studies.steps.inputs import checkpoint_of, encoder_of, task_of
from tunescope.studies.steps.rows import Row, write_rows

__all__ = ["compare_updates", "compare_weights", "look_into_update"]

_EMBEDDINGS, _TOTAL = "embeddings", "total"


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


@step_function(memory_gigabytes=3)
def look_into_update(folder: Path, *, model: dict[str, str], tuned: Path, tuned_task: dict[str, Any]) -> None:
    """Measure along how many directions each layer's matrices moved, and count their intruder dimensions.

    Ranks and shares are means over the layer's matrices that moved; intruders are counted over all of them, of the ten
    leading directions of each.
    """
    base, after = _states(model, tuned, tuned_task)
    spectra, intruders = update_spectra(base, after), intruder_dimensions(base, after)
    by_layer: dict[int, dict[str, list[float]]] = {}
    for name, spectrum in spectra.items():
        part = part_of_parameter(name)
        if part != _EMBEDDINGS and "layer" not in part:
            continue
        figures = by_layer.setdefault(_layer(part), defaultdict(list))
        for measure in ("stable_rank", "effective_rank", "top_share"):
            figures[f"update_{measure}"].append(getattr(spectrum, measure))
        figures["intruder_dimensions"].append(intruders[name].count)
        figures["leading_dimensions"].append(len(intruders[name].max_cosines))
    rows = [
        Row(measure=measure, layer=layer, estimate=_summed(measure, values))
        for layer, figures in sorted(by_layer.items())
        for measure, values in figures.items()
    ]
    write_rows(folder, rows)


@step_function(memory_gigabytes=4)
def compare_updates(
    folder: Path,
    *,
    model: dict[str, str],
    first: Path,
    first_task: dict[str, Any],
    second: Path,
    second_task: dict[str, Any],
) -> None:
    """Measure the cosine between two runs' updates of each layer's weights, and of all of them (without a layer)."""
    base, one = _states(model, first, first_task)
    _, other = _states(model, second, second_task)
    rows = [
        Row(
            measure="update_cosine",
            layer=None if part == _TOTAL else _layer(part),
            estimate=estimate,
        )
        for part, estimate in task_vector_cosine(base, one, other).items()
        if part in (_EMBEDDINGS, _TOTAL) or "layer" in part
    ]
    write_rows(folder, rows)


def _states(
    model: dict[str, str], tuned: Path, tuned_task: dict[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the weights before and after."""
    base = load_encoder(checkpoint_of(model), device="cpu")
    after = encoder_of(model, tuned, None, task_of(tuned_task), "cpu")
    return weights_as_arrays(base), weights_as_arrays(after)


def _summed(measure: str, values: list[float]) -> Estimate:
    """Return the figure of a layer's matrices: counts add up, others are means over what is defined."""
    defined = [value for value in values if math.isfinite(value)]
    if not defined:
        return Estimate(value=math.nan, status="undefined: no matrix of this layer moved")
    total = math.fsum(defined)
    return Estimate(
        value=total if measure.endswith("_dimensions") else total / len(defined), n_examples=len(defined)
    )


def _layer(part: str) -> int:
    """Return the number of a part of the model such as ``"layer 3"``; 0 for the embeddings."""
    number = re.fullmatch(r"layer (\d+)", part)
    return 0 if number is None else int(number[1])
