"""Doing steps on a cluster: each is handed over when what it needs has ended, and not many more than workers can take.

A scheduler blames all steps that it has given to a worker when that worker dies. Handing over a few at a time keeps the
blame with those that ran.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tunescope._core.progress import say
from tunescope.runs import StepStore
from tunescope.studies.engine.cluster import GIGABYTE
from tunescope.studies.engine.plan import Plan, PlannedStep
from tunescope.studies.engine.work import Outcome, do

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterRun"]

_STEPS_PER_THREAD = 3
"""So many are with the cluster for each of its threads: one that runs, and others that wait on the spot."""
_FEWEST_STEPS = 8
_SECONDS_BETWEEN_COUNTS = 5.0
_SECONDS_UNTIL_SEEN = 30.0
"""A file system over a network may take a while to show a folder that another machine made."""
_TRIES = 2
"""How often a step is handed over whose worker died each time, which the scheduler tries four times itself."""


class ClusterRun:
    """The steps of a plan that are not done yet, on their way through a cluster.

    Args:
        plan: The steps.
        store: Folder of results; the workers see the same files.
        client: The cluster.
        done: Keys of the steps whose results are there.

    """

    def __init__(self, plan: Plan, store: Path, client: Client, done: set[str]) -> None:
        from distributed import as_completed

        self._store, self._client = store, client
        self._steps = [step for step in plan if step.key not in done]
        self._offer = _offer(client) if self._steps else {}
        numbers = {step.key: number for number, step in enumerate(self._steps)}
        self._needs = [
            [numbers[need.key] for need in step.needs if need.key in numbers] for step in self._steps
        ]
        self._missing = [len(needs) for needs in self._needs]
        self._needed_by: list[list[int]] = [[] for _ in self._steps]
        for number, needs in enumerate(self._needs):
            for need in needs:
                self._needed_by[need].append(number)
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]
        self._outcomes: dict[int, Outcome] = {}
        self._lost: Counter[int] = Counter()
        self._handed: dict[Future[Outcome], int] = {}
        self._completed = as_completed(with_results=True, raise_errors=False)
        self._most, self._counted = 0, -_SECONDS_BETWEEN_COUNTS
        self._name = uuid4().hex[:8]

    def __iter__(self) -> Iterator[Outcome]:
        """Yield how each step ended, as it comes; where this is left early, take back what was not begun."""
        try:
            yield from self._hand_over()
            while self._handed:
                future, result = next(self._completed)
                number = self._handed.pop(future)
                if isinstance(result, Outcome):
                    outcome: Outcome | None = self._seen(number, result)
                else:
                    outcome = self._without(number, future.exception())
                if outcome is not None:
                    self._note(number, outcome)
                    yield outcome
                yield from self._hand_over()
        finally:
            if self._handed:
                self._client.cancel(list(self._handed))

    def _hand_over(self) -> Iterator[Outcome]:
        """Give steps that can be done to the cluster, those planned first before others, while it has room.

        Yields:
            How steps ended that no worker can do.
        """
        while self._ready and len(self._handed) < self._room():
            number = heapq.heappop(self._ready)
            step = self._steps[number]
            wanted = _wanted(step, self._offer)
            if wanted.get("memory", 0.0) > self._offer.get("memory", 0.0):
                outcome = _too_large(step, self._offer["memory"])
                self._note(number, outcome)
                yield outcome
                continue
            future = self._client.submit(
                do,
                step.work(self._store),
                [self._outcomes[need] for need in self._needs[number]],
                key=f"{step.folder_name}-{self._name}-{self._lost[number]}",
                pure=False,
                resources=wanted,
            )
            self._handed[future] = number
            self._completed.add(future)

    def _room(self) -> int:
        """Return how many steps the cluster may hold; workers come and go, so they are counted again and again."""
        if time.monotonic() - self._counted >= _SECONDS_BETWEEN_COUNTS:
            n_threads = sum(self._client.nthreads().values())
            self._most = max(_FEWEST_STEPS, _STEPS_PER_THREAD * n_threads)
            self._counted = time.monotonic()
        return self._most

    def _note(self, number: int, outcome: Outcome) -> None:
        self._outcomes[number] = outcome
        for other in self._needed_by[number]:
            self._missing[other] -= 1
            if not self._missing[other]:
                heapq.heappush(self._ready, other)

    def _seen(self, number: int, outcome: Outcome) -> Outcome:
        """Return the outcome, or that its result is not to be seen from here, even after a while."""
        store, step = StepStore(self._store), self._steps[number].step(self._store)
        begun = time.monotonic()
        while outcome.has_result and store.result_of(step) is None:
            if time.monotonic() - begun > _SECONDS_UNTIL_SEEN:
                message = f"the workers do not write to the same folder: {self._store} has no {step.folder_name} here"
                return outcome.model_copy(update={"status": "failed", "message": message})
            time.sleep(0.5)
        return outcome

    def _without(self, number: int, error: BaseException | None) -> Outcome | None:
        """Return how a step ended that came to no outcome of its own; None where it is to be tried again."""
        message = f"{type(error).__name__}: {error}"
        if type(error).__name__ == "KilledWorker":
            self._lost[number] += 1
            if self._lost[number] < _TRIES:
                heapq.heappush(self._ready, number)
                return None
            message = (
                "its worker died each time that it was tried: perhaps it needs more memory than a worker has"
            )
        step = self._steps[number]
        return Outcome(key=step.key, title=step.title, status="failed", message=message)


def _offer(client: Client) -> dict[str, float]:
    """Return the most that a worker of the cluster says that it has, of memory in bytes and of GPUs."""
    if not client.scheduler_info(n_workers=-1)["workers"]:
        say("waiting for the first worker of the cluster")
        client.wait_for_workers(1)
    most: dict[str, float] = {}
    for worker in client.scheduler_info(n_workers=-1)["workers"].values():
        for name, amount in worker.get("resources", {}).items():
            most[name] = max(amount, most.get(name, 0.0))
    return most


def _wanted(step: PlannedStep, offer: Mapping[str, float]) -> dict[str, float]:
    """Return what a worker must have for the step, of the kinds of things that the cluster's workers tell of."""
    wanted = {"memory": step.memory_gigabytes * GIGABYTE, "GPU": float(step.needs_gpu)}
    return {name: amount for name, amount in wanted.items() if amount and name in offer}


def _too_large(step: PlannedStep, largest: float) -> Outcome:
    """Return the outcome of a step that would wait for a worker for ever."""
    message = (
        f"it may need {step.memory_gigabytes:.1f} GB, and the largest worker has {largest / GIGABYTE:.1f} GB:"
        " start fewer and larger workers (--workers)"
    )
    return Outcome(key=step.key, title=step.title, status="failed", message=message)
