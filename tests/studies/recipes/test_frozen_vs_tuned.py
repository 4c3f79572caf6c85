"""The study frozen-vs-tuned end to end on a tiny model: spans and numbers of pairs, every step and what comes of it."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tunescope._core.errors import InputError
from tunescope.studies.recipes.frozen_vs_tuned.published import paper_scores
from tunescope.studies.run_study import PlannedStudy, plan_study, read_study_result, run_study
from tunescope.studies.steps.predictions import read_predictions
from tunescope.studies.study_result import StudyResult, StudyTable
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.example import Example
from tunescope.tasks.span_f1 import span_f1
from tunescope.tasks.task import Task

SIZES = (12, 30, 60)


def _as_spans(examples: tuple[Example, ...]) -> tuple[Example, ...]:
    """Return a task on the same words: nouns are spans, together with a determiner before them."""

    def tags(example: Example) -> list[str]:
        parts = [str(target.label) for target in example.targets]
        after_determiner = [False, *(part == "DET" for part in parts[:-1])]
        before_noun = [*(part == "NOUN" for part in parts[1:]), False]
        return [
            ("I-NP" if after else "B-NP") if part == "NOUN" else "B-NP" if part == "DET" and before else "O"
            for part, after, before in zip(parts, after_determiner, before_noun, strict=True)
        ]

    return tuple(
        replace(
            example,
            targets=tuple(
                replace(target, label=tag) for target, tag in zip(example.targets, tags(example), strict=True)
            ),
        )
        for example in examples
    )


def _write_pairs(examples: tuple[Example, ...], path: Path) -> None:
    """Write pairs of sentences with the share of words that they have in common, from 0 to 5."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["one", "two", "similarity"])
        for first, second in zip(examples, (*examples[1:], examples[0]), strict=True):
            one, two = set(first.text), set(second.text)
            words = (" ".join(map(str, each.text)) for each in (first, second))
            writer.writerow([*words, f"{5 * len(one & two) / len(one | two):.3f}"])


