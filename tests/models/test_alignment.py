"""Alignment and pooling against a naive reference, word by word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tunescope._core.errors import InputError
from tunescope.models.alignment import Pooling, default_pooling, tokenize
from tunescope.models.batching import pad_sequences, plan_batches
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.pooling import PartIndex, plan_pooling, pool
from tunescope.models.tokenized import TokenizedExamples
from tunescope.tasks.example import Example, Span, Target, TargetKind
from tunescope.tasks.task import Task

WORDS = ("the", "catdog", "sees", "a", "running", "bird", ".")


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> Encoder:
    return load_encoder(tiny_model, device="cpu")


def _example(*spans: tuple[int, int], words: tuple[str, ...] = WORDS, name: str = "s1") -> Example:
    return Example(name, words, tuple(Target("x", (Span(*span),)) for span in spans))


def _tokenize(
    encoder: Encoder, examples: tuple[Example, ...], target: TargetKind, **options: object
) -> TokenizedExamples:
    return tokenize(encoder.tokenizer_for(target), examples, target, max_length=encoder.max_length, **options)  # type: ignore[arg-type]


def _vectors(encoder: Encoder, tokenized: TokenizedExamples, token_budget: int = 4096) -> np.ndarray:
    """Pool the top layer in batches, as extraction does."""
    index = PartIndex(tokenized)
    vectors = np.full((*tokenized.part_start.shape, encoder.hidden_size), np.nan, dtype=np.float32)
    for sequences in plan_batches(tokenized.lengths, token_budget):
        inputs = pad_sequences(tokenized, sequences, encoder.tokenizer.pad_token_id)
        plan = plan_pooling(tokenized, index, sequences)
        with torch.no_grad():
            hidden = encoder.model(**inputs).last_hidden_state
            vectors[plan.target, plan.part] = pool(hidden, plan.positions, plan.offsets).numpy()
    return vectors


def _naive(encoder: Encoder, example: Example, span: Span, pooling: Pooling = Pooling.MEAN) -> np.ndarray:
    """Return a span's vector by one forward pass and a loop over subwords."""
    encoding = encoder.word_tokenizer([list(example.text)], is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        hidden = encoder.model(**encoding).last_hidden_state[0].numpy()
    chosen = [i for i, w in enumerate(encoding.word_ids(0)) if w is not None and span.start <= w < span.end]
    pick = {Pooling.MEAN: chosen, Pooling.FIRST: chosen[:1], Pooling.LAST: chosen[-1:]}[pooling]
    return hidden[pick].mean(axis=0)


@pytest.mark.parametrize("pooling", [Pooling.MEAN, Pooling.FIRST, Pooling.LAST])
@pytest.mark.parametrize("token_budget", [1, 20, 4096])
def test_vectors_equal_a_loop_over_subwords(encoder: Encoder, pooling: Pooling, token_budget: int) -> None:
    examples = (
        _example((0, 1), (1, 3), (6, 7)),
        _example(name="no targets"),
        _example((4, 5), words=(*WORDS, *WORDS), name="longer"),
        _example((0, 1), words=("dog",), name="short"),
    )
    tokenized = _tokenize(encoder, examples, TargetKind.TOKEN, pooling=pooling)
    found = _vectors(encoder, tokenized, token_budget)[:, 0]
    expected = [_naive(encoder, e, t.spans[0], pooling) for e in examples for t in e.targets]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_pair_has_two_parts_in_order(encoder: Encoder) -> None:
    spans = (Span(4, 5), Span(1, 2))
    example = Example("p", WORDS, (Target("x", spans),))
    found = _vectors(encoder, _tokenize(encoder, (example,), TargetKind.PAIR))
    np.testing.assert_allclose(found[0], [_naive(encoder, example, span) for span in spans], atol=1e-5)


@pytest.mark.parametrize(
    ("pooling", "positions"),
    [
        (None, slice(0, 1)),
        (Pooling.CLS, slice(0, 1)),
        (Pooling.LAST, slice(-1, None)),
        (Pooling.MEAN, slice(None)),
    ],
)
def test_whole_texts(encoder: Encoder, pooling: Pooling | None, positions: slice) -> None:
    texts = ("the cat runs", "a dog")
    examples = tuple(Example(str(i), text, (Target("x"),), None) for i, text in enumerate(texts))
    found = _vectors(encoder, _tokenize(encoder, examples, TargetKind.SENTENCE, pooling=pooling))[:, 0]
    for text, vector in zip(texts, found, strict=True):
        with torch.no_grad():
            hidden = encoder.model(**encoder.tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        np.testing.assert_allclose(vector, hidden[positions].mean(dim=0), atol=1e-5)


def test_pairs_of_sentences_are_told_apart_by_token_types(encoder: Encoder) -> None:
    example = Example("0", "the cat", (Target("x"),), "a dog runs")
    tokenized = _tokenize(encoder, (example,), TargetKind.SENTENCE_PAIR)
    reference = encoder.tokenizer("the cat", "a dog runs")
    assert tokenized.input_ids.tolist() == reference["input_ids"]
    assert tokenized.token_type_ids is not None
    assert tokenized.token_type_ids.tolist() == reference["token_type_ids"]


def test_words_and_running_text_give_the_same_sentence(encoder: Encoder) -> None:
    words = _tokenize(encoder, (Example("0", ("the", "cat"), (Target("x"),)),), TargetKind.SENTENCE)
    text = _tokenize(encoder, (Example("0", "the cat", (Target("x"),)),), TargetKind.SENTENCE)
    assert words.input_ids.tolist() == text.input_ids.tolist()


def test_chunks_do_not_show(encoder: Encoder, monkeypatch: pytest.MonkeyPatch, tiny_task: Task) -> None:
    examples = tiny_task.splits["train"]
    whole = _tokenize(encoder, examples, TargetKind.TOKEN)
    monkeypatch.setattr("tunescope.models.alignment._CHUNK", 7)
    for name, array in vars(_tokenize(encoder, examples, TargetKind.TOKEN)).items():
        np.testing.assert_array_equal(array, getattr(whole, name), err_msg=name)


@pytest.mark.parametrize("word", ["", "\u200b", "\x00"])
def test_a_word_without_subwords_is_named(encoder: Encoder, word: str) -> None:
    examples = (
        _example((0, 1), name="fine"),
        _example((0, 1), (1, 2), words=("the", word, "cat"), name="bad one"),
    )
    with pytest.raises(InputError, match=r"no subword(.|\n)*bad one, words 1 to 2"):
        _tokenize(encoder, examples, TargetKind.TOKEN)


def test_empty_words_between_targets_are_harmless(encoder: Encoder) -> None:
    example = _example((0, 1), (2, 3), words=("the", "", "cat"))
    tokenized = _tokenize(encoder, (example,), TargetKind.TOKEN)
    assert tokenized.part_start[:, 0].tolist() == [1, 2]


def test_long_sentences_are_refused_by_name(encoder: Encoder) -> None:
    examples = (_example((0, 1)), _example((0, 1), words=("cat",) * 80, name="the long one"))
    with pytest.raises(
        InputError, match=r"longer than the model(.|\n)*the long one(.|\n)*64(.|\n)*82(.|\n)*window"
    ):
        _tokenize(encoder, examples, TargetKind.TOKEN)
    whole = (Example("long", "cat " * 80, (Target("x"),)),)
    with pytest.raises(InputError, match="longer than the model"):
        _tokenize(encoder, whole, TargetKind.SENTENCE, long_sentences="window")


def test_windows_cover_every_word_with_context(encoder: Encoder) -> None:
    words = tuple("abcdefghij"[i % 10] for i in range(150))
    long = _example(*((i, i + 1) for i in range(150)), words=words, name="long")
    short = _example((1, 3))
    tokenized = _tokenize(encoder, (short, long, short), TargetKind.TOKEN, long_sentences="window")
    assert tokenized.lengths.max() <= 64
    first = tokenized.offsets[tokenized.part_sequence[:, 0]] + tokenized.part_start[:, 0]
    ids = encoder.tokenizer.convert_ids_to_tokens(tokenized.input_ids[first].tolist())
    assert ids[1:-1] == list(words)
    context = np.minimum(
        tokenized.part_start[:, 0] - 1,
        tokenized.lengths[tokenized.part_sequence[:, 0]] - 1 - tokenized.part_end[:, 0],
    )[1:-1]
    assert context[31:-31].min() >= 15  # windows of 62 words overlap by half
    for sequence in range(len(tokenized.lengths)):
        ids = tokenized.input_ids[tokenized.offsets[sequence] : tokenized.offsets[sequence + 1]]
        assert encoder.tokenizer.convert_ids_to_tokens([ids[0], ids[-1]]) == ["[CLS]", "[SEP]"]


def test_windows_change_nothing_for_sentences_that_fit(encoder: Encoder, tiny_task: Task) -> None:
    examples = tiny_task.splits["test"]
    plain = _tokenize(encoder, examples, TargetKind.TOKEN)
    windowed = _tokenize(encoder, examples, TargetKind.TOKEN, long_sentences="window")
    np.testing.assert_array_equal(plain.part_start, windowed.part_start)


def test_pooling_for_the_other_kind_of_target_is_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match="whole texts"):
        _tokenize(encoder, (_example((0, 1)),), TargetKind.TOKEN, pooling=Pooling.CLS)


def test_default_pooling(encoder: Encoder) -> None:
    assert default_pooling(TargetKind.TOKEN, encoder.tokenizer) is Pooling.MEAN
    assert default_pooling(TargetKind.SENTENCE, encoder.tokenizer) is Pooling.CLS


def test_batches_keep_to_the_budget() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 500)
    plan = plan_batches(lengths, token_budget=256)
    assert sorted(np.concatenate(plan).tolist()) == list(range(500))
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= 256 for batch in plan)
    padded = sum(len(batch) * lengths[batch].max() for batch in plan)
    assert padded <= 1.05 * lengths.sum()


