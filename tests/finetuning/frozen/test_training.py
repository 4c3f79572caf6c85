from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tunescope._core.errors import InputError, ModelError
from tunescope.finetuning.frozen import training as module
from tunescope.finetuning.frozen.features import FrozenFeatures, covers_every_word
from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.finetuning.frozen.training import train_frozen_head
from tunescope.representations.extraction import extract
from tunescope.tasks.span_f1 import span_f1
from tunescope.tasks.task import Task

Planted = Callable[..., FrozenFeatures]
FAST = FrozenHeadSettings(learning_rate=1e-2, hidden_size=16, dropout=0.1, max_epochs=40)


def _accuracy(features: FrozenFeatures, predicted: np.ndarray) -> float:
    return float(np.mean(predicted == features.known_labels))


def test_the_examples_run() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("layer", [0, 2])
def test_the_mix_finds_the_layer_that_tells(one_layer_tells: Planted, layer: int) -> None:
    train, test = one_layer_tells(layer), one_layer_tells(layer, seed=1)
    head = train_frozen_head(train, "mix", FAST, device="cpu")
    assert head.layer_weights.argmax() == layer
    assert head.layer_weights[layer] > 0.5
    assert head.layer_weights.sum() == pytest.approx(1)
    assert head.gamma > 0
    assert _accuracy(test, head.predict(test, device="cpu")) > 0.9
    linear = train_frozen_head(train, "linear")
    assert linear.layer_weights.tolist() == [0, 0, 0, 1]
    assert _accuracy(test, linear.predict(test)) < 0.6


def test_the_mix_finds_the_layer_that_tells_numbers(one_layer_tells: Planted) -> None:
    train, test = one_layer_tells(1, numbers=True, n=900), one_layer_tells(1, numbers=True, seed=1)
    head = train_frozen_head(train, "mix", FAST, device="cpu")
    predicted = head.predict(test, device="cpu")
    assert predicted.dtype == np.float64
    assert head.layer_weights.argmax() == 1
    assert np.corrcoef(predicted, test.known_labels)[0, 1] > 0.9
    assert np.mean(predicted) == pytest.approx(10, abs=0.5)


def test_only_what_reads_sequences_finds_what_the_neighbour_tells(neighbour_tells: Planted) -> None:
    train, test = neighbour_tells(), neighbour_tells(seed=1)
    sequence = train_frozen_head(train, "mix", FAST, device="cpu")
    assert _accuracy(test, sequence.predict(test, device="cpu")) > 0.9
    majority = np.mean(test.known_labels == "O")
    linear = train_frozen_head(train, "linear")
    assert _accuracy(test, linear.predict(test)) < majority + 0.05
    alone = train_frozen_head(neighbour_tells(sequences=False), "mix", FAST, device="cpu")
    other = neighbour_tells(seed=1, sequences=False)
    assert _accuracy(other, alone.predict(other, device="cpu")) < majority + 0.05


def test_a_perceptron_finds_what_no_linear_map_does() -> None:
    vectors = np.random.default_rng(0).normal(size=(1, 800, 2))
    labels = np.where(vectors[0, :, 0] * vectors[0, :, 1] > 0, "same", "different")
    features = FrozenFeatures.of_arrays(vectors, labels, np.arange(800))
    assert _accuracy(features, train_frozen_head(features, "mix", FAST, device="cpu").predict(features)) > 0.9
    assert _accuracy(features, train_frozen_head(features, "linear").predict(features)) < 0.65


@pytest.mark.parametrize("sequences", [True, False])
def test_the_seed_decides_and_the_process_keeps_its_own(neighbour_tells: Planted, sequences: bool) -> None:
    features = neighbour_tells(n_sentences=30, sequences=sequences)
    settings = FAST.model_copy(update={"max_epochs": 3})
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = train_frozen_head(features, "mix", settings, device="cpu")
    assert torch.equal(torch.rand(3), expected)
    np.random.default_rng().random()
    again = train_frozen_head(features, "mix", settings, device="cpu")
    other = train_frozen_head(features, "mix", settings.model_copy(update={"seed": 1}), device="cpu")
    assert all(np.array_equal(first.weights[name], again.weights[name]) for name in first.weights)
    assert first.info == again.info
    assert not np.array_equal(first.weights["output.weight"], other.weights["output.weight"])


def test_the_scale_of_the_vectors_does_not_matter(one_layer_tells: Planted) -> None:
    train = one_layer_tells(2)
    vectors = train.read(slice(None))
    for factor in (1e-3, 1e3):
        scaled = FrozenFeatures.of_arrays(vectors * factor, train.labels, train.sentence_ids)
        head = train_frozen_head(scaled, "mix", FAST, device="cpu")
        assert head.layer_weights.argmax() == 2
        assert _accuracy(scaled, head.predict(scaled, device="cpu")) > 0.9


