"""The losses of examples are those of training, whatever the batches and the layers that never move."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.finetuning.test_other_heads import _parsed, _questions

from tunescope._core.errors import InputError
from tunescope.finetuning.batches import Collator
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.finetuning.training import make_task_model
from tunescope.landscapes.example_losses import ExampleLosses
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.prediction import predict
from tunescope.models.rows import rows_of
from tunescope.models.task_model import TaskModel
from tunescope.tasks.example import Example, LabelKind, Target, TargetKind
from tunescope.tasks.task import Task


def _numbers(n: int, seed: int) -> tuple[Example, ...]:
    rng = np.random.default_rng(seed)
    return tuple(
        Example(f"n{number}", "the cat sees " * int(rng.integers(1, 4)), (Target(float(rng.normal())),))
        for number in range(n)
    )


@pytest.fixture(scope="module")
def tasks(tiny_task: Task) -> dict[str, Task]:
    def splits(make: object) -> dict[str, tuple[Example, ...]]:
        return {"train": make(40, 0), "test": make(25, 1)}  # type: ignore[operator]

    return {
        "classes": tiny_task,
        "numbers": Task("n", TargetKind.SENTENCE, LabelKind.NUMBER, splits(_numbers)),
        "trees": Task("p", TargetKind.TOKEN, LabelKind.TREE, splits(_parsed)),
        "answers": Task("q", TargetKind.SENTENCE_PAIR, LabelKind.ANSWER_SPAN, splits(_questions)),
    }


def _made(tiny_model: Path, task: Task) -> tuple[TaskModel, Encoder]:
    encoder = load_encoder(tiny_model, device="cpu")
    return make_task_model(encoder, task, FinetuneSettings(seed=0)), encoder


@pytest.mark.parametrize("kind", ["classes", "numbers", "trees", "answers"])
@pytest.mark.parametrize("n_fixed", [-1, 0, 1, 2])
def test_losses_are_those_of_training(
    tiny_model: Path, tasks: dict[str, Task], kind: str, n_fixed: int
) -> None:
    task = tasks[kind]
    model, encoder = _made(tiny_model, task)
    examples = task.splits["test"]
    losses = ExampleLosses(model, encoder, examples, n_fixed=n_fixed)
    found = losses.measure()
    rows = rows_of(encoder, model.info, examples)
    collate = Collator(rows, model.head.encode(rows.labels), encoder.tokenizer.pad_token_id)
    model.eval()
    with torch.no_grad():
        for number in range(len(examples)):
            alone = model(**collate([number]))["loss"].item()
            assert found.losses[losses.sentence_ids == number].mean() == pytest.approx(alone, abs=1e-5)
        parts = list(losses.batch_losses())
    n = sum(size for _, size in parts)
    assert n == len(found.losses)
    mean = sum(loss.item() * size for loss, size in parts) / n
    assert found.losses.mean() == pytest.approx(mean, abs=1e-5)


def test_errors_are_those_of_the_predictions(tiny_model: Path, tasks: dict[str, Task]) -> None:
    task = tasks["classes"]
    model, encoder = _made(tiny_model, task)
    found = ExampleLosses(model, encoder, task.splits["test"]).measure()
    labels = [target.label for example in task.splits["test"] for target in example.targets]
    predicted = predict(encoder, model.head, task.splits["test"])
    np.testing.assert_array_equal(found.wrong, predicted != np.array(labels))
    assert 0 < found.wrong.mean() < 1
    model, encoder = _made(tiny_model, tasks["numbers"])
    assert np.isnan(ExampleLosses(model, encoder, tasks["numbers"].splits["test"]).measure().wrong).all()


def test_bfloat16_is_near(tiny_model: Path, tasks: dict[str, Task]) -> None:
    model, encoder = _made(tiny_model, tasks["classes"])
    examples = tasks["classes"].splits["test"]
    exact, near = (ExampleLosses(model, encoder, examples, bf16=bf16) for bf16 in (False, True))
    assert exact.key != near.key
    difference = np.abs(exact.measure().losses - near.measure().losses)
    assert 0 < difference.max() < 0.05


def test_batches_for_curvature_are_many_and_have_the_same_losses(
    tiny_model: Path, tasks: dict[str, Task]
) -> None:
    model, encoder = _made(tiny_model, tasks["classes"])
    examples = (tasks["classes"].splits["train"] * 3)[:120]
    few, many = (ExampleLosses(model, encoder, examples, for_curvature=each) for each in (False, True))
    np.testing.assert_allclose(many.measure().losses, few.measure().losses, atol=1e-6)
    assert len(list(few.batch_losses())) < 24 <= len(list(many.batch_losses())) < len(examples)


def test_the_key_is_that_of_examples_and_weights(tiny_model: Path, tasks: dict[str, Task]) -> None:
    model, encoder = _made(tiny_model, tasks["classes"])
    examples = tasks["classes"].splits["test"]
    key = ExampleLosses(model, encoder, examples).key
    assert ExampleLosses(model, encoder, examples).key == key
    assert ExampleLosses(model, encoder, examples[1:]).key != key
    with torch.no_grad():
        next(model.head.parameters()).add_(1)
    assert ExampleLosses(model, encoder, examples).key != key


def test_no_examples_are_refused(tiny_model: Path, tasks: dict[str, Task]) -> None:
    model, encoder = _made(tiny_model, tasks["classes"])
    with pytest.raises(InputError, match="no examples"):
        ExampleLosses(model, encoder, ())


@pytest.mark.parametrize("kind", ["trees", "answers"])
def test_errors_of_parsers_and_answers_are_zero_or_one(
    tiny_model: Path, tasks: dict[str, Task], kind: str
) -> None:
    """Untrained ones are wrong nearly always."""
    model, encoder = _made(tiny_model, tasks[kind])
    wrong = ExampleLosses(model, encoder, tasks[kind].splits["test"]).measure().wrong
    assert set(wrong) <= {0.0, 1.0}
    assert wrong.mean() > 0.4
