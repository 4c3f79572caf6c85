from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.landscape.path_axes import path_axes
from tunescope.measures.landscape.path_projection import path_projection


def _path(rng: np.random.Generator, n_snapshots: int = 9, n_weights: int = 50) -> np.ndarray:
    """Displacements from the last snapshot of a path with two strong directions."""
    path = np.cumsum(rng.normal(size=(n_snapshots, n_weights)), axis=0)
    displacements: np.ndarray = path - path[-1]
    return displacements


@pytest.mark.parametrize("centred", [True, False])
def test_the_axes_are_those_of_a_singular_value_decomposition(
    centred: bool, rng: np.random.Generator
) -> None:
    path = _path(rng)
    axes = path_axes(path @ path.T, centred=centred)
    sizes, right = np.linalg.svd(path - path.mean(axis=0) if centred else path)[1:]
    directions = axes.coefficients @ path
    assert directions @ directions.T == pytest.approx(np.eye(2), abs=1e-10)
    assert np.abs(np.sum(directions * right[:2], axis=1)) == pytest.approx(1)
    assert axes.variance_explained == pytest.approx(sizes[:2] ** 2 / np.sum(sizes**2))
    assert axes.coordinates == pytest.approx(path @ directions.T)
    assert axes.status == "ok"


def test_the_projection_onto_the_axes_agrees(rng: np.random.Generator) -> None:
    """Onto directions of length 1, least squares give the coordinates; uncentred, the shares are the same too."""
    path = _path(rng)
    axes = path_axes(path @ path.T, centred=False)
    directions = axes.coefficients @ path
    found = path_projection(path @ directions.T, directions @ directions.T, np.sum(path**2, axis=1))
    assert found.least_squares == pytest.approx(axes.coordinates)
    assert found.overall == pytest.approx(axes.variance_explained.sum())


def test_a_known_answer() -> None:
    path = np.zeros((4, 5))
    path[0, 2], path[1, 2], path[2, 4], path[3, 4] = 6.0, -6.0, 1.0, -1.0
    axes = path_axes(path @ path.T)
    assert axes.coefficients @ path == pytest.approx(np.eye(5)[[2, 4]])
    assert axes.coordinates == pytest.approx(np.array([[6.0, 0.0], [-6.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    assert axes.variance_explained == pytest.approx([72 / 74, 2 / 74])


def test_a_random_walk_has_most_of_its_variance_in_two_axes(rng: np.random.Generator) -> None:
    """About 6/π² = 61 % and a quarter of that, of a long walk in many dimensions (Antognini and Sohl-Dickstein)."""
    path = _path(rng, 200, 3000)
    assert path_axes(path @ path.T).variance_explained == pytest.approx([0.61, 0.15], abs=0.02)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_invariances(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    path = rng.normal(size=(6, 8)) * 0.5 ** np.arange(8)
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    expected = path_axes(path @ path.T)
    moved = scale * path @ rotation
    found = path_axes(moved @ moved.T)
    assert found.coefficients == pytest.approx(expected.coefficients / scale, rel=1e-5, abs=1e-7 / scale)
    assert found.coordinates == pytest.approx(scale * expected.coordinates, rel=1e-5, abs=1e-7 * scale)
    assert found.variance_explained == pytest.approx(expected.variance_explained)
    assert 1 >= expected.variance_explained[0] >= expected.variance_explained[1] >= 0
    other_origin = path - rng.normal(size=8)
    shifted = path_axes(other_origin @ other_origin.T)
    assert shifted.variance_explained == pytest.approx(expected.variance_explained)
    assert np.abs(shifted.coefficients) == pytest.approx(np.abs(expected.coefficients), abs=1e-6)


def test_a_straight_path_has_one_axis() -> None:
    path = np.outer([3.0, 2.0, 0.0], [0.6, 0.8])
    axes = path_axes(path @ path.T)
    assert (axes.coefficients @ path)[0] == pytest.approx([0.6, 0.8])
    assert axes.coordinates[:, 0] == pytest.approx([3, 2, 0])
    assert np.isnan(axes.coefficients[1]).all()
    assert np.isnan(axes.coordinates[:, 1]).all()
    assert axes.variance_explained == pytest.approx([1, 0])
    assert axes.status == "the second axis is undefined: the path is a straight line"


@pytest.mark.parametrize("path", [np.zeros((3, 2)), np.ones((4, 2))])
def test_a_path_that_stands_still_has_none(path: np.ndarray) -> None:
    axes = path_axes(path @ path.T)
    assert np.isnan(axes.coefficients).all()
    assert np.isnan(axes.coordinates).all()
    assert np.isnan(axes.variance_explained).all()
    assert axes.status == "both axes are undefined: the snapshots do not differ"


@pytest.mark.parametrize(
    ("gram", "message"),
    [
        (np.ones((3, 2)), "no square matrix"),
        (np.full((3, 3), "1"), "no square matrix"),
        (np.eye(2), "at least 3"),
        (np.diag([1.0, np.nan, 1.0]), "not finite(.|\n)*snapshot 1"),
        (np.eye(3) + np.eye(3, k=1), "not symmetric"),
        (np.diag([1.0, 1.0, -1.0]), "no eigenvalue below 0"),
    ],
)
def test_what_is_no_gram_matrix_is_refused(gram: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        path_axes(gram)
