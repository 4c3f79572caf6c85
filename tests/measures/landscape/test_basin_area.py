from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.landscape.basin_area import basin_area, basin_area_estimate

ALPHAS, BETAS = np.linspace(-2.0, 2.0, 41), np.linspace(-3.0, 3.0, 49)
A, B = np.meshgrid(ALPHAS, BETAS, indexing="ij")


def _quadratic(hessian: np.ndarray) -> np.ndarray:
    return (hessian[0, 0] * A**2 + 2 * hessian[0, 1] * A * B + hessian[1, 1] * B**2) / 2


@pytest.mark.parametrize("hessian", [np.eye(2), np.array([[4.0, 1.0], [1.0, 2.0]]), np.diag([9.0, 1.0])])
def test_a_quadratic_has_the_area_of_the_ellipse(hessian: np.ndarray) -> None:
    found = basin_area(ALPHAS, BETAS, 5 + _quadratic(hessian), rise=0.8)
    exact = 2 * math.pi * 0.8 / math.sqrt(np.linalg.det(hessian))
    assert 0.98 * exact < found.value < exact
    assert (found.threshold, found.is_lower_bound, found.status) == (pytest.approx(5.8), False, "ok")


def test_a_finer_grid_comes_nearer() -> None:
    errors = []
    for n in (11, 21, 41):
        axis = np.linspace(-1.5, 1.5, n)
        found = basin_area(axis, axis, axis[:, None] ** 2 + axis**2, rise=1.0)
        errors.append(abs(found.value - math.pi))
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_only_the_basin_of_the_point_counts() -> None:
    two = np.minimum((A - 1) ** 2, (A + 1) ** 2) + B**2
    one = basin_area(ALPHAS, BETAS, two, at=(1.0, 0.0), threshold=0.5)
    other = basin_area(ALPHAS, BETAS, two, at=(-1.0, 0.0), threshold=0.5)
    assert one.value == pytest.approx(other.value)
    assert one.value == pytest.approx(0.5 * math.pi, rel=0.02)
    joined = basin_area(ALPHAS, BETAS, two, at=(1.0, 0.0), threshold=0.99)
    assert joined.value == pytest.approx(0.99 * math.pi, rel=0.02)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_losses_that_are_not_finite_are_left_out_and_said(bad: float) -> None:
    losses = _quadratic(2 * np.eye(2))
    whole = basin_area(ALPHAS, BETAS, losses, rise=1.0)
    losses[22, 24] = bad  # inside
    found = basin_area(ALPHAS, BETAS, losses, rise=1.0)
    assert found.is_lower_bound
    assert found.status == "at least: the region reaches a loss that is not finite"
    assert found.value == pytest.approx(whole.value - 4 * 0.1 * 0.125)
    far = _quadratic(2 * np.eye(2))
    far[0, :] = bad
    assert basin_area(ALPHAS, BETAS, far, rise=1.0) == whole


def test_a_region_that_reaches_the_border_is_a_lower_bound() -> None:
    found = basin_area(ALPHAS, BETAS, B**2, rise=1.0)
    assert found.is_lower_bound
    assert found.status == "at least: the region reaches the border of the grid"
    assert found.value == pytest.approx(8.0)
    losses = 0 * B
    losses[3, 3] = np.nan
    both = basin_area(ALPHAS, BETAS, losses, rise=1.0)
    assert "border of the grid; the region reaches a loss" in both.status


@pytest.mark.parametrize(
    ("loss", "status"),
    [
        (np.nan, "undefined: the loss at (0.05, 0) is not finite"),
        (np.inf, "undefined: the loss at (0.05, 0) is not finite"),
        (9.0, "undefined: the loss at (0.05, 0) is 4.50125, above the threshold"),
    ],
)
def test_without_a_low_loss_at_the_point_there_is_no_area(loss: float, status: str) -> None:
    losses = _quadratic(0.5 * np.eye(2))
    losses[20, 24] = loss
    found = basin_area(ALPHAS, BETAS, losses, at=(0.05, 0.0), threshold=1.0)
    assert math.isnan(found.value)
    assert (found.is_lower_bound, found.status) == (False, status)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(0.01, 100), st.floats(-100, 100))
