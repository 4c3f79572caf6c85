"""Rank correlations of few cases: against all orders by hand, scipy's statistic, invariances, what is undefined."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tunescope._core.errors import InputError
from tunescope.measures.rank_correlation import rank_correlation

_CASES = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=6)


@given(_CASES)
def test_it_is_the_share_of_orders_that_correlate_as_strongly(cases: list[tuple[int, int]]) -> None:
    x, y = (np.array(side, dtype=float) for side in zip(*cases, strict=True))
    found = rank_correlation(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(found.value)
        assert math.isnan(found.p)
        return
    values = [spearmanr(order, y).statistic for order in itertools.permutations(x)]
    assert found.value == pytest.approx(spearmanr(x, y).statistic)
    at_least, at_most = (
        np.mean(np.sign(side) * (np.array(values) - found.value) >= -1e-9) for side in (1, -1)
    )
    assert found.p == pytest.approx(min(1.0, 2 * min(at_least, at_most)))


def test_nothing_is_told_from_four_cases_and_something_from_five() -> None:
    assert rank_correlation(range(4), range(4)).p == pytest.approx(2 / 24)
    assert rank_correlation(range(5), range(5)).p == pytest.approx(2 / 120)


def test_under_no_relation_it_rejects_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    p = [rank_correlation(rng.normal(size=6), rng.normal(size=6)).p for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.03, abs=0.03)


def test_many_cases_are_as_in_scipy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    found, expected = rank_correlation(x, y), spearmanr(x, y)
    assert (found.value, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_cases_without_a_figure_are_left_out() -> None:
    found = rank_correlation([1, math.nan, 3, 4, 5, 9], [1, 7, 3, 4, math.nan, 5])
    assert (found.value, found.n) == (pytest.approx(1.0), 4)


def test_two_cases_say_nothing() -> None:
    assert math.isnan(rank_correlation([1, 2], [1, 2]).value)


def test_sides_of_different_length_are_refused() -> None:
    with pytest.raises(InputError):
        rank_correlation([1, 2, 3], [1, 2])
