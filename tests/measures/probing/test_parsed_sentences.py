from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.measures.probing.tree_cases import planted_sentences

from tunescope._core.errors import InputError
from tunescope.measures.probing.parsed_sentences import ParsedSentences


@pytest.fixture
def two() -> ParsedSentences:
    vectors = np.arange(30.0).reshape(2, 5, 3)
    return ParsedSentences(
        vectors, np.array([2, 0, 2, 0, 1]), np.array([3, 2]), np.array([1, 1, 0, 1, 1], bool)
    )


def test_each_sentence_has_its_own_words(two: ParsedSentences) -> None:
    assert two.n_sentences == 2
    assert two.starts.tolist() == [0, 3]
    assert two.heads_of(1).tolist() == [0, 1]
    assert two.scored_of(0).tolist() == [True, True, False]
    assert two.vectors_of(1, layer=1).tolist() == two.vectors[1, 3:].tolist()


@pytest.mark.parametrize(
    "vectors", [np.zeros((5, 3)), np.zeros((2, 5, 0)), np.zeros((0, 5, 3)), np.zeros((2, 5, 3), dtype=int)]
)
def test_vectors_of_another_shape_are_refused(two: ParsedSentences, vectors: np.ndarray) -> None:
    with pytest.raises(InputError, match="vectors is no array of layers of words"):
        replace(two, vectors=vectors)


@pytest.mark.parametrize("heads", [np.array([0, 1]), np.zeros((5, 1), dtype=int), np.zeros(5)])
def test_heads_that_do_not_fit_are_refused(two: ParsedSentences, heads: np.ndarray) -> None:
    with pytest.raises(InputError, match="heads does not fit the vectors"):
        replace(two, heads=heads)


@pytest.mark.parametrize("scored", [np.ones(4, dtype=bool), np.ones(5)])
def test_scored_that_does_not_fit_is_refused(two: ParsedSentences, scored: np.ndarray) -> None:
    with pytest.raises(InputError, match="scored does not fit the vectors"):
        replace(two, scored=scored)


@pytest.mark.parametrize("lengths", [[3, 3], [5, 0], [6, -1], [2.0, 3.0], [[3, 2]], []])
def test_lengths_that_do_not_add_up_are_refused(two: ParsedSentences, lengths: list[object]) -> None:
    with pytest.raises(InputError, match="lengths does not divide the words into sentences"):
        replace(two, lengths=np.array(lengths))


def test_there_must_be_an_id_for_each_sentence(two: ParsedSentences) -> None:
    with pytest.raises(InputError, match="sentence_ids has the wrong shape"):
        replace(two, sentence_ids=np.arange(5))


def test_a_tree_that_is_none_names_its_sentence(two: ParsedSentences) -> None:
    with pytest.raises(InputError, match="no root") as caught:
        replace(two, heads=np.array([2, 0, 2, 2, 1]))
    assert "where: sentence 1" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_names_its_sentence(value: float) -> None:
    sentences = planted_sentences(9, seed=0)
    vectors = sentences.vectors.copy()
    vectors[1, sentences.starts[4] + 1, 2] = value
    with pytest.raises(InputError, match="vectors has a value that is not finite") as caught:
        replace(sentences, vectors=vectors)
    assert "where: layer 1, sentence 4" in str(caught.value)


def test_heads_of_any_whole_number_type_are_taken() -> None:
    words = np.zeros((1, 3, 2), dtype=np.float32)
    parsed = ParsedSentences(
        words, np.array([2, 0, 2], dtype=np.uint64), np.array([3], dtype=np.uint8), np.ones(3, bool)
    )
    assert parsed.heads.dtype == np.int64
