from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tunescope._core.errors import InputError
from tunescope.measures.similarity import layer_hsic
from tunescope.measures.similarity.cka import cka, plain_cka
from tunescope.measures.similarity.cka_map import cka_map
from tunescope.measures.similarity.layer_hsic import debiased_hsic, gram_products

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_hsic(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. (2012), equation 5, written out, times n (n − 3)."""
    k, m, n, one = x @ x.T, y @ y.T, len(x), np.ones(len(x))
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    total = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float(total - 2 / (n - 2) * (one @ k @ m @ one))


def naive_map(xs: list[np.ndarray], ys: list[np.ndarray]) -> np.ndarray:
    return np.array(
        [[naive_hsic(x, y) / math.sqrt(naive_hsic(x, x) * naive_hsic(y, y)) for y in ys] for x in xs]
    )


def draw_layers(rng: np.random.Generator, n: int, hidden: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return three layers and two layers of other sizes, of which some are related."""
    xs = [rng.normal(size=(n, hidden + i)) + 1 for i in range(3)]
    ys = [xs[0] + rng.normal(size=(n, hidden)), rng.normal(size=(n, hidden + 2)) ** 2]
    return xs, ys


@pytest.mark.parametrize(("n", "hidden"), [(6, 40), (40, 6), (300, 20), (700, 300), (4, 3)])
def test_the_formula(n: int, hidden: int, rng: np.random.Generator) -> None:
    xs, ys = draw_layers(rng, n, hidden)
    assert cka_map(xs, ys) == pytest.approx(naive_map(xs, ys), abs=1e-9)
    for debiased, measure in ((True, cka), (False, plain_cka)):
        pairs = np.array([[measure(x, y) for y in ys] for x in xs])
        assert cka_map(xs, ys, debiased=debiased) == pytest.approx(pairs, abs=1e-10)


@pytest.mark.parametrize(("n", "hidden"), [(5, 9), (100, 7), (1100, 4)])
def test_both_forms_of_the_products(n: int, hidden: int, rng: np.random.Generator) -> None:
    xs, ys = draw_layers(rng, n, hidden)
    grams = [[each @ each.T for each in layers] for layers in (xs, ys)]
    both = [[np.sum(k * m) for m in grams[1]] for k in grams[0]]
    for form in (layer_hsic._from_tiles, layer_hsic._from_pairs):
        found = form(xs, ys, 1)
        assert found.both == pytest.approx(np.array(both), rel=1e-10)
        assert found.x == pytest.approx([np.sum(k * k) for k in grams[0]], rel=1e-10)
        assert found.y == pytest.approx([np.sum(m * m) for m in grams[1]], rel=1e-10)


def test_the_cheaper_form_is_taken(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """As the costs say: tiles up to about hidden size times layers, here 20 × 2 · 3 · 2 / (3 + 2)."""
    taken: list[str] = []
    for name in ("_from_tiles", "_from_pairs"):
        form = getattr(layer_hsic, name)
        monkeypatch.setattr(
            layer_hsic, name, lambda *args, form=form, name=name: taken.append(name) or form(*args)
        )
    for n in (30, 90):
        gram_products(*draw_layers(rng, n, 20))
    assert taken == ["_from_tiles", "_from_pairs"]


def test_hsic_is_that_of_the_formula(rng: np.random.Generator) -> None:
    xs, ys = ([each - each.mean(axis=0) for each in layers] for layers in draw_layers(rng, 50, 8))
    found, sizes = debiased_hsic(xs, ys)
    assert found.both == pytest.approx(np.array([[naive_hsic(x, y) for y in ys] for x in xs]), rel=1e-9)
    assert found.x == pytest.approx([naive_hsic(x, x) for x in xs], rel=1e-9)
    assert (sizes.both >= np.abs(found.both) / 3).all()


def test_a_known_answer(rng: np.random.Generator) -> None:
    x = rng.normal(size=(30, 4))
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert cka_map([x, 3 * x + 1], [x @ rotation]) == pytest.approx(np.ones((2, 1)))


def test_layers_may_be_one_array_of_any_float_type(rng: np.random.Generator) -> None:
    xs, ys = rng.normal(size=(3, 40, 5)), rng.normal(size=(2, 40, 6))
    expected = cka_map(list(xs), list(ys))
    assert np.array_equal(cka_map(xs, ys), expected)
    assert cka_map(xs.astype(np.float32), ys) == pytest.approx(expected, abs=1e-6)
    assert cka_map(xs.astype(np.float16), ys) == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize("hidden", [3, 200])
def test_threads_change_no_bit(hidden: int, rng: np.random.Generator) -> None:
    xs, ys = draw_layers(rng, 600, hidden)
    assert np.array_equal(cka_map(xs, ys, n_jobs=1), cka_map(xs, ys, n_jobs=3))


@settings(max_examples=30)
@given(
    arrays(np.float64, (9, 3), elements=st.floats(-10, 10).map(lambda v: round(v, 3))),
    st.floats(0.01, 100),
    st.floats(-1000, 1000),
)
def test_invariance(x: np.ndarray, scale: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    ys = [x @ rng.normal(size=(3, 4)) + rng.normal(size=(9, 4)), rng.normal(size=(9, 2))]
    figures = cka_map([x], ys)
    if np.isnan(figures).any() or np.linalg.norm(x - x.mean(0)) < 1e-2:
        return
    rotation, order = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.permutation(9)
    assert cka_map([scale * x @ rotation + shift], ys) == pytest.approx(figures, abs=1e-5)
    assert cka_map([x[order]], [each[order] for each in ys]) == pytest.approx(figures, abs=1e-8)
    assert pytest.approx(figures, abs=1e-8) == cka_map(ys, [x]).T
    assert (figures <= 1).all()


def test_a_far_origin_and_any_size_cost_no_precision(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert cka_map([x + 1e5], [y]) == pytest.approx(cka_map([x], [y]), abs=1e-8)
    assert cka_map([x * 1e-170], [y * 1e170]) == pytest.approx(cka_map([x], [y]))


@pytest.mark.parametrize("n", [64, 256, 1024])
def test_independent_noise_is_near_zero(n: int) -> None:
    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(2, 4, n, 768))
    assert abs(cka_map(xs, ys).mean()) < 0.02
    assert cka_map(xs, ys, debiased=False).min() > 768 / (768 + n) - 0.05


@pytest.mark.slow
def test_much_independent_noise_is_near_zero() -> None:
    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(2, 3, 4096, 768))
    assert abs(cka_map(xs, ys).mean()) < 0.02


def test_undefined_layers_are_nan_and_leave_the_others_alone(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 4))
    constant, simplex = np.full((20, 3), 0.1), np.eye(20)
    figures = cka_map([x, constant, simplex], [x, constant])
    assert np.isnan(figures).tolist() == [[False, True], [True, True], [True, True]]
    plain = cka_map([x, constant], [x], debiased=False)
    assert np.isnan(plain).tolist() == [[False], [True]]


def test_bad_layers_are_refused(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 4))
    with pytest.raises(InputError, match="xs has no layers"):
        cka_map([], [x])
    with pytest.raises(InputError, match="different numbers of rows"):
        cka_map([x, x[:9]], [x])
    with pytest.raises(InputError, match="different numbers of rows"):
        cka_map([x], [x[:9]])
    with pytest.raises(InputError, match=r"ys\[1\] has a value that is not finite"):
        cka_map([x], [x, np.where(x > 0, x, np.nan)])
    with pytest.raises(InputError, match=r"xs\[0\] is not a matrix"):
        cka_map([x[0]], [x])
    with pytest.raises(InputError, match="at least 4 examples"):
        cka_map([x[:3]], [x[:3]])
    with pytest.raises(InputError, match="at least 2 examples"):
        cka_map([x[:1]], [x[:1]], debiased=False)
