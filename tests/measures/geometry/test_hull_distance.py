from __future__ import annotations

import math

import numpy as np
import pytest
from tests.measures.geometry.eager_directprobe import (
    UndecidedError,
    extent,
    hull_distance_qp,
    hulls_overlap,
)

from tunescope._core.errors import InputError
from tunescope.measures.geometry.hull_distance import HullDistance, hull_distance

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Pair = tuple[np.ndarray, np.ndarray]


def certify(found: HullDistance, a: np.ndarray, b: np.ndarray) -> None:
    """Check by sums alone that what was found holds."""
    middle = np.vstack([a, b]).mean(0)
    a, b = a - middle, b - middle
    scale = extent(np.vstack([a, b]))
    assert found.status in ("disjoint", "overlap")
    assert (found.weights > 0).all()
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)
    means = np.array([found.weights @ a[found.first], found.weights @ b[found.second]])
    assert np.abs(found.nearest - middle - means).max() <= 1e-12 * (scale + abs(middle).max())
    between = float(np.linalg.norm(means[0] - means[1]))
    if found.status == "overlap":
        assert between <= 1e-9 * scale
        assert found.distance == found.lower == found.upper == 0
        assert np.isnan(found.direction).all()
        return
    assert np.linalg.norm(found.direction) == pytest.approx(1, abs=1e-12)
    strip = (a @ found.direction).min() - (b @ found.direction).max()
    assert strip == pytest.approx(found.lower, rel=1e-9, abs=1e-13 * scale)
    assert strip > 0
    assert between == pytest.approx(found.upper, rel=1e-9, abs=1e-10 * scale)
    assert found.distance == found.upper
    assert 0 < found.lower <= found.upper * (1 + 1e-12) + 1e-13 * scale
    assert found.upper - found.lower <= max(1e-6 * found.upper, 1e-9 * scale)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        pytest.param([[0, 0]], [[3, 4]], 5, id="points"),
        pytest.param([[7, 7]], [[7, 7]], 0, id="one point"),
        pytest.param([[7, 7]] * 3, [[7, 7]], 0, id="one point, three times"),
        pytest.param([[0, 0]], [[-1, 2], [1, 2]], 2, id="point and segment"),
        pytest.param([[5, 0]], [[-1, 2], [1, 2]], math.sqrt(20), id="point beyond the segment's end"),
        pytest.param([[0, 0], [2, 2]], [[0, 2], [2, 0]], 0, id="crossing segments"),
        pytest.param([[0, 0, 0], [1, 0, 0]], [[0.5, -1, 3], [0.5, 1, 3]], 3, id="skew segments"),
        pytest.param([[0, 0], [1, 0]], [[0, 2], [1, 2]], 2, id="parallel segments"),
        pytest.param([[0, 0], [1, 0]], [[1, 0], [2, 0]], 0, id="segments that share an end"),
        pytest.param([[0, 0], [1, 0]], [[3, 0], [4, 0]], 2, id="segments on one line"),
        pytest.param(SQUARE, np.add(SQUARE, (1, 0.5)), 0, id="squares with a common edge"),
        pytest.param(SQUARE, np.add(SQUARE, (1, 1)), 0, id="squares with a common corner"),
        pytest.param(SQUARE, np.add(SQUARE, (0.5, 0)), 0, id="squares that overlap"),
        pytest.param(SQUARE, SQUARE / 4 + 0.3, 0, id="a square in a square"),
        pytest.param(SQUARE, np.add(SQUARE, (1.25, 0)), 0.25, id="squares apart"),
        pytest.param(SQUARE, np.add(SQUARE, (4, 5)), 5, id="corners of squares"),
        pytest.param([[0], [1], [2]], [[4], [6]], 2, id="intervals"),
        pytest.param([[0], [4]], [[1], [2]], 0, id="an interval in an interval"),
    ],
)
def test_known_distances(a: list[list[float]], b: list[list[float]], distance: float) -> None:
    first, second = np.array(a, float), np.array(b, float)
    for own, other in ((first, second), (second, first)):
        found = hull_distance(own, other)
        certify(found, own, other)
        assert found.distance == pytest.approx(distance, rel=1e-9)
        assert found.status == ("disjoint" if distance else "overlap")


