from __future__ import annotations

import doctest
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.finetuning.frozen import features as module
from tunescope.finetuning.frozen.features import FrozenFeatures, covers_every_word
from tunescope.representations.extraction import extract
from tunescope.tasks.entity_reader import read_entities
from tunescope.tasks.example import Example, LabelKind, Span, Target
from tunescope.tasks.task import Task

VECTORS = np.arange(24.0).reshape(2, 4, 3)
LABELS = np.array(["a", "b", "a", "b"])
SENTENCES = np.array(["s2", "s2", "s1", "s1"])


def test_the_examples_run() -> None:
    assert doctest.testmod(module).failed == 0


def test_arrays_are_read_as_they_are() -> None:
    features = FrozenFeatures.of_arrays(VECTORS, LABELS, SENTENCES)
    assert (features.layers, features.hidden_size, features.n_examples, features.n_sentences) == (
        (0, 1),
        3,
        4,
        2,
    )
    assert features.sentence_ids.tolist() == [0, 0, 1, 1]  # numbered in the order of the corpus
    assert features.label is LabelKind.CLASS
    assert np.array_equal(features.read(np.array([3, 0])), VECTORS[:, [3, 0]])
    assert features.read(np.array([3, 0])).dtype == np.float32
    assert np.array_equal(features.top(), VECTORS[1])
    assert [values.tolist() for values in features.units] == [[0, 1, 2, 3], [1, 1, 1, 1]]


def test_the_units_of_sequences_are_sentences() -> None:
    ids = ["x", "x", "y", "z"]
    features = FrozenFeatures.of_arrays(VECTORS, None, ids, sequences=True)
    assert [values.tolist() for values in features.units] == [[0, 2, 3], [2, 1, 1]]
    with pytest.raises(InputError, match="no labels"):
        _ = features.label


def test_a_store_is_read_as_its_arrays(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    store = extract(str(tiny_model), tiny_task, "test", tmp_path / "run", device="cpu")
    sequences = covers_every_word(tiny_task.splits["test"])
    assert sequences
    stored = FrozenFeatures.of_store(store, sequences=sequences)
    arrays = FrozenFeatures.of_arrays(
        store.to_xarray().to_numpy(), store.labels, store.sentence_ids, sequences=sequences
    )
    some = np.array([5, 2, 9])
    assert np.array_equal(stored.read(some), arrays.read(some))
    assert np.array_equal(stored.top(), arrays.top())
    assert stored.layers == arrays.layers == (0, 1, 2)
    assert np.array_equal(stored.known_labels, arrays.known_labels)
    assert np.array_equal(stored.units[1], [len(example.text) for example in tiny_task.splits["test"]])


def test_only_words_that_are_all_targets_make_sequences() -> None:
    targets = tuple(Target("x", (Span(i, i + 1),)) for i in range(2))
    assert covers_every_word((Example("s", ("a", "b"), targets),))
    assert not covers_every_word((Example("s", ("a", "b"), targets[::-1]),))
    assert not covers_every_word((Example("s", ("a", "b", "c"), targets),))
    assert not covers_every_word((Example("s", "a b", (Target("x"),)),))
    assert not covers_every_word((Example("s", ("a", "b"), targets, ("c",)),))


def test_entities_are_sequences(shared_data: Callable[[str], Path]) -> None:
    assert covers_every_word(read_entities(shared_data("streusle-4.2/streusle.ud_test.conllulex")))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_are_refused(bad: float) -> None:
    vectors = VECTORS.copy()
    vectors[1, 2, 0] = bad
    with pytest.raises(InputError) as caught:
        FrozenFeatures.of_arrays(vectors, LABELS, SENTENCES)
    assert caught.value.where == "layer 1, row 2"
    assert caught.value.expected == "finite numbers"
    assert "1 such rows among 4" in caught.value.got
    assert caught.value.fix


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((VECTORS[0], LABELS, SENTENCES), "no stack of layers"),
        ((VECTORS.astype(int), LABELS, SENTENCES), "dtype int64"),
        ((VECTORS[:, :0], LABELS[:0], SENTENCES[:0]), "no stack of layers"),
        ((VECTORS, LABELS[:3], SENTENCES), "labels do not fit"),
        ((VECTORS, np.arange(4), SENTENCES), "astype"),
        ((VECTORS, [1.0, np.nan, 2.0, 3.0], SENTENCES), "no finite number"),
        ((VECTORS, LABELS, SENTENCES[:3]), "sentence ids do not fit"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: tuple[np.ndarray, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FrozenFeatures.of_arrays(*arguments)


def test_sequences_whose_words_lie_apart_are_refused() -> None:
    with pytest.raises(InputError, match="row 2") as caught:
        FrozenFeatures.of_arrays(VECTORS, LABELS, [0, 1, 0, 1], sequences=True)
    assert "do not stand together" in str(caught.value)
    FrozenFeatures.of_arrays(VECTORS, LABELS, [0, 1, 0, 1])


def test_labels_as_objects_are_text() -> None:
    features = FrozenFeatures.of_arrays(VECTORS, LABELS.astype(object), SENTENCES)
    assert features.known_labels.tolist() == LABELS.tolist()
