"""Doing a plan: each step once, as soon as what it needs is there; what fails costs only what needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tunescope._core.progress import say, track
from tunescope.runs import StepStore
from tunescope.studies.engine.on_cluster import ClusterRun
from tunescope.studies.engine.plan import Plan
from tunescope.studies.engine.work import Outcome, do

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["execute", "finished"]


def execute(
    plan: Plan,
    store: Path,
    client: Client | None = None,
    *,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> dict[str, Outcome]:
    """Do all steps of a plan that are not done yet, and return how each ended, by its key.

    A step that fails costs only those that need it. Called again, it goes on with what has no result.

    Args:
        plan: The steps.
        store: Folder of results; studies that share it share their steps.
        client: Where to do them: a Dask cluster, whose workers see the same files. None for this process.
        on_outcome: Called with each outcome as it comes.
    """
    outcomes: dict[str, Outcome] = {}
    run = _in_this_process(plan, store) if client is None else _on_cluster(plan, store, client)
    with track("steps of the study", total=len(plan)) as advance:
        for outcome in run:
            outcomes[outcome.key] = outcome
            if outcome.status == "failed":
                say(f"failed: {outcome.title}: {outcome.message.splitlines()[0]}")
            if on_outcome is not None:
                on_outcome(outcome)
            advance()
    return {step.key: outcomes[step.key] for step in plan}


def finished(plan: Plan, store: Path) -> set[str]:
    """Return the keys of the steps whose results are there."""
    steps = StepStore(store)
    return {step.key for step in plan if steps.result_of(step.step(store)) is not None}


def _in_this_process(plan: Plan, store: Path) -> Iterator[Outcome]:
    outcomes: dict[str, Outcome] = {}
    for step in plan:
        needed = [outcomes[need.key] for need in step.needs]
        outcomes[step.key] = do(step.work(store), needed)
        yield outcomes[step.key]


def _on_cluster(plan: Plan, store: Path, client: Client) -> Iterator[Outcome]:
    done = finished(plan, store)
    for step in plan:
        if step.key in done:
            yield Outcome(key=step.key, title=step.title, status="found")
    yield from ClusterRun(plan, store, client, done)
