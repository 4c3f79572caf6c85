"""Probes of a comparison end to end on a tiny model."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.measures.catalogue import MEASURES
from tunescope.measures.probing.mlp_settings import FAST
from tunescope.studies.compare import compare
from tunescope.studies.comparison import Comparison
from tunescope.studies.probing import Trees, read_tree_pair
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.dependency_trees_reader import ParsedText
from tunescope.tasks.example import Example, Span, Target, TargetKind
from tunescope.tasks.task import Task

SETTINGS = CompareSettings(n_resamples=20, probing_targets=200, cluster_targets=100)
LAYERS = [0, 1, 2]


def _chains(n: int) -> ParsedText:
    """Sentences of seven words, each the head of the next, the last one punctuation."""
    words = ("the", "cat", "sees", "a", "bird", "running", ".")
    places = tuple(Target("X", (Span(i, i + 1),)) for i in range(7))
    return ParsedText(
        examples=tuple(Example(f"t{i}", words, places) for i in range(n)),
        heads=np.tile(np.arange(7), n),
        lengths=np.full(n, 7),
        scored=np.tile(np.arange(7) < 6, n),
    )


@pytest.fixture(scope="module")
def comparison(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Compare a model with itself: nothing is gained and nothing is lost."""
    folder = tmp_path_factory.mktemp("compare")
    trees = Trees(_chains(20), _chains(6))
    return compare(tiny_model, tiny_model, tiny_task, folder, trees=trees, settings=SETTINGS, device="cpu")


def test_every_probe_reads_every_layer_of_both_models(comparison: Comparison) -> None:
    for measure in (
        "perceptron_accuracy",
        "control_accuracy",
        "selectivity",
        "compression",
        "edge_f1",
        "uuas",
    ):
        for model in ("base", "tuned"):
            found = comparison.select(measure=measure, subject=model)
            assert [m.layer for m in found] == LAYERS, measure
            assert all(math.isfinite(m.estimate.value) for m in found)
    assert {m.measure for m in comparison.measurements} <= MEASURES.keys()


@pytest.mark.parametrize(
    "measure", ["perceptron_accuracy", "compression", "edge_f1", "edge_f1_cumulative", "uuas"]
)
def test_a_model_compared_with_itself_kept_everything(comparison: Comparison, measure: str) -> None:
    found = comparison.select(measure=measure, subject="difference")
    assert [m.layer for m in found] == LAYERS
    assert all(m.estimate.value == 0 for m in found)


def test_words_that_have_one_tag_each_are_read_and_compress(comparison: Comparison) -> None:
    (top,) = comparison.select(measure="perceptron_accuracy", subject="base", layer=2)
    (random,) = comparison.select(measure="random_vectors_accuracy")
    (code,) = comparison.select(measure="compression", subject="base", layer=2)
    assert top.estimate.value > 0.9
    assert random.estimate.value == 1  # seven words, each with its tag
    assert code.estimate.value > 1
    assert top.estimate.low < top.estimate.value <= top.estimate.high


def test_trees_are_kept_to_be_drawn(comparison: Comparison) -> None:
    assert len(comparison.trees) == 2
    tree = comparison.trees[0]
    assert tree.words[:2] == ("the", "cat")
    assert tree.gold == ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    assert tree.base == tree.tuned
    assert len(tree.base) == 5


