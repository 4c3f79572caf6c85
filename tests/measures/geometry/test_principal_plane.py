from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from tunescope._core.errors import InputError
from tunescope.measures.geometry.principal_plane import difference_plane, principal_plane


def naive_plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the coordinates, axes and share by the eigenvectors of the covariance."""
    around = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(around.T @ around)
    axes = vectors[:, :-3:-1].T
    coordinates = around @ axes.T
    signs = np.sign(coordinates[np.abs(coordinates).argmax(axis=0), [0, 1]])
    return coordinates * signs, axes * signs[:, None], float(values[-2:].sum() / values.sum())


def test_the_plane_by_its_definition_and_by_scikit_learn(rng: np.random.Generator) -> None:
    points = rng.normal(size=(9, 6)) * [3, 2, 1, 1, 1, 1] + 4
    plane = principal_plane(points)
    coordinates, axes, share = naive_plane(points)
    assert plane.coordinates == pytest.approx(coordinates)
    assert plane.axes == pytest.approx(axes)
    assert plane.variance_explained == pytest.approx(share)
    reference = PCA(n_components=2, svd_solver="full").fit(points)
    assert np.abs(plane.coordinates) == pytest.approx(np.abs(reference.transform(points)))
    assert plane.variance_explained == pytest.approx(reference.explained_variance_ratio_.sum())


def test_the_differences_span_the_plane_and_the_centroids_are_projected_on_it(
    rng: np.random.Generator,
) -> None:
    before, after = rng.normal(size=(2, 7, 5))
    plane = difference_plane(before, after)
    _, axes, share = naive_plane(after - before)
    origin = before.mean(axis=0)
    assert plane.start == pytest.approx((before - origin) @ axes.T)
    assert plane.end == pytest.approx((after - origin) @ axes.T)
    assert plane.variance_explained == pytest.approx(share)


def test_a_known_answer() -> None:
    """Four centroids on a square in the third and fourth dimension move outwards there."""
    square = np.array([[2.0, 1], [2, -1], [-2, 1], [-2, -1]])
    before = np.pad(square, ((0, 0), (2, 0)))
    plane = difference_plane(before, 3 * before)
    assert plane.start == pytest.approx(square)
    assert plane.end == pytest.approx(3 * square)
    assert plane.variance_explained == pytest.approx(1)


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50))
def test_turning_and_shifting_both_states_changes_nothing(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.normal(size=(2, 6, 4)) * [4, 2, 1, 1]
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    expected = difference_plane(before, after)
    moved = difference_plane(scale * before @ rotation + shift, scale * after @ rotation + shift)
    assert moved.start == pytest.approx(scale * expected.start, abs=1e-6 * scale)
    assert moved.end == pytest.approx(scale * expected.end, abs=1e-6 * scale)
    assert moved.variance_explained == pytest.approx(expected.variance_explained)


def test_two_labels_span_a_line_and_movements_alike_nothing(rng: np.random.Generator) -> None:
    before, after = rng.normal(size=(2, 2, 5))
    line = difference_plane(before, after)
    assert line.variance_explained == pytest.approx(1)
    assert line.start[:, 0].any()
    assert not line.start[:, 1].any()
    for same in (before + rng.normal(size=5), before):
        still = difference_plane(before, same)
        assert math.isnan(still.variance_explained)
        assert not still.start.any()
        assert not still.end.any()
    one = principal_plane(np.array([[3.0], [5.0]]))
    assert one.coordinates == pytest.approx(np.array([[1.0, 0], [-1, 0]]))
    assert one.axes.shape == (2, 1)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match="different hidden sizes"):
        difference_plane(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(InputError, match="different numbers of rows"):
        difference_plane(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(InputError, match="points"):
        principal_plane(np.array([[np.nan, 1.0]]))
