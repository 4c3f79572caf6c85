from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.landscape.path_projection import PathProjection, path_projection


def _project(displacements: np.ndarray, directions: np.ndarray) -> PathProjection:
    return path_projection(
        displacements @ directions.T, directions @ directions.T, np.sum(displacements**2, axis=1)
    )


def test_least_squares_are_those_of_numpy(rng: np.random.Generator) -> None:
    displacements, directions = rng.normal(size=(7, 30)), rng.normal(size=(2, 30))
    found = _project(displacements, directions)
    expected = np.linalg.lstsq(directions.T, displacements.T, rcond=None)[0].T
    assert found.least_squares == pytest.approx(expected)
    inside = np.sum((expected @ directions) ** 2, axis=1)
    squares = np.sum(displacements**2, axis=1)
    assert found.variance_explained == pytest.approx(inside / squares)
    assert found.overall == pytest.approx(inside.sum() / squares.sum())
    assert found.statuses == ("ok",) * 7


def test_by_angle_is_the_published_formula(rng: np.random.Generator) -> None:
    """With the second direction scaled to the length of the first, as there."""
    displacements, directions = rng.normal(size=(5, 12)), rng.normal(size=(2, 12))
    directions[1] *= np.linalg.norm(directions[0]) / np.linalg.norm(directions[1])
    found = _project(displacements, directions)
    size = np.linalg.norm(directions[0])
    for place, displacement in enumerate(displacements):
        length = np.linalg.norm(displacement)
        angle = math.acos(displacement @ directions[0] / length / size)
        assert found.by_angle[place] == pytest.approx(
            [length / size * math.cos(angle), length / size * math.sin(angle)]
        )
        for axis in (0, 1):
            cosine = displacement @ directions[axis] / length / np.linalg.norm(directions[axis])
            assert found.cosines[place, axis] == pytest.approx(cosine)


def test_snapshots_in_the_plane_get_their_own_coordinates(rng: np.random.Generator) -> None:
    directions, coordinates = rng.normal(size=(2, 40)), rng.normal(size=(6, 2))
    found = _project(coordinates @ directions, directions)
    assert found.least_squares == pytest.approx(coordinates, abs=1e-12)
    assert found.variance_explained == pytest.approx(1, abs=1e-12)
    assert (found.variance_explained <= 1).all()
    assert found.overall == pytest.approx(1)


def test_two_snapshots_that_span_the_plane_are_its_corners(rng: np.random.Generator) -> None:
    path = np.cumsum(rng.normal(size=(5, 50)), axis=0)
    found = _project(path, path[[1, 4]])
    assert found.least_squares[1] == pytest.approx([1, 0], abs=1e-12)
    assert found.least_squares[4] == pytest.approx([0, 1], abs=1e-12)
    assert found.by_angle[1] == pytest.approx([1, 0], abs=1e-7)
    assert found.variance_explained[[1, 4]] == pytest.approx(1)


def test_with_orthogonal_directions_a_path_in_the_plane_looks_alike_both_ways() -> None:
    directions = np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    found = _project(np.array([[1.0, 6.0, 0.0], [1.0, -6.0, 0.0]]), directions)
    assert found.least_squares.tolist() == [[0.5, 2.0], [0.5, -2.0]]
    assert found.by_angle == pytest.approx(np.array([[0.5, 2.0], [0.5, 2.0]]))  # never below the first axis


def test_a_snapshot_outside_the_plane() -> None:
    found = _project(np.array([[0.0, 0.0, 5.0]]), np.array([[1.0, 0.0, 0.0], [0.0, 5.0, 0.0]]))
    assert found.least_squares.tolist() == [[0.0, 0.0]]
    assert found.by_angle.tolist() == [[0.0, 1.0]]
    assert (found.variance_explained[0], found.overall) == (0.0, 0.0)


def test_a_snapshot_at_the_origin_has_no_share() -> None:
    found = _project(np.array([[0.0, 0.0], [1.0, 2.0]]), np.eye(2))
    assert found.least_squares[0].tolist() == found.by_angle[0].tolist() == [0.0, 0.0]
    assert math.isnan(found.variance_explained[0])
    assert np.isnan(found.cosines[0]).all()
    assert found.statuses == ("undefined: the snapshot is at the origin", "ok")
    assert found.overall == pytest.approx(1)
    assert math.isnan(_project(np.zeros((2, 2)), np.eye(2)).overall)


