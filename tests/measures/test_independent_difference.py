"""Differences of independent estimates: against draws, a known case, invariances and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tunescope.measures.estimate import Estimate
from tunescope.measures.independent_difference import independent_difference


def _estimate(value: float, below: float, above: float) -> Estimate:
    return Estimate(value=value, low=value - below, high=value + above, n_examples=10, n_sentences=5)


def test_symmetric_intervals_add_in_squares() -> None:
    found = independent_difference(_estimate(0.9, 0.03, 0.03), _estimate(0.7, 0.04, 0.04))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.15, 0.25))
    assert (found.n_examples, found.n_sentences, found.status) == (20, 10, "ok")


def test_it_covers_the_difference_of_normal_means() -> None:
    rng = np.random.default_rng(0)
    truth, errors = (2.0, 0.5), (0.3, 0.7)
    hits = 0
    for _ in range(2000):
        estimates = []
        for mean, error in zip(truth, errors, strict=True):
            value = rng.normal(mean, error)
            estimates.append(_estimate(value, 1.96 * error, 1.96 * error))
        found = independent_difference(*estimates)
        hits += found.low <= truth[0] - truth[1] <= found.high
    assert hits / 2000 == pytest.approx(0.95, abs=0.015)


def test_swapping_turns_the_sign() -> None:
    first, second = _estimate(0.9, 0.05, 0.01), _estimate(0.6, 0.02, 0.08)
    one, other = independent_difference(first, second), independent_difference(second, first)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


def test_a_shift_of_both_changes_nothing_and_a_factor_scales() -> None:
    parts = ((0.9, 0.05, 0.01), (0.6, 0.02, 0.08))
    plain = independent_difference(*(_estimate(*part) for part in parts))
    shifted = independent_difference(*(_estimate(part[0] + 3, *part[1:]) for part in parts))
    scaled = independent_difference(*(_estimate(*(10 * each for each in part)) for part in parts))
    ends = np.array([plain.value, plain.low, plain.high])
    assert [shifted.value, shifted.low, shifted.high] == pytest.approx(ends)
    assert [scaled.value, scaled.low, scaled.high] == pytest.approx(10 * ends)


def test_what_is_undefined_stays_so() -> None:
    gone = Estimate(value=math.nan, status="undefined: there are no spans")
    found = independent_difference(_estimate(0.9, 0.1, 0.1), gone)
    assert math.isnan(found.value)
    assert found.status == "undefined: there are no spans"
    certain = independent_difference(_estimate(0.9, 0.1, 0.1), Estimate(value=0.5))
    assert certain.value == pytest.approx(0.4)
    assert not certain.has_interval
