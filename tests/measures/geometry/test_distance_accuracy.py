from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tunescope._core.errors import InputError
from tunescope.measures.geometry.distance_accuracy import distance_vs_accuracy


def named(figures: np.ndarray) -> dict[str, float]:
    return {f"label {i}": float(figure) for i, figure in enumerate(figures)}


def naive_exact_p(x: np.ndarray, y: np.ndarray) -> float:
    observed = abs(spearmanr(x, y).statistic)
    figures = [abs(spearmanr(x, np.array(order)).statistic) for order in permutations(y)]
    return float(np.mean(np.array(figures) >= observed - 1e-9))


def test_the_correlation_and_the_exact_p_value_with_ties(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 4, size=(2, 5)).astype(float)
    found = distance_vs_accuracy(named(x), named(y), rng=rng)
    assert found.value == pytest.approx(spearmanr(x, y).statistic)
    assert found.p_value == pytest.approx(naive_exact_p(x, y))
    assert (found.n_labels, found.status) == (5, "ok")


def test_a_known_answer(rng: np.random.Generator) -> None:
    """Ranks 1 2 3 4 against 1 3 2 4: ρ = 1 − 6·2 / (4·15) = 0.8, and 8 of 24 orders are as extreme."""
    found = distance_vs_accuracy(
        named(np.array([1, 2, 3, 4])), named(np.array([0.1, 0.3, 0.2, 0.4])), rng=rng
    )
    assert found.value == pytest.approx(0.8)
    assert found.p_value == pytest.approx(8 / 24)


def test_sampled_orders_agree_with_all_of_them_and_with_the_seed(rng: np.random.Generator) -> None:
    x = rng.normal(size=7)
    distances, accuracies = named(x), named(x + rng.normal(size=7))
    exact = distance_vs_accuracy(distances, accuracies, rng=rng).p_value
    first, again = (
        distance_vs_accuracy(distances, accuracies, n_permutations=5000, rng=np.random.default_rng(3))
        for _ in range(2)
    )
    assert first == again
    assert first.p_value == pytest.approx(exact, abs=0.02)
    assert first.p_value != exact


def test_the_p_value_is_uniform_where_there_is_no_relation() -> None:
    rng = np.random.default_rng(1)
    found = [
        distance_vs_accuracy(*map(named, rng.normal(size=(2, 12))), n_permutations=199, rng=rng).p_value
        for _ in range(400)
    ]
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.085
    assert min(found) >= 1 / 200


@given(st.integers(0, 1000), st.integers(4, 6))
def test_only_the_order_counts(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n))
    found = distance_vs_accuracy(named(x), named(y), rng=rng)
    assert distance_vs_accuracy(named(np.exp(x)), named(3 * y + 1), rng=rng) == found
    assert distance_vs_accuracy(named(y), named(x), rng=rng).value == pytest.approx(found.value)
    assert distance_vs_accuracy(named(-x), named(y), rng=rng).value == pytest.approx(-found.value)
    assert distance_vs_accuracy(named(x), named(x), rng=rng).value == pytest.approx(1)


def test_labels_without_one_of_the_figures_are_left_out(rng: np.random.Generator) -> None:
    distances = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": math.nan, "only here": 9.0, "f": 5.0}
    accuracies = {"f": math.nan, "d": 0.4, "c": 0.3, "b": 0.2, "a": 0.1, "e": 0.5, "only there": 0.0}
    found = distance_vs_accuracy(distances, accuracies, rng=rng)
    assert found.value == pytest.approx(1)
    assert found.n_labels == 4


def test_few_labels_and_constant_figures_are_nan_with_a_status(rng: np.random.Generator) -> None:
    rising, constant = named(np.arange(5)), named(np.ones(5))
    few = distance_vs_accuracy(named(np.arange(3)), rising, rng=rng)
    assert (few.n_labels, "at least 4" in few.status) == (3, True)
    flat = distance_vs_accuracy(rising, constant, rng=rng)
    assert "all accuracies are equal" in flat.status
    assert "all distances are equal" in distance_vs_accuracy(constant, rising, rng=rng).status
    for found in (few, flat):
        assert math.isnan(found.value)
        assert math.isnan(found.p_value)


def test_too_few_permutations_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="n_permutations"):
        distance_vs_accuracy({}, {}, n_permutations=98, rng=rng)
