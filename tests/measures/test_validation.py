from __future__ import annotations

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.measures import validation


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros(3), "v is not a matrix"),
        (np.zeros((3, 0)), "v is not a matrix"),
        (np.zeros((1, 2)), "v has too few rows"),
        (np.array([["a", "b"]]), "v does not hold numbers"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), "row 1"),
        (np.array([[0.0, np.inf], [0.0, 0.0]], dtype=np.float32), "row 0"),
    ],
)
def test_bad_vectors_are_named(vectors: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        validation.check_vectors(vectors, "v", min_examples=2)


def test_good_vectors_are_not_copied_and_whole_numbers_become_floats() -> None:
    vectors = np.ones((2, 2), dtype=np.float32)
    assert validation.check_vectors(vectors, "v") is vectors
    assert validation.check_vectors([[1, 2]], "v").dtype == np.float64


def test_pairs_have_the_same_rows_and_where_needed_the_same_columns() -> None:
    with pytest.raises(InputError, match="different numbers of rows"):
        validation.check_pair(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(InputError, match="different hidden sizes"):
        validation.check_same_hidden_size(np.ones((3, 2)), np.ones((3, 1)), names=("x", "y"))


def test_labels_have_one_finite_entry_per_example() -> None:
    with pytest.raises(InputError, match="labels has the wrong shape"):
        validation.check_labels(["a"], 2)
    with pytest.raises(InputError, match="row 1"):
        validation.check_labels([1.0, np.nan], 2)


def test_sentences_are_numbered_in_sorted_order() -> None:
    assert validation.number_sentences(["b", "a", "b"], 3).tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="sentence_ids"):
        validation.number_sentences(["b"], 3)


@pytest.mark.parametrize(("n_resamples", "level"), [(9, 0.95), (200, 0.0), (200, 1.0)])
def test_resampling_settings_are_checked(n_resamples: int, level: float) -> None:
    with pytest.raises(InputError):
        validation.check_resampling(n_resamples, level)
