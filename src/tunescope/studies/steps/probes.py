"""Steps that train classifier probes, and the paired difference of two of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.measures.probing.linear_probe import fit_linear_probe
from tunescope.measures.probing.mlp_settings import FAST
from tunescope.measures.probing.probe_grid import probe_grid
from tunescope.representations.store import Representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.models import open_vectors
from tunescope.studies.steps.rows import Row, write_rows

__all__ = ["compare_probes", "probe_layer"]

Search = Literal["linear", "halving", "full"]
_RIGHT = "right.npy"


@step_function(memory_gigabytes=4, gpu=True)
def probe_layer(
    folder: Path,
    *,
    train: Path,
    test: Path,
    layer: int,
    search: Search,
    seed: int,
    n_resamples: int,
    level: float,
    device: str,
) -> None:
    """Train a classifier on one layer's vectors of a training set, and score it on the test set.

    ``"linear"`` is logistic regression; the others choose a perceptron from the grid of Zhou and Srikumar (2022) and
    refit it with five seeds, whose answers are averaged example by example.
    """
    known, unseen = open_vectors(train), open_vectors(test)
    right, rows, notes = (
        _linear(known, unseen, layer, seed)
        if search == "linear"
        else _grid(known, unseen, layer, search, seed, device)
    )
    np.save(folder / _RIGHT, right)
    accuracy = _estimate(right, unseen, seed, {"n_resamples": n_resamples, "level": level})
    place: dict[str, Any] = {"split": "test", "layer": layer}
    figures = [Row(measure=name, estimate=estimate, **place) for name, estimate in rows.items()]
    write_rows(folder, [Row(measure="accuracy", estimate=accuracy, **place), *figures], notes)


@step_function()
def compare_probes(
    folder: Path,
    *,
    before: Path,
    after: Path,
    test: Path,
    layer: int,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Subtract the accuracies of two probes of the same test examples, paired over sentences."""
    gain = np.load(after / _RIGHT) - np.load(before / _RIGHT)
    options = {"n_resamples": n_resamples, "level": level}
    estimate = _estimate(gain, open_vectors(test), seed, options, lowest=-1.0)
    write_rows(folder, [Row(measure="accuracy_gain", split="test", layer=layer, estimate=estimate)])


def _linear(
    train: Representations, test: Representations, layer: int, seed: int
) -> tuple[np.ndarray, dict[str, Estimate], tuple[str, ...]]:
    probe = fit_linear_probe(train.layer(layer), train.labels, seed=seed)
    right = (probe.predict(test.layer(layer)) == test.labels).astype(np.float64)
    return right, {}, () if probe.status == "ok" else (probe.status,)


def _grid(
    train: Representations, test: Representations, layer: int, search: Search, seed: int, device: str
) -> tuple[np.ndarray, dict[str, Estimate], tuple[str, ...]]:
    grid = probe_grid(
        train.layer(layer),
        train.labels,
        sentence_ids=train.sentence_ids,
        search="full" if search == "full" else "halving",
        settings=FAST,
        seed=seed,
        device=device,
    )
    rights = np.array([probe.right(test.layer(layer), test.labels) for probe in grid.probes])
    spread = float(rights.mean(axis=1).std(ddof=1))
    sizes = grid.best_hidden_sizes
    figures = {
        "accuracy_sd": Estimate(value=spread, n_examples=len(rights)),
        "hidden_1": Estimate(value=sizes[0]),
        "hidden_2": Estimate(value=sizes[1]),
        "penalty": Estimate(value=grid.best_penalty),
    }
    return rights.mean(axis=0), figures, grid.notes


def _estimate(
    values: np.ndarray, test: Representations, seed: int, options: dict[str, Any], lowest: float = 0.0
) -> Estimate:
    if not np.isfinite(values).all():
        return Estimate(value=math.nan, n_examples=len(values), status="undefined: a training diverged")
    rng = make_rng(seed, "study", "resampling")
    return mean_estimate(values, test.sentence_ids, bounds=(lowest, 1.0), counts=True, rng=rng, **options)
