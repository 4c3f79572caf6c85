"""Losses of masked words equal transformers' own; masks are paired; a head that is not there is never made up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertModel,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForPreTraining,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForSequenceClassification,
)

from tunescope._core.errors import InputError, ModelError
from tunescope.models.batching import pad_sequences
from tunescope.models.checkpoint import find_checkpoint
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.masked_language import (
    MaskedLanguageModel,
    can_be_masked,
    has_masked_language_head,
    load_masked_language_model,
    mask_sentences,
    masked_language_losses,
)

SENTENCES = (
    "the cat sees",
    "a",
    ("dogs", "running", "the", "bird", "?"),
    "the dog runs. a cat sees the bird!",
)
_SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
MODELS: dict[str, Callable[[int], PreTrainedModel]] = {
    "bert": lambda n: BertForMaskedLM(BertConfig(vocab_size=n, **_SIZES)),
    "bert-untied": lambda n: BertForMaskedLM(BertConfig(vocab_size=n, tie_word_embeddings=False, **_SIZES)),
    "bert-pretraining": lambda n: BertForPreTraining(BertConfig(vocab_size=n, **_SIZES)),
    "roberta": lambda n: RobertaForMaskedLM(RobertaConfig(vocab_size=n, **_SIZES)),
    "distilbert": lambda n: DistilBertForMaskedLM(
        DistilBertConfig(vocab_size=n, dim=16, n_layers=2, n_heads=2, hidden_dim=24)
    ),
    "deberta": lambda n: DebertaV2ForMaskedLM(  # its head looks the embeddings up in the body
        DebertaV2Config(
            vocab_size=n,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
            legacy=False,
            type_vocab_size=2,
            **_SIZES,
        )
    ),
}


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> PreTrainedTokenizerBase:
    made = AutoTokenizer.from_pretrained(tiny_model)
    made.add_special_tokens({"mask_token": "[MASK]"})
    return made


@pytest.fixture(scope="module")
def saved(
    tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that gives the folder of a random pre-trained model."""
    folders: dict[str, Path] = {}

    def save(name: str) -> Path:
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            torch.manual_seed(1)
            model = MODELS[name](len(tokenizer))
            with torch.no_grad():  # as after training: no bias is 0, no two rows are alike
                for parameter in model.parameters():
                    parameter.add_(0.3 * torch.randn_like(parameter))
            model.save_pretrained(folders[name])
            tokenizer.save_pretrained(folders[name])
        return folders[name]

    return save


@pytest.fixture(scope="module")
def bert(saved: Callable[[str], Path]) -> MaskedLanguageModel:
    return _base(saved("bert"))


def _base(folder: Path) -> MaskedLanguageModel:
    return load_masked_language_model(find_checkpoint(folder), _encoder(folder))


def _encoder(folder: Path) -> Encoder:
    encoder = load_encoder(folder, device="cpu")
    if encoder.model.config.model_type == "distilbert":  # it takes none, and its own tokenizer gives none
        names = [name for name in encoder.tokenizer.model_input_names if name != "token_type_ids"]
        encoder.tokenizer.model_input_names = names
    return encoder


def _changed(folder: Path) -> Encoder:
    """Return the encoder as training might leave it, the embeddings changed too."""
    encoder = _encoder(folder)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in encoder.model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return encoder


