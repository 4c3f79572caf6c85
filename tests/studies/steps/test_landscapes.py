"""What steps find around a training, against examples passed through its model one by one."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import cross_entropy

from tunescope._core.errors import InputError
from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.studies.steps.inputs import model_input, task_input
from tunescope.studies.steps.landscapes import (
    follow_path,
    measure_part,
    measure_sharpness,
    open_part,
    trace_losses,
)
from tunescope.studies.steps.rows import Rows, read_rows
from tunescope.studies.steps.trained_layers import measure_travel, put_layers_back
from tunescope.studies.steps.trained_runs import open_run
from tunescope.tasks.example import Example
from tunescope.tasks.source import TaskSource

SAMPLE: dict[str, Any] = {"n_examples": 100, "sample_seed": 0, "device": "cpu"}
OPTIONS: dict[str, Any] = {"seed": 0, "n_resamples": 20, "level": 0.9}
SNAPSHOTS = [0, 2, 5, 12]
Means = tuple[float, float]


class _Made:
    """A training on disk, as steps are given it, and what a plain loop makes of its examples."""

    def __init__(self, folder: Path, tiny_model: Path) -> None:
        rng = np.random.default_rng(0)
        for split, n in (("train", 40), ("test", 30)):
            texts = [" ".join(rng.choice(["the", "cat", "dog", "sees", "runs"], 4)) for _ in range(n)]
            lines = [
                f"{text},{'yes' if ('cat' in text) == (i % 7 > 0) else 'no'}" for i, text in enumerate(texts)
            ]
            (folder / f"{split}.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
        options = {"text": "text", "label": "label", "label_kind": "class"}
        source = TaskSource(format="table", name="cats", options=options, train="train.csv", test="test.csv")
        self.task = source.load(folder)
        self.tuned = folder / "tuned"
        self.tuned.mkdir()
        settings = FinetuneSettings(epochs=3, batch_size=10, learning_rate=3e-3, from_scratch=False)
        finetune(
            tiny_model,
            self.task,
            self.tuned / "run",
            settings=settings,
            snapshots={"steps": SNAPSHOTS},
            device="cpu",
        )
        self.model: Any = model_input(str(tiny_model)).value
        self.given: dict[str, Any] = {
            "model": self.model,
            "tuned": self.tuned,
            "task": task_input(source, folder, self.task).value,
            **SAMPLE,
        }

    def run(self) -> TunedRun:
        return open_run(self.model, self.tuned, "cpu")

    def means(self, run: TunedRun, split: str) -> Means:
        """Return the mean loss and the share of errors at the model's present weights, a sentence at a time."""
        losses, wrong = [], []
        with torch.no_grad():
            for example in self.task.splits[split]:
                logits = _logits(run, example)
                label = self.task.labels.index(str(example.targets[0].label))
                losses.append(float(cross_entropy(logits, torch.tensor([label]))))
                wrong.append(float(int(logits.argmax()) != label))
        return float(np.mean(losses)), float(np.mean(wrong))

    def means_at(self, state: dict[str, torch.Tensor], split: str) -> Means:
        run = self.run()
        run.model.load_state_dict(state, strict=False)
        return self.means(run, split)


def _logits(run: TunedRun, *examples: Example) -> torch.Tensor:
    inputs = run.encoder.tokenizer([str(each.text) for each in examples], padding=True, return_tensors="pt")
    hidden = run.model.encoder(**inputs).last_hidden_state[:, 0]
    logits: torch.Tensor = run.model.head(hidden, torch.ones(len(examples), dtype=torch.long))
    return logits