@pytest.fixture(scope="module")
def other_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of the same architecture with other weights."""
    import torch
    from transformers import AutoModel

    folder = tmp_path_factory.mktemp("other") / "model"
    shutil.copytree(tiny_model, folder)
    model = AutoModel.from_pretrained(tiny_model)
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    model.save_pretrained(folder)
    return folder


def test_a_difference_is_after_minus_before(
    tiny_model: Path, other_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    words = ("the", "cat", "sees", "a", "bird", "running", "dogs")
    rng = np.random.default_rng(0)

    def varied(n: int) -> ParsedText:
        """Sentences in random orders of words: not every model tells their places equally well."""
        parsed = _chains(n)
        examples = tuple(
            replace(example, text=tuple(rng.permutation(words).tolist())) for example in parsed.examples
        )
        return replace(parsed, examples=examples)

    found = compare(
        tiny_model,
        other_model,
        tiny_task,
        tmp_path,
        trees=Trees(varied(20), varied(8)),
        settings=SETTINGS.model_copy(update={"probing_targets": 100}),
        device="cpu",
    )
    for measure in ("perceptron_accuracy", "compression", "edge_f1", "edge_f1_cumulative", "uuas", "dspr"):
        base, tuned, difference = (
            np.array([m.estimate.value for m in found.select(measure=measure, subject=subject)])
            for subject in ("base", "tuned", "difference")
        )
        assert len(difference) == 3
        assert difference == pytest.approx(tuned - base), measure
        assert measure == "perceptron_accuracy" or np.abs(difference).max() > 0, measure
    expected = [
        found.select(measure="expected_layer", subject=s)[0].estimate.value for s in ("base", "tuned")
    ]
    (shift,) = found.select(measure="expected_layer", subject="difference")
    assert shift.estimate.value == pytest.approx(expected[1] - expected[0], nan_ok=True)


def _with_label(task: Task, split: str, label: str) -> Task:
    """Give all targets of a split another label."""
    examples = tuple(
        replace(example, targets=tuple(replace(target, label=label) for target in example.targets))
        for example in task.splits[split][:10]
    )
    extra = Example("rare", ("the", "cat"), (Target(label, (Span(1, 2),)),))
    splits = {
        **task.splits,
        "train": (*task.splits["train"], extra),
        split: (*task.splits[split][10:], *examples),
    }
    return replace(task, splits=splits, out_of_domain={})


def test_targets_whose_label_the_training_sentences_probed_lack_are_left_out_of_the_edge_probe(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    task = _with_label(tiny_task, "test", "RARE")
    settings = SETTINGS.model_copy(update={"probing_targets": 150})
    found = compare(tiny_model, tiny_model, task, tmp_path / "some", settings=settings, device="cpu")
    assert len(found.select(measure="edge_f1", subject="base")) == 3
    assert any("they stand aside" in note for note in found.notes)
    none = replace(task, splits={**task.splits, "test": task.splits["test"][-10:]})
    found = compare(tiny_model, tiny_model, none, tmp_path / "none", settings=settings, device="cpu")
    assert not found.select(measure="edge_f1")
    assert any(note.startswith("No edge probes: ") for note in found.notes)


def test_trees_without_edges_have_no_scores_and_are_not_drawn(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    single = ParsedText(
        examples=tuple(Example(f"t{i}", ("cat",), (Target("X", (Span(0, 1),)),)) for i in range(3)),
        heads=np.zeros(3, dtype=int),
        lengths=np.ones(3, dtype=int),
        scored=np.ones(3, dtype=bool),
    )
    found = compare(
        tiny_model,
        tiny_model,
        tiny_task,
        tmp_path,
        trees=Trees(_chains(20), single),
        settings=SETTINGS,
        device="cpu",
    )
    scores = found.select(measure="uuas")
    assert scores
    assert all(math.isnan(m.estimate.value) and m.estimate.status != "ok" for m in scores)
    assert found.trees == ()


def test_trees_that_nobody_would_read_are_refused(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"probes": "none"})
    trees = Trees(_chains(20), _chains(6))
    with pytest.raises(InputError, match="no probes are asked for"):
        compare(tiny_model, tiny_model, tiny_task, tmp_path, trees=trees, settings=settings, device="cpu")


def test_the_trees_are_named_in_the_result(comparison: Comparison) -> None:
    assert str(comparison.settings["trees_train"]).startswith("20 sentences, ")
    assert comparison.settings["trees_train"] != comparison.settings["trees_test"]


def test_whole_texts_have_no_control_task_and_no_edge_probe(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    def whole(examples: tuple[Example, ...]) -> tuple[Example, ...]:
        return tuple(
            replace(example, targets=(Target("long" if len(example.text) > 5 else "short"),))
            for example in examples
        )

    splits = {name: whole(examples) for name, examples in tiny_task.splits.items()}
    task = replace(tiny_task, target=TargetKind.SENTENCE, splits=splits, out_of_domain={})
    found = compare(tiny_model, tiny_model, task, tmp_path, settings=SETTINGS, device="cpu")
    assert found.select(measure="perceptron_accuracy", subject="base")
    assert found.select(measure="compression", subject="base")
    for measure in ("control_accuracy", "edge_f1", "uuas"):
        assert not found.select(measure=measure)


def test_too_few_sentences_cost_the_probes_and_not_the_comparison(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    few = replace(
        tiny_task,
        splits={name: examples[:6] for name, examples in tiny_task.splits.items()},
        out_of_domain={},
    )
    found = compare(tiny_model, tiny_model, few, tmp_path, settings=SETTINGS, device="cpu")
    assert not found.select(measure="perceptron_accuracy")
    assert any("at least 10 training sentences" in note for note in found.notes)
    assert found.select(measure="probe_accuracy")


def test_only_one_file_of_trees_is_refused(tmp_path: Path) -> None:
    assert read_tree_pair(None, None) is None
    with pytest.raises(InputError, match="others to test on") as error:
        read_tree_pair(tmp_path / "train.conllu", None)
    assert "--trees-test" in str(error.value)


def test_thorough_probes_choose_among_a_grid(
    tiny_model: Path, tiny_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tunescope.studies.measuring import probes

    monkeypatch.setattr(probes, "HIDDEN_SIZES", ((4,), (8,), (8, 8)))
    monkeypatch.setattr(probes, "PENALTIES", (1.0,))
    monkeypatch.setattr(probes, "FAST", replace(FAST, max_epochs=20))
    settings = SETTINGS.model_copy(update={"probes": "thorough", "probing_targets": 100})
    found = compare(tiny_model, tiny_model, tiny_task, tmp_path, settings=settings, device="cpu")
    spread = found.select(measure="perceptron_accuracy_sd", subject="base")
    assert [m.layer for m in spread] == LAYERS
    assert all(m.estimate.n_examples == 5 for m in spread)