def test_where_the_nearest_points_are_unique_they_are_found() -> None:
    found = hull_distance(
        np.array([[0.0, -1.0], [0.0, 3.0]]), np.array([[2.0, 0.0], [4.0, 1.0], [4.0, -1.0]])
    )
    assert found.nearest == pytest.approx(np.array([[0.0, 0.0], [2.0, 0.0]]))
    assert found.direction == pytest.approx([-1.0, 0.0])
    weight_of = dict(zip(found.first.tolist(), found.weights.tolist(), strict=True))
    assert weight_of == pytest.approx({0: 0.75, 1: 0.25})
    assert set(found.second.tolist()) == {0}


def test_repeated_points_change_nothing() -> None:
    a, b = SQUARE, np.add(SQUARE, (3.0, 0.25))
    found = hull_distance(np.vstack([a, a, a]), np.vstack([b, b]))
    certify(found, np.vstack([a, a, a]), np.vstack([b, b]))
    assert found.distance == pytest.approx(2)


def random_pair(rng: np.random.Generator, kind: str) -> Pair:
    """Draw up to 30 points for either side, in 1 to 40 dimensions."""
    d = int(rng.integers(1, 41))
    n_a, n_b = rng.integers(1, 31, size=2)
    a, b = rng.normal(size=(n_a, d)), rng.normal(size=(n_b, d))
    if kind == "apart":
        b[:, 0] += rng.uniform(1, 8)
    if kind == "grid":
        a, b = (
            rng.integers(-2, 3, size=a.shape).astype(float),
            rng.integers(-2, 3, size=b.shape).astype(float),
        )
    if kind == "stretched":
        a, b = (points * 10 ** np.linspace(0, -3, d) for points in (a, b))
    if kind == "strip":  # several corners of either hull lie on the faces of a narrow strip
        gap = 10 ** rng.uniform(-6, 0)
        a[:, 0], b[:, 0] = abs(a[:, 0]) + gap, -abs(b[:, 0])
        a[: 1 + n_a // 2, 0], b[: 1 + n_b // 2, 0] = gap, 0
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
        a, b = a @ turn, b @ turn
    if kind == "lower rank":
        rank = int(rng.integers(1, d + 1))
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0][:rank]
        a, b = a[:, :rank] @ turn, b[:, :rank] @ turn
    return a, b


