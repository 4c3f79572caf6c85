"""Steps for the benchmark of the engine of studies; workers find them by this module's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tunescope.measures.geometry.directprobe import direct_probe
from tunescope.studies.engine.step_function import step_function

__all__ = ["cluster", "write_number"]


@step_function()
def cluster(folder: Path, *, seed: int, n_examples: int) -> None:
    """Find the clusters of points whose labels overlap, which takes some seconds on one core."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(10), n_examples // 10)
    points = rng.normal(size=(len(labels), 16)) + rng.normal(size=(10, 16))[labels]
    np.save(folder / "clusters.npy", direct_probe(points, labels.astype(str)).clusters)


@step_function()
def write_number(folder: Path, *, number: int) -> None:
    """Do next to nothing, so that all time is the engine's."""
    (folder / "number.txt").write_text(str(number))
