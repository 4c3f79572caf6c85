"""Levels of surfaces: round numbers that cover the values, at even steps or logarithmic ones."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope.report.study.levels import levels_between


@pytest.mark.parametrize(
    ("ends", "numbers"),
    [
        ((0.31, 0.72), (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75)),
        ((-1.0, 1.0), (-1.0, -0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ((3.0, 50.0), (0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0)),
        ((0.1, 2.1), (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)),
        ((0.013, 3.1), (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)),
        ((1e-12, 5.0), (5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)),
    ],
)
def test_levels_are_round_and_logarithmic_where_values_span_magnitudes(
    ends: tuple[float, float], numbers: tuple[float, ...]
) -> None:
    levels = levels_between(*ends)
    assert levels.numbers == numbers
    assert levels.log == (ends[0] > 0 and ends[1] >= 20 * ends[0])


@pytest.mark.parametrize("value", [0.0, 0.7, -2.0, 1e-30, 1e30])
def test_one_value_has_levels_with_even_steps_above_it(value: float) -> None:
    for percent in (False, True):
        levels = levels_between(value, value, percent=percent)
        assert not levels.log
        assert levels.n_bands >= 2
        assert levels.places([value])[0] == pytest.approx(0, abs=1e-6)


def test_shares_have_even_steps_in_per_cent() -> None:
    levels = levels_between(0.001, 0.5, percent=True)
    assert not levels.log
    assert levels.texts()[:3] == ("0\u202f%", "5\u202f%", "10\u202f%")


@given(
    low=st.floats(-1e9, 1e9, allow_nan=False),
    width=st.floats(1e-6, 1e9),
    percent=st.booleans(),
)
def test_levels_rise_and_cover_both_ends(low: float, width: float, percent: bool) -> None:
    high = low + width
    levels = levels_between(low, high, percent=percent)
    assert all(one < other for one, other in pairwise(levels.numbers))
    assert 2 <= levels.n_bands <= 13
    rounding = 1e-6 * max(abs(low), abs(high), width)
    assert levels.numbers[-1] >= high - rounding
    least = high / 1e4 if levels.log else low
    assert levels.numbers[0] <= max(low, least) + rounding


@pytest.mark.parametrize("ends", [(0.31, 0.72), (0.013, 3.1), (0.0, 3.0), (1e-300, 1e300)])
def test_places_are_those_of_a_search_from_level_to_level(ends: tuple[float, float]) -> None:
    levels = levels_between(*ends)
    numbers = levels.numbers
    values = [*numbers, *(math.sqrt(a) * math.sqrt(b) for a, b in pairwise(numbers)), ends[0], ends[1]]
    scale = math.log if levels.log else float
    for value, place in zip(values, levels.places(values), strict=True):
        if value <= numbers[0]:
            assert place == 0
            continue
        band = max(index for index, number in enumerate(numbers[:-1]) if number <= value)
        share = (scale(value) - scale(numbers[band])) / (scale(numbers[band + 1]) - scale(numbers[band]))
        assert place == pytest.approx(band + share, abs=1e-9)


def test_values_beyond_an_end_are_at_it_and_undefined_ones_nowhere() -> None:
    for levels in (levels_between(0.3, 0.7), levels_between(0.01, 3.0)):
        places = levels.places([[-5.0, 0.0, 99.0], [math.nan, math.inf, -math.inf]])
        np.testing.assert_array_equal(places[0], [0, 0, levels.n_bands])
        assert np.isnan(places[1]).all()


def test_where_there_is_little_room_the_rounder_levels_say_something() -> None:
    wide, narrow = (levels_between(0.013, 3.1).texts(letters) for letters in (80, 24))
    assert wide == ("0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5")
    assert narrow == ("0.01", "", "", "0.1", "", "", "1", "", "")
    even = levels_between(-0.45, 0.45).texts(30)
    assert list(filter(None, even)) == ["−0.4", "−0.2", "0.0", "0.2", "0.4"]


def test_very_small_and_large_levels_have_powers_of_ten() -> None:
    assert levels_between(1e-7, 1e-4).texts()[0] == "10⁻⁷"
    assert levels_between(1e3, 1e8).texts()[-1] == "10⁸"
    assert levels_between(0.0, 3.0).texts()[0] == "0.0002"
