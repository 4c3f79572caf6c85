"""What running frozen layers once saves over running them in every epoch, and rolling back together over one by one.

MiniLM on PUD's parts of speech. Training: three epochs with k layers frozen, with these run in every epoch, run once,
and run once for all k; nothing is dropped out in frozen layers, and the losses must agree. Rollback: the usual variants
together, and each evaluated whole. The ways are timed in turn in one process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import data
import numpy as np
import pandas as pd

from tunescope import Encoder, FinetuneSettings, load_encoder
from tunescope.finetuning.frozen_prefix import write_prefixes
from tunescope.finetuning.rollback import predict_rolled_back, rollback_variants
from tunescope.finetuning.training import head_info, make_task_model, train
from tunescope.models.heads.task_head import TaskHead
from tunescope.models.prediction import predict
from tunescope.models.rows import rows_of

_ROUNDS = 2
_EPOCHS = 3
_SWEEP = (1, 3, 5, 6)
_TOLERANCE = 1e-5


def _trained(n_frozen: int, *, reuse: bool, prefix: Path | None = None) -> tuple[float, pd.DataFrame]:
    settings = FinetuneSettings(
        epochs=_EPOCHS, frozen_layers=n_frozen, reuse_frozen=reuse, learning_rate=3e-4
    )
    task = data.pud()
    encoder = load_encoder(data.MODEL, device="cpu")
    model = make_task_model(encoder, task, settings)
    started = time.perf_counter()
    history = train(model, encoder, task, settings, [], None, prefix=prefix)
    return time.perf_counter() - started, history


def compare_freezing() -> None:
    """Print the seconds of training with frozen layers, run in every epoch, run once, and run once for all numbers."""
    plain: dict[int, list[float]] = {n: [] for n in _SWEEP}
    alone: dict[int, list[float]] = {n: [] for n in _SWEEP}
    sharing: dict[int, list[float]] = {n: [] for n in _SWEEP}
    shared: list[float] = []
    deviation = 0.0
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            seconds, paths = _shared_prefixes(Path(folder))
            shared.append(seconds)
            for n_frozen in _SWEEP:
                seconds, usual = _trained(n_frozen, reuse=False)
                plain[n_frozen].append(seconds)
                seconds, again = _trained(n_frozen, reuse=True)
                alone[n_frozen].append(seconds)
                deviation = max(deviation, float(np.abs(usual["loss"] / again["loss"] - 1).max()))
                sharing[n_frozen].append(_trained(n_frozen, reuse=True, prefix=paths[n_frozen])[0])
    for n_frozen in _SWEEP:
        every, once, there = (min(each[n_frozen]) for each in (plain, alone, sharing))
        target = {3: " (at least 1.25)", 5: " (at least 1.8)"}.get(n_frozen, "")
        print(
            f"{n_frozen} frozen layers: {every:5.1f} s run in every epoch; {once:5.1f} s run once for itself:"
            f" {every / once:.2f} × faster; {there:5.1f} s run already: {every / there:.2f} × faster{target}"
        )
    in_turn = sum(min(rounds) for rounds in plain.values())
    together = min(shared) + sum(min(rounds) for rounds in sharing.values())
    print(
        f"all of these: {in_turn:.1f} s in turn, {together:.1f} s sharing ({min(shared):.1f} s for the pass):"
        f" {in_turn / together:.2f} × faster (at least 1.2)"
    )
    print(f"largest relative difference of a loss: {deviation:.1e} (at most {_TOLERANCE:.0e})")


def _shared_prefixes(folder: Path) -> tuple[float, dict[int, Path]]:
    """Run the frozen layers once for all numbers of them; return the seconds and the files."""
    task = data.pud()
    encoder = load_encoder(data.MODEL, device="cpu")
    started = time.perf_counter()
    tokenized = rows_of(encoder, head_info(task, encoder.tokenizer), task.splits["train"]).tokenized
    paths = write_prefixes(encoder, tokenized, _SWEEP, folder)
    return time.perf_counter() - started, paths


def compare_rollback() -> None:
    """Print the seconds of evaluating all usual variants, together and one by one."""
    settings = FinetuneSettings(epochs=1, learning_rate=3e-4)
    base, encoder = (load_encoder(data.MODEL, device="cpu") for _ in range(2))
    model = make_task_model(encoder, data.pud(), settings)
    train(model, encoder, data.pud(), settings, [], None)
    model.eval()
    model.requires_grad_(False)
    variants = list(rollback_variants(encoder.n_layers).values())
    together, alone = [], []
    for _ in range(_ROUNDS):
        together.append(_seconds(lambda: _rolled_back(base, encoder, model.head, variants)))
        alone.append(_seconds(lambda: [_evaluated(encoder, model.head) for _ in variants]))
    found = _rolled_back(base, encoder, model.head, variants)
    expected = [_rolled_back(base, encoder, model.head, [variant])[0] for variant in variants]
    agree = np.mean([np.mean(a == b) for a, b in zip(found, expected, strict=True)])
    print(
        f"rollback of {len(variants)} variants: {min(alone):.1f} s one by one, {min(together):.1f} s together:"
        f" {min(alone) / min(together):.2f} × faster (at least 1.6); {agree:.2%} of predictions agree"
    )


def _rolled_back(
    base: Encoder, tuned: Encoder, head: TaskHead, variants: list[frozenset[int]]
) -> list[np.ndarray]:
    return predict_rolled_back(base, tuned, head, data.pud().splits["test"], variants)


def _evaluated(tuned: Encoder, head: TaskHead) -> np.ndarray:
    """Return the predictions of a whole model; what its weights are makes no difference to the time."""
    return predict(tuned, head, data.pud().splits["test"])


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    compare_rollback()
    compare_freezing()
