from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.similarity.cka import cka
from tunescope.measures.similarity.minibatch_cka import MinibatchCKA

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_hsic(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. (2012), equation 5, written out."""
    k, m, n, one = x @ x.T, y @ y.T, len(x), np.ones(len(x))
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    total = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float((total - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3)))


def naive(x: np.ndarray, y: np.ndarray, batches: list[np.ndarray]) -> float:
    """Nguyen, Raghu and Kornblith (2021), equation 4, written out."""

    def mean(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.mean([naive_hsic(a[batch], b[batch]) for batch in batches]))

    return mean(x, y) / (math.sqrt(mean(x, x)) * math.sqrt(mean(y, y)))


def measured(x: np.ndarray, y: np.ndarray, batches: list[np.ndarray]) -> MinibatchCKA:
    found = MinibatchCKA(n_jobs=1)
    for batch in batches:
        found.update(x[batch], y[batch])
    return found


def split(rng: np.random.Generator, n: int, size: int) -> list[np.ndarray]:
    order = rng.permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


@pytest.mark.parametrize("size", [4, 12, 50])
def test_the_formula(size: int, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    x += 100
    batches = [batch for batch in split(rng, len(x), size) if len(batch) > 3]
    found = measured(x, y[:, :5], batches)
    assert found.value == pytest.approx(naive(x - 100, y[:, :5], batches), abs=1e-8)
    assert (found.n_batches, found.n_examples) == (len(batches), sum(map(len, batches)))
    assert found.status == "ok"


def test_a_batch_of_everything_is_cka(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert measured(x, y, [np.arange(len(x))]).value == pytest.approx(cka(x, y), abs=1e-12)


def test_large_batches_are_close_to_all_examples_and_small_ones_are_not_biased(
    rng: np.random.Generator,
) -> None:
    spectrum = np.arange(1, 65) ** -0.5
    x = rng.normal(size=(3000, 64)) * spectrum
    y = x + 0.8 * rng.normal(size=(3000, 64)) * spectrum
    full = cka(x, y)
    assert measured(x, y, split(rng, 3000, 500)).value == pytest.approx(full, abs=0.005)
    assert measured(x, y, split(rng, 3000, 20)).value == pytest.approx(full, abs=0.02)


@pytest.mark.parametrize("n", [64, 256, 1024, pytest.param(4096, marks=pytest.mark.slow)])
def test_independent_noise_is_near_zero(n: int) -> None:
    """Of 64 examples in four batches, too, whose sums are noisy."""
    figures = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, n, 768))
        figures.append(measured(x, y, split(rng, n, max(16, n // 8))).value)
    assert abs(np.mean(figures)) < 0.02


@settings(max_examples=20)
@given(st.permutations(range(10)), st.floats(0.01, 100), st.floats(-100, 100))
def test_invariances(order: list[int], scale: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5))
    y = x @ rng.normal(size=(5, 6)) + rng.normal(size=(60, 6))
    batches = split(rng, 60, 6)
    figure = measured(x, y, batches).value
    assert figure < 1
    assert measured(x, y, [batches[i] for i in order]).value == pytest.approx(figure, abs=1e-12)
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert measured(scale * x @ rotation + shift, y, batches).value == pytest.approx(figure, abs=1e-6)
    assert measured(y, x, batches).value == pytest.approx(figure, abs=1e-12)
    assert measured(x, x, batches).value == pytest.approx(1)


def test_layers_give_a_map_of_the_pairs(rng: np.random.Generator) -> None:
    xs, ys = rng.normal(size=(3, 40, 5)), rng.normal(size=(2, 40, 7)).astype(np.float16)
    found = MinibatchCKA()
    for start in (0, 20):
        found.update(xs[:, start : start + 20], list(ys[:, start : start + 20]))
    batches = [np.arange(20), np.arange(20, 40)]
    pairs = [[measured(x, y, batches).value for y in ys] for x in xs]
    assert found.map == pytest.approx(np.array(pairs), abs=1e-12)
    with pytest.raises(InputError, match="read map"):
        _ = found.value


def test_undefined_layers_are_nan_with_a_status(rng: np.random.Generator) -> None:
    found = MinibatchCKA()
    x, constant = rng.normal(size=(20, 4)), np.full((20, 3), 0.1)
    for _ in range(3):
        found.update([x, constant], [x])
    assert np.isnan(found.map).tolist() == [[False], [True]]
    assert found.status.startswith("undefined for 1 of 2 pairs of layers")
    assert math.isnan(measured(constant, x, [np.arange(20)]).value)
    found.update([x, x[:, :3]], [x])
    assert found.status == "ok"


def test_bad_batches_are_refused_and_leave_no_trace(rng: np.random.Generator) -> None:
    found, x = MinibatchCKA(), rng.normal(size=(20, 4))
    for read in ("value", "map", "status"):
        with pytest.raises(InputError, match="There was no batch"):
            getattr(found, read)
    with pytest.raises(InputError, match=r"x_batch\[0\] has too few rows"):
        found.update(x[:3], x[:3])
    with pytest.raises(InputError, match="different numbers of rows"):
        found.update(x, x[:9])
    with pytest.raises(InputError, match="y_batch has no layers"):
        found.update(x, [])
    assert found.n_batches == 0
    found.update(x, x)
    for other in (x[:, :3], [x, x]):
        with pytest.raises(InputError, match="other layers than the first"):
            found.update(x, other)
    assert (found.n_batches, found.n_examples, found.value) == (1, 20, pytest.approx(1))
