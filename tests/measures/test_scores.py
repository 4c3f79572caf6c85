from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures import scores


def _predictions(rng: np.random.Generator, n: int = 120) -> tuple[np.ndarray, ...]:
    gold = rng.choice(["a", "b", "c"], n)
    before = np.where(rng.random(n) < 0.6, gold, "a")
    after = np.where(rng.random(n) < 0.8, gold, "b")
    return gold, before, after, np.arange(n) // 4


def test_the_fast_paths_agree_with_the_general_ones(rng: np.random.Generator) -> None:
    gold, before, after, sentences = _predictions(rng)
    fast = scores.accuracy_estimate(gold, before, sentences, rng=np.random.default_rng(1))
    general = scores.score_estimate(scores.accuracy, gold, before, sentences, rng=np.random.default_rng(1))
    assert (fast.value, fast.low, fast.high) == pytest.approx((general.value, general.low, general.high))
    fast = scores.accuracy_difference(gold, before, after, sentences, rng=np.random.default_rng(1))
    general = scores.score_difference(
        scores.accuracy, gold, before, after, sentences, rng=np.random.default_rng(1)
    )
    assert (fast.value, fast.low, fast.high) == pytest.approx((general.value, general.low, general.high))


def test_a_paired_difference_is_narrower_than_two_intervals_suggest(rng: np.random.Generator) -> None:
    gold, before, _, sentences = _predictions(rng)
    after = before.copy()
    mended = np.flatnonzero(before != gold)[:3]
    after[mended] = gold[mended]
    paired = scores.score_difference(scores.accuracy, gold, before, after, sentences, rng=rng)
    single = scores.accuracy_estimate(gold, before, sentences, rng=rng)
    assert paired.high - paired.low < 0.5 * (single.high - single.low)


def test_swapping_the_models_turns_the_sign(rng: np.random.Generator) -> None:
    gold, before, after, sentences = _predictions(rng)
    there = scores.accuracy_difference(gold, before, after, sentences, rng=np.random.default_rng(1))
    back = scores.accuracy_difference(gold, after, before, sentences, rng=np.random.default_rng(1))
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


def test_equal_predictions_leave_a_difference_of_zero_with_an_open_interval(rng: np.random.Generator) -> None:
    gold, before, _, sentences = _predictions(rng)
    same = scores.accuracy_difference(gold, before, before, sentences, rng=rng)
    assert same.value == 0
    assert -0.2 < same.low < 0 < same.high < 0.2
    assert same.low == pytest.approx(-same.high)


def test_an_undefined_metric_is_nan_with_a_status() -> None:
    constant = np.ones(20)
    estimate = scores.score_estimate(
        lambda _gold, _predicted: math.nan, constant, constant, np.arange(20), rng=np.random.default_rng(0)
    )
    assert math.isnan(estimate.value)
    assert not estimate.has_interval
    assert estimate.status.startswith("undefined")


def test_lengths_must_agree_and_something_must_be_scored() -> None:
    with pytest.raises(InputError, match="predicted has the wrong shape"):
        scores.accuracy(np.array(["a"]), np.array(["a", "b"]))
    with pytest.raises(InputError, match="gold holds no labels"):
        scores.accuracy(np.array([]), np.array([]))


@given(right=st.lists(st.booleans(), min_size=1, max_size=40), seed=st.integers(0, 9))
def test_accuracy_is_the_share_that_is_right(right: list[bool], seed: int) -> None:
    gold, predicted = np.zeros(len(right), dtype=int), 1 - np.array(right, dtype=int)
    assert scores.accuracy(gold, predicted) == pytest.approx(sum(right) / len(right))
    estimate = scores.accuracy_estimate(
        gold, predicted, np.arange(len(right)), rng=np.random.default_rng(seed)
    )
    assert not estimate.has_interval or 0 <= estimate.low <= estimate.value <= estimate.high <= 1
