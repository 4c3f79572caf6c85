"""The trackers by name, and sending a finished study to one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from tunescope._core.errors import InputError, TrackerError
from tunescope._core.optional import import_optional
from tunescope.studies.sinks.mlflow import send_to_mlflow
from tunescope.studies.sinks.secrets import hide_secrets
from tunescope.studies.sinks.tracked_study import TrackedStudy, read_tracked_study
from tunescope.studies.sinks.trackio import send_to_trackio

__all__ = ["TRACKERS", "Sink", "check_trackers", "send_study"]


class Sink(Protocol):
    """Sends studies to a tracker."""

    def __call__(self, study: TrackedStudy) -> str:
        """Send a study; return where it can be seen. Any exception means that not all of it was taken."""


TRACKERS: Mapping[str, Sink] = MappingProxyType({"mlflow": send_to_mlflow, "trackio": send_to_trackio})
"""Each is named after its package and the extra that installs it."""


def check_trackers(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names, each once; what they lack shows before hours are spent on figures for them.

    Raises:
        InputError: There is no such tracker.
        MissingExtraError: Its package is not installed.
    """
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in TRACKERS:
            raise InputError(
                "There is no such tracker.", where="--track", expected=", ".join(TRACKERS), got=repr(name)
            )
        import_optional(name, extra=name, purpose=f"send studies to {name}")
    return chosen


def send_study(folder: Path | str, tracker: str) -> str:
    """Send a finished study to a tracker; all that it needs is read from the study's folder.

    Args:
        folder: The folder that the study was run in.
        tracker: Name of the tracker; it is configured by its own environment variables.

    Returns:
        Where it can be seen.

    Raises:
        InputError: There is no such tracker.
        MissingExtraError: Its package is not installed.
        RunError: The folder holds no run.
        TrackerError: The tracker did not take all of the study, which is in its folder as before.
    """
    check_trackers([tracker])
    study = read_tracked_study(folder)
    try:
        return TRACKERS[tracker](study)
    except Exception as error:  # trackers raise what their servers, stores and networks do
        raise TrackerError(
            f"The study was not sent to {tracker}, or not all of it.",
            where=tracker,
            got=_in_words(error),
            fix=f"nothing is lost, all results are in {folder}; start the same command again when the tracker works:"
            " no step is done twice",
        ) from error


def _in_words(error: Exception) -> str:
    text = str(error.got) if isinstance(error, TrackerError) else f"{type(error).__name__}: {error}"
    return hide_secrets(text)