def test_invariances(seed: int, first: float, second: float, constant: float) -> None:
    rng = np.random.default_rng(seed)
    alphas, betas = (np.sort(rng.choice(100, size=n, replace=False)) / 25 - 2 for n in (6, 7))
    losses = alphas[:, None] ** 2 + betas**2 + rng.uniform(0, 2, size=(6, 7))
    at = (float(alphas[2]), float(betas[3]))
    found = basin_area(alphas, betas, losses, at=at, rise=0.7)
    scaled = basin_area(first * alphas, second * betas, losses, at=(first * at[0], second * at[1]), rise=0.7)
    assert scaled.value == pytest.approx(first * second * found.value)
    raised = basin_area(alphas, betas, losses + constant, at=at, rise=0.7)
    assert raised.value == pytest.approx(found.value, abs=1e-6)
    turned = basin_area(betas, alphas, losses.T, at=at[::-1], rise=0.7)
    assert turned.value == pytest.approx(found.value)
    mirrored = basin_area(-alphas[::-1], betas, losses[::-1], at=(-at[0], at[1]), rise=0.7)
    assert mirrored.value == pytest.approx(found.value)
    assert basin_area(alphas, betas, losses, at=at, rise=0.8).value >= found.value
    assert turned.status == mirrored.status == scaled.status == found.status


def _draw(rng: np.random.Generator, n_sentences: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    axis = np.linspace(-1, 1, 9)
    sentences = np.repeat(np.arange(n_sentences), 2)
    first, second = (rng.gamma(2.0, each, n_sentences)[sentences] for each in (1.5, 1.0))
    tilt = rng.normal(0, 0.3, n_sentences)[sentences]
    losses = axis[:, None, None] ** 2 * first + axis[:, None] ** 2 * second + axis[:, None] * tilt
    return axis, losses + 0.1 * rng.normal(size=len(sentences)), sentences


def test_the_estimate_agrees_with_the_function_and_the_seed(rng: np.random.Generator) -> None:
    axis, losses, sentences = _draw(rng, 60)
    first, again = (
        basin_area_estimate(axis, axis, losses, sentences, threshold=1.0, rng=np.random.default_rng(5))
        for _ in range(2)
    )
    assert first == again
    assert first.value == pytest.approx(basin_area(axis, axis, losses.mean(axis=-1), threshold=1.0).value)
    assert first.low < first.value < first.high
    assert (first.n_examples, first.n_sentences) == (120, 60)


def test_what_is_a_lower_bound_or_undefined_has_no_interval(rng: np.random.Generator) -> None:
    axis, losses, sentences = _draw(rng, 60)
    found = basin_area_estimate(axis, axis, losses, sentences, rise=9.0, n_resamples=10, rng=rng)
    assert (found.value, found.has_interval) == (pytest.approx(4.0), False)
    assert "border" in found.status
    losses[4, 4, 0] = np.nan
    unknown = basin_area_estimate(axis, axis, losses, sentences, rise=1.0, n_resamples=10, rng=rng)
    assert math.isnan(unknown.value)
    assert unknown.status == "undefined: the loss at (0, 0) is not finite"


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [30, 100])
def test_coverage(n_sentences: int, rng: np.random.Generator) -> None:
    axis = np.linspace(-1, 1, 9)
    truth = basin_area(axis, axis, 3 * axis[:, None] ** 2 + 2 * axis**2, rise=1.0).value
    found = []
    for _ in range(400):
        _, losses, sentences = _draw(rng, n_sentences)
        found.append(basin_area_estimate(axis, axis, losses, sentences, rise=1.0, rng=rng))
    given = [each for each in found if each.has_interval]
    assert len(given) > 280
    assert 0.92 <= np.mean([each.low <= truth <= each.high for each in given]) <= 0.98


def test_bad_input_is_refused(rng: np.random.Generator) -> None:
    axis, losses, sentences = _draw(rng, 10)
    mean = losses.mean(axis=-1)
    with pytest.raises(InputError, match="betas does not rise"):
        basin_area(axis, axis[::-1], mean, rise=1.0)
    with pytest.raises(InputError, match=r"shape \(41, 9\)"):
        basin_area(ALPHAS, axis, mean, rise=1.0)
    with pytest.raises(InputError, match=r"at\[1\] lies outside"):
        basin_area(axis, axis, mean, at=(0.0, 7.0), rise=1.0)
    with pytest.raises(InputError, match="not clear"):
        basin_area(axis, axis, mean)
    with pytest.raises(InputError, match=r"shape \(9, 9, examples\)"):
        basin_area_estimate(axis, axis, mean, sentences, rise=1.0, rng=rng)
    with pytest.raises(InputError, match="level"):
        basin_area_estimate(axis, axis, losses, sentences, rise=1.0, level=1.0, rng=rng)