def _transformers_own(network: PreTrainedModel, encoder: Encoder, **options: object) -> np.ndarray:
    """Return each sentence's summed loss as ``model(labels=...)`` gives it, one sentence at a time."""
    masked = mask_sentences(encoder.tokenizer, SENTENCES, max_length=64, **options)  # type: ignore[arg-type]
    place = np.split(masked.positions, np.cumsum(masked.n_masked)[:-1])
    subwords = np.split(masked.subwords, np.cumsum(masked.n_masked)[:-1])
    losses = []
    for number in range(len(SENTENCES)):
        inputs = pad_sequences(masked.tokenized, np.array([number]), 0)
        labels = torch.full_like(inputs["input_ids"], -100)
        labels[0, place[number]] = torch.from_numpy(subwords[number])
        with torch.no_grad():
            losses.append(float(network(**inputs, labels=labels).loss) * len(place[number]))
    return np.array(losses)


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_is_transformers_own(saved: Callable[[str], Path], name: str) -> None:
    folder = saved(name)
    checkpoint = find_checkpoint(folder)
    assert has_masked_language_head(checkpoint)
    model = _base(folder)
    network = {"bert-pretraining": BertForMaskedLM}.get(name, type(MODELS[name](50))).from_pretrained(folder)
    network.eval()
    options = {"seed": 3, "mask_share": 0.4}
    found = masked_language_losses(model, SENTENCES, seed=3, mask_share=0.4)
    expected = _transformers_own(network, model.encoder, **options)
    np.testing.assert_allclose(found.losses, expected, rtol=1e-5)
    assert found.n_masked.tolist() == [round(0.4 * n) or 1 for n in _n_subwords(model.encoder)]


