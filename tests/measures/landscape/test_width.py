from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.landscape.width import Width, width, width_estimate

AXIS = np.linspace(-2.0, 2.0, 41)


def naive_width(axis: np.ndarray, losses: np.ndarray, at: float, highest: float) -> tuple[float, float]:
    """Walk away from the point in tiny steps until the loss is too high."""
    step = 1e-5

    def walk(direction: int) -> float:
        place = at
        while axis[0] <= place <= axis[-1] and np.interp(place, axis, losses) <= highest:
            place += direction * step
        return abs(place - at)

    return walk(-1), walk(1)


@pytest.mark.parametrize("curvature", [0.5, 2.0, 20.0])
def test_a_quadratic_has_the_width_of_the_closed_form(curvature: float) -> None:
    found = width(AXIS, 7.0 + curvature * AXIS**2 / 2, rise=0.9)
    exact = math.sqrt(2 * 0.9 / curvature)
    assert found.left == pytest.approx(found.right)
    assert exact - 0.1**2 / (4 * exact) <= found.right <= exact
    assert found.value == found.left + found.right
    assert (found.threshold, found.is_lower_bound, found.status) == (pytest.approx(7.9), False, "ok")


def test_a_walk_in_tiny_steps_finds_the_same(rng: np.random.Generator) -> None:
    axis = np.sort(rng.uniform(-0.5, 0.5, size=12))
    losses = 3 * axis**2 + rng.uniform(0, 0.1, size=12)
    found = width(axis, losses, at=0.03, threshold=0.3)
    left, right = naive_width(axis, losses, 0.03, 0.3)
    assert [found.left, found.right] == pytest.approx([left, right], abs=3e-5)


def test_a_known_answer() -> None:
    axis = np.array([0.0, 1.0, 3.0, 4.0])
    found = width(axis, np.array([5.0, 1.0, 2.0, 4.0]), at=1.0, threshold=3.0)
    assert found == Width(value=3.0, left=0.5, right=2.5, threshold=3.0)


def test_only_the_region_around_the_point_counts() -> None:
    """Beyond a ridge the loss is low again, which does not make the optimum wider."""
    losses = np.array([0.0, 0.0, 4.0, 0.0, 4.0, 0.0, 0.0])
    found = width(np.arange(7.0), losses, at=3.0, rise=1.0)
    assert (found.left, found.right, found.status) == (0.25, 0.25, "ok")


def test_a_loss_equal_to_the_threshold_belongs_to_the_region() -> None:
    losses = np.array([9.0, 1.0, 1.0, 0.0, 1.0, 1.0, 9.0])
    assert width(np.arange(-3.0, 4.0), losses, rise=1.0).value == 4.0
    at_it = width(np.arange(-3.0, 4.0), losses + np.eye(7)[3], threshold=1.0)
    assert (at_it.value, at_it.status) == (4.0, "ok")


def test_between_grid_points_the_loss_is_interpolated() -> None:
    found = width(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([4.0, 1.0, 1.0, 4.0]), at=0.5, rise=1.5)
    assert (found.left, found.right, found.threshold) == (2.0, 1.0, 2.5)


@pytest.mark.parametrize(
    ("at", "left", "right", "status"),
    [
        (
            0.0,
            2.0,
            2.0,
            "the grid ends at -2 before the loss passes 9; the grid ends at 2 before the loss passes 9",
        ),
        (
            -2.0,
            0.0,
            4.0,
            "the grid ends at -2 before the loss passes 9; the grid ends at 2 before the loss passes 9",
        ),
    ],
)
def test_where_the_grid_ends_the_width_is_a_lower_bound(
    at: float, left: float, right: float, status: str
) -> None:
    found = width(AXIS, AXIS**2, at=at, threshold=9.0)
    assert found.is_lower_bound
    assert [found.left, found.right] == pytest.approx([left, right])
    assert found.status == f"at least: {status}"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_the_region(bad: float) -> None:
    losses = AXIS**2
    losses[24] = bad  # at 0.4
    found = width(AXIS, losses, rise=1.0)
    assert found.left == pytest.approx(1.0)
    assert found.right == pytest.approx(0.3)
    assert found.is_lower_bound
    assert found.status == "at least: the loss is not finite at 0.4"
    losses[:] = bad
    losses[20] = 0.0
    assert width(AXIS, losses, rise=1.0).value == 0.0


