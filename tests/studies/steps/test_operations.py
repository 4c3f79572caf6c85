"""Operations counted on some batches, against those counted everywhere and by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from tunescope.finetuning.cost import measure_cost
from tunescope.finetuning.frozen.features import FrozenFeatures
from tunescope.finetuning.frozen.training import train_frozen_head
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.finetuning.training import make_task_model, train
from tunescope.models.encoder import load_encoder
from tunescope.representations.writing import write_representations
from tunescope.studies.steps.operations import (
    linear_head_operations,
    reading_operations,
    tuning_operations,
)
from tunescope.tasks.task import Examples, Task


def _many(task: Task, times: int) -> Examples:
    return tuple(
        replace(example, sentence_id=f"{example.sentence_id}-{number}")
        for number in range(times)
        for example in task.splits["train"]
    )


def test_reading_counts_what_reading_takes(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    encoder = load_encoder(tiny_model, device="cpu")
    examples = tiny_task.splits["train"]
    with measure_cost(device="cpu", count=True) as meter:
        write_representations(encoder, examples, tiny_task.target, tmp_path, task="tags", split="train")
    assert reading_operations(encoder, examples, tiny_task.target) == pytest.approx(meter.cost.operations)


def test_many_batches_are_told_from_some(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    encoder = load_encoder(tiny_model, device="cpu")
    examples = _many(tiny_task, 40)
    with measure_cost(device="cpu", count=True) as meter:
        write_representations(encoder, examples, tiny_task.target, tmp_path, task="tags", split="train")
    found = reading_operations(encoder, examples, tiny_task.target)
    assert found == pytest.approx(meter.cost.operations, rel=0.03)


@pytest.mark.parametrize("batch_size", [4, 16])
def test_tuning_counts_what_training_takes(tiny_model: Path, tiny_task: Task, batch_size: int) -> None:
    encoder = load_encoder(tiny_model, device="cpu")
    settings = FinetuneSettings(epochs=3, batch_size=batch_size)
    model = make_task_model(encoder, tiny_task, settings)
    with measure_cost(device="cpu", count=True) as meter:
        train(model, encoder, tiny_task, settings, [], None)
    found = tuning_operations(model, encoder, tiny_task.splits["train"], settings)
    assert found == pytest.approx(meter.cost.operations, rel=0.05)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_counting_leaves_the_weights_alone(tiny_model: Path, tiny_task: Task) -> None:
    encoder = load_encoder(tiny_model, device="cpu")
    settings = FinetuneSettings(epochs=1)
    model = make_task_model(encoder, tiny_task, settings)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tuning_operations(model, encoder, tiny_task.splits["train"], settings)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("labels", [("a", "b"), ("a", "b", "c")])
def test_a_linear_head_takes_two_products_an_iteration(labels: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    gold = np.array(labels)[np.arange(60) % len(labels)]
    vectors = rng.normal(size=(1, 60, 5))
    head = train_frozen_head(FrozenFeatures.of_arrays(vectors, gold, np.arange(60)), "linear")
    solver = LogisticRegression().fit(vectors[0], gold)
    n_outputs = len(solver.coef_)
    expected = 2 * (2 * 60 * 5 * n_outputs) * head.info.n_epochs
    assert linear_head_operations(head.info) == expected


def test_a_ridge_regression_takes_products_and_a_solution() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1, 60, 6))
    features = FrozenFeatures.of_arrays(vectors, vectors[0, :, 0], np.arange(60))
    head = train_frozen_head(features, "linear")
    assert linear_head_operations(head.info) == 2 * 60 * 36 + 72
