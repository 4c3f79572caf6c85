from __future__ import annotations

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.landscape.loss_grid import (
    check_axis,
    check_bound,
    check_losses,
    check_place,
    mean_losses,
)

AXIS = np.array([-1.0, -0.3, 0.0, 0.1, 2.0])


def test_the_means_are_those_of_each_half(rng: np.random.Generator) -> None:
    losses = rng.gamma(2.0, size=(4, 3, 20))
    halves = half_samples(np.arange(20) // 2, 7, rng)
    means = mean_losses(losses, halves)
    assert means.shape == (4, 3, 8)
    assert means[..., 0] == pytest.approx(losses.mean(axis=-1))
    for resample, half in enumerate(halves):
        assert means[..., 1 + resample] == pytest.approx(losses[..., half].mean(axis=-1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_makes_its_point_unknown_in_every_half(
    bad: float, rng: np.random.Generator
) -> None:
    losses = np.ones((3, 10))
    losses[1, 4] = bad
    means = mean_losses(losses, half_samples(np.arange(10), 5, rng))
    assert np.isnan(means[1]).all()
    assert (means[[0, 2]] == 1).all()


def test_a_place_at_a_point_up_to_rounding_is_the_point() -> None:
    assert check_place(0.1 + 1e-12, AXIS, "at") == 0.1
    assert check_place(2.0 + 1e-12, AXIS, "at") == 2.0
    assert check_place(0.05, AXIS, "at") == 0.05


def test_whole_numbers_and_errors_are_taken_as_floats() -> None:
    assert check_axis(np.arange(3), "alphas").dtype == np.float64
    assert check_losses(np.array([True, False]), (2,)).tolist() == [1.0, 0.0]
    assert check_losses(np.float32([1, np.nan]), (2,)).dtype == np.float64


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (np.ones((2, 2)), "no row of numbers"),
        (np.array(["a", "b"]), "no row of numbers"),
        (np.array([1.0]), "at least 2"),
        (np.array([0.0, 1.0, 1.0]), "points 1 and 2"),
        (np.array([0.0, 1.0, np.nan]), "points 1 and 2"),
        (np.array([-np.inf, 1.0]), "points 0 and 1"),
        (np.array([0.0, np.inf]), "points 0 and 1"),
    ],
)
def test_coordinates_that_do_not_rise_are_refused(axis: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_axis(axis, "alphas")


@pytest.mark.parametrize("shape", [(4,), (5, 1), (5, 0), (5, 2, 2)])
def test_losses_that_do_not_fit_the_grid_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"shape \(5\): a value for each grid point"):
        check_losses(np.zeros(shape), (5,))
    if shape != (5, 1):
        with pytest.raises(InputError, match=r"shape \(5, examples\)"):
            check_losses(np.zeros(shape), (5,), per_example=True)


def test_losses_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="does not hold numbers"):
        check_losses(np.array(["low", "high"]), (2,))


@pytest.mark.parametrize("place", [-1.1, 2.1, np.nan, np.inf])
def test_a_place_outside_the_grid_is_refused(place: float) -> None:
    with pytest.raises(InputError, match="from -1 to 2"):
        check_place(place, AXIS, "at")


@pytest.mark.parametrize(
    ("rise", "threshold", "message"),
    [
        (None, None, "is not clear"),
        (1.0, 1.0, "is not clear"),
        (0.0, None, "above 0"),
        (-1.0, None, "above 0"),
        (np.inf, None, "above 0"),
        (np.nan, None, "above 0"),
        (None, np.nan, "finite number"),
        (None, np.inf, "finite number"),
    ],
)
def test_a_bound_that_is_not_clear_is_refused(
    rise: float | None, threshold: float | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        check_bound(rise, threshold)


def test_a_rise_counts_from_the_loss_at_the_point() -> None:
    assert check_bound(0.5, None).above(2.0) == 2.5
    assert check_bound(None, 0.5).above(2.0) == 0.5