def _n_subwords(encoder: Encoder) -> list[int]:
    texts = [text if isinstance(text, str) else " ".join(text) for text in SENTENCES]
    return [len(encoder.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]


@pytest.mark.parametrize("name", ["bert", "roberta", "distilbert"])
def test_the_head_stays_as_it_was_under_a_changed_body(saved: Callable[[str], Path], name: str) -> None:
    """The reference takes the body out by hand; what it shared with the head stays with the head."""
    folder = saved(name)
    tuned = _changed(folder)
    model = load_masked_language_model(find_checkpoint(folder), tuned)
    network = type(MODELS[name](50)).from_pretrained(folder)
    setattr(network, network.base_model_prefix, tuned.model)
    network.eval()
    found = masked_language_losses(model, SENTENCES, seed=0, mask_share=0.5)
    expected = _transformers_own(network, tuned, seed=0, mask_share=0.5)
    np.testing.assert_allclose(found.losses, expected, rtol=1e-5)
    base = masked_language_losses(_base(folder), SENTENCES, seed=0, mask_share=0.5)
    assert np.abs(found.losses - base.losses).max() > 0.01


def test_a_head_that_looks_embeddings_up_in_the_body_finds_the_pre_trained_ones(
    saved: Callable[[str], Path],
) -> None:
    folder = saved("deberta")
    tuned = _encoder(folder)
    before = masked_language_losses(_base(folder), SENTENCES, seed=0).losses
    tuned_head = load_masked_language_model(find_checkpoint(folder), tuned)
    unused = [i for i in range(40) if i not in _subwords_of(tuned)]
    assert unused
    with torch.no_grad():  # of subwords that no sentence has: as an input they change nothing
        tuned.model.get_input_embeddings().weight[unused] += 5
    after = masked_language_losses(tuned_head, SENTENCES, seed=0).losses
    np.testing.assert_allclose(after, before, rtol=1e-6)


def _subwords_of(encoder: Encoder) -> set[int]:
    masked = mask_sentences(encoder.tokenizer, SENTENCES, max_length=64, seed=0)
    return {*masked.tokenized.input_ids.tolist(), *masked.subwords.tolist()}


def test_nothing_is_left_behind_in_the_models(bert: MaskedLanguageModel) -> None:
    inputs = {"input_ids": torch.tensor([[2, 5, 6, 3]])}
    encoder = bert.encoder.model
    before = encoder(**inputs).last_hidden_state
    first, second = (masked_language_losses(bert, SENTENCES, seed=0).losses for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert torch.equal(encoder(**inputs).last_hidden_state, before)


@pytest.mark.parametrize("token_budget", [1, 16, 40])
def test_batches_make_no_difference(bert: MaskedLanguageModel, token_budget: int) -> None:
    whole = masked_language_losses(bert, SENTENCES, seed=0, mask_share=0.5)
    parts = masked_language_losses(bert, SENTENCES, seed=0, mask_share=0.5, token_budget=token_budget)
    np.testing.assert_allclose(parts.losses, whole.losses, rtol=1e-5)
    np.testing.assert_array_equal(parts.positions, whole.positions)


def test_a_head_without_a_preference_loses_the_logarithm_of_the_vocabulary(bert: MaskedLanguageModel) -> None:
    class Blind(MaskedLanguageModel):
        def logits_at(self, inputs: object, rows: np.ndarray, columns: np.ndarray) -> torch.Tensor:
            del inputs, columns
            return torch.zeros(len(rows), 70)

    found = masked_language_losses(Blind(bert.encoder, None), SENTENCES, seed=0, mask_share=0.5)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.losses, found.n_masked * np.log(70), rtol=1e-6)


def test_models_with_the_same_tokenizer_guess_the_same_subwords(saved: Callable[[str], Path]) -> None:
    first, second = (
        masked_language_losses(_base(saved(name)), SENTENCES, seed=5) for name in ("bert", "roberta")
    )
    for name in ("n_masked", "positions", "subwords"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert np.abs(first.losses - second.losses).max() > 0.01


@given(seed=st.integers(0, 1000), share=st.floats(0.01, 1))
@settings(max_examples=20)
def test_masks(tokenizer: PreTrainedTokenizerBase, seed: int, share: float) -> None:
    """Against a loop: only ordinary subwords, as many as the share says, at least one, and nothing else changes."""
    sentences = (*SENTENCES, "the 42 cat [SEP]")  # an unknown word, and a special token in the text itself
    masked = mask_sentences(tokenizer, sentences, max_length=64, seed=seed, mask_share=share)
    places = np.split(masked.positions, np.cumsum(masked.n_masked)[:-1])
    hidden = iter(masked.subwords.tolist())
    for number, text in enumerate(sentences):
        original = tokenizer(text if isinstance(text, str) else " ".join(text))["input_ids"]
        ordinary = [i for i, each in enumerate(original) if each not in tokenizer.all_special_ids]
        chosen = places[number].tolist()
        assert chosen == sorted(set(chosen))
        assert set(chosen) <= set(ordinary)
        assert len(chosen) == max(1, int(share * len(ordinary) + 0.5))
        start, end = masked.tokenized.offsets[number : number + 2]
        found = masked.tokenized.input_ids[start:end].tolist()
        for place in chosen:
            assert original[place] == next(hidden)
            original[place] = tokenizer.mask_token_id
        assert found == original


def test_every_subword_has_the_same_chance_and_seeds_differ(tokenizer: PreTrainedTokenizerBase) -> None:
    masked = mask_sentences(tokenizer, ["a b c d e f g h i j"] * 2000, max_length=64, seed=0, mask_share=0.3)
    assert (masked.n_masked == 3).all()
    counts = np.bincount(masked.positions)[1:]
    assert np.abs(counts / 2000 - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 2000)
    other = mask_sentences(tokenizer, ["a b c d e f g h i j"] * 2000, max_length=64, seed=1, mask_share=0.3)
    assert not np.array_equal(masked.positions, other.positions)


def _edit(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def _without(*parts: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda weights: {k: v for k, v in weights.items() if not any(part in k for part in parts)}


def test_checkpoints_without_a_whole_head_are_recognised(
    saved: Callable[[str], Path], tiny_model: Path, tmp_path: Path
) -> None:
    assert not has_masked_language_head(
        find_checkpoint(tiny_model)
    )  # a plain BertModel, as sentence encoders are
    for number, gone in enumerate(["cls.", "transform.dense", "predictions.bias"]):
        folder = tmp_path / str(number)
        shutil.copytree(saved("bert"), folder)
        _edit(folder, _without(gone))  # the configuration still names the head
        assert not has_masked_language_head(find_checkpoint(folder)), gone
    untied = tmp_path / "untied"
    shutil.copytree(saved("bert-untied"), untied)
    _edit(untied, _without("decoder.weight"))
    assert not has_masked_language_head(find_checkpoint(untied))
    discriminator = tmp_path / "electra"
    ElectraForPreTraining(ElectraConfig(vocab_size=50, embedding_size=8, **_SIZES)).save_pretrained(
        discriminator
    )
    assert not has_masked_language_head(find_checkpoint(discriminator))
    classifier = tmp_path / "classifier"
    RobertaForSequenceClassification(RobertaConfig(vocab_size=50, **_SIZES)).save_pretrained(classifier)
    assert not has_masked_language_head(find_checkpoint(classifier))


def test_other_things_that_have_no_head(saved: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    shutil.copytree(saved("bert"), folder)
    config = {
        "architectures": ["HubertForPreTraining"],
        "model_type": "hubert",
    }  # nothing guesses subwords here
    (folder / "config.json").write_text(json.dumps(config))
    assert not has_masked_language_head(find_checkpoint(folder))
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"architectures": ["BertForMaskedLM"]}')
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    assert not has_masked_language_head(find_checkpoint(adapter))


def test_old_names_of_weights_are_known(saved: Callable[[str], Path], tmp_path: Path) -> None:
    """The first BERT checkpoints call the weights of normalisations gamma and beta."""
    folder = tmp_path / "old"
    shutil.copytree(saved("bert"), folder)

    def renamed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        return {_replaced(key, names): value for key, value in weights.items()}

    _edit(folder, renamed)
    assert has_masked_language_head(find_checkpoint(folder))
    old, new = (masked_language_losses(_base(each), SENTENCES, seed=0) for each in (folder, saved("bert")))
    np.testing.assert_array_equal(old.losses, new.losses)


def _replaced(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def test_a_model_without_a_head_is_refused(tiny_model: Path) -> None:
    with pytest.raises(
        ModelError, match=r"no head that guesses masked words(.|\n)*BertModel(.|\n)*what to do"
    ):
        load_masked_language_model(find_checkpoint(tiny_model), load_encoder(tiny_model, device="cpu"))


def test_damaged_weights_are_refused(saved: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved("bert"), folder)
    _edit(folder, lambda weights: {**weights, "cls.predictions.bias": torch.zeros(3)})
    with pytest.raises(ModelError, match="cannot be loaded"):
        has_masked_language_head(find_checkpoint(folder))


def test_an_encoder_of_another_kind_is_refused(
    saved: Callable[[str], Path], tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    bert = find_checkpoint(saved("bert"))
    with pytest.raises(ModelError, match="does not fit the head"):
        load_masked_language_model(bert, _encoder(saved("roberta")))
    BertModel(BertConfig(vocab_size=len(tokenizer) + 1, **_SIZES)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=f"{len(tokenizer) + 1} subwords"):
        load_masked_language_model(bert, load_encoder(tmp_path, device="cpu"))


def test_a_tokenizer_without_a_mask_token_is_refused(bert: MaskedLanguageModel, tiny_model: Path) -> None:
    unmasked = replace(bert.encoder, tokenizer=AutoTokenizer.from_pretrained(tiny_model))
    model = MaskedLanguageModel(unmasked, bert._network)
    with pytest.raises(ModelError, match="no mask token"):
        masked_language_losses(model, SENTENCES, seed=0)


@pytest.mark.parametrize("sentences", [["the cat", ""], ["the cat", ()], ["the cat", "42 [SEP]"]])
def test_sentences_without_a_known_word(bert: MaskedLanguageModel, sentences: list[str]) -> None:
    assert can_be_masked(bert.encoder.tokenizer, sentences).tolist() == [True, False]
    with pytest.raises(InputError, match=r"no subword to mask(.|\n)*sentence 1"):
        masked_language_losses(bert, sentences, seed=0)


def test_bad_input(bert: MaskedLanguageModel) -> None:
    assert can_be_masked(bert.encoder.tokenizer, []).shape == (0,)
    with pytest.raises(InputError, match="no sentence to mask"):
        masked_language_losses(bert, [], seed=0)
    with pytest.raises(InputError, match="longer than the model takes"):
        masked_language_losses(bert, ["a " * 70], seed=0)
    for share in (0.0, -0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match="mask_share"):
            masked_language_losses(bert, SENTENCES, seed=0, mask_share=share)
