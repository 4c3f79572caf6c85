"""The step that rolls layers of a fine-tuned model back to their pre-trained weights, and scores what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tunescope.finetuning.rollback import predict_rolled_back, rollback_variants
from tunescope.models.encoder import load_encoder
from tunescope.models.heads.make_head import load_head
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import MODEL, checkpoint_of, encoder_of, task_of
from tunescope.studies.steps.predictions import Metric, Predicted
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.studies.steps.subsets import subset_of

__all__ = ["roll_back"]


@step_function(memory_gigabytes=4, gpu=True)
def roll_back(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path,
    task: dict[str, Any],
    test_size: int | None,
    test_seed: int,
    metric: str,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Score the test set with each of the usual choices of layers rolled back, and against the tuned model itself.

    Args:
        folder: Where the scores go.
        model: The pre-trained model.
        tuned: The step that fine-tuned it, and kept it.
        task: The task.
        test_size: How many test sentences; ``None`` for all.
        test_seed: Which ones.
        metric: Of the scores.
        device: Where to run the models.
        seed: Of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """
    data = task_of(task)
    examples = subset_of(data.splits["test"], test_size, test_seed)
    base = load_encoder(checkpoint_of(model), device=device)
    after = encoder_of(model, tuned, None, data, device)
    head = load_head(tuned / MODEL, after.hidden_size)
    head.to(after.device)
    variants = rollback_variants(after.n_layers)
    found = predict_rolled_back(base, after, head, examples, [frozenset[int](), *variants.values()])
    whole, *others = (Predicted.of(examples, predicted) for predicted in found)
    scorer = Metric(metric, seed, n_resamples, level)
    rows = [Row(measure="score", split="test", label="nothing", estimate=scorer.estimate(whole))]
    for name, predicted in zip(variants, others, strict=True):
        rows += [
            Row(measure="score", split="test", label=name, estimate=scorer.estimate(predicted)),
            Row(measure="change", split="test", label=name, estimate=scorer.difference(whole, predicted)),
        ]
    write_rows(folder, rows)
