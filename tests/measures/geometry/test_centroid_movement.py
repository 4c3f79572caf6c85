from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from tunescope._core.errors import InputError
from tunescope.measures.geometry.centroid_movement import (
    CentroidMovement,
    centroid_movement,
    change_of_distances,
    participation_ratio_of_differences,
)
from tunescope.measures.geometry.distances import Distances


def shares(movement: CentroidMovement) -> tuple[float, float, float]:
    return movement.rotation_share, movement.scaling_share, movement.remaining_share


def random_rotation(rng: np.random.Generator, n: int) -> np.ndarray:
    rotation = np.linalg.qr(rng.normal(size=(n, n)))[0]
    rotation[:, 0] *= np.linalg.det(rotation)
    return rotation


def naive_residuals(
    before: np.ndarray, after: np.ndarray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return what the best rotation, rotation and scale, and scale alone leave, in 3 dimensions, by search."""
    a, b = before - before.mean(0), after - after.mean(0)

    def rotated(v: np.ndarray) -> float:
        return float(np.sum((b - a @ Rotation.from_rotvec(v).as_matrix()) ** 2))

    def both(v: np.ndarray) -> float:
        return float(np.sum((b - abs(v[3]) * a @ Rotation.from_rotvec(v[:3]).as_matrix()) ** 2))

    starts = rng.normal(size=(12, 4)) * 2
    return (
        min(minimize(rotated, start[:3], tol=1e-12).fun for start in starts),
        min(minimize(both, start, tol=1e-12).fun for start in starts),
        min(float(np.sum((b - s * a) ** 2)) for s in np.linspace(0, 4, 40001)),
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_split_by_search_over_rotations_and_scales(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.normal(size=(2, 6, 3))  # a reflection would often be better
    after = before @ random_rotation(rng, 3) + 0.6 * after
    movement = centroid_movement(before, after)
    rotated, both, scaled = naive_residuals(before, after, rng)
    total = np.sum((after - after.mean(0) - before + before.mean(0)) ** 2)
    assert movement.total == pytest.approx(total)
    assert shares(movement) == pytest.approx(
        ((total - rotated) / total, (rotated - both) / total, both / total), abs=1e-6
    )
    assert movement.scale_alone_share == pytest.approx(1 - scaled / total, abs=1e-6)


@pytest.mark.parametrize("hidden", [2, 3, 5, 40])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
def test_a_rotation_by_a_known_angle_and_a_scale(hidden: int, scale: float, rng: np.random.Generator) -> None:
    """With B = sAQ and Q a turn by θ in the plane of A: T is 1 + s² − 2 s cos θ, of which (s − 1)² is scaling."""
    before = np.zeros((5, hidden))
    before[:, :2] = rng.normal(size=(5, 2))
    angle = math.radians(70)
    turn = np.eye(hidden)
    turn[:2, :2] = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    basis = random_rotation(rng, hidden)
    movement = centroid_movement(before @ basis, scale * before @ turn @ basis + 3)
    total = 1 + scale**2 - 2 * scale * math.cos(angle)
    scaling = (scale - 1) ** 2 / total
    assert shares(movement) == pytest.approx((1 - scaling, scaling, 0), abs=1e-9)
    assert movement.rotation_degrees == pytest.approx(70)
    assert movement.scale == pytest.approx(scale)
    assert movement.scale_alone == pytest.approx(scale * math.cos(angle))


@pytest.mark.parametrize("hidden", [2, 4, 30])
def test_mere_scaling_and_mere_shift(hidden: int, rng: np.random.Generator) -> None:
    before = rng.normal(size=(6, hidden))
    grown = centroid_movement(before, 1.7 * before)
    assert shares(grown) == pytest.approx((0, 1, 0), abs=1e-9)
    assert (grown.scale, grown.scale_alone) == pytest.approx((1.7, 1.7))
    assert grown.scale_alone_share == pytest.approx(1)
    assert grown.rotation_degrees == pytest.approx(0, abs=1e-5)
    shift = rng.normal(size=hidden)
    moved = centroid_movement(before, before + shift)
    assert np.isnan(shares(moved)).all()
    assert "did not move" in moved.status
    assert moved.common_shift == pytest.approx(np.linalg.norm(shift))


def test_a_reflection_is_a_rotation_only_where_a_dimension_is_to_spare(rng: np.random.Generator) -> None:
    before = rng.normal(size=(6, 3))
    mirrored = before * [1, 1, -1]
    assert centroid_movement(before, mirrored).remaining_share > 0.01
    wider = [np.pad(state, ((0, 0), (0, 1))) for state in (before, mirrored)]
    assert centroid_movement(*wider).remaining_share == pytest.approx(0, abs=1e-9)
    line = centroid_movement(np.array([[1.0], [-1.0]]), np.array([[-1.0], [1.0]]))
    assert shares(line) == pytest.approx((0, 0.75, 0.25))  # it can only shrink to nothing
    assert line.scale == 0


def test_two_labels_leave_nothing(rng: np.random.Generator) -> None:
    assert centroid_movement(*rng.normal(size=(2, 2, 8))).remaining_share == pytest.approx(0, abs=1e-12)


@given(st.integers(0, 1000), st.integers(2, 7), st.integers(1, 9), st.floats(0.01, 100), st.floats(-50, 50))
def test_shares_sum_to_1_and_turning_scaling_and_shifting_both_states_changes_nothing(
    seed: int, n_labels: int, hidden: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.normal(size=(2, n_labels, hidden))
    movement = centroid_movement(before, after)
    assert sum(shares(movement)) == pytest.approx(1)
    assert min(*shares(movement), movement.scale_alone_share) >= 0
    assert movement.scale_alone_share <= sum(shares(movement)[:2]) + 1e-9
    rotation, order = random_rotation(rng, hidden), rng.permutation(n_labels)
    moved = centroid_movement(*((scale * state @ rotation + shift)[order] for state in (before, after)))
    assert shares(moved) == pytest.approx(shares(movement), abs=1e-6)
    assert moved.scale == pytest.approx(movement.scale, abs=1e-6)
    assert moved.total == pytest.approx(scale**2 * movement.total)


@pytest.mark.parametrize(("noise", "share"), [(1.0, 0.81), (0.1, 0.98)])
def test_noise_reads_as_rotation_as_documented(noise: float, share: float, rng: np.random.Generator) -> None:
    before, movement = rng.normal(size=(2, 17, 384))
    assert centroid_movement(before, before + noise * movement).rotation_share == pytest.approx(
        share, abs=0.02
    )


def test_a_small_movement_keeps_its_shares(rng: np.random.Generator) -> None:
    before = rng.normal(size=(8, 20))
    direction = rng.normal(size=(8, 20))
    expected = shares(centroid_movement(before, before + 1e-4 * direction))
    assert shares(centroid_movement(before, before + 1e-7 * direction)) == pytest.approx(expected, abs=1e-3)


def test_centroids_that_coincide(rng: np.random.Generator) -> None:
    apart, together = rng.normal(size=(4, 6)), np.ones((4, 6))
    born = centroid_movement(together, apart)
    assert shares(born) == (0, 0, 1)
    assert math.isnan(born.scale)
    assert "coincide before" in born.status
    collapsed = centroid_movement(apart, together)
    assert shares(collapsed) == pytest.approx((0, 1, 0))
    assert collapsed.scale == 0
    assert math.isnan(collapsed.rotation_degrees)
    assert math.isnan(centroid_movement(apart[:1], together[:1]).rotation_share)


def of_matrix(matrix: np.ndarray) -> Distances:
    status = np.where(np.isnan(matrix), "", "disjoint")
    return Distances(tuple("abcdefgh"[: len(matrix)]), matrix, matrix, status, np.full(len(matrix), 10))


def random_matrix(rng: np.random.Generator, n: int) -> np.ndarray:
    matrix = rng.random((n, n))
    matrix += matrix.T
    np.fill_diagonal(matrix, np.nan)
    return matrix


def test_the_change_of_distances_by_least_squares(rng: np.random.Generator) -> None:
    before, after = random_matrix(rng, 6), 1.5 * random_matrix(rng, 6)
    before[0, 3] = before[3, 0] = np.nan
    change = change_of_distances(of_matrix(before), of_matrix(after))
    above = np.triu(np.ones((6, 6), bool), 1) & np.isfinite(before)
    a, b = before[above], after[above]
    (scale,), (residual,), *_ = np.linalg.lstsq(a[:, None], b, rcond=None)
    assert change.scale == pytest.approx(scale)
    assert change.remaining_share == pytest.approx(residual / np.sum((b - a) ** 2))
    assert change.scaling_share + change.remaining_share == pytest.approx(1)
    assert (change.n_pairs, change.status) == (14, "ok")


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(0.1, 10))
def test_scaled_distances_are_all_scaling(seed: int, common: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    before, after = random_matrix(rng, 5), random_matrix(rng, 5)
    change = change_of_distances(of_matrix(before), of_matrix(after))
    both = change_of_distances(of_matrix(common * before), of_matrix(common * after))
    assert both.scaling_share == pytest.approx(change.scaling_share, abs=1e-9)
    assert both.scale == pytest.approx(change.scale)
    if abs(scale - 1) > 1e-3:
        mere = change_of_distances(of_matrix(before), of_matrix(scale * before))
        assert (mere.scaling_share, mere.scale) == pytest.approx((1, scale))


def test_distances_that_did_not_change_or_are_too_few(rng: np.random.Generator) -> None:
    state = of_matrix(random_matrix(rng, 4))
    same = change_of_distances(state, of_matrix(state.values * (1 + 1e-8)))
    assert "no distance changed" in same.status
    one = change_of_distances(of_matrix(random_matrix(rng, 2)), of_matrix(random_matrix(rng, 2)))
    assert "1 label pairs" in one.status
    for change in (same, one):
        assert np.isnan([change.scaling_share, change.remaining_share, change.scale]).all()
    zero = change_of_distances(of_matrix(state.values * 0), state)
    assert (zero.scaling_share, zero.remaining_share) == (0, 1)
    assert math.isnan(zero.scale)
    assert "0 before" in zero.status
    with pytest.raises(InputError, match="min_size"):
        change_of_distances(state, state, min_size=0)


def test_the_participation_ratio_by_its_eigenvalues(rng: np.random.Generator) -> None:
    for n_labels, hidden in ((4, 9), (9, 4)):
        before, after = rng.normal(size=(2, n_labels, hidden))
        values = np.linalg.eigvalsh((after - before).T @ (after - before))
        found = participation_ratio_of_differences(before, after)
        assert found == pytest.approx(values.sum() ** 2 / np.sum(values**2))
        assert 1 <= found <= min(n_labels, hidden)
        rotation = random_rotation(rng, hidden)
        moved = participation_ratio_of_differences(9 * before @ rotation + 2, 9 * after @ rotation + 2)
        assert moved == pytest.approx(found)


def test_the_participation_ratio_of_one_direction_and_of_none(rng: np.random.Generator) -> None:
    before = rng.normal(size=(5, 7))
    assert participation_ratio_of_differences(before, before + rng.normal(size=7)) == pytest.approx(1)
    assert participation_ratio_of_differences(np.zeros((5, 7)), np.eye(5, 7)) == pytest.approx(5)
    assert math.isnan(participation_ratio_of_differences(before, before))


def test_states_must_fit() -> None:
    for function in (centroid_movement, participation_ratio_of_differences):
        with pytest.raises(InputError, match="different hidden sizes"):
            function(np.ones((2, 3)), np.ones((2, 4)))
        with pytest.raises(InputError, match="different numbers of rows"):
            function(np.ones((2, 3)), np.ones((3, 3)))
