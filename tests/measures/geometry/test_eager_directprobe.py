from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, reject, settings
from tests.measures.geometry.eager_directprobe import (
    UndecidedError,
    contact_bounds,
    eager_directprobe,
    exactly_overlap,
    extent,
    hull_distance_qp,
    hulls_overlap,
)
from tests.measures.geometry.geometry_cases import labelled_points

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Case = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("points", "labels", "expected"),
    [
        pytest.param([[0], [1], [2], [3], [4]], "aabba", [0, 0, 1, 1, 2], id="interleaved"),
        pytest.param([[0], [2], [1], [3]], "aabb", [0, 1, 2, 3], id="alternating"),
        pytest.param([[0], [5], [6], [9]], "abba", [0, 1, 1, 2], id="one inside the other"),
        pytest.param([[0, 0], [1, 1], [0, 1], [1, 0]], "aabb", [0, 0, 1, 2], id="xor: the lower pair wins"),
        pytest.param([[0, 1], [1, 0], [0, 0], [1, 1]], "bbaa", [0, 0, 1, 2], id="xor, the other label first"),
        pytest.param([[0, 0], [2, 2], [1, 1], [5, 5], [1, 0]], "aabac", [0, 1, 2, 1, 3], id="collinear"),
        pytest.param([[0], [0], [0], [1]], "aaba", [0, 1, 2, 3], id="twins never merge, even with a repeat"),
        pytest.param([[0], [3], [0], [4], [4]], "abaaa", [0, 1, 0, 2, 2], id="repeats merge"),
        pytest.param([[0], [1], [2]], "aaa", [0, 0, 0], id="one label"),
        pytest.param([[7, 7]], "a", [0], id="one point"),
        pytest.param([[0], [2], [4], [9]], "aaab", [0, 0, 0, 1], id="a tie"),
    ],
)
def test_known_clusters(points: list[list[float]], labels: str, expected: list[int]) -> None:
    found = eager_directprobe(np.array(points, float), np.array(list(labels)))
    assert found.tolist() == expected


def test_centroid_distances_may_fall() -> None:
    """The first two merge at 2; their centroid is 1.9 from the third, which is farther than 2 from either."""
    points = np.array([[0, 0], [2, 0], [1, 1.9], [1, 0.5]])
    assert eager_directprobe(points, np.array([0, 0, 0, 1])).tolist() == [0, 0, 1, 2]
    assert eager_directprobe(points, np.array([0, 0, 0, 0])).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("shift", "overlap", "distance"),
    [
        ((1, 0.25), True, 0),
        ((1, 1), True, 0),
        ((0.5, 0), True, 0),
        ((1.0625, 0), False, 0.0625),
        ((4, 5), False, 5),
    ],
)
def test_touching_squares(shift: tuple[float, float], overlap: bool, distance: float) -> None:
    other = SQUARE / (1, 2) + shift
    assert hulls_overlap(SQUARE, other) == exactly_overlap(SQUARE, other) == overlap
    assert hull_distance_qp(SQUARE, other) == pytest.approx(distance, abs=1e-12)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-8])
def test_narrow_gaps_are_gaps(gap: float) -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(2, 2)))[0]
    for shift, overlap in ((1 + gap, False), (1 - gap, True)):
        assert hulls_overlap(SQUARE @ turn, np.add(SQUARE, (shift, 0.3)) @ turn) == overlap


@pytest.mark.parametrize("gap", [1e-1, 1e-4, 1e-7])
def test_the_distance_across_a_turned_strip(gap: float) -> None:
    rng = np.random.default_rng(1)
    sides = np.abs(rng.normal(size=(2, 9, 6)))
    sides[:, :4, 0] = 0
    sides[:, :4, 1:] -= sides[:, :4, 1:].mean(1, keepdims=True)  # the nearest points lie inside the faces
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    shift = (gap, 0, 0, 0, 0, 0)
    assert hull_distance_qp((sides[0] + shift) @ turn, -sides[1] @ turn) == pytest.approx(gap, rel=1e-6)


def test_the_neighbourhood_of_contact_is_refused() -> None:
    with pytest.raises(UndecidedError, match="apart, by"):
        hulls_overlap(SQUARE, np.add(SQUARE, (1 + 2.0**-32, 0.3)))


@settings(max_examples=60, deadline=None)
@given(labelled_points())
def test_the_programs_agree_with_each_other_and_with_rational_arithmetic(case: Case) -> None:
    points, labels = case
    for first, second in combinations(np.unique(labels), 2):
        a, b = points[labels == first], points[labels == second]
        lower, upper = contact_bounds(a, b)
        overlap, distance = hulls_overlap(a, b), hull_distance_qp(a, b) / extent(np.vstack([a, b]))
        assert upper - lower < 1e-9
        assert lower - 1e-9 <= distance <= upper * np.sqrt(points.shape[1]) + 1e-9
        assert overlap == (distance < 1e-8) == hulls_overlap(b, a)
        assert overlap == exactly_overlap(a, b)


@settings(max_examples=25, deadline=None)
@given(labelled_points(max_points=16))
def test_what_holds_for_every_result(case: Case) -> None:
    points, labels = case
    try:
        clusters = eager_directprobe(points, labels)
    except UndecidedError:
        reject()
    members = [np.flatnonzero(clusters == number) for number in range(clusters.max() + 1)]
    assert [m[0] for m in members] == sorted(m[0] for m in members)
    assert all(len(set(labels[m])) == 1 for m in members)
    for m, other in combinations(members, 2):
        if labels[m[0]] != labels[other[0]] and len(m) + len(other) > 2:
            assert not hulls_overlap(points[m], points[other])
    groups = [points[labels == label] for label in np.unique(labels)]
    # Two labels of one point each are one cluster each, even as twins.
    linear = not any(hulls_overlap(a, b) for a, b in combinations(groups, 2) if len(a) + len(b) > 2)
    assert linear == (len(members) == len(groups))

    renamed = np.array(["d", "a", "c", "b"])[labels]
    for same in (eager_directprobe(points, renamed), eager_directprobe(4 * points[:, ::-1] + 3, labels)):
        assert same.tolist() == clusters.tolist()