def test_far_losses_that_are_not_finite_do_not_matter() -> None:
    losses = AXIS**2
    losses[[0, -1]] = np.nan
    assert width(AXIS, losses, rise=1.0).status == "ok"


@pytest.mark.parametrize(
    ("losses", "status"),
    [
        (np.array([np.nan, 1.0, 1.0]), "undefined: the loss at -0.5 is not finite"),
        (np.array([np.inf, 1.0, 1.0]), "undefined: the loss at -0.5 is not finite"),
        (np.array([1.0, 2.0, 1.0]), "undefined: the loss at -0.5 is 1.5, above the threshold"),
    ],
)
def test_without_a_low_loss_at_the_point_there_is_no_width(losses: np.ndarray, status: str) -> None:
    found = width(np.array([-1.0, 0.0, 1.0]), losses, at=-0.5, threshold=1.2)
    assert math.isnan(found.value)
    assert math.isnan(found.left)
    assert math.isnan(found.right)
    assert (found.is_lower_bound, found.status) == (False, status)


@settings(max_examples=50)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-100, 100), st.floats(-5, 5), st.floats(0.01, 3))
def test_invariances(seed: int, scale: float, constant: float, shift: float, rise: float) -> None:
    rng = np.random.default_rng(seed)
    axis = np.sort(rng.choice(1000, size=9, replace=False)) / 250 - 2
    losses = axis**2 + rng.uniform(0, 1, size=9)
    at = float(axis[4])
    expected = width(axis, losses, at=at, rise=rise)
    scaled = width(scale * axis, losses, at=scale * at, rise=rise)
    assert scaled.value == pytest.approx(scale * expected.value)
    raised = width(axis, losses + constant, at=at, rise=rise)
    assert raised.value == pytest.approx(expected.value, abs=1e-6)
    moved = width(axis + shift, losses, at=at + shift, rise=rise)
    assert moved.value == pytest.approx(expected.value, abs=1e-9)
    mirrored = width(-axis[::-1], losses[::-1], at=-at, rise=rise)
    assert (mirrored.left, mirrored.right) == pytest.approx((expected.right, expected.left))
    assert width(axis, losses, at=at, threshold=losses[4] + rise).value == expected.value
    assert width(axis, losses, at=at, rise=1.1 * rise).value >= expected.value
    assert (
        scaled.is_lower_bound == raised.is_lower_bound == mirrored.is_lower_bound == expected.is_lower_bound
    )


