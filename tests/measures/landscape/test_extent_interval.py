from __future__ import annotations

import numpy as np
import pytest

from tunescope.measures.intervals import interval
from tunescope.measures.landscape.extent_interval import extent_estimate

IDS = np.arange(100)


def _extents(rng: np.random.Generator, spread: float = 0.1) -> np.ndarray:
    """Return an extent and those on halves, without bias."""
    halves = np.exp(spread * rng.normal(size=200))
    return np.append(2.0, 2.0 * halves / halves.mean())


def test_the_interval_is_that_of_the_logarithm(rng: np.random.Generator) -> None:
    extents = _extents(rng)
    found = extent_estimate(extents, np.zeros(201, dtype=bool), IDS, level=0.9)
    expected = interval(np.log(2), np.log(extents[1:]), sentence_ids=IDS, level=0.9)
    assert [found.low, found.value, found.high] == pytest.approx(
        [np.exp(expected.low), 2, np.exp(expected.high)]
    )
    assert (found.level, found.n_examples, found.n_sentences, found.status) == (0.9, 100, 100, "ok")


def test_a_lower_bound_has_a_lower_end_alone(rng: np.random.Generator) -> None:
    extents = _extents(rng)
    whole = extent_estimate(extents, np.zeros(201, dtype=bool), IDS)
    found = extent_estimate(extents, np.arange(201) == 0, IDS, status="at least: the grid ends")
    assert (found.value, found.has_interval, found.status) == (2.0, False, "at least: the grid ends")
    assert found.low == whole.low < 2.0
    assert np.isnan(found.high)


@pytest.mark.parametrize(("n_cut", "has_interval"), [(20, True), (21, False)])
def test_a_tenth_of_the_halves_may_be_cut_off(
    n_cut: int, has_interval: bool, rng: np.random.Generator
) -> None:
    cut = np.arange(201) > 200 - n_cut
    found = extent_estimate(_extents(rng), cut, IDS)
    assert found.has_interval == has_interval
    assert has_interval or "a lower bound on 10% of the half-samples" in found.status
    assert found.low < found.value


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_no_extent_has_no_interval(value: float, rng: np.random.Generator) -> None:
    extents = _extents(rng)
    extents[0] = value
    found = extent_estimate(extents, np.zeros(201, dtype=bool), IDS, status="undefined: so it is")
    assert not found.has_interval
    assert found.status == "undefined: so it is"


def test_the_interval_of_a_biased_extent_reaches_towards_the_truth(rng: np.random.Generator) -> None:
    extents = _extents(rng)
    plain = extent_estimate(extents, np.zeros(201, dtype=bool), IDS)
    extents[1:] += 0.1
    found = extent_estimate(extents, np.zeros(201, dtype=bool), IDS)
    assert found.high == pytest.approx(plain.high, rel=0.02)
    assert found.low == pytest.approx(plain.low - 0.1, rel=0.02)
