"""Distances of a real (tiny) training, against a naive computation on its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tunescope.finetuning.finetune import FinetunedModel, finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.landscapes.travelled import travelled
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.models.checkpoint import find_checkpoint
from tunescope.tasks.task import Task


@pytest.fixture(scope="module")
def tuned(tiny_model: Path, tiny_task: Task, tmp_path_factory: pytest.TempPathFactory) -> FinetunedModel:
    how = FinetuneSettings(epochs=2, batch_size=16, learning_rate=1e-3)
    folder = tmp_path_factory.mktemp("run")
    return finetune(tiny_model, tiny_task, folder, settings=how, snapshots={"every": 3}, device="cpu")


def test_distances_are_those_of_the_files(tuned: FinetunedModel, tiny_model: Path) -> None:
    found = travelled(TunedRun.open(tuned, base=find_checkpoint(tiny_model), device="cpu"))
    states = [load_file(folder / "model.safetensors") for folder in tuned.snapshots.values()]
    assert len(states) > 3
    assert len(found.layers) == 3
    names = [name for name in states[0] if "layer.1." in name]
    assert names

    def apart(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
        return float(np.linalg.norm(np.concatenate([(one[name] - other[name]).ravel() for name in names])))

    length = sum(apart(one, other) for one, other in zip(states[1:], states[:-1], strict=True))
    assert found.layers[2].path_length == pytest.approx(length, rel=1e-5)
    assert found.layers[2].net_distance == pytest.approx(apart(states[-1], states[0]), rel=1e-5)
    assert 0 < found.total.directness < 1
    assert found.total.net_distance**2 == pytest.approx(sum(each.net_distance**2 for each in found.layers))