def _draw(rng: np.random.Generator, n_sentences: int, per_sentence: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Losses of examples around 3 α², with effects that the examples of a sentence share."""
    sentences = np.repeat(np.arange(n_sentences), per_sentence)
    curvatures, slopes = rng.gamma(2.0, 1.5, n_sentences), rng.normal(0, 0.4, n_sentences)
    losses = np.outer(AXIS**2, curvatures[sentences]) + np.outer(AXIS, slopes[sentences])
    return losses + 0.1 * rng.normal(size=len(sentences)), sentences


def test_the_estimate_agrees_with_the_function_and_the_seed(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 30, 4)
    first, again = (
        width_estimate(AXIS, losses, sentences, rise=1.0, rng=np.random.default_rng(5)) for _ in range(2)
    )
    assert first == again
    assert first.value == pytest.approx(width(AXIS, losses.mean(axis=1), rise=1.0).value)
    assert first.low < first.value < first.high
    assert (first.n_examples, first.n_sentences, first.status) == (120, 30, "ok")


def test_an_interval_that_the_grid_cuts_off_has_no_upper_end(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 40)
    lower = width_estimate(AXIS, losses, sentences, rise=30.0, rng=rng)
    assert lower.value == pytest.approx(4.0)
    assert not lower.has_interval
    assert lower.low == pytest.approx(4.0)
    assert lower.status.startswith("at least: the grid ends at -2 before")
    mean = losses.mean(axis=1)
    just = width_estimate(AXIS, losses, sentences, threshold=0.99 * min(mean[0], mean[-1]), rng=rng)
    assert not just.has_interval
    assert "the width is a lower bound on" in just.status


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_side_is_that_of_the_whole(side: Literal["left", "right"], rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 40)
    whole = width(AXIS, losses.mean(axis=1), rise=1.0, at=0.3)
    found = width_estimate(AXIS, losses, sentences, rise=1.0, at=0.3, side=side, rng=rng)
    assert found.value == pytest.approx(getattr(whole, side))
    assert found.low < found.value < found.high


def test_what_cuts_off_one_side_is_no_matter_to_the_other(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 40)
    losses[: len(AXIS) // 2] = 0.0
    left, right = (
        width_estimate(AXIS, losses, sentences, rise=1.0, side=side, rng=rng) for side in ("left", "right")
    )
    assert left.status.startswith("at least")
    assert right.has_interval


def test_a_width_that_a_low_plateau_cuts_off_has_a_lower_end_below_the_truth() -> None:
    """Where the loss stays just above the threshold, a sample may not see the end, but half-samples do."""
    mean = 0.55 * np.minimum(1, np.abs(AXIS) / 0.9)
    truth = width(AXIS, mean, rise=0.5).value
    covered, n_cut = [], 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        losses = mean[:, None] * (rng.gamma(2, 0.5, 60) + rng.normal(0, 0.3, (len(AXIS), 60)))
        found = width_estimate(AXIS, losses, np.arange(60), rise=0.5, n_resamples=60, rng=rng)
        n_cut += found.status.startswith("at least")
        covered.append(found.low <= truth and not found.high < truth)
    assert n_cut > 0
    assert np.mean(covered) >= 0.85


def test_an_undefined_width_has_its_status(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 40)
    losses[20, 7] = np.nan
    found = width_estimate(AXIS, losses, sentences, rise=1.0, rng=rng)
    assert math.isnan(found.value)
    assert not found.has_interval
    assert found.status == "undefined: the loss at 0 is not finite"


def _coverage(rng: np.random.Generator, n_sentences: int, repeats: int) -> float:
    truth = width(AXIS, 3 * AXIS**2, rise=1.0).value
    estimates: list[Estimate] = [
        width_estimate(AXIS, *_draw(rng, n_sentences, 2), rise=1.0, rng=rng) for _ in range(repeats)
    ]
    given = [each for each in estimates if each.has_interval]
    assert len(given) > 0.7 * repeats
    return float(np.mean([each.low <= truth <= each.high for each in given]))


def test_coverage(rng: np.random.Generator) -> None:
    assert 0.9 <= _coverage(rng, 60, 150) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [20, 60, 250])
def test_coverage_with_many_repeats(n_sentences: int, rng: np.random.Generator) -> None:
    assert 0.92 <= _coverage(rng, n_sentences, 1000) <= 0.98


def test_bad_input_is_refused(rng: np.random.Generator) -> None:
    losses, sentences = _draw(rng, 10)
    with pytest.raises(InputError, match="does not rise"):
        width(AXIS[::-1], AXIS**2, rise=1.0)
    with pytest.raises(InputError, match=r"shape \(41\)"):
        width(AXIS, AXIS[1:], rise=1.0)
    with pytest.raises(InputError, match="at lies outside the grid"):
        width(AXIS, AXIS**2, at=3.0, rise=1.0)
    with pytest.raises(InputError, match="not clear"):
        width(AXIS, AXIS**2)
    with pytest.raises(InputError, match=r"shape \(41, examples\)"):
        width_estimate(AXIS, losses.T, sentences, rise=1.0, rng=rng)
    with pytest.raises(InputError, match="sentence_ids"):
        width_estimate(AXIS, losses, sentences[1:], rise=1.0, rng=rng)
    with pytest.raises(InputError, match="side is unknown"):
        width_estimate(AXIS, losses, sentences, rise=1.0, side="top", rng=rng)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="n_resamples"):
        width_estimate(AXIS, losses, sentences, rise=1.0, n_resamples=3, rng=rng)
