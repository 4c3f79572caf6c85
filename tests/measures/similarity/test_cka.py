from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics.pairwise import linear_kernel
from sklearn.preprocessing import KernelCenterer

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.similarity.cka import _debiased, cka, cka_estimate, plain_cka

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. (2012), equation 5, written out."""

    def hsic(first: np.ndarray, second: np.ndarray) -> float:
        k, m, n = first @ first.T, second @ second.T, len(first)
        np.fill_diagonal(k, 0)
        np.fill_diagonal(m, 0)
        one = np.ones(n)
        total = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
        return float((total - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3)))

    return hsic(x, y) / math.sqrt(hsic(x, x) * hsic(y, y))


def naive_plain_cka(x: np.ndarray, y: np.ndarray) -> float:
    n = len(x)
    centring = np.eye(n) - 1 / n
    k, m = centring @ x @ x.T @ centring, centring @ y @ y.T @ centring
    return float(np.trace(k @ m) / math.sqrt(np.trace(k @ k) * np.trace(m @ m)))


def test_the_formulas(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    for rows, columns in ((120, 16), (12, 16), (120, 3)):
        pair = x[:rows], y[:rows, :columns]
        assert cka(*pair) == pytest.approx(naive_cka(*pair), abs=1e-10)
        assert plain_cka(*pair) == pytest.approx(naive_plain_cka(*pair), abs=1e-10)


def test_scikit_learn_agrees(draw_pair: Draw, rng: np.random.Generator) -> None:
    """It has no CKA, but the centred kernels whose cosine the plain one is."""
    x, y, _ = draw_pair(rng)
    k, m = (KernelCenterer().fit_transform(linear_kernel(each)) for each in (x, y))
    expected = np.vdot(k, m) / (np.linalg.norm(k) * np.linalg.norm(m))
    assert plain_cka(x, y) == pytest.approx(expected, abs=1e-10)


def test_the_figures_of_all_subsets_equal_recomputation(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng, n_sentences=300)
    halves = half_samples(sentences, 8, rng)
    together = _debiased(x, y, halves.T.astype(float))
    assert together == pytest.approx([cka(x[half], y[half]) for half in halves], abs=1e-10)


@pytest.mark.parametrize("n", [64, 256, 1024, pytest.param(4096, marks=pytest.mark.slow)])
def test_independent_noise_is_near_zero_debiased_and_far_from_it_plain(n: int) -> None:
    figures, plain = [], 0.0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, n, 768))
        figures.append(cka(x, y))
        plain = plain_cka(x, y) if seed == 0 else plain
    assert abs(np.mean(figures)) < 0.02
    assert plain > 768 / (768 + n) - 0.05


def test_the_estimate_agrees_with_the_function_and_the_seed(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    first, again = (cka_estimate(x, y, sentences, rng=np.random.default_rng(5)) for _ in range(2))
    assert first == again
    assert first.value == pytest.approx(cka(x, y), abs=1e-12)
    assert first.low < first.value < first.high < 1


@given(
    arrays(np.float64, (9, 3), elements=st.floats(-10, 10).map(lambda v: round(v, 3))),
    st.floats(0.01, 100),
    st.floats(-1000, 1000),
)
def test_invariance(x: np.ndarray, scale: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    y = x @ rng.normal(size=(3, 4)) + rng.normal(size=(9, 4))
    figure = cka(x, y)
    if math.isnan(figure) or np.linalg.norm(x - x.mean(0)) < 1e-2:
        return
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    order = rng.permutation(9)
    for measure, expected in ((cka, figure), (plain_cka, plain_cka(x, y))):
        assert measure(scale * x @ rotation + shift, y) == pytest.approx(expected, abs=1e-5)
        assert measure(x[order], y[order]) == pytest.approx(expected, abs=1e-8)
        assert measure(y, x) == pytest.approx(expected, abs=1e-8)
        assert measure(x, x) == pytest.approx(1)


def test_a_far_origin_costs_no_precision(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert cka(x + 1e5, y) == pytest.approx(cka(x, y), abs=1e-8)
    assert cka(x * 1e-170, y * 1e170) == pytest.approx(cka(x, y))


def test_degenerate_vectors_are_nan_with_a_status(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng)
    constant = np.broadcast_to(y[0], y.shape)
    assert math.isnan(cka(x, constant))
    assert math.isnan(plain_cka(x, constant))
    assert cka_estimate(x, constant, sentences, rng=rng).status == "undefined: all rows of y are equal"
    corners = np.eye(len(x))
    assert math.isnan(cka(corners, x))
    estimate = cka_estimate(x, corners, sentences, rng=rng)
    assert math.isnan(estimate.value)
    assert "do not vary" in estimate.status


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="at least 4 examples"):
        cka(np.eye(3), np.eye(3))
    with pytest.raises(InputError, match="at least 2 examples"):
        plain_cka(np.eye(3)[:1], np.eye(3)[:1])
