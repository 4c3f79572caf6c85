"""A study gives the same tables on one worker and on two, and does again only what a new version concerns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tunescope.studies.engine.step_function import StepTraits
from tunescope.studies.run_study import plan_study, run_study
from tunescope.studies.steps import clusters
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.task import Task


@pytest.fixture(scope="module")
def study_file(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for split, examples in tiny_task.splits.items():
        write_edge_probing(examples, folder / f"{split}.jsonl")
    path = folder / "study.yaml"
    path.write_text(
        f"""\
study: closer-look
models: [{{name: tiny, path: {tiny_model}}}]
tasks:
  - {{name: tags, format: edge-probing, train: train.jsonl, test: test.jsonl}}
seeds: [0, 1]
layers: [0, 2]
finetune: {{epochs: 1}}
snapshots: 2
n_resamples: 20
probe_at_top: linear
random_split: false
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def records(study_file: Path) -> bytes:
    return _run(study_file, "in-process", None)


def _run(study_file: Path, cluster: str, workers: int | None) -> bytes:
    name = f"{cluster}-{workers}"
    planned = plan_study(study_file, store=study_file.parent / f"store-{name}", device="cpu")
    result = run_study(planned, study_file.parent / name, cluster=cluster, workers=workers)
    assert result.failures == ()
    return (study_file.parent / name / "records.json").read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_workers_changes_nothing(study_file: Path, records: bytes, workers: int) -> None:
    assert _run(study_file, "local", workers) == records


def test_a_new_version_of_a_measure_concerns_its_steps_alone(
    study_file: Path, records: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = study_file.parent / "store-in-process-None"
    before = plan_study(study_file, store=store, device="cpu")
    assert before.done == {step.key for step in before.plan}
    mark = "__tunescope_step__"
    traits: StepTraits = getattr(clusters.cluster_labels, mark)
    monkeypatch.setattr(clusters.cluster_labels, mark, replace(traits, version=traits.version + 1))
    after = plan_study(study_file, store=store, device="cpu")
    todo = {step.function.__name__ for step in after.plan if step.key not in after.done}
    assert todo == {"cluster_labels", "compare_distances"}  # the second compares what the first found
    assert {step.key for step in after.plan if step.function.__name__ not in todo} <= before.done
    result = run_study(after, study_file.parent / "again")
    assert result.failures == ()
    assert (study_file.parent / "again" / "records.json").read_bytes() == records
