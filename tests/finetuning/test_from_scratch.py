"""Training from scratch: other weights than the pre-trained ones, the same architecture, drawn by the seed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from tunescope.finetuning.finetune import finetune
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.finetuning.training import make_task_model
from tunescope.models.encoder import load_encoder
from tunescope.tasks.task import Task


def _weights(model: Path, task: Task, **settings: object) -> dict[str, torch.Tensor]:
    made = make_task_model(load_encoder(model, device="cpu"), task, FinetuneSettings(**settings))  # type: ignore[arg-type]
    return {name: each.detach().clone() for name, each in nn.Module.named_parameters(made)}


def test_weights_are_drawn_anew_by_the_seed(tiny_model: Path, tiny_task: Task) -> None:
    pretrained = _weights(tiny_model, tiny_task, seed=1)
    first, again, other = (
        _weights(tiny_model, tiny_task, from_scratch=True, seed=seed) for seed in (1, 1, 2)
    )
    matrices = [name for name, each in pretrained.items() if each.ndim == 2]
    assert [each.shape for each in first.values()] == [each.shape for each in pretrained.values()]
    for name in matrices:
        assert torch.equal(first[name], again[name])
        assert not torch.equal(first[name], other[name])
        is_head = name.startswith("head.")
        assert torch.equal(first[name], pretrained[name]) is is_head
        if not is_head:
            assert first[name].std() == pytest.approx(0.02, rel=0.3)


def test_it_trains(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    settings = FinetuneSettings(from_scratch=True, epochs=3, learning_rate=1e-2, batch_size=8)
    tuned = finetune(tiny_model, tiny_task, tmp_path, settings=settings, snapshots={"steps": [0]})
    assert tuned.history["loss"].iloc[-1] < 0.7 * tuned.history["loss"].iloc[0]
    assert min(tuned.snapshots) == 0


@pytest.mark.parametrize("more", [{"lora_rank": 2}, {"frozen_layers": 0}])
def test_random_weights_have_to_be_trained(more: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="have to be trained"):
        FinetuneSettings(from_scratch=True, **more)


def test_settings_of_earlier_runs_keep_their_keys() -> None:
    assert "from_scratch" not in FinetuneSettings().model_dump()
    assert FinetuneSettings(from_scratch=True).model_dump()["from_scratch"] is True