@settings(max_examples=40)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(0.01, 100))
def test_invariances(seed: int, first: float, second: float) -> None:
    rng = np.random.default_rng(seed)
    displacements, directions = rng.normal(size=(4, 6)), rng.normal(size=(2, 6))
    scales = np.array([first, second])
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    found = _project(displacements, directions)
    moved = _project(displacements @ rotation, scales[:, None] * directions @ rotation)
    assert moved.least_squares == pytest.approx(found.least_squares / scales)
    assert moved.by_angle == pytest.approx(found.by_angle / scales)
    assert moved.variance_explained == pytest.approx(found.variance_explained)
    assert moved.cosines == pytest.approx(found.cosines)
    exchanged = _project(displacements, directions[::-1])
    assert exchanged.least_squares == pytest.approx(found.least_squares[:, ::-1])
    longer = _project(3 * displacements, directions)
    assert longer.least_squares == pytest.approx(3 * found.least_squares)
    assert longer.by_angle == pytest.approx(3 * found.by_angle)
    assert ((found.variance_explained >= 0) & (found.variance_explained <= 1)).all()


def test_inner_products_summed_in_single_precision_will_do(rng: np.random.Generator) -> None:
    displacements = rng.normal(size=(3, 2000)).astype(np.float32)
    found = _project(displacements, displacements[:2])
    assert found.least_squares[:2] == pytest.approx(np.eye(2), abs=1e-3)
    assert found.variance_explained[:2] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("gram", "message"),
    [
        ([[0.0, 0.0], [0.0, 1.0]], "no length(.|\n)*direction 1"),
        ([[1.0, 0.0], [0.0, -1.0]], "no length(.|\n)*direction 2"),
        ([[1.0, 2.0], [2.0, 4.0]], "parallel"),
        ([[1.0, -2.0], [-2.0, 4.0]], "parallel"),
        ([[1.0, 3.0], [3.0, 4.0]], "no inner products of two directions"),
        ([[1.0, 0.5], [-0.5, 4.0]], "no inner products of two directions"),
        ([[1.0, np.nan], [0.0, 1.0]], r"gram has a value that is not finite(.|\n)*\(0, 1\)"),
        ([[1.0, 0.0]], r"gram has the wrong shape(.|\n)*\(2, 2\)"),
    ],
)
def test_directions_that_span_no_plane_are_refused(gram: list[list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        path_projection(np.zeros((1, 2)), np.array(gram), np.ones(1))


def test_figures_that_do_not_belong_together_are_refused() -> None:
    products, gram, squares = np.array([[0.5, 0.5], [3.0, 0.0]]), np.eye(2), np.array([1.0, 9.0])
    assert path_projection(products, gram, squares).least_squares == pytest.approx(products)
    with pytest.raises(InputError, match=r"inner_products has the wrong shape(.|\n)*\(snapshots, 2\)"):
        path_projection(products[:, :1], gram, squares)
    with pytest.raises(InputError, match=r"squared_norms has the wrong shape(.|\n)*\(snapshots\)"):
        path_projection(products, gram, squares[:, None])
    with pytest.raises(InputError, match="inner_products has the wrong shape"):
        path_projection(products.astype(str), gram, squares)
    with pytest.raises(InputError, match="inner_products has the wrong shape"):
        path_projection(products[:0], gram, squares[:0])
    with pytest.raises(InputError, match="different numbers of snapshots"):
        path_projection(products, gram, squares[:1])
    with pytest.raises(InputError, match=r"not finite(.|\n)*\(1,\)"):
        path_projection(products, gram, np.array([1.0, np.inf]))
    for wrong in (np.array([1.0, 3.0]), np.array([1.0, -9.0])):
        with pytest.raises(InputError, match=r"larger than its length allows(.|\n)*snapshot 1"):
            path_projection(products, gram, wrong)
