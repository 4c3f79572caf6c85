from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.probing.control_task import control_labels, selectivity


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("XYZ")), min_size=1), st.integers(0, 99))
def test_a_word_has_one_label_wherever_it_stands(pairs: list[tuple[str, str]], seed: int) -> None:
    words, labels = (np.array(each) for each in zip(*pairs, strict=True))
    test_words = np.array(list("abcdefgh"))
    train, test = control_labels(words, labels, test_words, rng=np.random.default_rng(seed))
    of_word = dict(zip(test_words, test, strict=True))
    assert [of_word[word] for word in words] == train.tolist()
    assert {*train, *test} <= {*labels}


def test_labels_are_drawn_by_their_frequency_and_not_by_the_word() -> None:
    words = np.arange(4000)
    labels = np.repeat(["often", "seldom"], [3000, 1000])
    train, _ = control_labels(words, labels, words[:1], rng=np.random.default_rng(0))
    assert abs(np.mean(train == "often") - 0.75) < 0.03
    assert abs(np.mean(train == labels) - (0.75**2 + 0.25**2)) < 0.03


def test_selectivity_is_a_paired_difference() -> None:
    rng = np.random.default_rng(0)
    gold, control = rng.integers(2, size=(2, 400))
    right, wrong = gold.copy(), control.copy()
    wrong[:100] = 1 - wrong[:100]
    found = selectivity(gold, right, control, wrong, np.arange(400), rng=rng)
    assert found.value == 0.25
    assert 0.2 < found.low < 0.25 < found.high < 0.3


def test_bad_input_is_refused() -> None:
    none = np.array([], dtype=str)
    with pytest.raises(InputError, match="no training example"):
        control_labels(none, none, none, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="train_words has the wrong shape"):
        control_labels(np.array(["a"]), np.array(["X", "Y"]), none, rng=np.random.default_rng(0))


def test_a_control_of_other_examples_is_refused() -> None:
    gold = np.array(["a", "b"] * 10)
    with pytest.raises(InputError, match="not of the same examples"):
        selectivity(gold, gold, gold[:1], gold[:1], np.arange(20), rng=np.random.default_rng(0))
