"""Attention is switched to a form with a second derivative, and back, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModel, CLIPConfig, CLIPModel, PreTrainedModel

from tunescope.landscapes.eager_attention import eager_attention


@pytest.fixture
def bert(tiny_model: Path) -> PreTrainedModel:
    model: PreTrainedModel = AutoModel.from_pretrained(tiny_model)
    assert model.config._attn_implementation == "sdpa"
    return model


def _kernels() -> tuple[bool, ...]:
    cuda = torch.backends.cuda
    return cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.math_sdp_enabled()


def test_a_transformer_is_switched_and_restored(bert: PreTrainedModel) -> None:
    before = _kernels()
    with eager_attention(bert):
        assert bert.config._attn_implementation == "eager"
        assert _kernels() == (False, False, True)
    assert bert.config._attn_implementation == "sdpa"
    assert _kernels() == before


def test_it_is_restored_after_an_exception(bert: PreTrainedModel) -> None:
    before = _kernels()
    with pytest.raises(KeyboardInterrupt), eager_attention(bert):
        raise KeyboardInterrupt
    assert bert.config._attn_implementation == "sdpa"
    assert _kernels() == before


def test_the_transformer_may_be_inside_another_module_and_eager_before(bert: PreTrainedModel) -> None:
    bert.set_attn_implementation("eager")
    with eager_attention(nn.Sequential(nn.Linear(2, 2), bert)):
        assert bert.config._attn_implementation == "eager"
    assert bert.config._attn_implementation == "eager"


def test_the_parts_of_a_model_get_their_own_kinds_back() -> None:
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": 9}, vision_config={**sizes, "image_size": 8, "patch_size": 4}
    )
    model = CLIPModel(config)
    model.set_attn_implementation({"": "sdpa", "text_config": "eager", "vision_config": "sdpa"})

    def kinds() -> list[str]:
        parts = model.config, model.config.text_config, model.config.vision_config
        return [part._attn_implementation for part in parts]

    before = kinds()
    with eager_attention(model):
        assert kinds() == ["eager"] * 3
    assert kinds() == before == ["sdpa", "eager", "sdpa"]


def test_it_gives_the_same_vectors(bert: PreTrainedModel) -> None:
    bert.eval()
    inputs = {"input_ids": torch.arange(12).reshape(2, 6) + 4, "attention_mask": torch.ones(2, 6).long()}
    inputs["attention_mask"][1, 4:] = 0
    with torch.no_grad():
        fused = bert(**inputs).last_hidden_state
        with eager_attention(bert):
            plain = bert(**inputs).last_hidden_state
    assert torch.allclose(fused, plain, atol=1e-5)