@pytest.mark.parametrize("kind", ["gaussian", "apart", "grid", "stretched", "strip", "lower rank"])
def test_random_pairs_agree_with_an_independent_solver(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    n_compared = n_disjoint = 0
    for _ in range(120):
        a, b = random_pair(rng, kind)
        found = hull_distance(a, b)
        certify(found, a, b)
        try:
            expected = hull_distance_qp(a, b)
        except UndecidedError:
            continue
        slack = max(1e-6 * expected, 1e-9 * extent(np.vstack([a, b])))
        assert abs(found.distance - expected) <= slack
        assert found.lower - slack <= expected <= found.upper + slack
        n_compared += 1
        n_disjoint += found.status == "disjoint"
    assert n_compared >= 100
    assert n_disjoint >= 40


def test_bounds_hold_a_distance_known_by_construction() -> None:
    """Two faces with the same inner point lie across from each other, so that the distance is that of the faces."""
    rng = np.random.default_rng(1)
    for gap in 10.0 ** np.linspace(-8, 0, 60):
        d = int(rng.integers(2, 26))
        a, b = rng.normal(size=(2, 30, d))
        a[:, 0], b[:, 0] = abs(a[:, 0]), -abs(b[:, 0])
        for side in (a, b):
            side[:d, 0] = 0
            side[:d, 1:] -= side[:d, 1:].mean(0)
        a[:, 0] += gap
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
        a, b = a @ turn, b @ turn
        found = hull_distance(a, b)
        certify(found, a, b)
        assert found.status == "disjoint"
        slack = 1e-14 * extent(np.vstack([a, b]))
        assert found.lower * (1 - 1e-9) - slack <= gap <= found.upper * (1 + 1e-9) + slack


def threshold_case(rng: np.random.Generator) -> Pair:
    """Draw some 2 d points and split them at random: half of these sets are separable (Cover 1965)."""
    d = int(rng.integers(5, 31))
    points = rng.normal(size=(2 * d + int(rng.integers(0, 4)), d))
    own = rng.random(len(points)) < 0.5
    own[:2] = True, False
    return points[own], points[~own]


@pytest.mark.parametrize("seed", range(4))
def test_every_decision_near_the_threshold_of_separability_is_proven(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = {"disjoint": 0, "overlap": 0}
    for number in range(300):
        a, b = threshold_case(rng)
        found = hull_distance(a, b)
        certify(found, a, b)  # and with it that nothing is undecided
        counts[found.status] += 1
        if number % 10 == 0:
            assert hulls_overlap(a, b) == (found.status == "overlap")
    assert min(counts.values()) > 60


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_scaling_the_space_scales_the_distance(factor: float) -> None:
    rng = np.random.default_rng(3)
    for kind in ("gaussian", "apart", "strip", "grid") * 5:
        a, b = random_pair(rng, kind)
        found, scaled = hull_distance(a, b), hull_distance(a * factor, b * factor)
        certify(scaled, a * factor, b * factor)
        assert scaled.status == found.status
        atol = 1e-9 * extent(np.vstack([a, b])) * factor
        assert scaled.distance == pytest.approx(found.distance * factor, rel=1e-6, abs=atol)


def test_moving_and_turning_the_space_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    for kind in ("gaussian", "apart", "strip", "stretched") * 5:
        a, b = random_pair(rng, kind)
        d = a.shape[1]
        turn, shift = np.linalg.qr(rng.normal(size=(d, d)))[0], 100 * rng.normal(size=d)
        found, moved = hull_distance(a, b), hull_distance(a @ turn + shift, b @ turn + shift)
        certify(moved, a @ turn + shift, b @ turn + shift)
        assert moved.status == found.status
        atol = 1e-9 * extent(np.vstack([a, b]))
        assert moved.distance == pytest.approx(found.distance, rel=1e-6, abs=atol)


def test_the_order_of_the_two_only_turns_the_direction() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(20, 6)), rng.normal(size=(15, 6)) + 3
    found, reverse = hull_distance(a, b), hull_distance(b, a)
    assert reverse.distance == pytest.approx(found.distance, rel=1e-6)
    assert reverse.direction == pytest.approx(-found.direction, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_numbers_of_any_kind_are_taken(dtype: type) -> None:
    assert hull_distance(
        SQUARE.astype(dtype), np.add(SQUARE, (4, 5)).astype(dtype)
    ).distance == pytest.approx(5)


def test_a_narrow_strip_along_an_axis_is_seen() -> None:
    a, b = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1e-8], [1.0, 1e-8]])
    certify(hull_distance(a, b), a, b)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.array([[math.nan, 0.0]]), np.zeros((1, 2)), "first has a value that is not finite"),
        (np.zeros((1, 2)), np.array([[0.0, math.inf]]), "second has a value that is not finite"),
        (np.zeros((2, 2)), np.zeros((2, 3)), "different numbers of columns"),
        (np.zeros((0, 2)), np.zeros((2, 2)), "first has too few rows"),
        (np.zeros((2, 2)), np.zeros((0, 2)), "second has too few rows"),
        (np.zeros((2, 0)), np.zeros((2, 0)), "first is not a matrix"),
        (np.zeros(2), np.zeros((2, 2)), "first is not a matrix"),
        (np.zeros((2, 2)), np.array([["x", "y"]]), "second does not hold numbers"),
    ],
)
def test_bad_input_is_refused(first: np.ndarray, second: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        hull_distance(first, second)
