from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.similarity.anisotropy import _mean_cosines, mean_cosine, mean_cosine_estimate
from tunescope.measures.similarity.cosine import unit_rows

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_mean_cosine(x: np.ndarray) -> float:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return float(np.mean([unit[i] @ unit[j] for i in range(len(x)) for j in range(i)]))


def test_the_definition_on_all_and_on_every_subset(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, sentences = draw_pair(rng)
    assert mean_cosine(x) == pytest.approx(naive_mean_cosine(x))
    assert mean_cosine(x) == pytest.approx(1 - pdist(x, "cosine").mean(), abs=1e-12)
    halves = half_samples(sentences, 6, rng)
    together = _mean_cosines(unit_rows(x), halves.T.astype(float))
    assert together == pytest.approx([naive_mean_cosine(x[half]) for half in halves])


def test_known_answers(rng: np.random.Generator) -> None:
    assert mean_cosine(np.eye(5)) == 0
    assert mean_cosine(np.array([[1.0, 0], [-3, 0]])) == -1
    assert mean_cosine(np.ones((4, 3)) * np.arange(1, 5)[:, None]) == pytest.approx(1)


@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_invariance_and_range(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(12, 4)) + 0.5
    figure = mean_cosine(x)
    assert -1 <= figure <= 1
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert mean_cosine(scale * x[rng.permutation(12)] @ rotation) == pytest.approx(figure)


def test_the_estimate_agrees_with_the_function(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, sentences = draw_pair(rng)
    estimate = mean_cosine_estimate(x, sentences, rng=rng)
    assert estimate.value == pytest.approx(mean_cosine(x))
    assert estimate.low < estimate.value < estimate.high


def test_a_zero_vector_is_nan_with_a_status_and_one_row_is_refused(rng: np.random.Generator) -> None:
    x = np.eye(6)
    x[2] = 0
    assert math.isnan(mean_cosine(x))
    assert "row 2 of x" in mean_cosine_estimate(x, np.arange(6), rng=rng).status
    with pytest.raises(InputError, match="at least 2 examples"):
        mean_cosine(np.eye(1))
