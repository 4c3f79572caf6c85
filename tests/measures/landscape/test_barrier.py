from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.landscape.barrier import Reference, barrier, barrier_estimate

AXIS = np.linspace(0.0, 1.0, 11)
REFERENCES = get_args(Reference)


def naive_barriers(axis: np.ndarray, losses: np.ndarray) -> dict[str, float]:
    first, last = losses[0], losses[-1]
    shares = [(alpha - axis[0]) / (axis[-1] - axis[0]) for alpha in axis]
    return {
        "line": max(loss - (1 - t) * first - t * last for t, loss in zip(shares, losses, strict=True)),
        "mean": max(losses) - (first + last) / 2,
        "higher end": max(losses) - max(first, last),
    }


def test_the_three_definitions(rng: np.random.Generator) -> None:
    axis, losses = np.sort(rng.normal(size=9)), rng.gamma(2.0, size=9)
    found, expected = barrier(axis, losses), naive_barriers(axis, losses)
    assert found.value == pytest.approx(expected["line"])
    assert found.above_mean == pytest.approx(expected["mean"])
    assert found.above_higher_end == pytest.approx(expected["higher end"])
    assert found.position in axis


def test_a_known_answer() -> None:
    """A parabola of height h over a slope: the line takes the slope away, the other two do not."""
    found = barrier(AXIS, 4 * 3.0 * AXIS * (1 - AXIS) + 2 * AXIS + 1)
    assert (found.value, found.position) == (pytest.approx(3.0), pytest.approx(0.5))
    assert found.above_mean == pytest.approx(12 * 0.6 * 0.4 + 1.2 - 1)
    assert found.above_higher_end == pytest.approx(12 * 0.6 * 0.4 + 1.2 - 2)
    assert (found.is_lower_bound, found.status) == (False, "ok")


def test_a_slope_alone_is_no_barrier_but_against_the_mean() -> None:
    found = barrier(AXIS, 0.1 + 0.7 * AXIS)
    assert (found.value, found.above_higher_end) == (0.0, 0.0)
    assert math.isnan(found.position)
    assert found.above_mean == pytest.approx(0.35)


def test_a_valley_has_no_barrier() -> None:
    found = barrier(AXIS, 5 - AXIS * (1 - AXIS))
    assert (found.value, found.above_mean, found.above_higher_end, found.status) == (0.0, 0.0, 0.0, "ok")


def test_the_solutions_may_lie_within_the_grid() -> None:
    axis = np.linspace(-1, 2, 13)
    losses = 10 * (axis - 0.5) ** 2 * (axis < 0) + np.where(axis > 0, axis * (1 - axis), 0) + 50 * (axis > 1)
    found = barrier(axis, losses, between=(0.0, 1.0))
    assert (found.value, found.position) == (pytest.approx(0.25), 0.5)
    shifted = barrier(axis[4:9], losses[4:9])
    assert shifted == found


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_point_of_the_path_that_is_not_finite_is_said(bad: float) -> None:
    losses = AXIS * (1 - AXIS)
    losses[[3, 5]] = bad
    found = barrier(AXIS, losses)
    assert (found.value, found.position) == (pytest.approx(0.24), pytest.approx(0.4))
    assert found.is_lower_bound
    assert found.status == "at least: the loss is not finite at 0.3, 0.5"


@pytest.mark.parametrize(
    ("unknown", "status"),
    [
        ([0], "the loss of the solution at 0 is not finite"),
        ([0, 4, 10], "the loss of the solution at 0 and 1 is not finite"),
        (range(1, 10), "no loss between the two solutions is finite"),
    ],
)
def test_without_the_loss_of_a_solution_there_is_no_barrier(unknown: list[int], status: str) -> None:
    losses = AXIS.copy()
    losses[list(unknown)] = np.nan
    found = barrier(AXIS, losses)
    figures = (found.value, found.position, found.above_mean, found.above_higher_end)
    assert np.isnan(figures).all()
    assert (found.is_lower_bound, found.status) == (False, f"undefined: {status}")
    rng = np.random.default_rng(0)
    estimate = barrier_estimate(AXIS, np.tile(losses[:, None], 20), np.arange(20), rng=rng)
    assert math.isnan(estimate.value)
    assert (estimate.has_interval, estimate.status) == (False, f"undefined: {status}")


