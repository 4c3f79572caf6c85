"""Studies in MLflow: a run each, on the server and in the experiment that MLflow's own environment variables name."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tunescope._core.optional import import_optional
from tunescope.studies.sinks.secrets import hide_secrets
from tunescope.studies.sinks.tracked_study import TrackedStudy

__all__ = ["send_to_mlflow"]

_IDENTITY, _CONTENT, _SENT = "tunescope.identity", "tunescope.content", "tunescope.sent"
_WHOLE = "whole"
_METRICS_PER_REQUEST, _OTHERS_PER_REQUEST = 1000, 100
_LONGEST_TAG = 5000


def send_to_mlflow(study: TrackedStudy) -> str:
    """Write a study to MLflow and tell where it is.

    The run goes to ``MLFLOW_EXPERIMENT_ID`` or ``MLFLOW_EXPERIMENT_NAME``, else to an experiment of the study's kind.
    A run of the same study that holds the same is left as it is. Otherwise a new one takes its place: the old is
    deleted, which MLflow can undo, once the new one is whole.

    Raises:
        MissingExtraError: MLflow is not installed. Whatever MLflow raises passes through.
    """
    client = import_optional("mlflow", extra="mlflow", purpose="send studies to MLflow").MlflowClient()
    experiment = _experiment(client, study)
    earlier = client.search_runs([experiment], filter_string=f"tags.`{_IDENTITY}` = '{study.identity}'")
    there = next((run for run in earlier if _holds(run, study)), None)
    run_id = there.info.run_id if there is not None else _send(client, experiment, study)
    for run in earlier:
        if run.info.run_id != run_id:
            client.delete_run(run.info.run_id)
    return f"experiment {experiment}, run {run_id}, at {hide_secrets(client.tracking_uri)}"


def _experiment(client: Any, study: TrackedStudy) -> str:
    """Return the identifier of the experiment, which is made if need be."""
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if chosen:
        return chosen
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or study.collection
    found = client.get_experiment_by_name(name)
    return str(client.create_experiment(name) if found is None else found.experiment_id)


def _holds(run: Any, study: TrackedStudy) -> bool:
    tags: dict[str, str] = run.data.tags
    return tags.get(_CONTENT) == study.content and tags.get(_SENT) == _WHOLE


def _send(client: Any, experiment: str, study: TrackedStudy) -> str:
    """Send everything as a new run; it is marked as whole at the very end."""
    tags = {
        "mlflow.note.content": study.description,
        _IDENTITY: study.identity,
        _CONTENT: study.content,
        **{f"tunescope.{name}": value[:_LONGEST_TAG] for name, value in study.tags.items()},
    }
    run_id = str(client.create_run(experiment, run_name=study.name, tags=tags).info.run_id)
    try:
        _send_data(client, run_id, study)
        for file in study.files:
            client.log_artifact(run_id, str(file))
        client.set_tag(run_id, _SENT, _WHOLE)
        client.set_terminated(run_id)
    except BaseException:
        with suppress(Exception):  # what went wrong first matters more; the next attempt removes this run
            client.set_terminated(run_id, status="FAILED")
        raise
    return run_id


def _send_data(client: Any, run_id: str, study: TrackedStudy) -> None:
    entities = import_optional("mlflow.entities", extra="mlflow", purpose="send studies to MLflow")
    parameters = [entities.Param(name, value) for name, value in study.settings.items()]
    now = int(time.time() * 1000)
    metrics = [entities.Metric(point.name, point.value, now, point.step) for point in study.points]
    for some in _parts(parameters, _OTHERS_PER_REQUEST):
        client.log_batch(run_id, params=some)
    for some in _parts(metrics, _METRICS_PER_REQUEST):
        client.log_batch(run_id, metrics=some)


def _parts(everything: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [everything[start : start + size] for start in range(0, len(everything), size)]
