"""The errors that a person sees: what went wrong, where, what was expected, what was got, what to do."""

from __future__ import annotations

__all__ = ["InputError", "MissingExtraError", "ModelError", "RunError", "TrackerError", "TunescopeError"]


class TunescopeError(Exception):
    """Base of every error that tunescope raises for a reason outside its own code.

    The command line prints the message without a traceback and exits with code 2.

    Args:
        what: One sentence that says what went wrong.
        where: The file and line, parameter, example or folder concerned.
        expected: What would have been right.
        got: What was found instead.
        fix: What the reader can do next.
    """

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        expected: object = None,
        got: object = None,
        fix: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.fix = fix
        details = {"where": where, "expected": expected, "got": got, "what to do": fix}
        lines = [f"  {name}: {value}" for name, value in details.items() if value is not None]
        super().__init__("\n".join([what, *lines]))


class InputError(TunescopeError, ValueError):
    """A file, a column, a label or an argument is not what it has to be."""


class ModelError(TunescopeError):
    """A model cannot be loaded, or does not fit the task or the other model."""


class RunError(TunescopeError):
    """A run folder cannot be written, or holds the work of other settings."""


class TrackerError(TunescopeError):
    """An experiment tracker did not take what was sent to it."""


class MissingExtraError(TunescopeError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""
