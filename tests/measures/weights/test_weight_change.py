from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.weights.weight_change import (
    part_of_parameter,
    weight_change,
    weight_change_by_parameter,
)

NAMES = {
    "embeddings.word_embeddings.weight": "embeddings",
    "bert.embeddings.LayerNorm.bias": "embeddings",
    "bert.encoder.layer.11.output.dense.weight": "layer 12",
    "pooler.dense.weight": "pooler",
    "bert.pooler.dense.weight": "pooler",
    "classifier.weight": "classifier",
    "distilbert.transformer.layer.0.attention.q_lin.weight": "layer 1",
    "transformer.layer.5.ffn.lin1.bias": "layer 6",
    "transformer.h.3.attn.c_attn.weight": "layer 4",
    "h.0.ln_1.weight": "layer 1",
    "wpe.weight": "embeddings",
    "transformer.ln_f.weight": "ln_f",
    "model.layers.31.self_attn.q_proj.weight": "layer 32",
    "layers.0.mlp.gate_proj.weight": "layer 1",
    "model.embed_tokens.weight": "embeddings",
    "lm_head.weight": "lm_head",
    "embeddings.tok_embeddings.weight": "embeddings",
    "layers.0.attn.Wqkv.weight": "layer 1",
    "final_norm.weight": "final_norm",
    "shared.weight": "embeddings",
    "encoder.block.2.layer.0.SelfAttention.q.weight": "layer 3",
    "decoder.block.2.layer.1.EncDecAttention.q.weight": "decoder layer 3",
    "encoder.final_layer_norm.weight": "encoder.final_layer_norm",
    "model.decoder.layers.0.fc1.weight": "decoder layer 1",
    "gpt_neox.layers.4.mlp.dense.weight": "layer 5",
    "gpt_neox.embed_in.weight": "embeddings",
    "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight": "layer 1",
    "deberta.encoder.rel_embeddings.weight": "embeddings",
    "transformer.attentions.1.q_lin.weight": "layer 2",
}


@pytest.mark.parametrize(("name", "part"), NAMES.items())
def test_the_part_is_read_from_the_name(name: str, part: str) -> None:
    assert part_of_parameter(name) == part


def _model(rng: np.random.Generator, dtype: type = np.float32) -> dict[str, np.ndarray]:
    shapes = {
        "pooler.dense.weight": (3, 3),
        "encoder.layer.1.dense.weight": (3, 4),
        "encoder.layer.1.dense.bias": (3,),
        "encoder.layer.0.dense.weight": (3, 4),
        "embeddings.word_embeddings.weight": (9, 4),
    }
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def test_the_formula_by_part_and_by_parameter(rng: np.random.Generator) -> None:
    base, tuned = _model(rng), _model(rng)
    changes = weight_change(base, tuned)
    assert list(changes) == ["embeddings", "layer 1", "layer 2", "pooler"]
    before, after = (
        np.concatenate([w.ravel() for name, w in model.items() if "layer.1." in name]).astype(float)
        for model in (base, tuned)
    )
    expected = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert changes["layer 2"].value == pytest.approx(expected)
    assert not changes["layer 2"].has_interval
    bias = "encoder.layer.1.dense.bias"
    expected = np.linalg.norm(tuned[bias].astype(float) - base[bias]) / np.linalg.norm(
        base[bias].astype(float)
    )
    assert weight_change_by_parameter(base, tuned)[bias].value == pytest.approx(expected)


@given(st.floats(0.01, 100), st.floats(-0.9, 3))
def test_scaling_the_base_by_one_plus_c_is_a_change_of_c(scale: float, c: float) -> None:
    base = {name: scale * w.astype(float) for name, w in _model(np.random.default_rng(0)).items()}
    changes = weight_change(base, {name: (1 + c) * w for name, w in base.items()})
    assert [change.value for change in changes.values()] == pytest.approx([abs(c)] * 4)


def test_half_precision_is_summed_in_double() -> None:
    """The squares overflow float16, and their sum exceeds what float32 counts exactly."""
    base = {"h.0.w": np.full((1500, 1500), 300, dtype=np.float16)}
    tuned = {"h.0.w": np.full((1500, 1500), 303, dtype=np.float16)}
    assert weight_change(base, tuned)["layer 1"].value == pytest.approx(0.01, rel=1e-12)


def test_prefixes_heads_and_buffers_of_one_side_do_not_matter(rng: np.random.Generator) -> None:
    base = _model(rng)
    tuned = {f"bert.{name}": w + 1 for name, w in base.items() if "pooler" not in name}
    tuned |= {"classifier.weight": np.ones((2, 4)), "bert.embeddings.position_ids": np.arange(5)}
    assert list(weight_change(base, tuned)) == ["embeddings", "layer 1", "layer 2"]


def test_undefined_changes_are_nan_with_a_status(rng: np.random.Generator) -> None:
    base, tuned = _model(rng), _model(rng)
    base["encoder.layer.0.dense.weight"][:] = 0
    tuned["pooler.dense.weight"][0, 0] = np.nan
    changes = weight_change(base, tuned)
    assert math.isnan(changes["layer 1"].value)
    assert "all zero" in changes["layer 1"].status
    assert math.isnan(changes["pooler"].value)
    assert "not finite" in changes["pooler"].status


def test_models_that_do_not_fit_are_refused_by_parameter(rng: np.random.Generator) -> None:
    base = _model(rng)
    for name in ("encoder.layer.1.dense.bias", "encoder.layer.0.dense.weight"):
        fewer = {key: w for key, w in base.items() if key != name}
        with pytest.raises(InputError, match=f"missing in tuned(.|\n)*{name}"):
            weight_change(base, fewer)
        with pytest.raises(InputError, match=f"missing in base(.|\n)*{name}"):
            weight_change(fewer, base)
    with pytest.raises(InputError, match=r"different shapes(.|\n)*layer.0.dense.weight"):
        weight_change(base, base | {"encoder.layer.0.dense.weight": np.ones((4, 3))})
    with pytest.raises(InputError, match="share no part"):
        weight_change({"a.w": np.ones(1)}, {"b.w": np.ones(1)})
    with pytest.raises(InputError, match="same name but for the model's prefix"):
        weight_change({"bert.pooler.dense.w": np.ones(1), "pooler.dense.w": np.ones(1)}, base)
