"""Progress with time left, on standard error: bars, or lines in a log; silent unless the command line asks for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["Advance", "say", "show_progress", "track"]


SECONDS_BETWEEN_LINES = 60.0
"""How often a line is written where there is no terminal for bars."""


class Advance(Protocol):
    """Reports that ``amount`` more units of work are done."""

    def __call__(self, amount: int = 1) -> None:
        """Advance the bar."""


_active: ContextVar[Progress | None] = ContextVar("tunescope_progress", default=None)


@contextmanager
def show_progress(console: Console | None = None) -> Iterator[None]:
    """Within this context, :func:`track` draws bars and :func:`say` prints; elsewhere both are silent.

    Where there is no terminal, as in a job's log, a line is written each minute in place of bars.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console or Console(stderr=True), transient=True) as progress:
        token = _active.set(progress)
        try:
            yield
        finally:
            _active.reset(token)


@contextmanager
def track(description: str, total: int) -> Iterator[Advance]:
    """Show a bar for ``total`` units of work; the value advances it.

    >>> with track("extracting", total=2) as advance:
    ...     advance()
    ...     advance()
    """
    progress = _active.get()
    if progress is None:
        yield _advance_nothing
        return
    task = progress.add_task(description, total=total)
    lines = None if progress.console.is_terminal else _Lines(progress, description, total)
    try:
        yield (lambda amount=1: progress.advance(task, amount)) if lines is None else lines
    finally:
        progress.remove_task(task)


class _Lines:
    """Tells how far a task is, in a line each minute."""

    def __init__(self, progress: Progress, description: str, total: int) -> None:
        self._progress = progress
        self._description = description
        self._total = total
        self._n_done = 0
        self._began = self._last = time.monotonic()

    def __call__(self, amount: int = 1) -> None:
        self._n_done += amount
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES or not 0 < self._n_done < self._total:
            return
        self._last = now
        left = (now - self._began) / self._n_done * (self._total - self._n_done)
        line = (
            f"{self._description}: {self._n_done} of {self._total}, about {max(1, round(left / 60))} min left"
        )
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _advance_nothing(amount: int = 1) -> None:
    del amount


def say(message: str) -> None:
    """Print a line above the bars, where progress is shown."""
    progress = _active.get()
    if progress is not None:
        progress.console.print(message, markup=False, highlight=False)
