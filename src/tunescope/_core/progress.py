"""Progress with time left, on standard error; silent unless the command line asks for it."""

from __future__ import annotations

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


class Advance(Protocol):
    """Reports that ``amount`` more units of work are done."""

    def __call__(self, amount: int = 1) -> None:
        """Advance the bar."""


_active: ContextVar[Progress | None] = ContextVar("tunescope_progress", default=None)


@contextmanager
def show_progress(console: Console | None = None) -> Iterator[None]:
    """Within this context, :func:`track` draws bars and :func:`say` prints; elsewhere both are silent."""
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
    try:
        yield lambda amount=1: progress.advance(task, amount)
    finally:
        progress.remove_task(task)


def _advance_nothing(amount: int = 1) -> None:
    del amount


def say(message: str) -> None:
    """Print a line above the bars, where progress is shown."""
    progress = _active.get()
    if progress is not None:
        progress.console.print(message, markup=False, highlight=False)
