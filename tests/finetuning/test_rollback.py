"""Rollback: predictions equal those of a model whose weights were really replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from tunescope._core.errors import InputError, ModelError
from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.rollback import predict_rolled_back, rollback_variants
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.heads.make_head import load_head
from tunescope.models.heads.task_head import TaskHead
from tunescope.models.prediction import predict
from tunescope.tasks.task import Task

N_LAYERS = 2


@pytest.fixture(scope="module")
def models(
    tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Encoder, Encoder, TaskHead]:
    settings = FinetuneSettings(learning_rate=5e-3, epochs=2, batch_size=16)
    tuned = finetune(tiny_model, tiny_task, tmp_path_factory.mktemp("run"), settings=settings)
    return (
        load_encoder(tiny_model, device="cpu"),
        load_encoder(tuned.model, device="cpu"),
        load_head(tuned.model, 16),
    )


def _really_rolled_back(base: Encoder, tuned: Encoder, layers: frozenset[int]) -> Encoder:
    before = base.model.state_dict()

    def is_rolled_back(name: str) -> bool:
        if name.startswith("embeddings"):
            return 0 in layers
        return name.startswith("encoder.layer.") and int(name.split(".")[2]) + 1 in layers

    model = BertModel(tuned.model.config)
    model.load_state_dict(
        {
            name: before[name] if is_rolled_back(name) else weight
            for name, weight in tuned.model.state_dict().items()
        }
    )
    model.eval()
    return replace(tuned, model=model)


def test_predictions_equal_those_of_replaced_weights(
    models: tuple[Encoder, Encoder, TaskHead], tiny_task: Task
) -> None:
    base, tuned, head = models
    variants = [frozenset[int](), *rollback_variants(N_LAYERS).values()]
    examples = tiny_task.splits["test"]
    found = predict_rolled_back(base, tuned, head, examples, variants)
    for variant, predicted in zip(variants, found, strict=True):
        expected = predict(_really_rolled_back(base, tuned, variant), head, examples)
        assert predicted.tolist() == expected.tolist()
    assert len({tuple(predicted) for predicted in found}) > 2


def test_variants_share_what_they_have_in_common(
    models: tuple[Encoder, Encoder, TaskHead], tiny_task: Task
) -> None:
    base, tuned, head = models
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    layers = [*base.model.encoder.layer, *tuned.model.encoder.layer]
    handles = [layer.attention.register_forward_hook(count) for layer in layers]
    variants = [frozenset(each) for each in ((), (2,), (1,), (1, 2), (0, 1, 2))]
    example = tiny_task.splits["test"][:1]
    predict_rolled_back(base, tuned, head, example, variants)
    for handle in handles:
        handle.remove()
    n_tried_out = 2 * N_LAYERS  # a first look at each of the two models
    assert (
        calls - n_tried_out == 2 + 2 + 2 + 2
    )  # layers 1 and 2: two and four branches, and those on old embeddings


@pytest.mark.parametrize("n_layers", [1, 2, 6, 12])
def test_the_usual_variants(n_layers: int) -> None:
    variants = rollback_variants(n_layers)
    assert variants[f"lower {n_layers}"] == frozenset(range(n_layers + 1))
    assert variants[f"upper {n_layers}"] == frozenset(range(1, n_layers + 1))
    thirds = [layers for name, layers in variants.items() if name.endswith("third")]
    assert frozenset().union(*thirds) == frozenset(range(1, n_layers + 1))
    assert sum(map(len, thirds)) == n_layers


def test_what_cannot_be_rolled_back_is_refused(
    models: tuple[Encoder, Encoder, TaskHead], tiny_task: Task
) -> None:
    base, tuned, head = models
    examples = tiny_task.splits["test"]
    with pytest.raises(InputError, match="no such layer"):
        predict_rolled_back(base, tuned, head, examples, [frozenset({3})])
    with pytest.raises(InputError, match="nothing to roll back"):
        predict_rolled_back(base, tuned, head, examples, [])
    torch.manual_seed(0)
    config = BertConfig(**{**tuned.model.config.to_dict(), "intermediate_size": 40})
    other = replace(base, model=BertModel(config))
    with pytest.raises(ModelError, match="differ in architecture"):
        predict_rolled_back(other, tuned, head, examples, [frozenset({1})])


def test_both_models_are_as_they_were(models: tuple[Encoder, Encoder, TaskHead], tiny_task: Task) -> None:
    base, tuned, head = models
    before = [{name: w.clone() for name, w in each.model.state_dict().items()} for each in (base, tuned)]
    predict_rolled_back(base, tuned, head, tiny_task.splits["test"], [frozenset({1})])
    for each, weights in zip((base, tuned), before, strict=True):
        assert all(torch.equal(weight, weights[name]) for name, weight in each.model.state_dict().items())
    assert np.array_equal(
        predict(tuned, head, tiny_task.splits["test"]), predict(tuned, head, tiny_task.splits["test"])
    )
