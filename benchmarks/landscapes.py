"""Points of a loss surface against the package loss-landscapes and against bare forward passes, in one run.

MiniLM with a head for TREC on 500 questions, on a plane from one set of weights to two others. What is compared moves
the weights in place and averages the loss over batches of 32 in the order of the data, without gradients, which its own
metric would keep. loss-landscapes is no dependency: pip install --no-deps loss-landscapes.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import data
import numpy as np
import torch

from tunescope import FinetuneSettings, load_encoder
from tunescope.finetuning.batches import Collator
from tunescope.finetuning.training import make_task_model
from tunescope.landscapes.example_losses import ExampleLosses
from tunescope.landscapes.flat_vectors import Flat
from tunescope.landscapes.loss_surface import measure_surface
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.random_direction import random_direction
from tunescope.models.encoder import Encoder
from tunescope.models.rows import rows_of
from tunescope.models.task_model import TaskModel
from tunescope.tasks.task import Examples

_N_EXAMPLES, _BATCH = 500, 32
_STEPS, _ROUNDS = 3, 3
_REACH = 0.2
"""How far the two ends lie off, as a share of the weights' own lengths."""


class _Landscape:
    """A model, examples, and a plane through its weights."""

    def __init__(self) -> None:
        task = data.trec()
        self.encoder = load_encoder(data.MODEL, device="cpu")
        self.model = make_task_model(self.encoder, task, FinetuneSettings())
        self.model.eval()
        self.model.requires_grad_(False)
        self.examples = task.splits["train"][:_N_EXAMPLES]
        self.weights = MovedWeights.of(self.model)
        self.origin = self.weights.flat()
        self.directions = [_REACH * random_direction(self.weights, self.origin, seed=seed) for seed in (0, 1)]
        self.axes = [np.arange(_STEPS) / _STEPS, np.arange(_STEPS + 1) / _STEPS]

    def ours(self, examples: ExampleLosses) -> np.ndarray:
        surface = measure_surface(self.weights, self.origin, self.directions, self.axes, {"train": examples})
        return surface["train"].loss

    def at_end(self, direction: Flat) -> TaskModel:
        """Return a copy of the model with the weights of a direction's end."""
        moved = copy.deepcopy(self.model)
        parameters = dict(torch.nn.Module.named_parameters(moved))
        for name, values in self.weights.split(self.origin + direction):
            parameters[name].copy_(values)
        return moved


def _theirs(landscape: _Landscape) -> np.ndarray:
    import loss_landscapes
    from loss_landscapes.metrics import Metric

    batches = _batches(landscape.model, landscape.encoder, landscape.examples)

    class MeanLoss(Metric):  # type: ignore[misc]
        def __call__(self, wrapper: object) -> float:
            model = wrapper.modules[0]  # type: ignore[attr-defined]
            with torch.no_grad():
                losses = [float(model(**batch)["loss"]) * len(batch["labels"]) for batch in batches]
            return sum(losses) / len(landscape.examples)

    start = copy.deepcopy(landscape.model)
    ends = [landscape.at_end(direction) for direction in landscape.directions]
    found: np.ndarray = loss_landscapes.planar_interpolation(start, *ends, MeanLoss(), steps=_STEPS)
    return found


def _at_their_places(surface: np.ndarray) -> np.ndarray:
    """Return our losses where theirs are: one step further along the second direction in every other row."""
    return np.array([row[1:] if number % 2 == 0 else row[:-1] for number, row in enumerate(surface)])


def _batches(model: TaskModel, encoder: Encoder, examples: Examples) -> list[dict[str, torch.Tensor]]:
    rows = rows_of(encoder, model.info, examples)
    collate = Collator(rows, model.head.encode(rows.labels), encoder.tokenizer.pad_token_id)
    return [
        collate(list(range(first, min(first + _BATCH, len(examples)))))
        for first in range(0, len(examples), _BATCH)
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print seconds for each point, ratios, and how far losses are apart."""
    landscape = _Landscape()
    exact, near = (
        ExampleLosses(landscape.model, landscape.encoder, landscape.examples, bf16=bf16)
        for bf16 in (False, True)
    )
    n_points = _STEPS**2
    has_other = find_spec("loss_landscapes") is not None
    ours, bare, theirs = [], [], []
    for _ in range(_ROUNDS):
        ours.append(_seconds(lambda: landscape.ours(exact)) / (_STEPS * (_STEPS + 1)))
        bare.append(_seconds(lambda: [exact.measure() for _ in range(n_points)]) / n_points)
        if has_other:
            theirs.append(_seconds(lambda: _theirs(landscape)) / n_points)
    print(
        f"{_N_EXAMPLES} questions, {n_points} points: {min(ours):.3f} s a point, bare bucketed forward passes"
        f" {min(bare):.3f} s: {min(ours) / min(bare):.2f} × (at most 1.1)"
    )
    surface = landscape.ours(exact)
    if has_other:
        difference = np.abs(_theirs(landscape) - _at_their_places(surface)).max()
        print(
            f"loss-landscapes, batches of {_BATCH}: {min(theirs):.3f} s a point: {min(theirs) / min(ours):.2f} × as"
            f" long (at least 1.6); losses differ by at most {difference:.1e} (at most 1e-5)"
        )
    else:
        print("loss-landscapes is not installed: pip install --no-deps loss-landscapes", file=sys.stderr)
    started = time.perf_counter()
    deviation = np.abs(landscape.ours(near) - surface).max()
    print(
        f"bfloat16: {(time.perf_counter() - started) / surface.size:.3f} s a point; losses of {surface.mean():.2f} on"
        f" average differ by at most {deviation:.1e}"
    )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    main()
