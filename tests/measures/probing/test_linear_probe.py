from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tunescope._core.errors import InputError
from tunescope.measures.probing.linear_probe import (
    fit_linear_probe,
    fit_linear_regression_probe,
    majority_label,
    mean_number,
)


def _clusters(rng: np.random.Generator, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(0, 3, n)
    return rng.normal(size=(n, 6)) + 4 * np.eye(6)[labels], np.array(["x", "y", "z"])[labels]


def test_separate_clusters_are_read_without_error(rng: np.random.Generator) -> None:
    x, y = _clusters(rng)
    probe = fit_linear_probe(x[:200], y[:200], seed=0)
    assert (probe.status, probe.converged, probe.n_train, probe.hidden_size) == ("ok", True, 200, 6)
    assert np.mean(probe.predict(x[200:]) == y[200:]) > 0.95


def test_the_objective_is_minimised(rng: np.random.Generator) -> None:
    """A general optimiser on the formula in the docstring predicts the same."""
    x, y = rng.normal(size=(60, 2)), rng.integers(0, 2, 60)
    unit = (x - x.mean(0)) / x.std(0)

    def objective(w: np.ndarray) -> float:
        return float(
            0.1 * np.logaddexp(0, -(2 * y - 1) * (unit @ w[:2] + w[2])).sum() + 0.5 * (w[:2] @ w[:2])
        )

    best = minimize(objective, np.zeros(3), tol=1e-12).x
    probe = fit_linear_probe(x, y, tolerance=1e-9, seed=0)
    assert np.array_equal(probe.predict(x), (unit @ best[:2] + best[2] > 0).astype(int))


def test_the_scale_and_origin_of_a_feature_do_not_matter(rng: np.random.Generator) -> None:
    x, y = _clusters(rng)
    stretched = x * np.array([1e-4, 1, 10, 1e4, 3, 1]) - 50
    first, second = fit_linear_probe(x, y, seed=0), fit_linear_probe(stretched, y, seed=0)
    assert np.mean(first.predict(x) == second.predict(stretched)) > 0.99


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_all_precisions_and_constant_features_work(dtype: type, rng: np.random.Generator) -> None:
    x, y = _clusters(rng)
    x[:, 5] = 1
    probe = fit_linear_probe(x.astype(dtype), y, seed=0)
    assert np.mean(probe.predict(x.astype(dtype)) == y) > 0.9


def test_what_does_not_converge_says_so_and_warns_nobody(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(100, 30)), rng.integers(0, 4, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe = fit_linear_probe(x, y, max_iterations=2, tolerance=1e-9, seed=0)
    assert not probe.converged
    assert "did not converge within 2 iterations" in probe.status
    assert len(probe.predict(x)) == 100


def test_a_class_with_one_example_is_learnt_and_kept_by_the_draw(rng: np.random.Generator) -> None:
    x, y = _clusters(rng)
    x[7], y[7] = 40, "w"
    for max_train in (None, 20):
        probe = fit_linear_probe(x, y, max_train=max_train, seed=3)
        assert probe.n_train == (max_train or 300)
        assert probe.predict(x[7:8]).tolist() == ["w"]


def test_the_draw_depends_on_the_seed_only(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(200, 5)), rng.integers(0, 2, 200)
    first, same, other = (fit_linear_probe(x, y, max_train=20, seed=seed).predict(x) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@settings(max_examples=20)
@given(seed=st.integers(0, 100), n_classes=st.integers(2, 5))
def test_only_training_classes_are_predicted(seed: int, n_classes: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(30, 3)), np.r_[np.arange(n_classes), rng.integers(0, n_classes, 30 - n_classes)]
    assert set(fit_linear_probe(x, y, seed=0).predict(10 * x)) <= set(y)


def test_bad_training_sets_are_refused(rng: np.random.Generator) -> None:
    x = rng.normal(size=(10, 3))
    with pytest.raises(InputError, match="single class"):
        fit_linear_probe(x, np.array(["a"] * 10), seed=0)
    with pytest.raises(InputError, match="max_train is too small"):
        fit_linear_probe(x, np.arange(10), max_train=5, seed=0)
    with pytest.raises(InputError, match="max_train is too small"):
        fit_linear_regression_probe(x, np.arange(10), max_train=1, seed=0)
    with pytest.raises(InputError, match="train_y does not hold numbers"):
        fit_linear_regression_probe(x, np.array(["a", "b"] * 5), seed=0)
    with pytest.raises(InputError, match="train_y does not hold numbers"):
        fit_linear_regression_probe(x, np.ones(10), seed=0)


def test_other_hidden_sizes_are_refused(rng: np.random.Generator) -> None:
    x, y = _clusters(rng)
    with pytest.raises(InputError, match="hidden size 6"):
        fit_linear_probe(x, y, seed=0).predict(x[:, :4])


def test_ridge_regression_solves_its_normal_equations(rng: np.random.Generator) -> None:
    x = rng.normal(size=(80, 5)) * 3 + 1
    y = x @ rng.normal(size=5) + rng.normal(size=80)
    unit = (x - x.mean(0)) / x.std(0)
    weights = np.linalg.solve(unit.T @ unit / 80 + 0.7 / 5 * np.eye(5), unit.T @ (y - y.mean()) / 80)
    probe = fit_linear_regression_probe(x, y, penalty=0.7, seed=0)
    assert probe.predict(x) == pytest.approx(unit @ weights + y.mean())
    assert (probe.n_iterations, probe.status) == (0, "ok")


def test_baselines() -> None:
    assert majority_label(np.array([3, 1, 3, 1, 2])) == 1
    assert mean_number(np.array([1, 2])) == 1.5
    for baseline in (majority_label, mean_number):
        with pytest.raises(InputError, match="train_y is empty"):
            baseline(np.array([]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inverse_penalty": 0.0}, "inverse_penalty is out of range"),
        ({"tolerance": -1.0}, "tolerance is out of range"),
        ({"max_iterations": -1}, "max_iterations is out of range"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    x = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(InputError, match=message):
        fit_linear_probe(x, np.array(["a", "b"] * 10), seed=0, **options)


def test_numbers_are_no_classes_and_text_is_no_number():
    x = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(InputError, match="numbers, not classes"):
        fit_linear_probe(x, x[:, 0], seed=0)
    with pytest.raises(InputError, match="penalty is out of range"):
        fit_linear_regression_probe(x, x[:, 0], penalty=-1.0, seed=0)
    with pytest.raises(InputError, match="does not hold numbers"):
        mean_number(np.array(["a"]))


def test_labels_may_come_from_a_column_of_objects():
    assert majority_label(np.array(["b", "a", "b"], dtype=object)) == "b"
