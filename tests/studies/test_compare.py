"""Comparing end to end on a tiny model: known answers, controls, adapters, foreign heads, kills."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tunescope._core.errors import InputError, ModelError
from tunescope.finetuning.finetune import FinetunedModel, finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.measures.catalogue import MEASURES
from tunescope.models.checkpoint import find_checkpoint
from tunescope.models.tuned import load_tuned
from tunescope.studies.compare import compare, read_comparison
from tunescope.studies.comparison import Comparison
from tunescope.studies.finetune_scores import finetune_scores
from tunescope.studies.measuring.vectors import sample_sentences
from tunescope.studies.settings import CompareSettings, make_settings
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.task import Task

FAST = FinetuneSettings(learning_rate=5e-3, epochs=6, batch_size=16)
QUICK = CompareSettings(n_resamples=20, probes="none")


@pytest.fixture(scope="module")
def tuned(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> FinetunedModel:
    folder = tmp_path_factory.mktemp("tuned")
    return finetune(tiny_model, tiny_task, folder, settings=FAST, snapshots={"every": 12}, device="cpu")


@pytest.fixture(scope="module")
def comparison(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory
) -> Comparison:
    folder = tmp_path_factory.mktemp("compare")
    return compare(tiny_model, tuned, tiny_task, folder, settings=QUICK, device="cpu")


def _value(comparison: Comparison, **fields: object) -> float:
    (measurement,) = comparison.select(**fields)
    return measurement.estimate.value


def test_every_measure_is_described(comparison: Comparison) -> None:
    assert {m.measure for m in comparison.measurements} <= MEASURES.keys()


def test_it_helped(comparison: Comparison, tuned: FinetunedModel, tiny_task: Task) -> None:
    own = _value(comparison, measure="head_accuracy", subject="tuned", split="test", step=None)
    test = tuned.predictions("test")
    assert own == pytest.approx((test["label"] == test["predicted"]).mean())
    scores = finetune_scores(tuned, tiny_task)
    row = scores[(scores["split"] == "test") & (scores["metric"] == "accuracy")].iloc[0]
    assert row["value"] == pytest.approx(own)
    assert row["low"] <= own <= row["high"]
    before = _value(
        comparison, measure="probe_accuracy", subject="base", split="test", partition="given", layer=2
    )
    gain = _value(
        comparison, measure="head_accuracy", subject="difference", split="test", step=None, layer=None
    )
    assert gain == pytest.approx(own - before)


def test_every_layer_and_set_is_measured(comparison: Comparison) -> None:
    for measure in ("rsa", "cka", "procrustes_distance", "neighbourhood_overlap"):
        for split in ("train", "test", "other"):
            found = comparison.select(measure=measure, split=split, step=None, partition="given")
            assert [m.layer for m in found] == [0, 1, 2]
            assert all(math.isfinite(m.estimate.value) and m.estimate.has_interval for m in found)
    labels = {m.label for m in comparison.select(measure="centroid_shift", layer=2)}
    assert labels == {"DET", "NOUN", "VERB"}
    parts = [m.part for m in comparison.select(measure="weight_change", step=None)]
    assert parts == ["embeddings", "layer 1", "layer 2"]


def test_the_path_starts_at_the_base_and_ends_at_the_tuned_model(comparison: Comparison) -> None:
    assert comparison.steps == (0, 12, 24)
    assert _value(comparison, measure="rsa", layer=2, step=0) == pytest.approx(1)
    assert _value(comparison, measure="weight_change", part="layer 2", step=0) == 0
    end = _value(comparison, measure="weight_change", part="layer 2", step=24)
    assert end == pytest.approx(_value(comparison, measure="weight_change", part="layer 2", step=None))
    assert {point.step for point in comparison.centroid_path} == {0, 12, 24}
    assert 0 < comparison.path_variance <= 1


def test_a_model_compared_with_itself_did_not_change(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    same = compare(tiny_model, tiny_model, tiny_task, tmp_path, settings=QUICK, device="cpu")
    assert all(m.estimate.value == pytest.approx(1) for m in same.select(measure="rsa"))
    assert all(
        m.estimate.value == pytest.approx(0, abs=1e-6) for m in same.select(measure="procrustes_distance")
    )
    assert all(m.estimate.value == 0 for m in same.select(measure="weight_change"))
    assert all(m.estimate.value == 0 for m in same.select(subject="difference"))
    assert not same.changed
    assert not same.select(measure="head_accuracy")


def test_it_is_read_back_unchanged(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path
) -> None:
    first = compare(tiny_model, tuned, tiny_task, tmp_path, settings=QUICK, device="cpu")
    assert read_comparison(tmp_path).model_dump_json() == first.model_dump_json()
    again = compare(tiny_model, tuned, tiny_task, tmp_path, settings=QUICK, device="cpu")
    assert again.model_dump_json() == first.model_dump_json()


def test_the_run_folder_of_a_fine_tuning_stands_for_its_model(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path, comparison: Comparison
) -> None:
    run = tuned.folder.parents[1]
    by_folder = compare(tiny_model, run, tiny_task, tmp_path, settings=QUICK, device="cpu")
    assert by_folder.steps == (0, 12, 24)
    assert [m.model_dump_json() for m in by_folder.measurements] == [
        m.model_dump_json() for m in comparison.measurements
    ]


def test_the_random_split_control(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path
) -> None:
    random_task = tiny_task.random_split(0)
    control = finetune(tiny_model, random_task, tmp_path / "control", settings=FAST, device="cpu")
    found = compare(
        tiny_model, tuned, tiny_task, tmp_path / "run", control=control, settings=QUICK, device="cpu"
    )
    own = _value(found, measure="head_accuracy", subject="tuned", split="test", partition="random")
    predictions = control.predictions("test")
    assert own == pytest.approx((predictions["label"] == predictions["predicted"]).mean())
    direct = compare(tiny_model, control, random_task, tmp_path / "direct", settings=QUICK, device="cpu")
    for subject in ("base", "tuned"):
        place = {"measure": "probe_accuracy", "subject": subject, "split": "test", "layer": 2}
        assert _value(found, partition="random", **place) == pytest.approx(
            _value(direct, partition="given", **place), abs=0.02
        )
    assert len(found.select(measure="rsa", partition="random")) == 6  # three layers, train and test
    assert not any("control covers the base model only" in note for note in found.notes)


def test_a_control_may_be_added_later(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    compare(tiny_model, tuned, tiny_task, run, settings=QUICK, device="cpu")
    before = {path: path.stat().st_mtime_ns for path in run.glob("steps/*/step.json")}
    control = finetune(
        tiny_model, tiny_task.random_split(0), tmp_path / "control", settings=FAST, device="cpu"
    )
    found = compare(tiny_model, tuned, tiny_task, run, control=control, settings=QUICK, device="cpu")
    assert found.select(measure="head_accuracy", partition="random")
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_without_a_control_only_the_base_has_one(comparison: Comparison) -> None:
    assert {m.subject for m in comparison.select(partition="random")} == {"base", "baseline"}
    assert any("covers the base model only" in note for note in comparison.notes)


def test_transformers_own_token_head(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    from transformers import AutoModelForTokenClassification

    names = dict(enumerate(tiny_task.labels))
    model = AutoModelForTokenClassification.from_pretrained(tiny_model, id2label=names, num_labels=len(names))
    model.save_pretrained(tmp_path / "model")  # no tokenizer: the base's is taken
    found = compare(tiny_model, tmp_path / "model", tiny_task, tmp_path / "run", settings=QUICK, device="cpu")
    own = _value(found, measure="head_accuracy", subject="tuned", split="test")
    base = find_checkpoint(tiny_model)
    predict = load_tuned(tmp_path / "model", tiny_task, base=base, device="cpu").predict
    assert predict is not None
    gold = [t.label for e in tiny_task.splits["test"] for t in e.targets]
    assert own == pytest.approx(np.mean(predict(tiny_task.splits["test"]) == gold))
    assert found.tuned.head == "BertForTokenClassification"
    naive = _naive_token_predictions(model, tiny_model, tiny_task.splits["test"][:5], names)
    assert predict(tiny_task.splits["test"][:5]).tolist() == naive


def _naive_token_predictions(model, folder, examples, names) -> list[str]:  # type: ignore[no-untyped-def]
    import torch
    from transformers import AutoTokenizer

    tokenizer, predicted = AutoTokenizer.from_pretrained(folder), []
    for example in examples:
        encoding = tokenizer([list(example.text)], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            logits = model.eval()(**encoding).logits[0]
        words = encoding.word_ids(0)
        predicted += [names[int(logits[words.index(t.spans[0].start)].argmax())] for t in example.targets]
    return predicted


def test_a_head_of_other_labels_is_not_scored_but_said(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    from transformers import AutoModelForTokenClassification

    model = AutoModelForTokenClassification.from_pretrained(tiny_model, num_labels=3)
    model.save_pretrained(tmp_path / "model")
    found = compare(tiny_model, tmp_path / "model", tiny_task, tmp_path / "run", settings=QUICK, device="cpu")
    assert not found.select(measure="head_accuracy")
    assert any("id2label" in note for note in found.notes)


def test_a_sentence_head_and_numbers(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    rng = np.random.default_rng(0)

    def examples(n: int, name: str) -> tuple[Example, ...]:
        counts = rng.integers(0, 5, n)
        texts = [" ".join(rng.permutation(["cat"] * c + ["dog"] * (5 - c))) for c in counts]
        return tuple(
            Example(f"{name}{i}", t, (Target(float(c)),))
            for i, (t, c) in enumerate(zip(texts, counts, strict=True))
        )

    task = Task(
        "n", TargetKind.SENTENCE, LabelKind.NUMBER, {"train": examples(80, "a"), "test": examples(40, "b")}
    )
    model = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=1)
    model.save_pretrained(tmp_path / "model")
    found = compare(tiny_model, tmp_path / "model", task, tmp_path / "run", settings=QUICK, device="cpu")
    assert found.metric == "pearson"
    assert len(found.select(measure="probe_pearson", subject="base", split="test", partition="given")) == 3
    assert len(found.select(measure="head_pearson", subject="tuned", split="test")) == 1
    (majority,) = found.select(measure="majority_pearson", partition="given")
    assert math.isnan(majority.estimate.value)
    assert majority.estimate.status != "ok"
    assert not found.select(measure="centroid_shift")


@pytest.mark.parametrize("with_head", [False, True])
def test_an_adapter_of_peft(tiny_model: Path, tiny_task: Task, tmp_path: Path, with_head: bool) -> None:
    peft = pytest.importorskip("peft", reason="the extra peft is not installed")
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

    torch.manual_seed(1)
    if with_head:
        names = dict(enumerate(tiny_task.labels))
        model = AutoModelForTokenClassification.from_pretrained(tiny_model, num_labels=3, id2label=names)
        config = peft.LoraConfig(r=2, task_type="TOKEN_CLS", init_lora_weights=False)
        AutoConfig.from_pretrained(tiny_model, id2label=names).save_pretrained(tmp_path / "adapter")
    else:
        model = AutoModel.from_pretrained(tiny_model)
        config = peft.LoraConfig(r=2, init_lora_weights=False)
    adapted = peft.get_peft_model(model, config).eval()
    adapted.save_pretrained(tmp_path / "adapter")
    found = compare(
        tiny_model, tmp_path / "adapter", tiny_task, tmp_path / "run", settings=QUICK, device="cpu"
    )
    assert found.tuned.adapter == "LORA"
    assert _value(found, measure="weight_change", part="layer 1") > 0
    assert _value(found, measure="weight_change", part="embeddings") == 0
    assert bool(found.select(measure="head_accuracy", subject="tuned", split="test")) is with_head


def test_an_adapter_of_another_model_is_refused(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="the extra peft is not installed")
    from transformers import AutoModelForTokenClassification

    model = AutoModelForTokenClassification.from_pretrained(tiny_model)
    peft.get_peft_model(model, peft.LoraConfig(r=2)).save_pretrained(tmp_path / "adapter")
    with pytest.raises(ModelError, match="does not fit the base"):
        compare(tiny_model, tmp_path / "adapter", tiny_task, tmp_path / "run", settings=QUICK, device="cpu")


def test_an_adapter_is_no_base(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="the extra peft is not installed")
    from transformers import AutoModel

    peft.get_peft_model(AutoModel.from_pretrained(tiny_model), peft.LoraConfig(r=2)).save_pretrained(
        tmp_path / "a"
    )
    with pytest.raises(ModelError, match="base is an adapter"):
        compare(tmp_path / "a", tiny_model, tiny_task, tmp_path / "run", settings=QUICK)


def test_labels_that_cannot_be_compared(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what-happens"):
        compare(tiny_model, tiny_model, replace(tiny_task, label=LabelKind.ENTITY_SPANS), tmp_path)


def test_settings_out_of_range() -> None:
    with pytest.raises(InputError, match=r"out of range(.|\n)*max_targets"):
        make_settings(max_targets=1)


def test_a_folder_without_snapshots(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no snapshots"):
        compare(tiny_model, tiny_model, tiny_task, tmp_path / "run", snapshots=tmp_path)


def test_sampling_takes_whole_sentences() -> None:
    ids = np.repeat(np.arange(100), 7)
    keep = sample_sentences(ids, 50, seed=0)
    assert keep.sum() == 49
    assert all(keep[ids == i].all() or not keep[ids == i].any() for i in range(100))
    np.testing.assert_array_equal(keep, sample_sentences(ids, 50, seed=0))
    assert sample_sentences(ids, 3, seed=0).sum() == 7
    assert sample_sentences(ids, 700, seed=0).all()


_CHILD = """
import sys
from tunescope import CompareSettings, LabelKind, TargetKind, Task, compare
from tunescope.tasks.edge_probing import read_edge_probing
base, tuned, data, run = sys.argv[1:]
splits = {name: read_edge_probing(f"{data}/{name}.jsonl") for name in ("train", "test")}
task = Task("tags", TargetKind.TOKEN, LabelKind.CLASS, splits)
compare(base, tuned, task, run, settings=CompareSettings(n_resamples=20), device="cpu")
"""


def test_a_comparison_that_is_killed_ends_with_the_same_figures(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path
) -> None:
    from tunescope.tasks.edge_probing import write_edge_probing

    for split in ("train", "test"):
        write_edge_probing(tiny_task.splits[split], tmp_path / f"{split}.jsonl")
    command = [sys.executable, "-c", _CHILD, str(tiny_model), str(tuned.folder.parents[1]), str(tmp_path)]
    for moment in ("vectors-tuned-train-*", "similarity-test-*", "step-000012-*"):
        with subprocess.Popen([*command, str(tmp_path / "killed")]) as process:
            while not list((tmp_path / "killed" / "steps").glob(moment)):
                assert process.poll() is None, f"ended before {moment}"
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        assert not (tmp_path / "killed" / "comparison.json").exists()
    for run in ("killed", "undisturbed"):
        subprocess.run([*command, str(tmp_path / run)], check=True)
    killed, undisturbed = (read_comparison(tmp_path / run) for run in ("killed", "undisturbed"))
    assert killed.model_dump_json() == undisturbed.model_dump_json()


def test_a_control_of_another_division_is_refused(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path
) -> None:
    for control in (tuned, tuned.folder.parents[1]):
        with pytest.raises(InputError, match=r"another division(.|\n)*--random-split --split-seed 0"):
            compare(tiny_model, tuned, tiny_task, tmp_path, control=control, settings=QUICK)


def test_windows_reach_the_own_head_too(
    tiny_model: Path, tuned: FinetunedModel, tiny_task: Task, tmp_path: Path
) -> None:
    long = Example("long", ("cat",) * 70, (Target("NOUN", (Span(69, 70),)),))
    task = replace(tiny_task, splits={**tiny_task.splits, "test": (*tiny_task.splits["test"], long)})
    settings = make_settings(n_resamples=20, long_sentences="window")
    found = compare(tiny_model, tuned, task, tmp_path, settings=settings, device="cpu")
    (own,) = found.select(measure="head_accuracy", subject="tuned", split="test", step=None)
    assert own.estimate.n_sentences == 31