def test_training_stops_when_nothing_gets_better(one_layer_tells: Planted) -> None:
    settings = FAST.model_copy(update={"patience": 2})
    info = train_frozen_head(one_layer_tells(0), "mix", settings, device="cpu").info
    assert info.status == "ok"
    assert info.n_epochs == int(np.argmax(info.held_out)) + 1
    assert len(info.held_out) == info.n_epochs + 2
    assert info.n_train + info.n_held_out == 600
    assert info.n_held_out == 60


def test_training_that_is_cut_off_says_so(one_layer_tells: Planted) -> None:
    info = train_frozen_head(
        one_layer_tells(0), "mix", FAST.model_copy(update={"max_epochs": 2}), device="cpu"
    ).info
    assert info.status == "training was cut off after 2 epochs"
    assert len(info.held_out) == 2


def test_whole_sentences_are_held_out(neighbour_tells: Planted) -> None:
    seen: list[np.ndarray] = []

    def score(gold: np.ndarray, predicted: np.ndarray, sentences: np.ndarray) -> float:
        seen.append(sentences)
        return span_f1(gold, predicted, sentences)

    features = neighbour_tells(n_sentences=50)
    head = train_frozen_head(features, "mix", FAST, score=score, device="cpu")
    held_out = np.unique(seen[0])
    assert len(held_out) == 5
    assert len(seen[0]) == np.isin(features.sentence_ids, held_out).sum() == head.info.n_held_out
    assert max(head.info.held_out) <= 1
    assert head.info.held_out[head.info.n_epochs - 1] == max(head.info.held_out)


def test_given_examples_decide_when_to_stop(neighbour_tells: Planted) -> None:
    train, dev = neighbour_tells(n_sentences=60), neighbour_tells(seed=3, n_sentences=20)
    head = train_frozen_head(train, "mix", FAST, dev=dev, device="cpu")
    assert head.info.n_train == train.n_examples
    assert head.info.n_held_out == dev.n_examples
    expected = train_frozen_head(train, "mix", FAST, dev=dev, score=_minus_mistakes, device="cpu")
    assert max(expected.info.held_out) <= 0


def _minus_mistakes(gold: np.ndarray, predicted: np.ndarray, sentences: np.ndarray) -> float:
    return -float(np.mean(gold != predicted))


def test_labels_of_dev_that_training_lacks_have_no_part_in_the_loss(neighbour_tells: Planted) -> None:
    train, dev = neighbour_tells(n_sentences=60), neighbour_tells(seed=3, n_sentences=20)
    labels = dev.known_labels.astype("<U9")
    labels[0] = "B-unknown"
    strange = FrozenFeatures.of_arrays(dev.read(slice(None)), labels, dev.sentence_ids, sequences=True)
    settings = FAST.model_copy(update={"max_epochs": 2})
    with_it = train_frozen_head(train, "mix", settings, dev=strange, device="cpu").info.held_out
    without = train_frozen_head(train, "mix", settings, dev=dev, device="cpu").info.held_out
    assert with_it == pytest.approx(without, rel=0.1)
    assert with_it != without
    labels[:] = "B-unknown"
    strange = FrozenFeatures.of_arrays(dev.read(slice(None)), labels, dev.sentence_ids, sequences=True)
    with pytest.raises(InputError, match="No label of dev occurs in training"):
        train_frozen_head(train, "mix", settings, dev=strange, device="cpu")


def test_an_undefined_score_leaves_the_first_weights_and_says_so(neighbour_tells: Planted) -> None:
    settings = FAST.model_copy(update={"max_epochs": 2})
    features = neighbour_tells(n_sentences=20)
    head = train_frozen_head(features, "mix", settings, score=lambda *_: math.nan, device="cpu")
    assert head.info.status.startswith("no epoch had a score on the held-out sentences")
    assert head.info.n_epochs == 0
    assert head.info.held_out == (-math.inf, -math.inf)


