"""Threads that each train probes on one core: small probes lose by every core that one operation is spread over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

import torch

from tunescope._core.progress import track
from tunescope.measures.probing.engine.threads import torch_threads

__all__ = ["Stopped", "each_in_a_worker"]

T = TypeVar("T")
U = TypeVar("U")


class Stopped(Exception):
    """Training was told to stop."""


def each_in_a_worker(
    work: Callable[[T, Callable[[], None]], U], items: Iterable[T], n_jobs: int, description: str
) -> list[U]:
    """Return ``work(item, check)`` for each item, in their order.

    An exception, Ctrl-C included, ends the rest: ``check``, which long work calls now and then, raises in the other
    threads.

    Args:
        work: What to do, mostly in torch's operations, which let go of Python's lock.
        items: On what; the first are started first.
        n_jobs: Threads.
        description: What the progress bar says.
    """
    stopping = threading.Event()

    def check() -> None:
        if stopping.is_set():
            raise Stopped

    items = list(items)
    with (
        torch_threads(),  # threads of our own change it for all
        ThreadPoolExecutor(min(n_jobs, max(1, len(items))), initializer=_prepare) as executor,
        track(description, total=len(items)) as advance,
    ):
        try:
            futures = [executor.submit(work, item, check) for item in items]
            for future in as_completed(futures):
                future.result()
                advance()
            return [future.result() for future in futures]
        finally:
            stopping.set()
            executor.shutdown(wait=True, cancel_futures=True)


def _prepare() -> None:
    """Make this thread compute on one core, and read numbers too small to matter as zero.

    Weights under a strong penalty become such numbers, on which a CPU is many times slower.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
