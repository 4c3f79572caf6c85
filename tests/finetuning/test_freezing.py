"""Freezing and truncation: what is frozen stays as it was, and running it once changes no loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import load_file

from tunescope._core.errors import InputError, ModelError
from tunescope.finetuning.finetune import FinetunedModel, finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.encoder import load_encoder
from tunescope.models.tuned import load_tuned
from tunescope.tasks.task import Task

FAST = FinetuneSettings(learning_rate=5e-3, epochs=2, batch_size=16)


def _tuned(model: Path, task: Task, folder: Path, **changes: object) -> FinetunedModel:
    return finetune(model, task, folder, settings=FinetuneSettings(**{**FAST.model_dump(), **changes}))


def _changed(model: Path, tuned: FinetunedModel) -> set[str]:
    before, after = load_file(model / "model.safetensors"), load_file(tuned.model / "model.safetensors")
    return {name for name, weight in after.items() if not np.array_equal(before[name], weight)}


@pytest.mark.parametrize(
    ("n_layers", "trained"),
    [(-1, {"embeddings", "layer.0", "layer.1"}), (0, {"layer.0", "layer.1"}), (1, {"layer.1"}), (2, set())],
)
def test_what_is_frozen_stays_as_it_was(
    tiny_model: Path, tiny_task: Task, tmp_path: Path, n_layers: int, trained: set[str]
) -> None:
    changed = _changed(tiny_model, _tuned(tiny_model, tiny_task, tmp_path, frozen_layers=n_layers))
    assert {
        part for part in ("embeddings", "layer.0", "layer.1") if any(part in name for name in changed)
    } == trained


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("top_layer", [None, 2])
def test_reusing_the_frozen_layers_changes_no_loss(
    tiny_model: Path, tiny_task: Task, tmp_path: Path, n_layers: int, top_layer: int | None
) -> None:
    how = {"frozen_layers": n_layers, "top_layer": top_layer}
    reused = _tuned(tiny_model, tiny_task, tmp_path / "a", **how)
    plain = _tuned(tiny_model, tiny_task, tmp_path / "b", **how, reuse_frozen=False)
    np.testing.assert_allclose(reused.history["loss"], plain.history["loss"], rtol=1e-5)
    assert reused.history["loss"].nunique() > 1
    for name, weight in load_file(plain.model / "model.safetensors").items():
        np.testing.assert_allclose(load_file(reused.model / "model.safetensors")[name], weight, atol=1e-4)


def test_training_on_a_lower_layer(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    tuned = _tuned(tiny_model, tiny_task, tmp_path, top_layer=1)
    encoder = load_encoder(tuned.model)
    assert encoder.n_layers == 1
    assert not any("layer.1" in name for name in load_file(tuned.model / "model.safetensors"))
    again = load_tuned(tuned.model, tiny_task, device="cpu")
    assert again.predict is not None
    test = tuned.predictions("test")
    assert (again.predict(tiny_task.splits["test"]) == test["predicted"]).all()


def test_settings_that_freeze_nothing_leave_runs_as_they_were() -> None:
    assert {*FAST.model_dump()}.isdisjoint({"frozen_layers", "top_layer", "reuse_frozen"})
    changed = FAST.model_copy(update={"frozen_layers": 2})
    assert changed.model_dump()["frozen_layers"] == 2
    assert FinetuneSettings.model_validate(changed.model_dump()) == changed


def test_impossible_layers_are_refused(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such layer to freeze"):
        _tuned(tiny_model, tiny_task, tmp_path / "a", frozen_layers=3)
    with pytest.raises(ModelError, match="cannot be cut there"):
        _tuned(tiny_model, tiny_task, tmp_path / "b", top_layer=3)
    with pytest.raises(ValidationError, match="cannot be frozen where 1 are kept"):
        FinetuneSettings(frozen_layers=2, top_layer=1)
    with pytest.raises(ValidationError, match="none can be frozen"):
        FinetuneSettings(frozen_layers=2, lora_rank=4)
