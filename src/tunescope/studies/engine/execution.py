"""Doing a plan: each step once, as soon as what it needs is there; what fails costs only what needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tunescope._core.errors import RunError
from tunescope._core.progress import say, track
from tunescope.runs import StepStore
from tunescope.studies.engine.plan import Plan, PlannedStep
from tunescope.studies.engine.work import Outcome, Work, do

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["execute", "finished"]

_GIGABYTE = 2**30


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


def _work(step: PlannedStep, store: Path) -> Work:
    return Work(step.title, step.step(store), store, step.threads)


def _in_this_process(plan: Plan, store: Path) -> Iterator[Outcome]:
    outcomes: dict[str, Outcome] = {}
    for step in plan:
        needed = [outcomes[need.key] for need in step.needs]
        outcomes[step.key] = do(_work(step, store), needed)
        yield outcomes[step.key]


def _on_cluster(plan: Plan, store: Path, client: Client) -> Iterator[Outcome]:
    """Hand all steps over at once; the scheduler starts each when those that it needs have ended."""
    from distributed import as_completed

    done, offer, run = finished(plan, store), _offer(client), uuid4().hex[:8]
    futures: dict[str, Future[Outcome]] = {}
    for step in plan:
        if step.key in done:
            yield Outcome(key=step.key, title=step.title, status="found")
            continue
        needed = [futures[need.key] for need in step.needs if need.key in futures]
        futures[step.key] = client.submit(
            do,
            _work(step, store),
            needed,
            key=f"{step.folder_name}-{run}",
            pure=False,
            resources=_resources(step, offer),
        )
    waiting = {futures[step.key]: step for step in plan if step.key in futures}
    with _cancelled_at_the_end(client, waiting):
        for future, outcome in as_completed(list(waiting), with_results=True, raise_errors=False):
            step = waiting.pop(future)
            yield outcome if isinstance(outcome, Outcome) else _failed(step, future.exception())


def _failed(step: PlannedStep, error: BaseException | None) -> Outcome:
    """Return how a step ended that did not come to an outcome of its own: its worker died again and again."""
    message = f"{type(error).__name__}: {error}"
    if type(error).__name__ == "KilledWorker":
        message = (
            "its worker died each time that it was tried: perhaps it needs more memory than a worker has"
        )
    return Outcome(key=step.key, title=step.title, status="failed", message=message)


def _offer(client: Client) -> dict[str, float]:
    """Return the most that a worker of the cluster says that it has, of memory in bytes and of GPUs."""
    most: dict[str, float] = {}
    for worker in client.scheduler_info(n_workers=-1)["workers"].values():
        for name, amount in worker.get("resources", {}).items():
            most[name] = max(amount, most.get(name, 0.0))
    return most


def _resources(step: PlannedStep, offer: Mapping[str, float]) -> dict[str, float]:
    """Return what a worker must have for the step, of the kinds of things that the cluster's workers tell of.

    Raises:
        RunError: No worker has so much: the step would wait for ever.
    """
    wanted = {"memory": step.traits.memory_gigabytes * _GIGABYTE, "GPU": float(step.traits.gpu)}
    wanted = {name: amount for name, amount in wanted.items() if amount and name in offer}
    if wanted.get("memory", 0.0) > offer.get("memory", 0.0):
        raise RunError(
            "No worker has enough memory for a step.",
            where=step.title,
            expected=f"{step.traits.memory_gigabytes:.1f} GB",
            got=f"{offer['memory'] / _GIGABYTE:.1f} GB in the largest worker",
            fix="start fewer and larger workers",
        )
    return wanted


@contextmanager
def _cancelled_at_the_end(client: Client, waiting: Mapping[Future[Outcome], PlannedStep]) -> Iterator[None]:
    """Where this is left early, as by Ctrl-C, take back what was not begun."""
    try:
        yield
    finally:
        if waiting:
            client.cancel(list(waiting))