def test_training_that_diverges_says_so(one_layer_tells: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, calls = module._loss, []

    def diverging(outputs: torch.Tensor, *rest: object) -> torch.Tensor:
        calls.append(len(outputs))
        return loss(outputs, *rest) * (math.inf if len(calls) > 10 else 1.0)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_loss", diverging)
    head = train_frozen_head(one_layer_tells(0, n=90), "mix", FAST, device="cpu")
    assert (
        head.info.status == "training diverged in epoch 3"
    )  # three steps and one look at the held-out ones each
    assert head.info.n_epochs in (1, 2)
    assert all(np.isfinite(array).all() for array in head.weights.values())


def test_a_single_class_is_refused(one_layer_tells: Planted) -> None:
    vectors = one_layer_tells(0, n=9).read(slice(None))
    for labels in (np.array(["a"] * 9), np.full(9, 2.5)):
        features = FrozenFeatures.of_arrays(vectors, labels, np.arange(9))
        for kind in ("linear", "mix"):
            with pytest.raises(InputError, match="All training labels are the same") as caught:
                train_frozen_head(features, kind, device="cpu")  # type: ignore[arg-type]
            assert caught.value.got in ("'a'", "2.5")
            assert caught.value.fix


def test_a_single_sentence_is_refused_unless_others_tell_when_to_stop() -> None:
    vectors = np.random.default_rng(0).normal(size=(2, 4, 3))
    one = FrozenFeatures.of_arrays(vectors, ["a", "b", "a", "b"], [0] * 4, sequences=True)
    with pytest.raises(InputError, match="no sentence to tell when to stop") as caught:
        train_frozen_head(one, "mix", FAST, device="cpu")
    assert caught.value.fix == "give dev, or more sentences"
    assert train_frozen_head(one, "mix", FAST, dev=one, device="cpu").info.n_train == 4
    assert train_frozen_head(one, "linear").info.n_train == 4


def test_two_sentences_are_enough() -> None:
    vectors = np.random.default_rng(0).normal(size=(2, 4, 3))
    two = FrozenFeatures.of_arrays(vectors, ["a", "b", "a", "b"], [0, 0, 1, 1], sequences=True)
    info = train_frozen_head(two, "mix", FAST.model_copy(update={"held_out": 0.9}), device="cpu").info
    assert (info.n_train, info.n_held_out) == (2, 2)


def test_vectors_that_are_all_the_same_still_train() -> None:
    features = FrozenFeatures.of_arrays(np.zeros((2, 8, 3)), ["a", "b"] * 4, np.arange(8))
    for kind in ("linear", "mix"):
        head = train_frozen_head(features, kind, FAST, device="cpu")  # type: ignore[arg-type]
        assert set(head.predict(features, device="cpu").tolist()) <= {"a", "b"}


def test_what_does_not_fit_is_refused(one_layer_tells: Planted, neighbour_tells: Planted) -> None:
    features = one_layer_tells(0, n=30)
    with pytest.raises(InputError, match="There is no such head"):
        train_frozen_head(features, "lstm")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="do not fit the head") as caught:
        train_frozen_head(features, "mix", FAST, dev=neighbour_tells(), device="cpu")
    assert caught.value.where == "dev"
    with pytest.raises(ModelError, match="no such device"):
        train_frozen_head(features, "mix", FAST, device="nonsense")
    unlabelled = FrozenFeatures.of_arrays(features.read(slice(None)), None, features.sentence_ids)
    with pytest.raises(InputError, match="no labels"):
        train_frozen_head(unlabelled, "mix", FAST, device="cpu")


def test_numbers_in_sequences(neighbour_tells: Planted) -> None:
    words = neighbour_tells()
    numbers = np.where(words.known_labels == "O", -1.0, 3.0)
    features = FrozenFeatures.of_arrays(words.read(slice(None)), numbers, words.sentence_ids, sequences=True)
    predicted = train_frozen_head(features, "mix", FAST, device="cpu").predict(features, device="cpu")
    assert np.corrcoef(predicted, numbers)[0, 1] > 0.8


def test_from_a_store_to_predictions(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    """The words of the tiny task tell their tags, which a head reads from vectors of random weights too."""
    features = {}
    for split in ("train", "test"):
        store = extract(str(tiny_model), tiny_task, split, tmp_path / "run", device="cpu")
        features[split] = FrozenFeatures.of_store(store, sequences=covers_every_word(tiny_task.splits[split]))
    for kind in ("linear", "mix"):
        head = train_frozen_head(features["train"], kind, FAST, device="cpu")  # type: ignore[arg-type]
        assert _accuracy(features["test"], head.predict(features["test"], device="cpu")) > 0.9


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("sequences", [True, False])
def test_on_a_gpu(neighbour_tells: Planted, one_layer_tells: Planted, sequences: bool) -> None:
    features = neighbour_tells() if sequences else one_layer_tells(1)
    head = train_frozen_head(features, "mix", FAST, device="cuda")
    assert _accuracy(features, head.predict(features, device="cuda")) > 0.9
    assert np.mean(head.predict(features, device="cpu") == head.predict(features, device="cuda")) > 0.99
