from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes

from tunescope.measures.similarity.procrustes import procrustes_distance, procrustes_estimate

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Find the best rotation, apply it, and measure what is left."""
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(v - v.mean(0), ((0, 0), (0, width - v.shape[1]))) for v in (x, y))
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    rotation, _ = orthogonal_procrustes(y, x)
    return float(np.linalg.norm(x - y @ rotation) ** 2)


@pytest.mark.parametrize(("rows", "columns"), [(120, 16), (120, 3), (10, 16), (10, 3)])
def test_the_definition(rows: int, columns: int, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    pair = x[:rows], y[:rows, :columns]
    assert procrustes_distance(*pair) == pytest.approx(naive_distance(*pair), abs=1e-10)


def test_scipy_agrees(draw_pair: Draw, rng: np.random.Generator) -> None:
    """Its disparity is what is left if the scale may follow, too: 1 − s² where the distance is 2 − 2 s."""
    x, y, _ = draw_pair(rng)
    disparity = procrustes(x, y)[2]
    assert 1 - (1 - procrustes_distance(x, y) / 2) ** 2 == pytest.approx(disparity, abs=1e-10)


def test_a_known_answer() -> None:
    """Two uncorrelated columns share nothing, so the distance is the largest."""
    x, y = np.array([[1.0], [1], [-1], [-1]]), np.array([[1.0], [-1], [1], [-1]])
    assert procrustes_distance(x, y) == pytest.approx(2)


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-100, 100), st.integers(3, 20))
def test_invariance_and_range(seed: int, scale: float, shift: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n, 5))
    distance = procrustes_distance(x, y)
    assert 0 <= distance <= 2
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    order = rng.permutation(n)
    assert procrustes_distance(scale * x @ rotation + shift, y) == pytest.approx(distance, abs=1e-8)
    assert procrustes_distance(x[order], y[order]) == pytest.approx(distance, abs=1e-10)
    assert procrustes_distance(y, x) == pytest.approx(distance, abs=1e-10)
    assert procrustes_distance(x, scale * x @ rotation + shift) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("hidden", [16, 100])
def test_the_estimate_agrees_with_the_function(
    hidden: int, draw_pair: Draw, rng: np.random.Generator
) -> None:
    """Also where there are fewer examples than dimensions, in halves or in all."""
    x, y, sentences = draw_pair(rng, hidden=hidden)
    estimate = procrustes_estimate(x, y, sentences, rng=rng)
    assert estimate.value == procrustes_distance(x, y)
    if hidden == 16:
        assert 0 < estimate.low < estimate.value < estimate.high < 2
    else:
        assert not estimate.has_interval
        assert estimate.status.startswith("no interval: half of 120 examples")


def test_the_interval_reaches_up_by_the_bias(draw_pair: Draw, rng: np.random.Generator) -> None:
    """Few examples leave a smaller distance than many, and the interval knows: it is no longer around the value."""
    few, many = (procrustes_estimate(*draw_pair(rng, n, 3), rng=rng) for n in (15, 400))
    ratio_of_few, ratio_of_many = ((each.high - each.value) / (each.value - each.low) for each in (few, many))
    assert ratio_of_few > 1.2
    assert 0.8 < ratio_of_many < 1.2


def _coverage(draw: Draw, rng: np.random.Generator, n_sentences: int, hidden: int, repeats: int) -> float:
    """Where y is x plus 0.7 times as much of the same spread, tr XY = tr XX and tr YY = 1.49 tr XX."""
    truth = 2 - 2 / math.sqrt(1 + 0.7**2)
    assert procrustes_distance(*draw(rng, 20_000, 3, hidden=hidden)[:2]) == pytest.approx(truth, abs=0.01)
    found = [procrustes_estimate(*draw(rng, n_sentences, 3, hidden=hidden), rng=rng) for _ in range(repeats)]
    return float(np.mean([each.low <= truth <= each.high for each in found]))


@pytest.mark.slow
def test_intervals_cover_where_examples_are_many(draw_pair: Draw, rng: np.random.Generator) -> None:
    assert 0.92 <= _coverage(draw_pair, rng, n_sentences=150, hidden=8, repeats=400) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize(("n_sentences", "hidden"), [(15, 16), (45, 64), (90, 64)])
def test_intervals_cover_where_examples_are_few(
    n_sentences: int, hidden: int, draw_pair: Draw, rng: np.random.Generator
) -> None:
    """The rotation fits the sample, and the interval reaches up to where the truth may lie: rather too far."""
    assert _coverage(draw_pair, rng, n_sentences, hidden, repeats=200) >= 0.92


def test_no_change_is_known_to_be_none(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, sentences = draw_pair(rng)
    estimate = procrustes_estimate(x, x, sentences, rng=rng)
    assert estimate.value == pytest.approx(0, abs=1e-12)
    assert estimate.high < 1e-5


def test_degenerate_vectors_are_nan_with_a_status(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng)
    assert math.isnan(procrustes_distance(x, np.ones_like(y)))
    estimate = procrustes_estimate(np.ones_like(x), y, sentences, rng=rng)
    assert math.isnan(estimate.value)
    assert estimate.status == "undefined: all rows of x are equal"
