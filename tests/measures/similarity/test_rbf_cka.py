from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import rbf_kernel

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.similarity.cka import cka
from tunescope.measures.similarity.rbf_cka import _in_median_distances, _ratios, rbf_cka, rbf_cka_estimate

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def hsic(k: np.ndarray, m: np.ndarray, *, debiased: bool) -> float:
    """Song et al. (2012), equations 4 and 5, written out."""
    n, one = len(k), np.ones(len(k))
    if not debiased:
        centring = np.eye(n) - 1 / n
        return float(np.trace(k @ centring @ m @ centring))
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    total = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float(total - 2 / (n - 2) * (one @ k @ m @ one))


def naive(k: np.ndarray, m: np.ndarray, *, debiased: bool) -> float:
    both, own_k, own_m = (hsic(*pair, debiased=debiased) for pair in ((k, m), (k, k), (m, m)))
    return both / math.sqrt(own_k * own_m)


def kernel(vectors: np.ndarray, bandwidth: float) -> np.ndarray:
    return rbf_kernel(vectors, gamma=1 / (2 * (bandwidth * np.median(pdist(vectors))) ** 2))


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("bandwidth", [0.1, 0.2, 0.5, 1.0, 5.0])
def test_the_formula(bandwidth: float, debiased: bool, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    for pair in ((x, y), (x[:6], y[:6, :3])):
        expected = naive(*(kernel(each, bandwidth) for each in pair), debiased=debiased)
        assert rbf_cka(*pair, bandwidth=bandwidth, debiased=debiased) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("bandwidth", [0.3, 1.0, 30.0])
def test_a_known_answer(bandwidth: float) -> None:
    """Two diagonals pair the corners of a square in one of three ways; the ways' centred kernels sum to zero."""
    x = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]])
    assert rbf_cka(x, 3 - x[:, ::-1] / 7, bandwidth=bandwidth) == pytest.approx(1)
    assert rbf_cka(x, x[[0, 2, 1, 3]], bandwidth=bandwidth) == pytest.approx(-0.5)


def test_a_wide_kernel_is_linear(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert rbf_cka(x, y, bandwidth=1e3) == pytest.approx(cka(x, y), abs=1e-5)
    assert abs(rbf_cka(x, y, bandwidth=0.3) - cka(x, y)) > 0.01


@pytest.mark.parametrize("debiased", [True, False])
def test_halves_keep_the_bandwidth(debiased: bool, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng, n_sentences=150)
    halves = half_samples(sentences, 5, rng)
    points, _ = _in_median_distances(x=x, y=y)
    together = _ratios(points, halves.T.astype(float), 0.7, debiased=debiased)
    k, m = kernel(x, 0.7), kernel(y, 0.7)
    recomputed = [naive(k[half][:, half], m[half][:, half], debiased=debiased) for half in halves]
    assert together == pytest.approx(recomputed, abs=1e-9)


@pytest.mark.parametrize("debiased", [True, False])
def test_the_estimate_agrees_with_the_function_and_the_seed(
    debiased: bool, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    first, again = (
        rbf_cka_estimate(x, y, sentences, debiased=debiased, rng=np.random.default_rng(5)) for _ in range(2)
    )
    assert first == again
    assert first.value == pytest.approx(rbf_cka(x, y, debiased=debiased), abs=1e-12)
    assert first.low < first.value <= first.high < 1


@pytest.mark.parametrize("n", [64, 256, 1024])
def test_independent_noise_is_near_zero(n: int) -> None:
    draws = [np.random.default_rng(seed).normal(size=(2, n, 768)) for seed in range(8 if n < 1000 else 2)]
    assert abs(np.mean([rbf_cka(x, y) for x, y in draws])) < 0.02


@pytest.mark.slow
def test_much_independent_noise_is_near_zero() -> None:
    draws = [np.random.default_rng(seed).normal(size=(2, 4096, 768)) for seed in range(2)]
    assert abs(np.mean([rbf_cka(x, y) for x, y in draws])) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [15, 60])
def test_intervals_of_the_plain_figure_cover(
    n_sentences: int, draw_pair: Draw, rng: np.random.Generator
) -> None:
    truth = rbf_cka(*draw_pair(rng, 2000, 3)[:2], debiased=False)
    found = [rbf_cka_estimate(*draw_pair(rng, n_sentences, 3), debiased=False, rng=rng) for _ in range(300)]
    assert 0.92 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.98


def test_the_plain_figure_has_the_interval_of_the_debiased_one(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng, 15, 3)
    plain, debiased = (
        rbf_cka_estimate(x, y, sentences, debiased=each, rng=np.random.default_rng(5))
        for each in (False, True)
    )
    assert plain.value > debiased.value
    assert (plain.low, plain.high) == (debiased.low, max(debiased.high, plain.value))


@settings(max_examples=30)
@given(
    arrays(np.float64, (9, 3), elements=st.floats(-10, 10).map(lambda v: round(v, 3))),
    st.floats(0.01, 100),
    st.floats(-1000, 1000),
)
def test_invariance(x: np.ndarray, scale: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    y = x @ rng.normal(size=(3, 4)) + rng.normal(size=(9, 4))
    if np.median(pdist(x)) < 0.01:
        return
    rotation, order = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.permutation(9)
    for debiased in (True, False):
        figure = rbf_cka(x, y, debiased=debiased)
        if math.isnan(figure):
            continue
        assert figure <= 1
        assert rbf_cka(scale * x @ rotation + shift, y, debiased=debiased) == pytest.approx(figure, abs=1e-5)
        assert rbf_cka(x[order], y[order], debiased=debiased) == pytest.approx(figure, abs=1e-7)
        assert rbf_cka(y, x, debiased=debiased) == pytest.approx(figure, abs=1e-8)
        assert rbf_cka(y, y, debiased=debiased) == pytest.approx(1)


def test_degenerate_vectors_are_nan_with_a_status(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng)
    constant = np.broadcast_to(y[0], y.shape)
    twins = y.copy()
    twins[: len(y) * 3 // 4] = y[0]
    for bad, word in (
        (constant, "all rows of y are equal"),
        (twins, "half of the pairs of y"),
        (np.eye(len(x)), "do not vary"),
    ):
        assert math.isnan(rbf_cka(x, bad))
        assert math.isnan(rbf_cka(bad, x, bandwidth=100.0, debiased=False))
        estimate = rbf_cka_estimate(x, bad, sentences, rng=rng)
        assert math.isnan(estimate.value)
        assert not estimate.has_interval
        assert word in estimate.status


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, math.inf, math.nan])
def test_a_bandwidth_that_is_none_is_refused(bandwidth: float) -> None:
    with pytest.raises(InputError, match="bandwidth is not a positive number"):
        rbf_cka(np.eye(5), np.eye(5), bandwidth=bandwidth)
    with pytest.raises(InputError, match="bandwidth is not a positive number"):
        rbf_cka_estimate(
            np.eye(5), np.eye(5), np.arange(5), bandwidth=bandwidth, rng=np.random.default_rng(0)
        )


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="at least 4 examples"):
        rbf_cka(np.eye(3), np.eye(3))