@pytest.fixture(scope="module")
def made(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> _Made:
    return _Made(tmp_path_factory.mktemp("training"), tiny_model)


def _rows(folder: Path, step: Callable[..., None], **arguments: Any) -> Rows:
    folder.mkdir()
    step(folder, **arguments)
    return read_rows(folder)


def _state(
    made: _Made, weight: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> dict[str, torch.Tensor]:
    run = made.run()
    return {name: weight(run.start[name], run.end[name]) for name in run.end}


SPLITS = (("train", "train"), ("unseen", "test"))


def test_the_trace_is_that_of_each_snapshot_on_each_set(made: _Made, tmp_path: Path) -> None:
    found = _rows(tmp_path / "trace", trace_losses, **made.given, **OPTIONS)
    values = {(row.measure, row.split, row.step): row.estimate.value for row in found.rows}
    for name, split in SPLITS:
        errors = []
        for step, state in made.run().states.items():
            loss, error = made.means_at(dict(state), split)
            assert values["loss", name, step] == pytest.approx(loss, abs=1e-5)
            assert values["error", name, step] == pytest.approx(error, abs=1e-9)
            errors.append(error)
        best = SNAPSHOTS[int(np.argmin(errors))]
        assert values["error_rise", name, best] == pytest.approx(errors[-1] - min(errors), abs=1e-9)
    assert found.notes == ()


def test_points_of_a_line_are_those_of_the_weights_between(made: _Made, tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    arguments = {"kind": "training", "layers": None, "direction_seed": 0, "other": None, "bf16": False}
    measure_part(tmp_path / "part", **made.given, **arguments, axes=[[-0.5, 0.25, 1.0]])
    found = open_part(tmp_path / "part")
    for number, alpha in enumerate((-0.5, 0.25, 1.0)):
        state = _state(made, lambda start, end, alpha=alpha: start + alpha * (end - start))
        for name, split in SPLITS:
            loss, error = made.means_at(state, split)
            assert found[f"{name} losses"][number].mean() == pytest.approx(loss, abs=1e-5)
            assert found[f"{name} wrong"][number].mean() == pytest.approx(error, abs=1e-9)


def test_layers_are_put_back_one_by_one(made: _Made, tmp_path: Path) -> None:
    found = _rows(tmp_path / "layers", put_layers_back, **made.given, **OPTIONS)
    values = {(row.measure, row.split, row.layer): row.estimate.value for row in found.rows}
    for layer, part in enumerate(("embeddings.", "layer.0.", "layer.1.")):
        run = made.run()
        state = {name: run.start[name] if part in name else run.end[name] for name in run.end}
        for name, split in SPLITS:
            back, end = made.means_at(state, split), made.means_at(dict(run.end), split)
            assert values["loss_change", name, layer] == pytest.approx(back[0] - end[0], abs=2e-5)
            assert values["error_change", name, layer] == pytest.approx(back[1] - end[1], abs=1e-9)


def test_the_way_through_a_plane_has_both_losses_of_each_snapshot(made: _Made, tmp_path: Path) -> None:
    found = _rows(tmp_path / "way", follow_path, **made.given, **OPTIONS, kind="path", other=None)
    values = {(row.measure, row.split, row.step): row.estimate.value for row in found.rows}
    for step, state in made.run().states.items():
        for name, split in SPLITS:
            own, there = values["own_loss", name, step], values["projected_loss", name, step]
            assert own == pytest.approx(made.means_at(dict(state), split)[0], abs=1e-5)
            assert values["own_minus_projected", name, step] == pytest.approx(own - there, abs=1e-9)
    assert values["projected_loss", "train", 12] == pytest.approx(values["own_loss", "train", 12], abs=1e-5)


def test_random_directions_are_as_long_as_the_weights_with_two_dimensions(
    made: _Made, tmp_path: Path
) -> None:
    found = _rows(tmp_path / "travel", measure_travel, model=made.model, tuned=made.tuned)
    length = next(row.estimate.value for row in found.rows if row.measure == "random_direction_length")
    run = made.run()
    squares = [
        float(tensor.square().sum()) for tensor in nn.Module.state_dict(run.model).values() if tensor.ndim > 1
    ]
    assert length == pytest.approx(math.sqrt(sum(squares)), rel=1e-5)


def test_sharpness_is_that_of_the_whole_training_loss(made: _Made, tmp_path: Path) -> None:
    """Against products with the Hessian of all sentences, from torch's own double differentiation."""
    found = _rows(tmp_path / "sharpness", measure_sharpness, **made.given, **OPTIONS, n_probes=32)
    values = {row.measure: row.estimate for row in found.rows}
    run = made.run()
    run.encoder.model.set_attn_implementation("eager")
    parameters = [parameter.requires_grad_() for parameter in nn.Module.parameters(run.model)]
    examples = made.task.splits["train"]
    labels = torch.tensor([made.task.labels.index(str(each.targets[0].label)) for each in examples])
    loss = cross_entropy(_logits(run, *examples), labels)
    slopes = torch.autograd.grad(loss, parameters, create_graph=True, materialize_grads=True)

    def product(vector: list[torch.Tensor]) -> list[torch.Tensor]:
        return list(
            torch.autograd.grad(slopes, parameters, vector, retain_graph=True, materialize_grads=True)
        )

    generator = torch.Generator().manual_seed(0)
    vector = [torch.randn(parameter.shape, generator=generator) for parameter in parameters]
    shift, top = 2 * abs(values["lowest_eigenvalue"].value), math.nan
    for _ in range(40):
        norm = math.sqrt(sum(float(part.square().sum()) for part in vector))
        vector = [part / norm for part in vector]
        moved = product(vector)
        top = sum(float((one * other).sum()) for one, other in zip(vector, moved, strict=True))
        vector = [one + shift * other for one, other in zip(moved, vector, strict=True)]
    assert values["top_eigenvalue"].value == pytest.approx(top, rel=0.01)
    assert values["lowest_eigenvalue"].value < 0.5 * top
    forms = []
    for _ in range(32):
        probe = [
            torch.randint(0, 2, parameter.shape, generator=generator).float() * 2 - 1
            for parameter in parameters
        ]
        forms.append(
            sum(float((one * other).sum()) for one, other in zip(probe, product(probe), strict=True))
        )
    error = float(np.std(forms, ddof=1)) / math.sqrt(32)
    assert values["hessian_trace"].value == pytest.approx(np.mean(forms), abs=6 * error)
    assert 6 * error < 2 * abs(np.mean(forms))  # thrice the trace would be noticed


@pytest.fixture
def diverged(made: _Made, tmp_path: Path) -> dict[str, Any]:
    """Return a training whose two last snapshots, and its end, are not finite."""
    tuned = tmp_path / "diverged"
    shutil.copytree(made.tuned, tuned)
    run = tuned / "run"
    folders = [path.parent for path in run.rglob("task_head.safetensors")]
    assert len(folders) == len(SNAPSHOTS) + 1
    for folder in folders:
        if not any(folder.name.endswith(f"{step}") for step in (0, 2)) or folder.name.endswith("12"):
            path = folder / "model.safetensors"
            weights = load_file(path)
            save_file({name: tensor * math.nan for name, tensor in weights.items()}, path, {"format": "pt"})
    return {**made.given, "tuned": tuned}


def test_a_training_that_diverged_keeps_what_came_before(diverged: dict[str, Any], tmp_path: Path) -> None:
    found = _rows(tmp_path / "trace", trace_losses, **diverged, **OPTIONS)
    values = {(row.measure, row.split, row.step): row.estimate for row in found.rows}
    for measure in ("loss", "error"):
        for step in (0, 2):
            assert values[measure, "train", step].status == "ok"
        for step in (5, 12):
            assert math.isnan(values[measure, "train", step].value)
            assert "not finite" in values[measure, "train", step].status
    assert math.isnan(next(row.estimate.value for row in found.rows if row.measure == "error_rise"))
    assert found.notes == (
        "Losses are not finite after update 2: the training diverged. Lower its learning_rate.",
    )


def test_errors_where_the_loss_is_nan_are_undefined_also_in_what_was_measured_before(tmp_path: Path) -> None:
    losses = np.array([[0.5, math.nan], [math.inf, 0.1]])
    arrays = {"losses": losses, "wrong": np.ones((2, 2)), "sentence_ids": np.arange(2)}
    both = {f"{name} {what}": array for name in ("train", "unseen") for what, array in arrays.items()}
    np.savez(tmp_path / "surface.npz", **both)
    found = open_part(tmp_path)
    np.testing.assert_array_equal(found["unseen wrong"], [[1, math.nan], [1, 1]])


def test_the_length_of_weights_that_diverged_is_undefined(diverged: dict[str, Any], tmp_path: Path) -> None:
    found = _rows(tmp_path / "travel", measure_travel, model=diverged["model"], tuned=diverged["tuned"])
    length = next(row.estimate for row in found.rows if row.measure == "random_direction_length")
    assert math.isnan(length.value)
    assert "not finite" in length.status


def test_lines_of_a_training_that_diverged_are_refused_with_what_to_do(
    diverged: dict[str, Any], tmp_path: Path
) -> None:
    arguments = {"layers": None, "direction_seed": 0, "other": None, "bf16": False, "axes": [[0.0, 1.0]]}
    for kind in ("training", "random line"):
        with pytest.raises(InputError, match="learning rate"):
            measure_part(tmp_path, **diverged, **arguments, kind=kind)
    with pytest.raises(InputError, match="learning rate"):
        measure_part(tmp_path, **diverged, **{**arguments, "axes": [[0.0], [1.0]]}, kind="path")