@pytest.mark.parametrize("kind", ["gpt2", "roberta"])
def test_byte_level_tokenizers_and_decoders(kind: str, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        GPT2Config,
        GPT2Model,
        GPT2TokenizerFast,
        RobertaConfig,
        RobertaModel,
        RobertaTokenizerFast,
    )

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"]
    vocabulary = {piece: i for i, piece in enumerate([*special, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    sizes = {"vocab_size": len(vocabulary)}
    if kind == "gpt2":
        GPT2TokenizerFast(tokenizer_object=tokenizer, model_max_length=32).save_pretrained(tmp_path)
        model = GPT2Model(GPT2Config(**sizes, n_positions=32, n_embd=8, n_layer=2, n_head=2))
    else:
        RobertaTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
        options = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
        model = RobertaModel(RobertaConfig(**sizes, **options, max_position_embeddings=34, pad_token_id=1))
    model.save_pretrained(tmp_path)
    encoder = load_encoder(tmp_path, device="cpu")
    assert encoder.max_length == 32
    examples = (
        _example((0, 1), (2, 3), words=("the", "cat", "sees"), name="a"),
        _example((0, 1), words=("a",), name="b"),
    )
    found = _vectors(encoder, _tokenize(encoder, examples, TargetKind.TOKEN))[:, 0]
    expected = [_naive(encoder, e, t.spans[0]) for e in examples for t in e.targets]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    pieces = encoder.word_tokenizer.convert_ids_to_tokens(
        encoder.word_tokenizer(["a", "b"], is_split_into_words=True)["input_ids"]
    )
    assert "Ġb" in "".join(pieces)  # a word is marked as one
    plain = encoder.tokenizer("a b")["input_ids"]
    sentence = (Example("0", "a b", (Target("x"),)),)
    assert _tokenize(encoder, sentence, TargetKind.SENTENCE).input_ids.tolist() == plain
    assert (
        encoder.tokenizer.convert_ids_to_tokens(plain)[kind == "roberta"] == "a"
    )  # as the model was trained
    if kind == "gpt2":
        assert default_pooling(TargetKind.SENTENCE, encoder.tokenizer) is Pooling.LAST


def test_a_cast_model_still_pools(tiny_model: Path) -> None:
    encoder = load_encoder(tiny_model, device="cpu", dtype=torch.bfloat16)
    assert encoder.model.dtype is torch.bfloat16
    tokenized = _tokenize(encoder, (_example((1, 3)),), TargetKind.TOKEN)
    inputs = pad_sequences(tokenized, np.array([0]), encoder.tokenizer.pad_token_id)
    plan = plan_pooling(tokenized, PartIndex(tokenized), np.array([0]))
    with torch.no_grad():
        hidden = encoder.model(**inputs).last_hidden_state
    pooled = pool(hidden, plan.positions, plan.offsets).float()
    exact = load_encoder(replace(encoder.checkpoint), device="cpu")
    np.testing.assert_allclose(pooled.numpy(), _naive(exact, _example((1, 3)), Span(1, 3))[None], atol=0.05)
