"""Work on several things at once, in threads: for code that lets go of Python's lock."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from tunescope._core.errors import InputError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["at_most_threads", "in_threads", "number_of_threads"]

T = TypeVar("T")
U = TypeVar("U")

_most: ContextVar[int | None] = ContextVar("tunescope_most_threads", default=None)


def in_threads(work: Callable[[T], U], items: Iterable[T], n_jobs: int) -> Iterator[U]:
    """Yield ``work(item)`` for each item, in order; an exception ends the rest."""
    if n_jobs == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(n_jobs) as executor:
        try:
            yield from executor.map(work, items)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def number_of_threads(n_jobs: int | None) -> int:
    """Return how many threads ``n_jobs`` means: all cores for None or −1, as in scikit-learn.

    Within :func:`at_most_threads`, as if there were only so many cores.

    Raises:
        InputError: It is 0.
    """
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    n_cores = min(n_cores, _most.get() or n_cores)
    if n_jobs is None:
        return n_cores
    if n_jobs == 0:
        raise InputError("n_jobs is 0.", expected="a number of threads; −1 or None for all cores", got=0)
    return max(1, n_jobs if n_jobs > 0 else n_cores + 1 + n_jobs)


@contextmanager
def at_most_threads(n: int) -> Iterator[None]:
    """Within this context, work of our own and of the numerical libraries takes at most ``n`` threads.

    The libraries' numbers hold for the whole process and are restored at the end.
    """
    import torch

    before = torch.get_num_threads()
    token = _most.set(n)
    try:
        torch.set_num_threads(n)
        with _libraries(n_modules=len(sys.modules)).limit(limits=n):
            yield
    finally:
        torch.set_num_threads(before)
        _most.reset(token)


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:  # noqa: ARG001 - as the cache's key
    """Return the control of the numerical libraries; they are looked for anew, which takes a while, after an import."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
