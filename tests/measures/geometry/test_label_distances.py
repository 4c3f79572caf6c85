from __future__ import annotations

import math

import numpy as np
import pytest
from tests.measures.geometry.eager_directprobe import extent

from tunescope._core.errors import InputError
from tunescope.measures.geometry.distances import Distances
from tunescope.measures.geometry.hull_distance import hull_distance
from tunescope.measures.geometry.label_distances import cluster_distances, label_distances

Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def labelled_clusters(seed: int, *, spread: float) -> Case:
    """Draw labelled points in clusters; the wider these spread, the more of their hulls overlap."""
    rng = np.random.default_rng(seed)
    n_clusters, d = int(rng.integers(4, 13)), int(rng.integers(1, 13))
    clusters = rng.permutation(np.r_[np.arange(n_clusters), rng.integers(0, n_clusters, 6 * n_clusters)])
    label_of_cluster = np.r_[0, 1, 2, rng.integers(0, 3, n_clusters - 3)]
    centres = 3 * rng.normal(size=(n_clusters, d))
    points = centres[clusters] + spread * rng.normal(size=(len(clusters), d))
    return points, np.array(["x", "y", "z"])[label_of_cluster[clusters]], clusters


def pairs_by_hand(case: Case, p: str, q: str) -> list[float]:
    points, labels, clusters = case
    return [
        hull_distance(points[clusters == i], points[clusters == j]).distance
        for i in np.unique(clusters[labels == p])
        for j in np.unique(clusters[labels == q])
    ]


def same(first: Distances, second: Distances) -> None:
    assert first.names == second.names
    for name in ("lower", "upper", "status", "sizes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("seed", range(12))
def test_labels_are_as_far_apart_as_their_hulls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 25))
    labels = np.r_[:5, rng.integers(0, 5, 60)]
    points = rng.normal(size=(65, d)) + 2 * rng.normal(size=(5, d))[labels]
    found = label_distances(points, labels)
    assert found.names == ("0", "1", "2", "3", "4")
    np.testing.assert_array_equal(found.sizes, np.bincount(labels))
    scale = extent(points)
    for p in range(5):
        assert math.isnan(found.values[p, p])
        assert found.status[p, p] == ""
        for q in range(5):
            if p == q:
                continue
            expected = hull_distance(points[labels == p], points[labels == q])
            assert found.status[p, q] == expected.status
            assert found.values[p, q] == pytest.approx(expected.distance, rel=1e-6, abs=1e-9 * scale)
            assert found.lower[p, q] <= expected.upper * (1 + 1e-12) + 1e-12 * scale
            assert found.upper[p, q] >= expected.lower * (1 - 1e-12) - 1e-12 * scale
            assert found.upper[p, q] - found.lower[p, q] <= max(1e-6 * found.upper[p, q], 1e-9 * scale)
    np.testing.assert_array_equal(found.values, found.values.T)


@pytest.mark.parametrize("spread", [0.1, 0.6, 2.0])
@pytest.mark.parametrize("between", ["min", "mean"])
def test_labels_over_given_clusters_by_hand(between: str, spread: float) -> None:
    n_apart = n_meeting = 0
    for seed in range(12):
        case = labelled_clusters(seed, spread=spread)
        points, labels, clusters = case
        found = cluster_distances(points, labels, clusters, between=between)
        assert found.names == ("x", "y", "z")
        scale = extent(points)
        for p, q in ((0, 1), (0, 2), (1, 2)):
            by_hand = pairs_by_hand(case, found.names[p], found.names[q])
            expected = float(np.min(by_hand) if between == "min" else np.mean(by_hand))
            assert found.values[p, q] == pytest.approx(expected, rel=2e-6, abs=1e-9 * scale)
            assert found.values[q, p] == found.values[p, q]
            assert found.lower[p, q] <= expected * (1 + 1e-6) + 1e-9 * scale
            assert found.status[p, q] == ("disjoint" if expected > 0 else "overlap")
            n_apart += expected > 0
            n_meeting += min(by_hand) == 0
    assert n_apart > 0
    assert n_meeting > 0 or spread == 0.1


def test_clusters_within_clusters_of_other_labels() -> None:
    """Both of a's clusters lie in b's first; by the mean, b's second counts too."""
    points = np.array([[0.0], [10.0], [2.0], [3.0], [7.0], [14.0]])
    labels, clusters = np.array(list("bbaaab")), np.array([5, 5, 1, 1, 2, 9])
    nearest, mean = (
        cluster_distances(points, labels, clusters, between=between) for between in ("min", "mean")
    )
    assert nearest.values[0, 1] == 0
    assert nearest.status[0, 1] == "overlap"
    assert mean.values[0, 1] == pytest.approx((0 + 0 + 11 + 7) / 4)


