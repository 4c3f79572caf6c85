"""Running upper layers from given vectors equals running the whole model, whatever the architecture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import (
    AlbertConfig,
    AlbertModel,
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
)

from tunescope._core.errors import ModelError
from tunescope.models.layer_stack import LayerStack, truncate

N_LAYERS = 4
_SIZES = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
MODELS: dict[str, Callable[[], PreTrainedModel]] = {
    "bert": lambda: BertModel(BertConfig(**_SIZES)),
    "roberta": lambda: RobertaModel(RobertaConfig(**_SIZES)),
    "electra": lambda: ElectraModel(ElectraConfig(**_SIZES, embedding_size=8)),
    "mpnet": lambda: MPNetModel(MPNetConfig(**_SIZES)),
    "deberta": lambda: DebertaV2Model(
        DebertaV2Config(**_SIZES, relative_attention=True, pos_att_type=["p2c", "c2p"])
    ),
    "distilbert": lambda: DistilBertModel(
        DistilBertConfig(vocab_size=50, dim=16, n_layers=N_LAYERS, n_heads=2, hidden_dim=24)
    ),
    "gpt2": lambda: GPT2Model(GPT2Config(vocab_size=50, n_embd=16, n_layer=N_LAYERS, n_head=2)),
    "llama": lambda: LlamaModel(LlamaConfig(**_SIZES)),
    "modernbert": lambda: ModernBertModel(
        ModernBertConfig(**_SIZES, global_attn_every_n_layers=3, local_attention=4, pad_token_id=0)
    ),
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.manual_seed(0)
    made = MODELS[request.param]()
    made.eval()
    made.requires_grad_(False)
    return made


@pytest.fixture
def inputs() -> dict[str, torch.Tensor]:
    mask = torch.ones(3, 11, dtype=torch.int64)
    mask[0, 7:] = mask[2, 3:] = 0
    return {"input_ids": torch.arange(33).reshape(3, 11) + 2, "attention_mask": mask}


def test_from_any_layer_on_equals_the_whole(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> None:
    real = inputs["attention_mask"].bool()
    whole = model(**inputs, output_hidden_states=True)
    stack = LayerStack(model)
    assert len(stack) == N_LAYERS
    for n_below in range(N_LAYERS):  # the last of the model's own is after its last normalisation
        found = stack.run_from(n_below, whole.hidden_states[n_below], inputs)
        assert torch.allclose(found[real], whole.last_hidden_state[real], atol=1e-6)
    assert torch.equal(model(**inputs).last_hidden_state, whole.last_hidden_state)  # all is as it was


def test_layer_by_layer_equals_the_whole(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> None:
    real = inputs["attention_mask"].bool()
    whole = model(**inputs, output_hidden_states=True)
    stack = LayerStack(model)
    hidden, calls = stack.take_apart(inputs)
    assert torch.equal(hidden, whole.hidden_states[0])
    for layer, call in zip(stack.layers, calls, strict=True):
        hidden = call(layer, hidden)
    top = stack.run_from(N_LAYERS, hidden, inputs)
    assert torch.allclose(top[real], whole.last_hidden_state[real], atol=1e-6)


def test_nothing_below_is_computed(inputs: dict[str, torch.Tensor]) -> None:
    torch.manual_seed(0)
    model = MODELS["bert"]()
    model.eval()
    stack = LayerStack(model)
    hidden = torch.randn(3, 11, 16)
    before = stack.run_from(2, hidden, inputs)
    with torch.no_grad():
        for layer in stack.layers[:2]:
            for weight in layer.parameters():
                weight.fill_(torch.nan)
    assert torch.equal(stack.run_from(2, hidden, inputs), before)


def test_an_error_leaves_the_model_as_it_was(inputs: dict[str, torch.Tensor]) -> None:
    model = MODELS["bert"]()
    model.eval()
    stack = LayerStack(model)
    before = model(**inputs).last_hidden_state
    with pytest.raises(RuntimeError):
        stack.run_from(2, torch.zeros(3, 11, 7), inputs)
    assert torch.equal(model(**inputs).last_hidden_state, before)


@pytest.mark.parametrize("n_layers", [1, 3, N_LAYERS])
def test_a_truncated_model_gives_the_vectors_of_its_last_layer(
    model: PreTrainedModel, inputs: dict[str, torch.Tensor], n_layers: int
) -> None:
    real = inputs["attention_mask"].bool()
    stack = LayerStack(model)
    hidden, calls = stack.take_apart(inputs)
    for layer, call in zip(stack.layers[:n_layers], calls, strict=False):
        hidden = call(layer, hidden)
    expected = stack.run_from(N_LAYERS, hidden, inputs)
    truncate(model, n_layers)
    found = model(**inputs).last_hidden_state
    assert torch.allclose(found[real], expected[real], atol=1e-6)
    assert model.config.num_hidden_layers == n_layers == len(LayerStack(model))


def test_shared_layers_and_impossible_cuts_are_refused() -> None:
    albert = AlbertModel(AlbertConfig(**_SIZES, embedding_size=8))
    with pytest.raises(ModelError, match="cannot be told apart"):
        LayerStack(albert)
    for n_layers in (0, N_LAYERS + 1):
        with pytest.raises(ModelError, match="cannot be cut there"):
            truncate(MODELS["bert"](), n_layers)
