"""Probes of a comparison end to end on a tiny model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.measures.catalogue import MEASURES
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


def test_a_label_that_only_the_test_set_of_a_sample_has_is_left_out_of_the_edge_probe(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    """With few probed targets, the sample of training sentences may lack a label."""
    rare = Example("rare", ("the", "cat"), (Target("RARE", (Span(1, 2),)),))
    splits = {name: (*examples, rare) for name, examples in tiny_task.splits.items()}
    task = replace(tiny_task, splits=splits, out_of_domain={})
    found = compare(
        tiny_model,
        tiny_model,
        task,
        tmp_path,
        settings=SETTINGS.model_copy(update={"probing_targets": 100}),
        device="cpu",
    )
    assert len(found.select(measure="edge_f1", subject="base")) == 3


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
    monkeypatch.setattr(probes, "PENALTIES", (1e-3, 1.0))
    settings = SETTINGS.model_copy(update={"probes": "thorough"})
    found = compare(tiny_model, tiny_model, tiny_task, tmp_path, settings=settings, device="cpu")
    spread = found.select(measure="perceptron_accuracy_sd", subject="base")
    assert [m.layer for m in spread] == LAYERS
    assert all(m.estimate.n_examples == 5 for m in spread)
