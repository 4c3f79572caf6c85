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

from tunescope._core.errors import RunError
from tunescope.studies.engine.plan import Plan, PlannedStep
from tunescope.studies.engine.work import Outcome, Work, do

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterRun"]

_GIGABYTE = 2**30
_STEPS_PER_THREAD = 3
"""So many are with the cluster for each of its threads: one that runs, and others that wait on the spot."""
_FEWEST_STEPS = 8
_SECONDS_BETWEEN_COUNTS = 5.0
_TRIES = 2
"""How often a step is handed over whose worker died each time, which the scheduler tries four times itself."""


class ClusterRun:
    """The steps of a plan that are not done yet, on their way through a cluster.

    Args:
        plan: The steps.
        store: Folder of results; the workers see the same files.
        client: The cluster.
        done: Keys of the steps whose results are there.

    Raises:
        RunError: No worker has the memory that a step asks for: it would wait for ever.
    """

    def __init__(self, plan: Plan, store: Path, client: Client, done: set[str]) -> None:
        from distributed import as_completed

        self._store, self._client = store, client
        self._steps = [step for step in plan if step.key not in done]
        offer = _offer(client)
        self._resources = [_resources(step, offer) for step in self._steps]
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
            self._hand_over()
            while self._handed:
                future, result = next(self._completed)
                number = self._handed.pop(future)
                outcome = result if isinstance(result, Outcome) else self._without(number, future.exception())
                if outcome is not None:
                    self._note(number, outcome)
                    yield outcome
                self._hand_over()
        finally:
            if self._handed:
                self._client.cancel(list(self._handed))

    def _hand_over(self) -> None:
        """Give steps that can be done to the cluster, those planned first before others, while it has room."""
        while self._ready and len(self._handed) < self._room():
            number = heapq.heappop(self._ready)
            step = self._steps[number]
            future = self._client.submit(
                do,
                Work(step.title, step.step(self._store), self._store, step.threads),
                [self._outcomes[need] for need in self._needs[number]],
                key=f"{step.folder_name}-{self._name}-{self._lost[number]}",
                pure=False,
                resources=self._resources[number],
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
    most: dict[str, float] = {}
    for worker in client.scheduler_info(n_workers=-1)["workers"].values():
        for name, amount in worker.get("resources", {}).items():
            most[name] = max(amount, most.get(name, 0.0))
    return most


def _resources(step: PlannedStep, offer: Mapping[str, float]) -> dict[str, float]:
    """Return what a worker must have for the step, of the kinds of things that the cluster's workers tell of."""
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
