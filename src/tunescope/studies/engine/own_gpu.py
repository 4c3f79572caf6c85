"""A GPU for each step that runs a model, where this machine has several, or several workers for one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tunescope._core.progress import say

__all__ = ["own_gpu"]

_SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def own_gpu() -> Iterator[None]:
    """Within this context, ``"cuda"`` is a GPU that no other step of a study on this machine has.

    It waits until one is free. Without a GPU, nothing happens.
    """
    import torch

    n = torch.cuda.device_count()
    if not n:
        yield
        return
    before, lock, number = torch.cuda.current_device(), *_taken(n)
    try:
        torch.cuda.set_device(number)
        yield
    finally:
        torch.cuda.set_device(before)
        lock.release()


def _taken(n: int) -> tuple[FileLock, int]:
    """Return a lock that is held, and the number of its GPU; the system lets go of it when the process dies."""
    folder = Path(tempfile.gettempdir())
    waits = False
    while True:
        for number in range(n):
            lock = FileLock(folder / f"tunescope-gpu-{number}.lock", mode=0o666)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return lock, number
        if not waits:
            say("waiting for a GPU that another step has")
        waits = True
        time.sleep(_SECONDS_BETWEEN_LOOKS)
