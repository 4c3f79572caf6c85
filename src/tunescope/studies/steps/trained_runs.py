"""What steps need of a training: its snapshots, samples of examples to measure them on, means with intervals."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.finetuning.finetune import open_finetuned
from tunescope.landscapes.example_losses import ExampleLosses
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.studies.steps.inputs import checkpoint_of, task_of
from tunescope.studies.steps.subsets import subset_of

__all__ = ["BOUNDS", "SETS", "mean_over_examples", "open_run", "sets_of_run"]

SETS = {"train": "train", "unseen": "test"}
"""The sets that losses are measured on, and the splits of the task that they are samples of."""

BOUNDS = {
    "loss": (0.0, math.inf),
    "error": (0.0, 1.0),
    "loss_change": (-math.inf, math.inf),
    "error_change": (-1.0, 1.0),
}
"""The smallest and the largest value of what is measured at each example."""

_RUN = "run"


def open_run(model: dict[str, str], tuned: Path, device: str) -> TunedRun:
    """Return a training with its snapshots."""
    return TunedRun.open(open_finetuned(tuned / _RUN), base=checkpoint_of(model), device=device)


def sets_of_run(
    run: TunedRun, task: dict[str, Any], n: int, seed: int, **options: Any
) -> dict[str, ExampleLosses]:
    """Return samples of the training and of the test set, ready to be measured with the training's model.

    Args:
        run: The training.
        task: The task.
        n: Most examples of each.
        seed: Which ones.
        options: As of :class:`~tunescope.landscapes.example_losses.ExampleLosses`.
    """
    splits = task_of(task).splits
    return {
        name: ExampleLosses(run.model, run.encoder, subset_of(splits[split], n, seed), **options)
        for name, split in SETS.items()
    }


def mean_over_examples(
    values: np.ndarray, sentence_ids: np.ndarray, *, bounds: tuple[float, float], seed: int, **options: Any
) -> Estimate:
    """Return a mean with its interval over examples; without one, and with a status, where a value is not finite.

    Args:
        values: Shape (row,); losses, errors or changes of these.
        sentence_ids: Shape (row,); the example of each.
        bounds: Smallest and largest value, such as ``BOUNDS["error"]``. Values between two finite ones are taken for
            counts: equal ones leave uncertainty all the same.
        seed: Of resampling.
        options: As of :func:`~tunescope.measures.intervals.mean_estimate`.
    """
    if not np.isfinite(values).all():
        n = int((~np.isfinite(values)).sum())
        status = f"undefined: {n} of {len(values)} are not finite"
        return Estimate(value=float(values.mean()), n_examples=len(values), status=status)
    rng = make_rng(seed, "landscape", "resampling")
    counts = math.isfinite(bounds[0]) and math.isfinite(bounds[1])
    return mean_estimate(values, sentence_ids, bounds=bounds, counts=counts, rng=rng, **options)
