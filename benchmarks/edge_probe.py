"""Edge probing of MiniLM: micro-F1 by layer and over layers 0 … l with 95 % intervals, mix weights, seconds.

Parts of speech and dependency relations of PUD, roles and functions of prepositions in STREUSLE; probes of all single
layers and of all mixes are trained together.
"""

from __future__ import annotations

import tempfile
import time

import data

from tunescope import Task, extract
from tunescope.measures.estimate import Estimate
from tunescope.measures.probing.edge_probe import fit_edge_probes
from tunescope.measures.probing.edge_scores import ProbeScore, layer_scores
from tunescope.measures.probing.labelled_spans import LabelledSpans
from tunescope.tasks.word_targets import word_targets, word_task


def _spans(task: Task, split: str, folder: str) -> LabelledSpans:
    vectors = extract(data.MODEL, word_task(task), split, folder, device="cpu").to_xarray().to_numpy()
    words = word_targets(task.splits[split])
    return LabelledSpans(vectors, words.spans, words.labels, words.sentence_ids)


def _figure(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _row(layer: int, each: ProbeScore, mixed: ProbeScore, weight: float) -> str:
    figures = [_figure(score) for score in (each.micro_f1, each.accuracy, mixed.micro_f1, mixed.accuracy)]
    ends = f"{each.probe.best_epoch:>3} {mixed.probe.best_epoch:>3}"
    return f"  {layer}  " + "  ".join(figures) + f"  {weight:.3f}  {ends}"


def _measure(task: Task, folder: str) -> None:
    train, test = (_spans(task, split, folder) for split in ("train", "test"))
    started = time.perf_counter()
    probes = fit_edge_probes(train, seed=0, device="cpu")
    trained = time.perf_counter()
    scores = layer_scores(probes, test, seed=0, device="cpu")
    finished = time.perf_counter()
    print(
        f"{task.name}: {len(train):,} + {len(test):,} examples, {len(probes.labels)} labels;"
        f" {len(probes.probes)} probes in {trained - started:.0f} s, scores in {finished - trained:.1f} s"
    )
    column = "{:<22}  {:<22}  {:<22}  {:<22}  weight  epochs"
    print("  l  " + column.format("micro-F1 of l", "accuracy of l", "micro-F1 of 0…l", "accuracy of 0…l"))
    assert scores.mix is not None
    rows = zip(scores.each, scores.cumulative, scores.mix.weights, strict=True)
    for layer, (each, mixed, weight) in enumerate(rows):
        print(_row(layer, each, mixed, float(weight)))
    print(
        f"  centre of gravity {scores.mix.centre_of_gravity:.2f}, divergence {scores.mix.divergence:.3f} nats,"
        f" expected layer {_figure(scores.expected_layer)}\n",
        flush=True,
    )


def main() -> None:
    """Print a table for each task."""
    tasks = (data.pud(), data.dependencies(), data.preposition_roles(), data.preposition_functions())
    for task in tasks:
        with tempfile.TemporaryDirectory() as folder:
            _measure(task, folder)


if __name__ == "__main__":
    main()
