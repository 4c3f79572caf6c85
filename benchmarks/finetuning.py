"""What batches of similar length save in fine-tuning, and what snapshots cost; MiniLM on PUD POS, one process.

The steps of one epoch are timed with the Trainer's own order (random batches) and with ours, in turn; then with and
without a snapshot and the vectors of 1,000 tokens every 20 steps.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import data
import numpy as np
import torch

import tunescope.finetuning.training as training
from tunescope import FinetuneSettings, SnapshotCallback, VectorCapture, load_encoder
from tunescope._core.seeds import make_rng
from tunescope.finetuning.batches import LengthGroupedBatches
from tunescope.models.alignment import tokenize

_ROUNDS = 3
_SETTINGS = FinetuneSettings(epochs=1)
_LONGER = FinetuneSettings(epochs=4)


class RandomBatches(LengthGroupedBatches):
    """The Trainer's default: batches of sentences in random order."""

    def __iter__(self) -> Iterator[list[int]]:
        order = make_rng(0, "random order").permutation(len(self._lengths))
        for first in range(0, len(order), self._batch_size):
            yield order[first : first + self._batch_size].tolist()


def _padding(batches: LengthGroupedBatches, lengths: np.ndarray) -> float:
    """Return positions with padding over positions without."""
    return sum(len(batch) * lengths[batch].max() for batch in batches) / lengths.sum()


def _train_seconds(batches: type[LengthGroupedBatches], settings: FinetuneSettings, callbacks: list) -> float:
    training.LengthGroupedBatches = batches
    encoder = load_encoder(data.MODEL, device="cpu")
    model = training.make_task_model(encoder, data.pud(), settings)
    started = time.perf_counter()
    training.train(model, encoder, data.pud(), settings, callbacks, None)
    return time.perf_counter() - started


def compare_batches() -> None:
    """Print the seconds of an epoch in both orders."""
    task, encoder = data.pud(), load_encoder(data.MODEL, device="cpu")
    lengths = tokenize(
        encoder.tokenizer_for(task.target), task.splits["train"], task.target, max_length=encoder.max_length
    ).lengths
    ways = {"Trainer's default": RandomBatches, "similar length": LengthGroupedBatches}
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            rounds[name].append(_train_seconds(way, _SETTINGS, []))
    for name, way in ways.items():
        padding = _padding(way(lengths, _SETTINGS.batch_size, 0), lengths)
        shown = ", ".join(f"{s:.1f}" for s in rounds[name])
        print(f"{name:18s} {min(rounds[name]):5.1f} s an epoch, padding × {padding:.2f}  (rounds: {shown})")
    ratio = min(rounds["Trainer's default"]) / min(rounds["similar length"])
    print(f"default / similar length: {ratio:.2f}  (at least 1.3)")


def price_snapshots() -> None:
    """Print what a snapshot with the vectors of 1,000 tokens every 20 steps adds to the training."""
    encoder = load_encoder(data.MODEL, device="cpu")
    capture = VectorCapture(encoder, data.pud(), max_targets=1000)
    without: list[float] = []
    within: list[float] = []
    n_steps = 0
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            timed = TimedSnapshots(Path(folder), every=20, capture=capture)
            total = _train_seconds(LengthGroupedBatches, _LONGER, [timed])
            within.append(timed.seconds)
            without.append(total - timed.seconds)
            n_steps = timed.n_taken
    shares = [a / b for a, b in zip(within, without, strict=True)]
    print(f"{n_steps} snapshots: {min(within):.2f} s of {min(without) + min(within):.1f} s of training")
    print(
        f"share of the training time: {100 * min(shares):.1f} %  (at most 5; rounds: "
        f"{', '.join(f'{100 * s:.1f}' for s in shares)})"
    )


class TimedSnapshots(SnapshotCallback):
    """Measures the time that the snapshots between the first and the last step take."""

    seconds = 0.0
    n_taken = 0

    def on_step_end(self, args, state, control, **kwargs) -> None:
        started = time.perf_counter()
        super().on_step_end(args, state, control, **kwargs)
        if state.global_step % 20 == 0:
            self.n_taken += 1
            self.seconds += time.perf_counter() - started


if __name__ == "__main__":
    print(f"{torch.get_num_threads()} threads")
    compare_batches()
    price_snapshots()
