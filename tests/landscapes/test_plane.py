"""Planes of a real (tiny) training: their corners are the right states, and the path lies where it does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tunescope._core.errors import InputError
from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.landscapes.example_losses import ExampleLosses
from tunescope.landscapes.loss_surface import measure_surface
from tunescope.landscapes.plane import (
    Plane,
    line_of_training,
    line_to_other_end,
    plane_of_path,
    plane_with_other_task,
    random_plane,
)
from tunescope.landscapes.trajectory import measure_trajectory, snapshot_losses
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.models.checkpoint import find_checkpoint
from tunescope.tasks.example import Example, LabelKind, Target, TargetKind
from tunescope.tasks.task import Task


def _whole(n: int, seed: int) -> tuple[Example, ...]:
    rng = np.random.default_rng(seed)
    pairs = ((number, bool(rng.integers(2))) for number in range(n))
    return tuple(
        Example(f"t{number}", "the cat sees" if right else "a bird runs", (Target("yes" if right else "no"),))
        for number, right in pairs
    )


@pytest.fixture(scope="module")
def other_task() -> Task:
    splits = {"train": _whole(60, 0), "test": _whole(20, 1)}
    return Task("whole", TargetKind.SENTENCE, LabelKind.CLASS, splits)


def _run(model: Path, task: Task, folder: Path, **settings: object) -> TunedRun:
    how = FinetuneSettings(**{"epochs": 2, "batch_size": 16, "learning_rate": 1e-3, **settings})
    tuned = finetune(model, task, folder, settings=how, snapshots={"every": 2}, device="cpu")
    return TunedRun.open(tuned, base=find_checkpoint(model), device="cpu")


@pytest.fixture(scope="module")
def run(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> TunedRun:
    return _run(tiny_model, tiny_task, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def examples(run: TunedRun, tiny_task: Task) -> ExampleLosses:
    return ExampleLosses(run.model, run.encoder, tiny_task.splits["test"])


def _loss(run: TunedRun, examples: ExampleLosses, plane: Plane, place: list[float]) -> float:
    axes = [np.array([each]) for each in place]
    surface = measure_surface(plane.weights, plane.origin, plane.directions, axes, {"test": examples})["test"]
    return float(surface.loss.item())


def test_the_model_is_that_of_the_end(run: TunedRun) -> None:
    assert list(run.states) == [0, 2, 4, 6, 8]
    for name, parameter in nn.Module.named_parameters(run.model):
        assert torch.equal(parameter, run.end[name])
    assert not run.model.training


def test_the_line_of_training_joins_its_start_and_end(run: TunedRun, examples: ExampleLosses) -> None:
    found = snapshot_losses(run, {"test": examples})["test"]
    plane = line_of_training(run)
    assert _loss(run, examples, plane, [0]) == pytest.approx(found[0].losses.mean(), abs=1e-6)
    assert _loss(run, examples, plane, [1]) == pytest.approx(found[-1].losses.mean(), abs=1e-5)
    assert examples.measure().losses.mean() == found[-1].losses.mean()


def test_a_group_of_layers_moves_alone(run: TunedRun, tiny_task: Task) -> None:
    plane = line_of_training(run, layers=[2])
    whole = ExampleLosses(run.model, run.encoder, tiny_task.splits["test"])
    shared = ExampleLosses(run.model, run.encoder, tiny_task.splits["test"], n_fixed=1)
    for alpha in (0.0, 0.7, 1.0):
        assert _loss(run, shared, plane, [alpha]) == pytest.approx(
            _loss(run, whole, plane, [alpha]), abs=1e-6
        )
    assert _loss(run, shared, plane, [1]) == pytest.approx(whole.measure().losses.mean(), abs=1e-5)
    assert _loss(run, shared, plane, [0]) != pytest.approx(whole.measure().losses.mean(), abs=1e-5)


def test_snapshots_that_span_the_plane_lie_in_it(run: TunedRun, examples: ExampleLosses) -> None:
    line = line_of_training(run)
    spanning = [2, 6]
    directions = tuple(line.weights.flat(run.states[step]) - line.origin for step in spanning)
    plane = Plane(line.weights, line.origin, directions, line.origin_state)
    found = measure_trajectory(run, plane, {"test": examples})
    for number, expected in ((1, [1, 0]), (3, [0, 1])):
        assert found.projection.least_squares[number] == pytest.approx(expected, abs=1e-5)
        assert found.projection.variance_explained[number] == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(found.own["test"][number], found.projected["test"][number], atol=1e-5)
    assert found.projection.variance_explained[2] < 0.999
    assert np.isnan(found.projection.variance_explained[0])  # the origin itself
    own = snapshot_losses(run, {"test": examples})["test"]
    np.testing.assert_array_equal(found.own["test"], [each.losses for each in own])


def test_the_plane_of_the_path_ends_at_its_origin(run: TunedRun, examples: ExampleLosses) -> None:
    found = measure_trajectory(run, plane_of_path(run), {"test": examples})
    assert found.projection.least_squares[-1] == pytest.approx([0, 0])
    assert np.abs(found.projection.least_squares).max() == pytest.approx(1, abs=1e-4)
    assert 0.9 < found.projection.overall <= 1


def test_the_plane_with_another_task_has_the_two_ends(
    run: TunedRun, other_task: Task, examples: ExampleLosses, tiny_model: Path, tmp_path: Path
) -> None:
    other = _run(tiny_model, other_task, tmp_path / "other")
    plane = plane_with_other_task(run, other)
    assert not any(name.startswith("head.") for name in plane.weights.parameters)
    end = examples.measure().losses.mean()
    assert _loss(run, examples, plane, [1, 0]) == pytest.approx(end, abs=1e-5)
    encoder_end = plane.origin + plane.directions[1]
    assert torch.allclose(encoder_end, plane.weights.flat(other.end), atol=1e-6)
    scratch = _run(tiny_model, other_task, tmp_path / "scratch", from_scratch=True, seed=1)
    with pytest.raises(InputError, match="different weights"):
        plane_with_other_task(run, scratch)


def test_a_checkpoint_without_a_pooler_has_a_plane_with_another_task(
    tiny_model: Path, tiny_task: Task, other_task: Task, tmp_path: Path
) -> None:
    """What is missing is drawn at random, and has to be the same before both trainings."""
    copied = shutil.copytree(tiny_model, tmp_path / "copied")
    weights = load_file(copied / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "pooler" not in name}
    assert len(kept) < len(weights)
    save_file(kept, copied / "model.safetensors", metadata={"format": "pt"})
    one, other = (_run(copied, task, tmp_path / task.name) for task in (tiny_task, other_task))
    assert torch.equal(one.start["encoder.pooler.dense.weight"], other.start["encoder.pooler.dense.weight"])
    assert len(plane_with_other_task(one, other).directions) == 2


def test_two_ends_of_one_task_are_joined(
    run: TunedRun, tiny_task: Task, tiny_model: Path, examples: ExampleLosses, tmp_path: Path
) -> None:
    other = _run(tiny_model, tiny_task, tmp_path, seed=1)
    theirs = ExampleLosses(other.model, other.encoder, tiny_task.splits["test"]).measure().losses.mean()
    plane = line_to_other_end(run, other)
    assert _loss(run, examples, plane, [1]) == pytest.approx(theirs, abs=1e-5)


def test_random_planes_are_around_the_end(run: TunedRun, examples: ExampleLosses) -> None:
    end = examples.measure().losses.mean()
    for n in (1, 2):
        plane = random_plane(run, seed=0, n_directions=n)
        assert len(plane.directions) == n
        assert _loss(run, examples, plane, [0] * n) == end
    other = random_plane(run, seed=1)
    assert not torch.equal(other.directions[0], plane.directions[0])
    one, two = plane.directions
    assert abs(torch.cosine_similarity(one, two, dim=0)) < 0.2


def test_a_training_without_snapshots_is_refused(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    tuned = finetune(tiny_model, tiny_task, tmp_path, settings=FinetuneSettings(epochs=1), device="cpu")
    with pytest.raises(InputError, match="too few snapshots"):
        TunedRun.open(tuned, base=find_checkpoint(tiny_model), device="cpu")
