"""The study what-happens end to end on a tiny model: a parser and pairs, every step and what comes of it."""

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
from tunescope.tasks.treebank import generate_sentences, to_conllu

N_LAYERS = 2


def _write_pairs(path: Path, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["one", "two", "same"])
        for _ in range(n):
            first, other = (" ".join(rng.choice(["the", "cat", "dog", "sees", "runs"], 4)) for _ in range(2))
            same = bool(rng.integers(2))
            writer.writerow([first, first if same else other, "yes" if same else "no"])


@pytest.fixture(scope="module")
def study_file(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("what-happens")
    sentences = [each for each in generate_sentences(400, seed=0) if len(each.words) < 15]
    for name, part in (("train", sentences[:40]), ("test", sentences[40:70]), ("other", sentences[70:100])):
        (folder / f"{name}.conllu").write_text(to_conllu(part), encoding="utf-8")
    for seed, (name, n) in enumerate((("train", 40), ("test", 30))):
        _write_pairs(folder / f"pairs-{name}.csv", n, seed)
    path = folder / "study.yaml"
    path.write_text(
        f"""\
study: what-happens
models:
  - {{name: tiny, path: {tiny_model}}}
tasks:
  - {{name: parser, format: "conllu:parse", train: train.conllu, test: test.conllu}}
  - name: pairs
    format: table
    options: {{text: one, second_text: two, label: same, label_kind: class}}
    train: pairs-train.csv
    test: pairs-test.csv
train_limit: 30
test_limit: 25
finetune: {{epochs: 1, learning_rate: 1e-3, batch_size: 8}}
seeds: [0, 1]
freeze: [0, 1]
truncate: [1]
similarities: [rsa, cka, neighbourhood_overlap]
domains:
  - {{name: other, format: "conllu:pos", path: other.conllu}}
domain_sentences: 25
trees: {{train: train.conllu, test: "test.conllu[:20]"}}
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


def test_everything_is_found(result: StudyResult, study_file: Path) -> None:
    assert result.failures == ()
    tables = {table.key: table for table in result.tables}
    assert set(tables) == {"ablations", "rollback", "similarity", "structure", "weights"}
    found = [(row[1], row[4], row[3], row[5]) for row in tables["ablations"].rows]
    assert found == [
        (task, are, n_layers, 2)
        for task in ("parser", "pairs")
        for are, numbers in (("frozen", (-1, 0, 1, 2)), ("kept", (1, 2)))
        for n_layers in numbers
    ]
    assert len(result.claims) == 5
    keys = {table.key for table in result.tables} | {figure.key for figure in result.figures}
    assert all(claim.evidence and claim.shown_in in keys for claim in result.claims)
    assert not any(figure.missing for figure in result.figures)
    assert len(result.findings) == 4
    assert any("at most 30 training sentences" in note for note in result.notes)
    read = read_study_result(study_file.parent / "out")
    assert read.model_dump_json() == result.model_dump_json()


def test_frozen_layers_are_run_once_for_all(planned: PlannedStudy) -> None:
    titles = [step.title for step in planned.plan]
    assert len(titles) == len(set(titles))
    assert sum(title.startswith("frozen layers of tiny") for title in titles) == 2  # one for each task
    assert sum("as it was" in title and "structural" in title for title in titles) == 1


def test_the_whole_model_is_both_ends(records: pd.DataFrame) -> None:
    """All layers kept and none frozen is one training; its scores stand at both."""
    scores = records[(records["measure"] == "score") & (records["split"] == "test")]
    for _, own in scores[scores["kind"].isin(["freeze", "truncate"])].groupby(["task", "seed"]):
        nothing_frozen = own[(own["kind"] == "freeze") & (own["n_layers"] == -1)]["value"].item()
        all_kept = own[(own["kind"] == "truncate") & (own["n_layers"] == N_LAYERS)]["value"].item()
        assert nothing_frozen == all_kept
        rolled = scores[(scores["kind"] == "rollback") & (scores["label"] == "nothing")]
        rolled = rolled[(rolled["task"] == own["task"].iloc[0]) & (rolled["seed"] == own["seed"].iloc[0])]
        assert rolled["value"].item() == nothing_frozen


def test_freezing_and_truncating_take_less(records: pd.DataFrame) -> None:
    operations = records[records["measure"] == "operations"].set_index(["task", "kind", "n_layers", "seed"])[
        "value"
    ]
    for task in ("parser", "pairs"):
        frozen = [operations[task, "freeze", n, 0] for n in (-1, 1, 2)]
        assert frozen == sorted(frozen, reverse=True)
        assert operations[task, "truncate", 1, 0] < operations[task, "truncate", 2, 0]
        inference = records[(records["measure"] == "inference_operations") & (records["task"] == task)]
        assert inference.sort_values("layer")["value"].is_monotonic_increasing


def test_similarities_and_their_differences(records: pd.DataFrame) -> None:
    rsa = records[(records["measure"] == "rsa") & (records["layer"] == N_LAYERS)]
    rsa = rsa.set_index(["task", "domain", "seed"])["value"]
    differences = records[(records["measure"] == "rsa_own_minus_other") & (records["layer"] == N_LAYERS)]
    for _, row in differences.iterrows():
        own, other = (rsa[row["task"], domain, row["seed"]] for domain in ("its own text", "other"))
        assert row["value"] == pytest.approx(own - other)
    assert len(differences) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("freeze: [0, 1]", "freeze: [3]"), "no such layer"),
        (("truncate: [1]", "truncate: [0]"), "truncate"),
        (("truncate: [1]", "truncate: [4]"), "no such layer"),
        (("freeze: [0, 1]", "freeze: [1, 1]"), "freeze"),
        (("path: other.conllu", "path: missing.conllu"), "missing.conllu"),
        (('test: "test.conllu[:20]"', "test: gone.conllu"), "gone.conllu"),
        (("similarities: [rsa, ", "similarities: [rsb, "), "similarities"),
        (('format: "conllu:pos"', 'format: "treebank:pos"'), "generates its data"),
    ],
)
def test_bad_files_are_refused_with_the_line(study_file: Path, change: tuple[str, str], message: str) -> None:
    text = study_file.read_text(encoding="utf-8")
    assert change[0] in text
    path = study_file.parent / "bad.yaml"
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        plan_study(path, device="cpu")
    assert re.search(r"bad\.yaml:\d+", str(raised.value))