@settings(max_examples=40)
@given(st.integers(0, 1000), st.floats(-100, 100), st.floats(-10, 10), st.floats(0.01, 100))
def test_invariances(seed: int, constant: float, slope: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    axis, losses = np.sort(rng.choice(100, size=8, replace=False)) / 10, rng.gamma(2.0, size=8)
    found = barrier(axis, losses)
    raised = barrier(scale * axis - 3, losses + constant)
    assert raised.value == pytest.approx(found.value, abs=1e-9)
    assert raised.above_mean == pytest.approx(found.above_mean, abs=1e-9)
    assert raised.above_higher_end == pytest.approx(found.above_higher_end, abs=1e-9)
    assert barrier(axis, losses + slope * axis).value == pytest.approx(found.value, abs=1e-9)
    assert barrier(-axis[::-1], losses[::-1]).value == pytest.approx(found.value)
    assert barrier(axis, scale * losses).value == pytest.approx(scale * found.value)
    assert 0 <= found.above_higher_end <= min(found.value, found.above_mean) + 1e-12
    level = losses.copy()
    level[-1] = level[0]
    same = barrier(axis, level)
    assert same.value == pytest.approx(same.above_mean)
    assert same.value == pytest.approx(same.above_higher_end)


def _draw(rng: np.random.Generator, n_sentences: int, height: float) -> tuple[np.ndarray, np.ndarray]:
    sentences = np.repeat(np.arange(n_sentences), 2)
    heights = height * rng.gamma(2.0, 0.5, n_sentences)[sentences]
    losses = np.outer(4 * AXIS * (1 - AXIS), heights) + np.outer(AXIS, rng.normal(size=len(sentences)))
    wave = np.outer(np.sin(2 * np.pi * AXIS), rng.normal(0, 0.2, n_sentences)[sentences])
    return losses + wave + rng.normal(size=len(sentences)), sentences


@pytest.mark.parametrize("above", REFERENCES)
def test_the_estimate_agrees_with_the_function_and_the_seed(
    above: Reference, rng: np.random.Generator
) -> None:
    losses, sentences = _draw(rng, 40, 2.0)
    first, again = (
        barrier_estimate(AXIS, losses, sentences, above=above, rng=np.random.default_rng(5)) for _ in range(2)
    )
    assert first == again
    assert first.value == pytest.approx(naive_barriers(AXIS, losses.mean(axis=1))[above])
    assert first.low < first.value < first.high
    assert (first.n_examples, first.n_sentences, first.status) == (80, 40, "ok")


def test_no_barrier_in_any_half_has_an_interval_of_nothing(rng: np.random.Generator) -> None:
    losses = np.outer(-AXIS * (1 - AXIS), rng.uniform(1, 2, 30)) + rng.normal(size=30)
    found = barrier_estimate(AXIS, losses, np.arange(30), rng=rng)
    assert (found.low, found.value, found.high, found.status) == (0.0, 0.0, 0.0, "ok")


def test_a_barrier_of_noise_alone_is_biased(rng: np.random.Generator) -> None:
    losses = rng.normal(size=(11, 50))
    found = barrier_estimate(AXIS, losses, np.arange(50), rng=rng)
    assert found.value > 0
    assert not found.has_interval
    assert "the barrier is biased" in found.status


def test_a_lower_bound_has_no_interval(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 40, 2.0)
    losses[5, 3] = np.inf
    found = barrier_estimate(AXIS, losses, sentences, rng=rng)
    assert found.value == pytest.approx(barrier(AXIS, losses.mean(axis=1)).value)
    assert not found.has_interval
    assert found.status == "at least: the loss is not finite at 0.5"
    assert (found.n_examples, found.n_sentences) == (80, 40)


def _coverage(rng: np.random.Generator, n_sentences: int, height: float, repeats: int) -> float:
    found = [barrier_estimate(AXIS, *_draw(rng, n_sentences, height), rng=rng) for _ in range(repeats)]
    given = [each for each in found if each.has_interval]
    assert len(given) > 0.8 * repeats
    return float(np.mean([each.low <= height <= each.high for each in given]))


def test_coverage(rng: np.random.Generator) -> None:
    assert 0.9 <= _coverage(rng, 60, 1.0, 300) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [20, 60, 250])
@pytest.mark.parametrize("height", [0.5, 2.0])
def test_coverage_with_many_repeats(n_sentences: int, height: float, rng: np.random.Generator) -> None:
    assert 0.92 <= _coverage(rng, n_sentences, height, 2000) <= 0.98


def test_bad_input_is_refused(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 10, 1.0)
    with pytest.raises(InputError, match="at least 3"):
        barrier(AXIS[:2], AXIS[:2])
    with pytest.raises(InputError, match=r"shape \(11\)"):
        barrier(AXIS, AXIS[1:])
    with pytest.raises(InputError, match=r"between, 0.55(.|\n)*0.5, 0.6"):
        barrier(AXIS, AXIS, between=(0.0, 0.55))
    with pytest.raises(InputError, match="outside the grid"):
        barrier(AXIS, AXIS, between=(0.0, 1.5))
    for between in ((0.2, 0.3), (0.8, 0.1), (0.4, 0.4)):
        with pytest.raises(InputError, match="no grid point between"):
            barrier(AXIS, AXIS, between=between)
    with pytest.raises(InputError, match="line or mean or higher end"):
        barrier_estimate(AXIS, losses, sentences, above="chord", rng=rng)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="sentence_ids"):
        barrier_estimate(AXIS, losses, sentences[1:], rng=rng)
    with pytest.raises(InputError, match="n_resamples"):
        barrier_estimate(AXIS, losses, sentences, n_resamples=1, rng=rng)
