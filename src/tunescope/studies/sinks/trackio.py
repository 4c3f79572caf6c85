"""Studies in trackio: a run each, on this machine, on a Space or on a server as trackio's own variables say."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

from tunescope._core.errors import TrackerError
from tunescope._core.optional import import_optional
from tunescope.studies.sinks.secrets import hide_secrets
from tunescope.studies.sinks.tracked_study import TrackedStudy

__all__ = ["send_to_trackio"]

_IDENTITY = "tunescope.identity"
_REMOTE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")
_DIGITS = 8


def send_to_trackio(study: TrackedStudy) -> str:
    """Write a study to trackio and tell where it is.

    Earlier runs of the same study on this machine are removed once the new one is whole. Those on a Space or a server
    cannot be removed from here: there, a run is named after what it holds as well, so that the same content comes to
    the same run, and other content of the same study stands beside it in the same group.

    Raises:
        MissingExtraError: trackio is not installed.
        TrackerError: Not all could be sent. Whatever else trackio raises passes through.
    """
    trackio = import_optional("trackio", extra="trackio", purpose="send studies to trackio")
    remote = next((os.environ[name] for name in _REMOTE if os.environ.get(name)), None)
    with _complaints_as_errors():
        run = trackio.init(
            project=study.collection,
            name=f"{study.name} {study.content[:_DIGITS]}",
            group=f"{study.name} {study.identity[:_DIGITS]}",
            config=_config(study),
            resume="never" if remote is None else "allow",
            embed=False,
            auto_log_cpu=False,  # what this machine does now is no part of the study
            auto_log_gpu=False,
        )
        try:
            _log(run, trackio, study)
        finally:
            trackio.finish()
    if remote is None:
        _remove_earlier(trackio, study, run.id)
    return f"project {study.collection}, run {run.name}" + (
        "" if remote is None else f", at {hide_secrets(remote)}"
    )


def _config(study: TrackedStudy) -> dict[str, str]:
    own = {f"tunescope.{name}": value for name, value in study.tags.items()}
    return {
        **study.settings,
        **own,
        "tunescope.description": study.description,
        _IDENTITY: study.identity,
        "tunescope.content": study.content,
    }


def _log(run: Any, trackio: Any, study: TrackedStudy) -> None:
    """Log all figures of a step together: trackio keeps a row for each call."""
    by_step: dict[int, dict[str, float]] = defaultdict(dict)
    for point in study.points:
        by_step[point.step][point.name] = point.value
    for step in sorted(by_step):
        run.log(by_step[step], step=step)
    artifact = trackio.Artifact(name=f"{study.study}-{study.identity[:_DIGITS]}", type="study")
    for file in study.files:
        artifact.add_file(str(file))
    if study.files:
        run.log_artifact(artifact)


def _remove_earlier(trackio: Any, study: TrackedStudy, run_id: str) -> None:
    try:
        runs = list(trackio.Api().runs(study.collection))
    except ValueError:  # kept as files that trackio has not gathered yet
        return
    for run in runs:
        if run.id != run_id and (run.config or {}).get(_IDENTITY) == study.identity:
            run.delete()


@contextmanager
def _complaints_as_errors() -> Iterator[None]:
    """Keep trackio from printing, and raise what it only warns of: that something did not arrive."""
    with warnings.catch_warnings(record=True) as complaints, redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning, module=r"trackio\.utils")
        yield
    if complaints:
        raise TrackerError(
            "trackio did not take everything.", got="; ".join(str(each.message) for each in complaints)
        )
