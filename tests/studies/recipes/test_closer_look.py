"""The study closer-look end to end on a tiny model: every step, its tables, figures and claims."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tunescope._core.errors import InputError
from tunescope.studies.run_study import plan_study, read_study_result, run_study
from tunescope.studies.study import find_studies
from tunescope.studies.study_result import StudyResult, StudyTable
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.example import Example
from tunescope.tasks.task import Task


def _by_length(examples: tuple[Example, ...]) -> tuple[Example, ...]:
    """Return another task on the same words: whether each stands early in its sentence."""
    return tuple(
        replace(
            example,
            targets=tuple(
                replace(target, label="early" if target.spans[0].start < 2 else "late")
                for target in example.targets
            ),
        )
        for example in examples
    )


@pytest.fixture(scope="module")
def study_file(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for name, examples in tiny_task.splits.items():
        write_edge_probing(examples, folder / f"tags-{name}.jsonl")
        write_edge_probing(_by_length(examples), folder / f"places-{name}.jsonl")
    path = folder / "study.yaml"
    path.write_text(
        f"""\
study: closer-look
models:
  - {{name: tiny, path: {tiny_model}}}
tasks:
  - {{name: tags, format: edge-probing, train: tags-train.jsonl, test: tags-test.jsonl}}
  - {{name: places, format: edge-probing, train: places-train.jsonl, test: places-test.jsonl}}
finetune: {{epochs: 2, learning_rate: 1e-3}}
snapshots: 3
n_resamples: 20
probe_at_top: linear
cross_task: [tags]
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def result(study_file: Path) -> StudyResult:
    return run_study(plan_study(study_file, device="cpu"), study_file.parent / "out")


def test_everything_is_found(result: StudyResult, study_file: Path) -> None:
    assert result.failures == ()
    tables = {table.key: table for table in result.tables}
    keys = {"representations", "cluster-counts", "gains", "own-task", "cross-task", "layers"}
    assert set(tables) == keys
    states = [(row[1], row[2]) for row in tables["representations"].rows]
    assert sorted(states) == [
        ("places", "after"),
        ("places", "before"),
        ("tags", "after"),
        ("tags", "before"),
    ]
    assert [row[2] for row in tables["cross-task"].rows] == ["none", "tags", "places"]
    assert len(result.claims) == 10
    assert all(claim.evidence for claim in result.claims)
    keys = {table.key for table in result.tables} | {figure.key for figure in result.figures} | {""}
    assert all(claim.shown_in in keys for claim in result.claims)
    assert len(keys) == len(result.tables) + len(result.figures) + 1
    assert not any(figure.missing for figure in result.figures)
    read = read_study_result(study_file.parent / "out")
    assert read.model_dump_json() == result.model_dump_json()


def test_the_figures_are_those_of_the_records(result: StudyResult, study_file: Path) -> None:
    records = pd.read_parquet(study_file.parent / "out" / "records.parquet")
    assert len(records) == len(json.loads((study_file.parent / "out" / "records.json").read_text()))
    records = records[records["beside"].isna()]
    top = records[(records["task"] == "tags") & (records["layer"] == 2) & (records["measure"] == "accuracy")]
    before = top[top["stage"] == "before"]["value"].item()
    (gain,) = (row["gain"] for row in _rows(result, "gains") if row["task"] == "tags")
    after = top[(top["tuned_on"] == "tags")]["value"].item()
    assert gain == pytest.approx(100 * (after - before))
    figure = next(figure for figure in result.figures if figure.key == "accuracy-tags-tiny-0")
    assert [series.y[-1] for series in figure.series] == pytest.approx([before, after])
    starts = records[(records["measure"] == "rsa") & (records["step"] == 0)]["value"]
    assert starts.tolist() == pytest.approx([1.0] * len(starts))


def test_labels_that_moved_apart_are_counted(result: StudyResult, study_file: Path) -> None:
    records = pd.read_parquet(study_file.parent / "out" / "records.parquet")
    near = records[
        (records["measure"] == "minimum_distance") & (records["task"] == "tags") & (records["layer"] == 2)
    ]
    near = near[near["after_step"].isna() & (near["split"] == "train")]
    before = near[near["stage"] == "before"].set_index("label")["value"]
    after = near[near["tuned_on"] == "places"].set_index("label")["value"]
    row = next(row for row in _rows(result, "cross-task") if row["tuned on"] == "places")
    assert row["grew"] == int((after > before).sum())
    assert row["shrank"] == int((after < before).sum())
    assert row["mean change"] == pytest.approx((after - before).mean())


