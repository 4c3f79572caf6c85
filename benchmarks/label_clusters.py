"""DirectProbe on real tasks at MiniLM's top layer, with shuffled labels beside it: of all targets, and of a sample.

Shuffled labels of all targets may take hours to merge; after ``--time-limit`` seconds the count is what it was then, an
upper bound, with a ``≤``.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import data
import numpy as np

from tunescope import Task, extract
from tunescope.measures.geometry.controls import shuffled_clusters, vacuity
from tunescope.measures.geometry.directprobe import LabelClusters, direct_probe

_SAMPLE = 2500


def _count(found: LabelClusters, started: float) -> str:
    sign = "" if found.finished else "≤ "
    linear = ", linear" if found.is_linear else ""
    return f"{sign}{found.n_clusters:,}{linear} ({time.perf_counter() - started:.1f} s)"


def _measure(title: str, vectors: np.ndarray, labels: np.ndarray, time_limit: float) -> None:
    started = time.perf_counter()
    found = direct_probe(vectors, labels, time_limit=time_limit)
    true = _count(found, started)
    started = time.perf_counter()
    rng = np.random.default_rng(0)
    control = _count(shuffled_clusters(vectors, labels, rng=rng, time_limit=time_limit), started)
    small = vacuity(vectors, labels)
    print(
        f"{title}: {len(vectors):,} × {vectors.shape[1]}, {len(found.labels)} labels: clusters {true};"
        f" shuffled {control}; of {small.n_pairs:,} label pairs {small.n_vacuous:,} separable under any labelling,"
        f" {small.n_near_threshold:,} below Cover's threshold; {found.n_shared} examples with a vector of two labels;"
        f" {'proven' if found.verify(vectors).holds else 'NOT PROVEN'}",
        flush=True,
    )


def main(time_limit: float) -> None:
    """Print a line for all training targets of each task, and one for a sample of them."""
    direct_probe(np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3)  # compiles
    tasks: list[Task] = [
        data.preposition_roles(),
        data.preposition_functions(),
        data.trec(),
        data.dependencies(),
    ]
    for task in tasks:
        with tempfile.TemporaryDirectory() as folder:
            found = extract(data.MODEL, task, "train", folder, device="cpu")
            vectors, labels = found.layer(found.info.layers[-1]), found.labels
            chosen = np.random.default_rng(0).permutation(len(labels))[:_SAMPLE]
            _measure(f"{task.name}, sample", vectors[chosen], labels[chosen], time_limit)
            _measure(task.name, vectors, labels, time_limit)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for merging (default: 60)")
    main(parser.parse_args().time_limit)