def test_one_cluster_for_each_label_is_the_label() -> None:
    points, labels, _ = labelled_clusters(5, spread=1.0)
    same(cluster_distances(points, labels, labels), label_distances(points, labels))


def test_every_point_a_cluster_gives_the_nearest_points() -> None:
    points, labels, _ = labelled_clusters(6, spread=1.0)
    found = cluster_distances(points, labels, np.arange(len(points)))
    for p, q in ((0, 1), (0, 2), (1, 2)):
        own, other = points[labels == found.names[p]], points[labels == found.names[q]]
        expected = np.linalg.norm(own[:, None] - other[None], axis=2).min()
        assert found.values[p, q] == pytest.approx(expected)


@pytest.mark.parametrize("between", ["min", "mean"])
def test_neither_threads_nor_memory_nor_names_matter(between: str) -> None:
    points, labels, clusters = labelled_clusters(7, spread=0.5)
    expected = cluster_distances(points, labels, clusters, between=between, n_jobs=1)
    for settings in ({"n_jobs": 4}, {"n_jobs": None}, {"n_jobs": -1}, {"max_memory": 0, "n_jobs": 1}):
        same(cluster_distances(points, labels, clusters, between=between, **settings), expected)
    names = np.array([f"cluster {number:03d}" for number in clusters])
    same(cluster_distances(points, labels, names, between=between), expected)
    same(label_distances(points, labels, n_jobs=3), label_distances(points, labels, n_jobs=1))


def test_equal_vectors_of_two_labels_meet() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 5.0], [9.0, 9.0]])
    labels = np.array(["a", "a", "b", "b", "c"])
    for found in (
        label_distances(points, labels),
        cluster_distances(points, labels, np.arange(5)),
        cluster_distances(points, labels, np.array([0, 0, 1, 2, 3])),
    ):
        assert found.status[0, 1] == "overlap"
        assert found.values[0, 1] == found.lower[0, 1] == found.upper[0, 1] == 0
        assert found.status[0, 2] == found.status[1, 2] == "disjoint"
        assert found.values[1, 2] == pytest.approx(math.hypot(7, 4))
    mean = cluster_distances(points, labels, np.arange(5), between="mean")
    assert mean.values[0, 1] == pytest.approx((0 + 1 + math.hypot(1, 5) + math.hypot(2, 5)) / 4)


def test_equal_vectors_everywhere() -> None:
    found = label_distances(np.ones((4, 3)), np.array([0, 1, 1, 0]))
    assert found.values[0, 1] == 0
    assert found.status[0, 1] == "overlap"


def test_an_example_that_is_repeated_in_another_cluster_of_its_label() -> None:
    points = np.array([[0.0], [1.0], [1.0], [2.0], [5.0]])
    found = cluster_distances(points, np.array(list("aaaab")), np.array([0, 0, 1, 1, 2]), between="mean")
    assert found.values[0, 1] == pytest.approx((4 + 3) / 2)


def test_a_cluster_of_two_labels_is_refused() -> None:
    with pytest.raises(InputError, match=r"more than one label[\s\S]*example 1[\s\S]*a, b"):
        cluster_distances(np.arange(4.0)[:, None], np.array(list("caab")), np.array([0, 1, 2, 1]))


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [
        (np.zeros((3, 2)), ["a", "a", "a"], "only one label"),
        (np.array([[math.nan], [1.0]]), ["a", "b"], "not finite"),
        (np.zeros((2, 2)), ["a", "b", "c"], "labels has the wrong shape"),
        (np.zeros((0, 2)), [], "too few rows"),
    ],
)
def test_bad_input_is_refused(points: np.ndarray, labels: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        label_distances(points, np.array(labels))
    with pytest.raises(InputError, match=message):
        cluster_distances(points, np.array(labels), np.arange(len(labels)))


def test_there_must_be_a_cluster_for_each_example() -> None:
    with pytest.raises(InputError, match="clusters has the wrong shape"):
        cluster_distances(np.eye(2), np.array([0, 1]), np.array([0, 1, 2]))


def test_an_unknown_way_to_sum_up_is_refused() -> None:
    with pytest.raises(InputError, match="between is unknown"):
        cluster_distances(np.eye(2), np.array([0, 1]), np.array([0, 1]), between="max")