def test_what_is_done_is_not_done_again_and_the_rest_is(result: StudyResult, study_file: Path) -> None:
    planned = plan_study(study_file, device="cpu")
    assert planned.done == {step.key for step in planned.plan}
    again = run_study(planned, study_file.parent / "again")
    assert again.model_dump_json() == result.model_dump_json()
    more = study_file.with_name("more.yaml")
    more.write_text(study_file.read_text().replace("n_resamples: 20", "n_resamples: 30"))
    todo = {
        step.function.__name__ for step in plan_study(more, device="cpu").plan if step.key not in planned.done
    }
    assert todo == {"probe_layer", "compare_probes", "similarity_to_base", "score_head"}


def test_the_costs_of_steps_are_told_before(study_file: Path) -> None:
    plan = plan_study(study_file, device="cpu").plan
    assert all(step.cost.seconds > 0 for step in plan)
    assert all(
        step.cost.gigabytes > 0 for step in plan if step.function.__name__ in ("tune", "extract_vectors")
    )
    titles = [step.title for step in plan]
    assert "fine-tuning of tiny on tags, seed 0" in titles


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("cross_task: [tags]", "cross_task: [tag]"), r"There is no task of that name.\n  where: .*yaml:11"),
        (("probe_at_top: linear", "layers: [0, 7]"), r"no such layer.\n  where: .*yaml:10, layers"),
        (
            ("format: edge-probing, train: tags", "metric: pearson, format: edge-probing, train: tags"),
            r"yaml:5, tasks\[0\]",
        ),
        (("name: tiny, path: ", "name: tiny, path: nobody/"), r"yaml:3, models\[0\]"),
        (("snapshots: 3", "snapshots: 1"), "greater than or equal to 2|at least 2"),
        (("tags-test.jsonl", "absent.jsonl"), r"yaml:5, tasks\[0\].test"),
    ],
)
def test_bad_study_files_are_refused(
    study_file: Path, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    path = study_file.with_name(f"bad-{abs(hash(change))}.yaml")
    path.write_text(study_file.read_text().replace(*change))
    with pytest.raises(InputError, match=message):
        plan_study(path)


def test_the_example_is_a_study_file(tmp_path: Path) -> None:
    from tunescope.studies.files.study_file import read_study_file

    for name, study in find_studies().items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(study.example, encoding="utf-8")
        assert read_study_file(path, {name: study.settings}).study == name


def _table(result: StudyResult, key: str) -> StudyTable:
    return next(table for table in result.tables if table.key == key)


def _rows(result: StudyResult, key: str) -> list[dict[str, object]]:
    table = _table(result, key)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_controls_stand_beside_the_figures(result: StudyResult, study_file: Path) -> None:
    records = pd.read_parquet(study_file.parent / "out" / "records.parquet")
    divided = records[(records["beside"] == "random split") & (records["task"] == "tags")]
    divided = divided[divided["measure"] == "train_test_similarity"].set_index("stage")["value"]
    (row,) = (row for row in _rows(result, "gains") if row["task"] == "tags")
    assert row["before, random split"] == pytest.approx(divided["before"], nan_ok=True)
    assert row["after, random split"] == pytest.approx(divided["after"], nan_ok=True)
    counts = _rows(result, "cluster-counts")
    assert len(counts) == 4
    for count in counts:
        assert count["labels"] <= count["of more than five"] <= count["clusters"]
        assert count["in a sample"] == count["clusters"]  # the sets are smaller than a sample
        assert count["sample, labels shuffled"] >= count["clusters"]
        assert 0 <= count["vacuous pairs in the sample"] <= 100


def test_without_a_random_division_no_second_model_is_tuned(study_file: Path) -> None:
    path = study_file.with_name("given.yaml")
    path.write_text(study_file.read_text() + "random_split: false\n")
    plans = [plan_study(each, device="cpu").plan for each in (study_file, path)]
    tunings = [sum(step.function.__name__ == "tune" for step in plan) for plan in plans]
    assert tunings == [4, 2]


def test_a_step_that_fails_is_reported_and_the_rest_goes_on(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tunescope.studies.steps import clusters

    def fail(*arguments: object, **options: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(clusters, "direct_probe", fail)
    planned = plan_study(study_file, device="cpu", store=tmp_path / "store")
    result = run_study(planned, tmp_path / "out")
    assert {failure.status for failure in result.failures} == {"failed", "skipped"}
    assert any("MemoryError: no room" in failure.message for failure in result.failures)
    accuracies = [row[4] for row in _table(result, "representations").rows]
    assert all(math.isfinite(value) for value in accuracies)
    geometry = [
        claim for claim in result.claims if claim.shown_in in ("cluster-counts", "own-task", "cross-task")
    ]
    assert len(geometry) == 3
    assert {claim.verdict for claim in geometry} == {"cannot be told"}
