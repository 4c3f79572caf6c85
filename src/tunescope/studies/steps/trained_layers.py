"""Steps that look at the layers of a training: how far each travelled, and what its training brought."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tunescope.landscapes.displacement import displaced
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.random_direction import random_direction_length
from tunescope.landscapes.travelled import travelled
from tunescope.measures.estimate import Estimate
from tunescope.measures.landscape.distance_travelled import Distance
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.studies.steps.trained_runs import BOUNDS, mean_over_examples, open_run, sets_of_run

__all__ = ["measure_travel", "put_layers_back"]


@step_function(version=2, memory_gigabytes=3)
def measure_travel(folder: Path, *, model: dict[str, str], tuned: Path) -> None:
    """Measure how far the weights travelled over the snapshots, in total and by layer, and how long they are; exact.

    Args:
        folder: Where the figures go.
        model: The pre-trained model.
        tuned: The step that trained it, with snapshots.
    """
    run = open_run(model, tuned, "cpu")
    found = travelled(run)
    by_layer: list[tuple[int | None, Distance]] = [(None, found.total), *enumerate(found.layers)]
    rows = [
        Row(
            measure=name,
            layer=layer,
            estimate=Estimate(value=value, status=distance.status if math.isnan(value) else "ok"),
        )
        for layer, distance in by_layer
        for name, value in distance.model_dump(exclude={"status"}).items()
    ]
    length = random_direction_length(MovedWeights.of(run.model), run.end)
    status = "ok" if math.isfinite(length) else "undefined: a weight is not finite"
    rows.append(Row(measure="random_direction_length", estimate=Estimate(value=length, status=status)))
    write_rows(folder, rows)


@step_function(version=3, memory_gigabytes=4, gpu=True)
def put_layers_back(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path,
    task: dict[str, Any],
    n_examples: int,
    sample_seed: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Give each layer alone the weights from before the training, and measure how loss and error change.

    The other weights are those of the end. Changes are paired over examples.

    Args:
        folder: Where the figures go.
        model: The pre-trained model.
        tuned: The step that trained it, with snapshots.
        task: The task.
        n_examples: Most examples of the training set and of the test set each.
        sample_seed: Which ones.
        device: Where.
        seed: Of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """
    run = open_run(model, tuned, device)
    sets = sets_of_run(run, task, n_examples, sample_seed)
    at_end = {name: examples.measure() for name, examples in sets.items()}
    rows = []
    for layer in range(run.encoder.n_layers + 1):
        weights = MovedWeights.of(run.model, layers=[layer], head=False)
        with displaced(weights, weights.flat(run.start)):
            put_back = {name: examples.measure() for name, examples in sets.items()}
        for name, examples in sets.items():
            changes = {
                "loss_change": put_back[name].losses - at_end[name].losses,
                "error_change": put_back[name].wrong - at_end[name].wrong,
            }
            for measure, values in changes.items():
                estimate = mean_over_examples(
                    values,
                    examples.sentence_ids,
                    bounds=BOUNDS[measure],
                    seed=seed,
                    n_resamples=n_resamples,
                    level=level,
                )
                rows.append(Row(measure=measure, split=name, layer=layer, estimate=estimate))
    write_rows(folder, rows)
