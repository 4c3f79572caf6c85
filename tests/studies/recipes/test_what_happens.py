"""The study what-happens end to end on a tiny model: a parser and pairs, every step and what comes of it."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from transformers import BertConfig, BertForMaskedLM

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
knowledge:
  - {{name: POS, format: "conllu:pos", train: train.conllu, test: test.conllu}}
knowledge_targets: 150
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
    assert set(tables) == {
        "ablations",
        "beside",
        "rollback",
        "similarity",
        "shapes",
        "structure",
        "edges",
        "codes",
        "weights",
        "updates",
    }
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


def test_attachment_without_labels_stands_beside(result: StudyResult) -> None:
    """A labelled arc that is right is right without its label, too."""
    tables = {table.key: pd.DataFrame(table.rows, columns=table.columns) for table in result.tables}
    keys = ["task", "layers", "are"]
    both = tables["beside"].merge(tables["ablations"], on=keys, suffixes=("", " by own"), validate="1:1")
    assert len(both) == len(tables["beside"]) == 6
    assert set(both["metric"]) == {"UAS"}
    assert (both["score"] >= both["score by own"]).all()


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


def test_what_was_known_is_told_at_each_layer(records: pd.DataFrame) -> None:
    edges = records[(records["domain"] == "POS") & (records["task"] == "pairs")]
    before = edges[edges["kind"] == "edges before"].set_index("layer")["value"]
    after = edges[edges["kind"] == "edges after"].set_index(["seed", "layer"])["value"]
    gain = edges[edges["measure"] == "edge_f1_gain"].set_index(["seed", "layer"])["value"]
    assert len(gain) == 2 * (N_LAYERS + 1)
    for (seed, layer), value in gain.items():
        assert value == pytest.approx(after[seed, layer] - before[layer])
    left = edges[edges["measure"] == "share_left"]
    assert set(left["label"]) <= {"kept", "weakened", "lost", "cannot be told"}
    assert left["label"].notna().all()
    codes = edges[edges["measure"] == "compression"]
    assert (codes["value"] > 0.5).all()


def test_layers_before_and_after_are_mapped(result: StudyResult, records: pd.DataFrame) -> None:
    figure = next(figure for figure in result.figures if figure.key == "map-pairs-tiny")
    assert figure.grid is not None
    assert figure.grid.rows == figure.grid.columns == ("0", "1", "2")
    cells = records[(records["measure"] == "cka_map") & (records["task"] == "pairs")]
    cells = cells[(cells["layer"] == 2) & (cells["label"] == "1")]
    assert figure.grid.values[2][1] == pytest.approx(cells["value"].mean())


def test_updates_of_related_runs_are_compared(result: StudyResult) -> None:
    table = next(table for table in result.tables if table.key == "updates")
    runs = {tuple(row[1:4]) for row in table.rows}
    assert runs == {
        ("parser", 0, "parser, seed 1"),
        ("pairs", 0, "pairs, seed 1"),
        ("pairs", 0, "parser, seed 0"),
        ("pairs", 1, "parser, seed 1"),
    }
    assert all(-1 <= row[5] <= 1 for row in table.rows if isinstance(row[5], float))


def test_masked_words_are_guessed_where_the_model_has_the_head(
    study_file: Path, tiny_model: Path, planned: PlannedStudy, result: StudyResult, tmp_path: Path
) -> None:
    assert not any("masked words" in step.title for step in planned.plan)
    assert any("No loss on masked words: tiny came without" in note for note in result.notes)
    shutil.copytree(tiny_model, tmp_path / "with-head")
    config = BertConfig.from_pretrained(tiny_model)
    BertForMaskedLM(config).save_pretrained(tmp_path / "with-head")
    text = study_file.read_text(encoding="utf-8")
    path = study_file.parent / "masks.yaml"
    path.write_text(text.replace(str(tiny_model), str(tmp_path / "with-head")), encoding="utf-8")
    titles = [step.title for step in plan_study(path, device="cpu").plan if "masked words" in step.title]
    assert titles[0] == "masked words on other of tiny as it was"
    assert len(titles) == 1 + 2 * 2 * 2  # before, and for each task and seed: after, and the change


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
        (('format: "conllu:pos", path', 'format: "treebank:pos", path'), "generates its data"),
        (
            ('POS, format: "conllu:pos"', 'POS, format: "conllu:parse"'),
            "words or pairs of words, with classes",
        ),
        (("test: test.conllu}\nknowledge_", "test: gone.conllu}\nknowledge_"), "gone.conllu"),
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
