from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tunescope.measures.similarity.product_correlation import product_correlation


def naive(u: np.ndarray, v: np.ndarray) -> float:
    above = np.triu_indices(len(u), 1)
    return float(np.corrcoef((u @ u.T)[above], (v @ v.T)[above])[0, 1])


@pytest.mark.parametrize("offset", [0.0, 3.0, 100.0])
def test_the_formula(offset: float, rng: np.random.Generator) -> None:
    u = rng.normal(size=(80, 5)) + offset
    v = np.concatenate([u[:, :2] + rng.normal(size=(80, 2)), rng.normal(size=(80, 4))], axis=1)
    assert product_correlation(u, v, smallest_spread=1e-10) == pytest.approx(naive(u, v), abs=1e-9)


def test_a_narrow_cone_costs_little_precision(rng: np.random.Generator) -> None:
    """Cosines that differ by a millionth, as in late layers, all around 1."""
    direction = rng.normal(size=8)
    u, v = (direction + 1e-3 * rng.normal(size=(2, 60, 8))) / np.linalg.norm(direction)
    assert product_correlation(u, v, smallest_spread=1e-10) == pytest.approx(naive(u, v), abs=1e-7)


@settings(max_examples=30)
@given(
    arrays(np.float64, (9, 3), elements=st.floats(-10, 10).map(lambda x: round(x, 3))), st.floats(0.01, 100)
)
def test_invariance(u: np.ndarray, scale: float) -> None:
    rng = np.random.default_rng(0)
    v = u @ rng.normal(size=(3, 4)) + rng.normal(size=(9, 4))
    figure = product_correlation(u, v, smallest_spread=1e-3)
    if math.isnan(figure):
        return
    rotation, order = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.permutation(9)
    again = product_correlation(scale * u @ rotation, v, smallest_spread=1e-10)
    assert again == pytest.approx(figure, abs=1e-6)
    assert product_correlation(u[order], v[order], smallest_spread=1e-10) == pytest.approx(figure, abs=1e-8)
    assert product_correlation(v, u, smallest_spread=1e-10) == pytest.approx(figure, abs=1e-9)
    assert product_correlation(u, u, smallest_spread=1e-10) == pytest.approx(1)


def test_equal_products_are_undefined(rng: np.random.Generator) -> None:
    u = np.broadcast_to(rng.normal(size=4), (20, 4))
    assert math.isnan(
        product_correlation(u / np.linalg.norm(u[0]), rng.normal(size=(20, 3)), smallest_spread=1e-10)
    )
