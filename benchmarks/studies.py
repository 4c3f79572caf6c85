"""The engine of studies: two workers against one, what it adds to the steps' own time, and 10,000 trivial steps."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import study_steps

from tunescope.runs import StepStore
from tunescope.studies.engine.cluster import connect
from tunescope.studies.engine.execution import execute
from tunescope.studies.engine.plan import Plan


def independent_steps(n: int, n_examples: int) -> Plan:
    """Return a plan of steps of some seconds each that need nothing of one another."""
    plan = Plan()
    for seed in range(n):
        plan.add(study_steps.cluster, title=f"clusters {seed}", seed=seed, n_examples=n_examples)
    return plan


def trivial_steps(n: int) -> Plan:
    """Return a plan of steps that do next to nothing."""
    plan = Plan()
    for number in range(n):
        plan.add(study_steps.write_number, title=f"number {number}", number=number)
    return plan


def timed(make_plan: Callable[[], Plan], workers: int | None) -> tuple[float, float, float]:
    """Do a plan in a store of its own; None workers is this process.

    Returns:
        Seconds from the start of the workers to their end; of the steps, from the first handed over to the last
        result; and the steps' own, added up.
    """
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = Path(folder).absolute() / "store"
        started = time.perf_counter()
        with connect("in-process" if workers is None else "local", workers) as client:
            execute(
                independent_steps(2 * (workers or 1), 200), store / "warm-up", client
            )  # imports, compilation
            plan = make_plan()
            handed_over = time.perf_counter()
            outcomes = execute(plan, store, client)
            done = time.perf_counter()
        ended = time.perf_counter()
        assert all(outcome.status == "done" for outcome in outcomes.values())
        records = [StepStore(store).record_of(step.step(store)) for step in plan]
        own = sum(record.elapsed_seconds for record in records if record is not None)
    return ended - started, done - handed_over, own


def compare_workers(n_steps: int, n_examples: int, repetitions: int) -> None:
    """Print what two workers gain on one, and what the engine adds to the steps' own time."""
    for _ in range(repetitions):
        for workers in (None, 1, 2):
            whole, steps, own = timed(lambda: independent_steps(n_steps, n_examples), workers)
            name = "this process" if workers is None else f"{workers} workers" if workers > 1 else "1 worker"
            print(
                f"{name:13} {n_steps} steps: {steps:6.1f} s, with start and end of the workers {whole:6.1f} s;"
                f" the steps' own time {own:6.1f} s, overhead {100 * (steps * (workers or 1) / own - 1):+.1f} %",
                flush=True,
            )
            if workers == 1:
                one = steps
        print(f"two workers against one: {one / steps:.2f} x", flush=True)


def schedule_many(n_steps: int) -> None:
    """Print how long trivial steps take, each of which is written to disk like any other."""
    for workers in (None, 1, 2):
        _, steps, _ = timed(lambda: trivial_steps(n_steps), workers)
        name = "this process" if workers is None else f"{workers} workers" if workers > 1 else "1 worker"
        print(
            f"{name:13} {n_steps:,} trivial steps: {steps:.1f} s, {1000 * steps / n_steps:.2f} ms each",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=12, help="independent steps (default: 12)")
    parser.add_argument(
        "--examples", type=int, default=20_000, help="points in each of them (default: 20000)"
    )
    parser.add_argument("--repetitions", type=int, default=2, help="of the comparison (default: 2)")
    parser.add_argument("--trivial", type=int, default=10_000, help="trivial steps (default: 10000)")
    parser.add_argument("--only", choices=["workers", "trivial"], help="one of the two parts")
    arguments = parser.parse_args()
    if arguments.only != "trivial":
        compare_workers(arguments.steps, arguments.examples, arguments.repetitions)
    if arguments.only != "workers":
        schedule_many(arguments.trivial)
