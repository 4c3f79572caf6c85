"""The study visualizing end to end on a tiny model: lines, planes, the way through them, and what comes of it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tunescope._core.errors import InputError
from tunescope.studies.run_study import PlannedStudy, plan_study, read_study_result, run_study
from tunescope.studies.study_result import StudyResult


def _write_texts(path: Path, n: int, seed: int, word: str) -> None:
    """Write texts whose label tells whether they hold a word."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for _ in range(n):
            words = rng.choice(["the", "cat", "dog", "sees", "runs"], 5).tolist()
            writer.writerow([" ".join(words), "yes" if word in words else "no"])


@pytest.fixture(scope="module")
def study_file(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visualizing")
    tasks = ""
    for number, word in enumerate(("cat", "dog")):
        for seed, (split, n) in enumerate((("train", 40), ("test", 30))):
            _write_texts(folder / f"{word}-{split}.csv", n, 10 * number + seed, word)
        tasks += f"""
  - name: {word}
    format: table
    options: {{text: text, label: label, label_kind: class}}
    train: {word}-train.csv
    test: {word}-test.csv"""
    path = folder / "study.yaml"
    path.write_text(
        f"""\
study: visualizing
models:
  - {{name: tiny, path: {tiny_model}}}
tasks:{tasks}
finetune: {{epochs: 2, learning_rate: 1e-3, batch_size: 8}}
seeds: [0, 1]
snapshots: 4
n_examples: 20
line_points: 5
random_lines: 2
plane_points: 3
planes: [path, other task, random plane]
probes: 2
n_resamples: 20
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def planned(study_file: Path) -> PlannedStudy:
    return plan_study(study_file, device="cpu")


@pytest.fixture(scope="module")
def result(planned: PlannedStudy, study_file: Path) -> StudyResult:
    return run_study(planned, study_file.parent / "out")


@pytest.fixture(scope="module")
def records(result: StudyResult, study_file: Path) -> pd.DataFrame:
    return pd.read_parquet(study_file.parent / "out" / "records.parquet")


def test_everything_is_found(result: StudyResult, planned: PlannedStudy, study_file: Path) -> None:
    assert result.failures == ()
    titles = [step.title for step in planned.plan]
    assert len(titles) == len(set(titles))
    tables = {table.key: table for table in result.tables}
    assert set(tables) == {"trainings", "optima", "groups", "layers", "travel", "ways"}
    assert len(tables["trainings"].rows) == 2 * 2 * 2
    assert len(result.claims) == 5
    keys = {table.key for table in result.tables} | {figure.key for figure in result.figures}
    assert all(claim.evidence and claim.shown_in in keys for claim in result.claims)
    assert not any("unknown" in claim.evidence for claim in result.claims)
    assert len(result.findings) == 2 * (2 + 2)
    read = read_study_result(study_file.parent / "out")
    assert read.model_dump_json() == result.model_dump_json()


def test_lines_end_where_trainings_do(records: pd.DataFrame) -> None:
    losses = records[(records["measure"] == "loss") & (records["split"] == "train")]
    for _, own in losses.groupby(["task", "start", "seed"]):
        trace = own[own["kind"] == "trace"].sort_values("step")["value"].tolist()
        line = own[(own["kind"] == "training") & own["group"].isna()].set_index("label")["value"]
        assert line["0"] == pytest.approx(trace[0], abs=1e-5)
        assert line["1"] == pytest.approx(trace[-1], abs=1e-5)
        random = own[own["kind"] == "random line"].pivot_table("value", "direction", "label")
        assert random.index.tolist() == [1, 2]
        assert random["0"].tolist() == pytest.approx([trace[-1]] * 2, abs=1e-5)
        assert (random.loc[1, ["-1", "1"]] != random.loc[2, ["-1", "1"]]).all()
        for group in ("low", "high"):
            moved = own[(own["kind"] == "training") & (own["group"] == group)].set_index("label")["value"]
            assert moved["1"] == pytest.approx(trace[-1], abs=1e-5)


def test_the_error_rises_from_its_least_to_the_end(records: pd.DataFrame) -> None:
    traces = records[records["kind"] == "trace"]
    for _, own in traces.groupby(["task", "start", "seed", "split"]):
        errors = own[own["measure"] == "error"].set_index("step")["value"].sort_index()
        rise = own[own["measure"] == "error_rise"].iloc[0]
        assert errors[rise["step"]] == errors.min()
        assert rise["value"] == pytest.approx(errors.iloc[-1] - errors.min(), abs=1e-9)
        assert rise["low"] <= rise["value"] <= rise["high"]


def test_layers_put_back_one_by_one_change_what_they_did(records: pd.DataFrame) -> None:
    """A tiny model of two layers: each third of its layers, moved alone to its start, is one of them."""
    for _, own in records[records["split"] == "unseen"].groupby(["task", "start", "seed"]):
        rises = own[(own["kind"] == "layers") & (own["measure"] == "error_change")]
        rises = rises.set_index("layer")["value"]
        assert sorted(rises.index) == [0, 1, 2]
        errors = own[(own["kind"] == "training") & (own["measure"] == "error")]
        for group, layer in (("low", 1), ("high", 2)):
            moved = errors[errors["group"] == group].set_index("label")["value"]
            assert moved["0"] - moved["1"] == pytest.approx(rises[layer], abs=1e-6)


def test_weights_travel_farther_along_the_path_than_straight(records: pd.DataFrame) -> None:
    travel = records[records["kind"] == "travel"].pivot_table(
        "value", ["task", "start", "seed", "layer"], "measure", dropna=False
    )
    assert (travel["net_distance"] <= travel["path_length"] * (1 + 1e-6)).all()
    assert (travel["net_distance"] > 0).all()


def test_planes_are_whole_and_meet_the_ends(records: pd.DataFrame) -> None:
    losses = records[(records["measure"] == "loss") & (records["split"] == "train") & (records["seed"] == 0)]
    for _, own in losses.groupby(["task", "start"]):
        end = own[own["kind"] == "trace"].sort_values("step")["value"].iloc[-1]
        for kind, place in (("path", "0 0"), ("other task", "1 0"), ("random plane", "0 0")):
            plane = own[own["kind"] == kind].set_index("label")["value"]
            assert plane.index.is_unique
            assert len(plane) == {"path": 9, "random plane": 9, "other task": 25}[kind]
            assert plane[place] == pytest.approx(end, abs=1e-5)


def test_the_way_ends_at_the_origin_of_its_plane(records: pd.DataFrame) -> None:
    way = records[(records["kind"] == "way: path") & records["step"].notna()]
    last = way[way["step"] == way["step"].max()]
    assert last[last["measure"].isin(["alpha", "beta"])]["value"].abs().max() < 1e-6
    missed = last[last["measure"] == "own_minus_projected"]["value"]
    assert missed.abs().max() < 1e-5
    overall = records[(records["kind"] == "way: path") & records["step"].isna()]["value"]
    assert overall.between(0.5, 1).all()


def test_trainings_of_unequal_length_share_snapshots(study_file: Path) -> None:
    text = study_file.read_text(encoding="utf-8")
    path = study_file.parent / "longer.yaml"
    longer = "seeds: [0]\nscratch: {epochs: 3, learning_rate: 1e-3, batch_size: 8}"
    path.write_text(text.replace("seeds: [0, 1]", longer, 1), encoding="utf-8")
    plan = plan_study(path, device="cpu").plan
    tuned, scratch = (
        next(step.arguments["snapshots"] for step in plan if f"on cat, {start}" in step.title)
        for start in ("pre-trained", "scratch")
    )
    assert tuned == [0, 1, 4, 10]
    assert scratch == [0, 1, 2, 4, 7, 10, 15]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("line_points: 5", "line_points: 4"), "line_points"),
        (("planes: [path, ", "planes: [path, path, "), "planes"),
        (("seeds: [0, 1]", "seeds: [0, 1]\nmost_hours: 0.001"), "too long"),
        (("label_kind: class", "label_kind: number"), "label"),
        (("snapshots: 4", "snapshots: 2"), "snapshots"),
    ],
)
def test_bad_files_are_refused_with_the_line(study_file: Path, change: tuple[str, str], message: str) -> None:
    text = study_file.read_text(encoding="utf-8")
    assert change[0] in text
    path = study_file.parent / "bad.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        plan_study(path, device="cpu")
    assert re.search(r"bad\.yaml:\d+", str(raised.value))
