"""Which weights move, as one vector; random directions; paths of snapshots: against plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from tunescope._core.errors import InputError, ModelError
from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.finetuning.training import make_task_model
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.random_direction import random_direction, random_direction_length
from tunescope.landscapes.states import State, read_state
from tunescope.landscapes.weight_path import WeightPath
from tunescope.models.encoder import load_encoder
from tunescope.models.task_model import TaskModel
from tunescope.tasks.task import Task


@pytest.fixture
def model(tiny_model: Path, tiny_task: Task) -> TaskModel:
    return make_task_model(load_encoder(tiny_model, device="cpu"), tiny_task, FinetuneSettings(seed=0))


@pytest.fixture(scope="module")
def snapshots(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> list[State]:
    folder = tmp_path_factory.mktemp("run")
    settings = FinetuneSettings(epochs=2, batch_size=16, learning_rate=1e-3)
    run = finetune(tiny_model, tiny_task, folder, settings=settings, snapshots={"every": 2}, device="cpu")
    return [read_state(path) for path in run.snapshots.values()]


def test_all_weights_are_one_vector_and_come_back(model: TaskModel) -> None:
    weights = MovedWeights.of(model)
    flat = weights.flat()
    assert len(flat) == len(weights) == sum(each.numel() for each in model.parameters())
    for name, part in weights.split(flat):
        assert torch.equal(part, dict(model.named_parameters())[name])


@pytest.mark.parametrize(
    ("layers", "head", "expected"),
    [
        ({1}, False, ["encoder.encoder.layer.0."]),
        ({0, 2}, False, ["encoder.embeddings.", "encoder.encoder.layer.1."]),
        ({0}, True, ["encoder.embeddings.", "head."]),
        (set(), True, ["head."]),
    ],
)
def test_a_group_of_layers_moves(model: TaskModel, layers: set[int], head: bool, expected: list[str]) -> None:
    moved = set(MovedWeights.of(model, layers=layers, head=head).parameters)
    assert moved == {name for name, _ in model.named_parameters() if name.startswith(tuple(expected))}


@pytest.mark.parametrize(("layers", "message"), [({3}, "no such layer"), (set(), "no weights to move")])
def test_layers_that_are_not_there_are_refused(model: TaskModel, layers: set[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MovedWeights.of(model, layers=layers, head=False)


def test_states_of_another_architecture_are_refused(model: TaskModel, snapshots: list[State]) -> None:
    weights = MovedWeights.of(model)
    lacking = {name: tensor for name, tensor in snapshots[0].items() if name != "head.bias"}
    with pytest.raises(InputError, match="not of one architecture"):
        weights.flat(lacking)
    wide = {**snapshots[0], "head.bias": torch.zeros(99)}
    with pytest.raises(InputError, match=r"\(99,\)"):
        WeightPath(weights, [wide], snapshots[0])
    with pytest.raises(InputError, match="no snapshot"):
        WeightPath(weights, [], snapshots[0])


def test_a_snapshot_that_is_missing_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        read_state(tmp_path / "gone")
    for name in ("model.safetensors", "task_head.safetensors"):
        (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be read"):
        read_state(tmp_path)


def test_each_filter_of_a_random_direction_is_as_long_as_that_of_the_weights(model: TaskModel) -> None:
    weights = MovedWeights.of(model)
    around = weights.flat()
    direction = random_direction(weights, around, seed=3)
    assert torch.equal(direction, random_direction(weights, around, seed=3))
    other = random_direction(weights, around, seed=4)
    assert abs(torch.nn.functional.cosine_similarity(direction, other, dim=0)) < 0.1
    state = torch.nn.Module.state_dict(model)
    assert random_direction_length(weights, state) == pytest.approx(float(direction.norm()), rel=1e-5)
    centres = dict(weights.split(around))
    for name, part in weights.split(direction):
        if part.ndim < 2:
            assert not part.any()
            continue
        for drawn, filter_ in zip(part.numpy(), centres[name].numpy(), strict=True):
            assert np.linalg.norm(drawn) == pytest.approx(np.linalg.norm(filter_), rel=1e-5)


def _explicit(weights: MovedWeights, states: list[State], origin: State) -> np.ndarray:
    def vector(state: Mapping[str, torch.Tensor]) -> np.ndarray:
        return np.concatenate([state[name].double().numpy().ravel() for name in weights.parameters])

    return np.array([vector(state) - vector(origin) for state in states])


def test_a_path_is_that_of_plain_arrays(model: TaskModel, snapshots: list[State]) -> None:
    weights = MovedWeights.of(model)
    path = WeightPath(weights, snapshots, snapshots[-1])
    explicit = _explicit(weights, snapshots, snapshots[-1])
    np.testing.assert_allclose(path.gram, explicit @ explicit.T, rtol=1e-9, atol=1e-12)
    coefficients = np.arange(len(snapshots), dtype=float)
    np.testing.assert_allclose(path.combination(coefficients).numpy(), coefficients @ explicit, atol=1e-6)
    directions, axes = path.axes()
    _, sizes, rows = np.linalg.svd(explicit, full_matrices=False)
    np.testing.assert_allclose(axes.variance_explained, sizes[:2] ** 2 / (sizes**2).sum(), rtol=1e-6)
    for direction, row in zip(directions, rows, strict=False):
        assert abs(np.dot(direction.numpy(), row)) == pytest.approx(np.linalg.norm(direction), rel=1e-5)
    projected = path.projected(directions)
    assert np.abs(projected.least_squares).max(axis=0) == pytest.approx([1, 1], rel=1e-5)
    assert projected.overall == pytest.approx(axes.variance_explained.sum(), rel=1e-5)


def test_a_plane_takes_three_snapshots_that_are_not_on_a_line(
    model: TaskModel, snapshots: list[State]
) -> None:
    weights = MovedWeights.of(model)
    with pytest.raises(InputError, match="too few snapshots"):
        WeightPath(weights, snapshots[:2], snapshots[0]).axes()
    with pytest.raises(InputError, match="no plane"):
        WeightPath(weights, [snapshots[0]] * 3, snapshots[0]).axes()
