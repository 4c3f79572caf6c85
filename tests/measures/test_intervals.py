from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from tunescope.measures.intervals import half_samples, interval, mean_estimate


@given(
    sentences=st.lists(st.integers(0, 12), min_size=1, max_size=60),
    seed=st.integers(0, 1000),
)
def test_a_half_holds_half_of_the_sentences_whole_and_nothing_twice(sentences: list[int], seed: int) -> None:
    ids = np.array(sentences)
    halves = half_samples(ids, 20, np.random.default_rng(seed))
    assert halves.shape == (20, len(ids))
    assert halves.dtype == bool
    for half in halves:
        drawn, left = set(ids[half]), set(ids[~half])
        assert not drawn & left
        assert len(drawn) == len(set(sentences)) // 2


def test_the_same_seed_gives_the_same_halves() -> None:
    ids = np.array(["s1", "s2", "s3", "s4"])
    first = half_samples(ids, 5, np.random.default_rng(3))
    assert np.array_equal(first, half_samples(ids, 5, np.random.default_rng(3)))


@pytest.mark.parametrize("n", [20, 21, 7])
def test_the_spread_of_a_mean_is_exactly_that_of_theory(n: int) -> None:
    """Over all halves, odd n included, the scaled variance of a mean is s² / n."""
    rng = np.random.default_rng(n)
    figures = rng.normal(size=n)
    estimate = mean_estimate(figures, np.arange(n), n_resamples=40_000, rng=rng)
    theory = student.ppf(0.975, n - 1) * figures.std(ddof=1) / math.sqrt(n)
    assert (estimate.high - estimate.low) / 2 == pytest.approx(theory, rel=0.02)
    assert estimate.value == pytest.approx(figures.mean())
    assert (estimate.n_examples, estimate.n_sentences) == (n, n)


def test_sentences_not_tokens_are_resampled() -> None:
    """Copying every token ten times within its sentence adds no information."""
    rng = np.random.default_rng(0)
    figures, sentences = rng.normal(size=50), np.arange(50)
    once = mean_estimate(figures, sentences, n_resamples=4000, rng=rng)
    copied = mean_estimate(np.repeat(figures, 10), np.repeat(sentences, 10), n_resamples=4000, rng=rng)
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.05)


@given(value=st.floats(-0.999, 0.999), spread=st.floats(0, 5), seed=st.integers(0, 99))
def test_an_interval_holds_the_figure_and_stays_in_range(value: float, spread: float, seed: int) -> None:
    resampled = value + spread * np.random.default_rng(seed).normal(size=50)
    for bounds in ((-1.0, 1.0), (-math.inf, 1.0), (-1.0, math.inf)):
        estimate = interval(value, resampled, sentence_ids=np.arange(9), bounds=bounds)
        assert bounds[0] <= estimate.low <= value <= estimate.high <= bounds[1]


def test_where_the_figure_stands_at_a_bound_the_interval_is_clipped() -> None:
    estimate = interval(1.0, np.linspace(0.8, 1, 50), sentence_ids=np.arange(9), bounds=(-1, 1))
    assert estimate.low < 1
    assert estimate.high == 1


def test_few_sentences_give_a_figure_without_interval() -> None:
    estimate = mean_estimate(np.arange(4.0), np.arange(4), rng=np.random.default_rng(0))
    assert estimate.value == 1.5
    assert not estimate.has_interval
    assert "4 sentences" in estimate.status


def test_no_examples_give_no_figure() -> None:
    assert mean_estimate(np.zeros(0), np.zeros(0), rng=np.random.default_rng(0)).status == "no examples"


def test_undefined_figures_give_nan_with_a_status() -> None:
    undefined = interval(math.nan, np.full(20, math.nan), sentence_ids=np.arange(9))
    assert math.isnan(undefined.value)
    assert undefined.status == "the figure is undefined"
    resampled = np.linspace(0, 1, 100)
    resampled[:5] = math.nan
    assert interval(0.5, resampled, sentence_ids=np.arange(9)).has_interval
    resampled[:20] = math.nan
    shaky = interval(0.5, resampled, sentence_ids=np.arange(9))
    assert not shaky.has_interval
    assert "20%" in shaky.status


def test_counts_without_spread_leave_uncertainty() -> None:
    perfect = mean_estimate(
        np.ones(60), np.arange(60) // 3, bounds=(0, 1), counts=True, rng=np.random.default_rng(0)
    )
    quantile = student.ppf(0.975, 19)
    assert perfect.low == pytest.approx(20 / (20 + quantile**2))
    assert perfect.high == 1
    exact = mean_estimate(np.ones(60), np.arange(60) // 3, bounds=(0, 1), rng=np.random.default_rng(0))
    assert (exact.low, exact.high) == (1, 1)


def test_a_higher_level_gives_a_wider_interval() -> None:
    figures = np.random.default_rng(0).normal(size=30)
    narrow, wide = (
        mean_estimate(figures, np.arange(30), level=level, rng=np.random.default_rng(1))
        for level in (0.8, 0.99)
    )
    assert wide.low < narrow.low < narrow.high < wide.high
