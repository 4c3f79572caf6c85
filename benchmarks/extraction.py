"""Extraction against the forward passes that it needs, and against the usual loop; peak memory as the corpus grows.

All 7 layers of MiniLM, PUD (token targets) and TREC train (sentences), everything in one process with equal threads,
the three in turn; the ratios are of the fastest of the rounds.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import data
import torch

from tunescope import Encoder, Task, extract, load_encoder
from tunescope.models.alignment import tokenize
from tunescope.models.batching import iterate_batches, plan_batches

_ROUNDS = 3
_TOKEN_BUDGET = 4096


def _extract(encoder: Encoder, tasks: list[Task]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            extract(encoder, task, "train", Path(folder) / task.name, token_budget=_TOKEN_BUDGET)


def _bucketed_passes(encoder: Encoder, tasks: list[Task]) -> None:
    """Run the model over the same batches of similar length, and do nothing with the vectors."""
    for task in tasks:
        tokenized = tokenize(
            encoder.tokenizer_for(task.target),
            task.splits["train"],
            task.target,
            max_length=encoder.max_length,
        )
        plan = plan_batches(tokenized.lengths, _TOKEN_BUDGET)
        pad = encoder.tokenizer.pad_token_id
        for batch in iterate_batches(tokenized, plan, pad_token_id=pad, device=encoder.device):
            encoder.model(**batch.inputs, output_hidden_states=True)


def _usual_loop(encoder: Encoder, tasks: list[Task]) -> None:
    """Run the model in corpus order, 32 sentences at a time, padded to the longest; no pooling, no writing."""
    for task in tasks:
        texts = [e.text if isinstance(e.text, str) else list(e.text) for e in task.splits["train"]]
        words = not isinstance(texts[0], str)
        for first in range(0, len(texts), 32):
            batch = texts[first : first + 32]
            inputs = encoder.tokenizer(batch, is_split_into_words=words, padding=True, return_tensors="pt")
            encoder.model(**inputs, output_hidden_states=True)


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    with torch.inference_mode():
        work()
    return time.perf_counter() - started


def time_extraction() -> None:
    """Print the seconds of the three ways, and their ratios."""
    encoder = load_encoder(data.MODEL, device="cpu")
    tasks = [data.pud(), data.trec()]
    ways = {"extract": _extract, "bucketed passes": _bucketed_passes, "usual loop": _usual_loop}
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            rounds[name].append(_seconds(lambda way=way: way(encoder, tasks)))
    for name, seconds in rounds.items():
        print(f"{name:16s} {min(seconds):6.2f} s  (rounds: {', '.join(f'{s:.2f}' for s in seconds)})")
    best = {name: min(seconds) for name, seconds in rounds.items()}
    print(f"extract / bucketed passes: {best['extract'] / best['bucketed passes']:.2f}  (at most 1.3)")
    print(f"usual loop / extract:      {best['usual loop'] / best['extract']:.2f}  (at least 1.4)")


def _repeated(task: Task, times: int) -> Task:
    train = task.splits["train"]
    copies = [replace(e, sentence_id=f"{i}-{e.sentence_id}") for i in range(times) for e in train]
    return replace(task, splits={**task.splits, "train": tuple(copies)})


def measure_memory(times: int) -> None:
    """Print by how much the peak exceeds the memory of the loaded model and corpus; for a process of its own."""
    encoder = load_encoder(data.MODEL, device="cpu")
    tasks = [_repeated(task, times) for task in (data.pud(), data.trec())]
    with torch.inference_mode():
        encoder.model(input_ids=torch.ones(1, 8, dtype=torch.long))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _extract(encoder, tasks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"corpus × {times:2d}: model and corpus {before / 1024:.0f} MB, peak {peak / 1024:.0f} MB, "
        f"more by {(peak - before) / 1024:.0f} MB  (at most 500)"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "memory":
        measure_memory(int(sys.argv[2]))
    else:
        print(f"{torch.get_num_threads()} threads")
        time_extraction()
        for factor in (1, 10):
            subprocess.run([sys.executable, __file__, "memory", str(factor)], check=True)
