"""Studies in a real MLflow store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.studies.sinks.conftest import FinishedStudy

from tunescope._core.errors import TrackerError
from tunescope.studies.sinks.trackers import send_study

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # MLflow's own, of its libraries
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # its store leaves connections to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    pytest.importorskip("sqlalchemy", reason="the extra mlflow is not installed")
    found = pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # where MLflow puts artifacts
    return found


def runs(mlflow: Any, experiment: str = "tunescope-closer-look") -> list[Any]:
    client = mlflow.MlflowClient()
    return list(client.search_runs([client.get_experiment_by_name(experiment).experiment_id]))


def test_a_study_is_a_run(mlflow: Any, finished_study: FinishedStudy) -> None:
    place = send_study(finished_study(), "mlflow")
    (run,) = runs(mlflow)
    assert run.info.run_id in place
    assert run.info.status == "FINISHED"
    assert run.data.params["finetune.epochs"] == "1"
    assert run.data.tags["mlflow.runName"] == "small"
    assert run.data.tags["tunescope.claim.01.verdict"] == "holds"
    assert run.data.tags["tunescope.undefined figures"] == "1"
    assert set(run.data.metrics) == {
        "accuracy/tiny/tags/before/test/by_layer",
        "accuracy/tiny/tags/before/test/by_layer.low",
        "accuracy/tiny/tags/before/test/by_layer.high",
        "rsa/tiny/tags/after/test/layer 1/by_step",
    }
    client = mlflow.MlflowClient()
    history = client.get_metric_history(run.info.run_id, "accuracy/tiny/tags/before/test/by_layer")
    assert [(each.step, each.value) for each in history] == [(0, 0.5), (1, 0.75)]
    files = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert files == {"report.html", "study.json", "records.parquet"}


def test_the_same_study_again_is_the_same_run(mlflow: Any, finished_study: FinishedStudy) -> None:
    places = {send_study(finished_study(name=name), "mlflow") for name in ("one", "another")}
    assert len(places) == 1
    assert len(runs(mlflow)) == 1


def test_new_figures_of_a_study_replace_the_old(mlflow: Any, finished_study: FinishedStudy) -> None:
    send_study(finished_study(failed=True), "mlflow")
    send_study(finished_study({"measure": "accuracy", "value": 1.0}), "mlflow")
    (run,) = runs(mlflow)
    assert run.data.metrics == {"accuracy/tiny/tags/test": 1.0}


def test_a_study_of_other_inputs_stands_beside_it(mlflow: Any, finished_study: FinishedStudy) -> None:
    send_study(finished_study(name="one"), "mlflow")
    send_study(finished_study(name="other", layers=[1]), "mlflow")
    assert len(runs(mlflow)) == 2


def test_what_was_sent_by_half_is_replaced(
    mlflow: Any, finished_study: FinishedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("the store of artifacts is full")

    folder = finished_study()
    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "log_artifact", fail)
        with pytest.raises(TrackerError, match="the store of artifacts is full"):
            send_study(folder, "mlflow")
    (half,) = runs(mlflow)
    assert half.info.status == "FAILED"
    send_study(folder, "mlflow")
    (whole,) = runs(mlflow)
    assert whole.info.run_id != half.info.run_id
    assert whole.info.status == "FINISHED"


def test_many_figures_and_odd_labels_are_taken(mlflow: Any, finished_study: FinishedStudy) -> None:
    odd = ["$", "``", "a/b", "..", "x" * 400, "名詞"]
    rows = [{"measure": "d", "label": label, "value": 1.0} for label in [*odd, *map(str, range(1200))]]
    send_study(finished_study(*rows), "mlflow")
    (run,) = runs(mlflow)
    assert len(run.data.metrics) == len(rows)


def test_the_experiment_can_be_chosen(
    mlflow: Any, finished_study: FinishedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    send_study(finished_study(), "mlflow")
    (run,) = runs(mlflow, "mine")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", run.info.experiment_id)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "not this")
    send_study(finished_study(), "mlflow")
    assert len(runs(mlflow, "mine")) == 1


def test_a_server_that_does_not_answer(
    mlflow: Any, finished_study: FinishedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackerError, match="Connection refused") as caught:
        send_study(finished_study(), "mlflow")
    assert "secret" not in str(caught.value)