@pytest.fixture(scope="module")
def study_file(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frozen")
    for name, examples in tiny_task.splits.items():
        write_edge_probing(_as_spans(examples), folder / f"spans-{name}.jsonl")
        _write_pairs(examples, folder / f"pairs-{name}.csv")
    path = folder / "study.yaml"
    path.write_text(
        f"""\
study: frozen-vs-tuned
models:
  - {{name: tiny, path: {tiny_model}}}
tasks:
  - {{name: spans, format: edge-probing, metric_of_spans: true, train: spans-train.jsonl, test: spans-test.jsonl}}
  - name: pairs
    format: table
    options: {{text: one, second_text: two, label: similarity, label_kind: number}}
    train: pairs-train.csv
    test: pairs-test.csv
sizes: [12, all, 30, 2000]
seeds: [0, 1]
seeds_at_largest: 1
finetune: {{epochs: 2, learning_rate: 1e-3, batch_size: 8}}
least_updates: 0
frozen: {{max_epochs: 3, hidden_size: 8}}
test_limit: 25
n_resamples: 20
reference: {{format: edge-probing, path: spans-train.jsonl}}
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
    assert set(tables) == {"quality", "gains", "winners", "cost", "likeness", "published"}
    quality = tables["quality"]
    found = [(row[1], row[2], row[3], row[4], row[5]) for row in quality.rows]
    metrics = {"spans": "span F1", "pairs": "Pearson correlation"}
    conditions = ("frozen, linear head", "frozen, mix of layers", "fine-tuned")
    assert found == [
        (task, metric, condition, size, 1 if size == 60 else 2)
        for task, metric in metrics.items()
        for condition in conditions
        for size in SIZES
    ]
    assert len(result.claims) == 5
    keys = {table.key for table in result.tables} | {figure.key for figure in result.figures}
    assert len(keys) == len(result.tables) + len(result.figures)
    assert all(claim.evidence and claim.shown_in in keys for claim in result.claims)
    assert not any(figure.missing for figure in result.figures)
    assert any("at most 25 test sentences" in note for note in result.notes)
    assert any("of the 2 seeds only the first 1" in note for note in result.notes)
    read = read_study_result(study_file.parent / "out")
    assert read.model_dump_json() == result.model_dump_json()


def test_the_figures_are_those_of_the_records(
    result: StudyResult, records: pd.DataFrame, study_file: Path
) -> None:
    assert len(records) == len(json.loads((study_file.parent / "out" / "records.json").read_text()))
    scores = records[(records["measure"] == "score") & (records["task"] == "spans")]
    small = scores[(scores["n_train"] == 12) & (scores["condition"] == "mix")]
    of_test, of_train = (small[small["split"] == split] for split in ("test", "train"))
    row = _row(result, "quality", "spans", "frozen, mix of layers", 12)
    assert row["score"] == pytest.approx(100 * of_test["value"].mean())
    assert row["low"] == pytest.approx(100 * of_test["low"].min())
    assert row["high"] == pytest.approx(100 * of_test["high"].max())
    assert row["sd"] == pytest.approx(100 * of_test["value"].std())
    assert row["gap"] == pytest.approx(100 * (of_train["value"].mean() - of_test["value"].mean()))
    assert row["gap low"] < row["gap"] < row["gap high"]
    figure = next(figure for figure in result.figures if figure.key == "scores-spans-tiny")
    assert [series.name for series in figure.series] == [
        "frozen, linear head",
        "frozen, mix of layers",
        "fine-tuned",
    ]
    assert 100 * figure.series[1].y[0] == pytest.approx(row["score"])
    assert figure.series[1].x == SIZES
    assert all(figure.x_log for figure in result.figures)
    worth = next(figure for figure in result.figures if figure.key == "worth-spans-tiny")
    spent = records[(records["measure"] == "operations") & (records["task"] == "spans")]
    means = spent[spent["condition"] == "tuned"].groupby("n_train")["value"].mean()
    assert worth.series[2].x == pytest.approx(means.tolist())
    tuned = _row(result, "quality", "spans", "fine-tuned", 12)
    gain = _row(result, "gains", "spans", "frozen, mix of layers", 12, by="against")
    assert gain["gain"] == pytest.approx(tuned["score"] - row["score"])
    assert gain["gain of the gap"] == pytest.approx(tuned["gap"] - row["gap"])
    gaps = next(figure for figure in result.figures if figure.key == "gaps-spans-tiny")
    assert 100 * gaps.series[2].y[0] == pytest.approx(tuned["gap"])


def test_scores_are_those_of_the_predictions(planned: PlannedStudy, result: StudyResult) -> None:
    step = next(
        step for step in planned.plan if step.title.startswith("fine-tuning: tiny on 60 sentences of sp")
    )
    table = read_predictions(planned.store / step.folder_name, "test")
    assert table["sentence_id"].nunique() == 25
    score = span_f1(table["label"], table["predicted"], table["sentence_id"])
    assert _row(result, "quality", "spans", "fine-tuned", 60)["score"] == pytest.approx(100 * score)


def test_all_conditions_see_the_same_sentences_and_smaller_sets_lie_within_larger(
    planned: PlannedStudy, result: StudyResult
) -> None:
    seen: dict[tuple[str, int], list[set[str]]] = {}
    tested = set()
    for step in planned.plan:
        if step.function.__name__ not in ("tune_subset", "train_frozen"):
            continue
        folder = planned.store / step.folder_name
        train, test = (read_predictions(folder, split)["sentence_id"] for split in ("train", "test"))
        name = step.title.rpartition(" of ")[2]
        seen.setdefault((name, train.nunique()), []).append(set(train))
        tested.add((name.partition(",")[0], tuple(test)))
    assert len(tested) == 2
    for task in ("spans", "pairs"):
        for seed in (0, 1):
            small, middle = (seen[f"{task}, seed {seed}", size] for size in SIZES[:2])
            assert len(small) == len(middle) == 3
            assert all(each == small[0] for each in small)
            assert all(each == middle[0] for each in middle)
            assert small[0] < middle[0]
        assert seen[f"{task}, seed 0", 12][0] != seen[f"{task}, seed 1", 12][0]


def test_costs_are_those_of_training_and_of_reading(result: StudyResult, records: pd.DataFrame) -> None:
    for task in ("spans", "pairs"):
        for size in SIZES:
            linear, mix, tuned = (
                _row(result, "cost", task, condition, size)
                for condition in ("frozen, linear head", "frozen, mix of layers", "fine-tuned")
            )
            for frozen in (linear, mix):
                assert 0 < frozen["of these reading"] < frozen["seconds"]
                assert 0 < frozen["of these reading (operations)"] < frozen["tera-operations"]
                ratio = frozen["fine-tuning, times the operations"]
                assert ratio == pytest.approx(tuned["tera-operations"] / frozen["tera-operations"])
            assert tuned["of these reading"] == 0
            # Two epochs of three passes, against one, and padding: more operations for certain.
            assert tuned["tera-operations"] > 3 * linear["of these reading (operations)"]
            assert tuned["fine-tuning, times the seconds"] == 1
    costs = records[records["measure"] == "operations"]
    by_size = costs[costs["condition"] == "tuned"].groupby(["task", "n_train"])["value"].mean()
    assert by_size["spans", 60] == pytest.approx(5 * by_size["spans", 12], rel=0.4)
    assert (records[records["measure"] == "peak_bytes"]["value"] > 1e7).all()


def test_published_numbers_are_in_points(result: StudyResult) -> None:
    theirs = paper_scores().set_index(["paper_task", "setting"])["score"]
    assert theirs["NER", "tuned"] == pytest.approx(92.4)
    assert theirs["SST-2", "frozen"] == pytest.approx(93.0)
    assert theirs["STS-B", "frozen"] == pytest.approx(82.9)
    table = _table(result, "published")
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["condition"], row["published"]) for row in rows] == [
        ("frozen, mix of layers", pytest.approx(92.2)),
        ("fine-tuned", pytest.approx(92.4)),
        ("fine-tuned minus frozen mix", pytest.approx(0.2)),
    ]
    assert {row["mark"] for row in rows} == {"md"}
    assert {row["difference"] for row in rows} == {None}  # spans of another kind than the paper's entities


def test_what_is_done_is_not_done_again_and_the_rest_is(result: StudyResult, study_file: Path) -> None:
    planned = plan_study(study_file, device="cpu")
    assert planned.done == {step.key for step in planned.plan}
    again = run_study(planned, study_file.parent / "again")
    assert again.model_dump_json() == result.model_dump_json()
    more = _changed(study_file, ("n_resamples: 20", "n_resamples: 30"))
    todo = {
        step.function.__name__ for step in plan_study(more, device="cpu").plan if step.key not in planned.done
    }
    assert todo == {"score_predictions", "compare_predictions", "compare_texts"}
    larger = _changed(study_file, ("sizes: [12, all, 30, 2000]", "sizes: [12, 40, all, 30]"))
    todo_titles = [step.title for step in plan_study(larger).plan if step.key not in planned.done]
    assert todo_titles
    assert all("on 40 sentences" in title for title in todo_titles)


def test_a_linear_head_on_all_sentences_serves_all_seeds(study_file: Path) -> None:
    whole = _changed(study_file, ("seeds_at_largest: 1\n", ""))
    plan = plan_study(whole, device="cpu").plan
    titles = [step.title for step in plan if "on 60 sentences of spans" in step.title]
    assert sum(title.startswith("frozen, linear head") for title in titles) == 1
    assert sum(title.startswith("fine-tuning") for title in titles) == 2
    assert sum(title.startswith("frozen, mix") for title in titles) == 2


def test_only_the_sentences_of_the_subsets_are_read(study_file: Path) -> None:
    small = _changed(study_file, ("sizes: [12, all, 30, 2000]", "sizes: [12]"))
    steps = [step for step in plan_study(small).plan if step.function.__name__ == "extract_subsets"]
    train = next(step for step in steps if step.arguments["split"] == "train")
    assert train.arguments["size"] == 12
    assert train.arguments["seeds"] == [0]


def test_small_subsets_get_enough_updates(study_file: Path) -> None:
    path = _changed(study_file, ("least_updates: 0", "least_updates: 14"))
    steps = [step for step in plan_study(path).plan if step.function.__name__ == "tune_subset"]
    epochs = {step.arguments["size"]: step.arguments["settings"]["epochs"] for step in steps}  # type: ignore[index]
    assert epochs == {12: 7, 30: 4, None: 2}


def test_the_costs_of_steps_are_told_before(planned: PlannedStudy) -> None:
    assert all(step.cost.seconds > 0 for step in planned.plan)
    extractions = [step for step in planned.plan if step.function.__name__ == "extract_subsets"]
    assert len(extractions) == 4
    assert all(step.cost.gigabytes > 0 for step in extractions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("sizes: [12, all, 30, 2000]", "sizes: [5, all]"), r"yaml:11, sizes\[0\]"),
        (("sizes: [12, all, 30, 2000]", "sizes: [12, 12]"), r"given twice.\n  where: .*yaml:11, sizes\[1\]"),
        (("sizes: [12, all, 30, 2000]", "sizes: [12, some]"), r"yaml:11, sizes\[1\]"),
        (("sizes: [12, all, 30, 2000]", "sizes: [500]"), r"fewer training sentences.*\n  where: .*yaml:11"),
        (("seeds_at_largest: 1", "seeds_at_largest: 3"), r"not so many seeds.\n  where: .*yaml:13"),
        (("test_limit: 25", "conditions: [linear, frozen]"), r"yaml:17, conditions\[1\]"),
        (("hidden_size: 8", "hidden: 8"), r"yaml:16, frozen.hidden"),
        (("test_limit: 25", "test_limit: 2"), r"yaml:17, test_limit"),
        (("metric_of_spans: true", "metric_of_spans: true, metric: mcc"), r"two metrics.\n  where: .*yaml:5"),
        (
            ("    train: pairs", "    metric_of_spans: true\n    train: pairs"),
            r"Spans cannot.*\n  where: .*yaml:9",
        ),
        (("spans-test.jsonl", "absent.jsonl"), r"yaml:5, tasks\[0\].test"),
        (("path: spans-train.jsonl", "path: absent.jsonl"), r"yaml:19, reference.path"),
        (
            ("reference: {format: edge-probing", "reference: {format: treebank:pos"),
            r"reads no file.*\n.*yaml:19",
        ),
    ],
)
def test_bad_study_files_are_refused(study_file: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_study(_changed(study_file, change))


def test_tags_that_mark_no_spans_are_refused(study_file: Path, tiny_task: Task) -> None:
    for name, examples in tiny_task.splits.items():
        write_edge_probing(examples, study_file.with_name(f"tags-{name}.jsonl"))
    path = _changed(study_file, ("spans-", "tags-"))
    with pytest.raises(
        InputError, match=r"Spans cannot be scored here.*\n.*yaml:5, tasks\[0\].metric_of_spans"
    ):
        plan_study(path)


def test_subsets_of_one_label_are_refused(study_file: Path, tiny_task: Task) -> None:
    first, *others = tiny_task.splits["train"]
    only = tuple(
        replace(each, targets=tuple(replace(target, label="O") for target in each.targets)) for each in others
    )
    write_edge_probing((*_as_spans((first,)), *only), study_file.with_name("rare-train.jsonl"))
    write_edge_probing(only[:20], study_file.with_name("rare-test.jsonl"))
    path = _changed(study_file, ("spans-", "rare-"))
    with pytest.raises(InputError, match=r"single label.\n  where: .*yaml:11, sizes"):
        plan_study(path)


def test_a_step_that_fails_is_reported_and_the_rest_goes_on(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tunescope.studies.steps import subset_tuning

    def fail(*arguments: object, **options: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(subset_tuning, "train", fail)
    path = _changed(
        study_file, ("sizes: [12, all, 30, 2000]", "sizes: [12]"), ("seeds: [0, 1]", "seeds: [0]")
    )
    result = run_study(plan_study(path, device="cpu", store=tmp_path / "store"), tmp_path / "out")
    assert {failure.status for failure in result.failures} == {"failed", "skipped"}
    assert any("MemoryError: no room" in failure.message for failure in result.failures)
    assert {row[3] for row in _table(result, "quality").rows} == {
        "frozen, linear head",
        "frozen, mix of layers",
    }
    assert {claim.verdict for claim in result.claims} == {"cannot be told"}


def test_a_killed_training_goes_on_and_its_time_is_that_of_both_parts(
    study_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    planned: PlannedStudy,
    result: StudyResult,
) -> None:
    from tunescope.studies.steps import subset_tuning
    from tunescope.studies.steps.rows import read_rows

    step = next(step for step in planned.plan if step.title.startswith("fine-tuning: tiny on 60"))
    compute = step.step(planned.store).compute
    monkeypatch.setattr(subset_tuning, "_SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(subset_tuning, "predict", _killed)
    with pytest.raises(KeyboardInterrupt):
        compute(tmp_path)
    (checkpoint,) = (tmp_path / "resume").iterdir()
    assert float((checkpoint / "seconds.json").read_text()) > 0
    (checkpoint / "seconds.json").write_text("1000.0")
    monkeypatch.undo()
    compute(tmp_path)
    whole = planned.store / step.folder_name
    for split in ("train", "test"):
        pd.testing.assert_frame_equal(read_predictions(tmp_path, split), read_predictions(whole, split))
    costs = {row.measure: row.estimate.value for row in read_rows(tmp_path).rows}
    assert 1000 < costs["seconds"] < 1100
    assert not (tmp_path / "resume").exists()


def test_a_time_that_is_not_known_is_undefined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planned: PlannedStudy
) -> None:
    from tunescope.studies.steps import subset_tuning
    from tunescope.studies.steps.rows import read_rows

    step = next(step for step in planned.plan if step.title.startswith("fine-tuning: tiny on 12"))
    compute = step.step(planned.store).compute
    monkeypatch.setattr(subset_tuning, "_SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(subset_tuning, "predict", _killed)
    with pytest.raises(KeyboardInterrupt):
        compute(tmp_path)
    (checkpoint,) = (tmp_path / "resume").iterdir()
    (checkpoint / "seconds.json").unlink()
    monkeypatch.undo()
    compute(tmp_path)
    seconds = next(row.estimate for row in read_rows(tmp_path).rows if row.measure == "seconds")
    assert math.isnan(seconds.value)
    assert seconds.status.startswith("undefined: the training was interrupted")


def _killed(*arguments: object, **options: object) -> None:
    raise KeyboardInterrupt


def test_a_task_of_no_paper_has_no_published_numbers(study_file: Path, records: pd.DataFrame) -> None:
    planned = plan_study(_changed(study_file, ("metric_of_spans: true", "metric: accuracy")), device="cpu")
    content = planned.study.content(planned.file, records)
    assert {table.key for table in content.tables} == {"quality", "gains", "winners", "cost", "likeness"}
    nothing = planned.study.content(planned.file, pd.DataFrame())
    assert (nothing.tables, nothing.figures, nothing.claims) == ((), (), ())


def _changed(study_file: Path, *changes: tuple[str, str]) -> Path:
    text = study_file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = study_file.with_name(f"changed-{abs(hash(changes))}.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def test_texts_are_compared_with_the_reference(result: StudyResult) -> None:
    table = _table(result, "likeness")
    rows = {row[1]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    # The text of the pairs is that of the spans, each sentence twice.
    assert rows["spans"]["divergence"] == pytest.approx(rows["pairs"]["divergence"], abs=0.1)
    for row in rows.values():
        assert row["divergence low"] <= row["divergence"] <= row["divergence high"]
        assert 0 < row["by chance"] < 1


def _table(result: StudyResult, key: str) -> StudyTable:
    return next(table for table in result.tables if table.key == key)


def _row(
    result: StudyResult, key: str, task: str, condition: str, size: int, *, by: str = "condition"
) -> dict[str, float]:
    table = _table(result, key)
    for row in table.rows:
        cells = dict(zip(table.columns, row, strict=True))
        if (cells["task"], cells[by], cells["training sentences"]) == (task, condition, size):
            return cells  # type: ignore[return-value]
    raise LookupError(f"{key} has no row of {task}, {condition}, {size}")
