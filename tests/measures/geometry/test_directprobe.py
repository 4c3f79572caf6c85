from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from tests.measures.geometry.eager_directprobe import UndecidedError, eager_directprobe
from tests.measures.geometry.geometry_cases import labelled_points

from tunescope._core.errors import InputError
from tunescope.measures.geometry.directprobe import LabelClusters, direct_probe


def blobs(
    n: int, hidden_size: int, n_labels: int, seed: int, *, per_label: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of several blobs each, which no hyperplanes tell apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_labels
    centres = 0.7 * rng.normal(size=(n_labels, per_label, hidden_size))
    points = centres[labels, rng.integers(0, per_label, n)] + rng.normal(size=(n, hidden_size))
    return points.astype(np.float32), labels


def as_sets(clusters: np.ndarray) -> list[frozenset[int]]:
    """Cluster numbers as sets of examples, in the order of their first."""
    return sorted(
        (frozenset(np.flatnonzero(clusters == each).tolist()) for each in np.unique(clusters)), key=min
    )


def same_distances(
    first: LabelClusters, second: LabelClusters, factor: float = 1.0, rtol: float = 2e-6
) -> None:
    np.testing.assert_allclose(
        first.distances.values * factor, second.distances.values, rtol=rtol, atol=1e-9 * factor
    )


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(labelled_points())
def test_clusters_are_those_of_the_definition(case: tuple[np.ndarray, np.ndarray]) -> None:
    points, labels = case
    assume(len(np.unique(labels)) > 1)
    try:
        expected = eager_directprobe(points, labels)
    except UndecidedError:
        assume(False)
    found = direct_probe(points, labels, n_jobs=1)
    assert as_sets(found.clusters) == as_sets(expected)
    assert found.certificates.n_undecided == 0
    assert found.verify(points).holds
    assert found.is_linear == (found.n_shared == 0 and expected.max() + 1 == len(np.unique(labels)))


@pytest.mark.parametrize("case", ["lin_1000_128_17", "non_1000_16_5", "non_1000_32_5", "non_500_16_5"])
def test_clusters_of_the_cases_known_beforehand(case: str, shared_data: Callable[[str], Path]) -> None:
    known = np.load(shared_data(f"../cases/directprobe/{case}.npz"))
    found = direct_probe(known["X"], known["y"])
    assert adjusted_rand_score(known["clusters"], found.clusters) == 1
    assert found.verify(known["X"]).holds


@pytest.mark.parametrize(("n", "hidden_size"), [(300, 2), (300, 8), (250, 40), (60, 100)])
def test_every_decision_is_proven(n: int, hidden_size: int) -> None:
    points, labels = blobs(n, hidden_size, 3, seed=n + hidden_size)
    found = direct_probe(points, labels)
    checked = found.verify(points)
    assert checked.holds
    assert checked.n_rejections == found.work["rejections"]
    assert found.certificates.n_undecided == 0
    assert found.finished
    gap = found.distances.upper - found.distances.lower
    assert np.nanmax(gap / found.distances.upper) <= 1e-6


def test_a_wrong_result_does_not_verify() -> None:
    points, labels = blobs(300, 4, 3, seed=0)
    found = direct_probe(points, labels)
    assert not found.is_linear
    moved = points.copy()
    moved[found.certificates.common_points[0].union[0]] += 100
    assert found.verify(moved).n_not_common > 0
    assert found.certificates.verify(points, labels, labels).n_not_separated > 0
    assert found.certificates.verify(points, labels, np.arange(len(points))).n_not_refused > 0
    no_points = dataclasses.replace(found.certificates, common_points=())
    assert no_points.verify(points, labels, found.clusters).n_not_refused > 0
    nothing = tuple(dataclasses.replace(p, normal=np.full(4, math.nan)) for p in found.certificates.planes)
    assert (
        dataclasses.replace(found.certificates, planes=nothing)
        .verify(points, labels, found.clusters)
        .n_not_separated
    )
    narrow = dataclasses.replace(found.certificates, basis=np.eye(4, 1))
    assert narrow.verify(points + 1, labels, labels[::-1]).n_not_common > 0


def test_settings_that_must_not_matter_do_not() -> None:
    points, labels = blobs(400, 6, 5, seed=1)
    expected = direct_probe(points, labels, n_jobs=1)
    for found in (
        direct_probe(points, labels, n_jobs=3),
        direct_probe(points, labels, max_memory=0),
        direct_probe(points.astype(np.float64), labels),
        direct_probe(points, np.array(["a", "b", "c", "d", "e"])[labels]),
        direct_probe(np.asfortranarray(points), labels),
    ):
        np.testing.assert_array_equal(found.clusters, expected.clusters)
        np.testing.assert_array_equal(found.distances.values, expected.distances.values)
        assert found.verify(points).holds


@pytest.mark.parametrize("seed", range(4))
def test_moving_the_space_changes_nothing(seed: int) -> None:
    points, labels = blobs(240, 5, 4, seed=seed)
    exact = points.astype(np.float64)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    order = rng.permutation(len(points))
    expected = direct_probe(exact, labels)
    moved = direct_probe(exact @ rotation + 30.0, labels)
    assert as_sets(moved.clusters) == as_sets(expected.clusters)
    same_distances(expected, moved)
    scaled = direct_probe(exact * 1e-3, labels)
    assert as_sets(scaled.clusters) == as_sets(expected.clusters)
    same_distances(expected, scaled, 1e-3)
    permuted = direct_probe(exact[order], labels[order])
    assert adjusted_rand_score(permuted.clusters, expected.clusters[order]) == 1
    same_distances(expected, permuted)
    wider = direct_probe(np.pad(exact, ((0, 0), (0, 3))), labels)
    assert as_sets(wider.clusters) == as_sets(expected.clusters)


def test_the_distance_of_two_labels_is_that_of_their_nearest_clusters() -> None:
    line = np.array([[0.0], [1.0], [5.0], [6.0], [9.0]])
    labels = np.array(["a", "a", "b", "b", "a"])
    assert direct_probe(line, labels).distances.values[0, 1] == pytest.approx(3.0)
    assert direct_probe(line, labels, between="mean").distances.values[0, 1] == pytest.approx(3.5)


def test_equal_vectors_of_two_labels_stay_single() -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.0, 3.0]])
    labels = np.array(["a", "a", "a", "b", "b", "c"])
    found = direct_probe(points, labels)
    assert found.n_shared == 2
    assert found.cluster_labels == ("a", "a", "b", "b", "c")
    np.testing.assert_array_equal(found.clusters, [0, 0, 1, 2, 3, 4])
    assert found.distances.values[0, 1] == 0
    assert found.distances.status[0, 1] == "overlap"
    assert found.distances.values[0, 2] > 0
    assert not found.is_linear
    assert found.verify(points).holds


def test_vectors_that_nearly_share_their_place_overlap() -> None:
    for points in ([[0.0], [1.0], [1e-17]], [[0.0, 0.0], [1.0, 0.0], [0.0, 1e-9]]):
        found = direct_probe(np.array(points), np.array(["a", "a", "b"]))
        assert found.distances.status[0, 1] == "overlap"
        assert found.distances.values[0, 1] == 0
        assert not found.is_linear
        assert found.verify(np.array(points)).holds
    found = direct_probe(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1e-9]]), np.array(["a", "b", "c"]))
    assert not found.is_linear


def test_constant_vectors_are_all_shared() -> None:
    found = direct_probe(np.ones((5, 3)), np.array([0, 0, 1, 1, 1]))
    assert found.n_shared == found.n_clusters == 5
    assert not found.is_linear
    assert found.distances.values[0, 1] == 0


def test_one_point_for_each_label() -> None:
    found = direct_probe(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array(["a", "b"]))
    assert found.is_linear
    assert found.distances.values[0, 1] == pytest.approx(5)


def test_the_published_convention() -> None:
    points = np.concatenate([np.arange(10), np.arange(20, 30), np.arange(40, 43), [60, 70]]).astype(float)[
        :, None
    ]
    labels = np.array(["a"] * 10 + ["b"] * 10 + ["a"] * 3 + ["c"] * 2)
    exact, paper = direct_probe(points, labels), direct_probe(points, labels, convention="paper")
    assert (exact.n_clusters, paper.n_clusters) == (4, 2)
    np.testing.assert_array_equal(exact.clusters, paper.clusters)
    assert exact.distances.values[0, 1] == 11
    assert paper.distances.values[0, 1] == 11
    assert paper.distances.values[0, 2] == 0
    assert paper.distances.status[0, 2] == "dropped"
    assert math.isnan(paper.distances.values[0, 0])


def test_time_that_runs_out_leaves_a_valid_part() -> None:
    points, labels = blobs(200, 8, 5, seed=3)
    found = direct_probe(points, labels, time_limit=0)
    assert found.unfinished == ("0", "1", "2", "3", "4")
    assert not found.finished
    assert np.isnan(found.distances.values).all()
    assert np.isnan(list(found.distances.minimum().values())).all()
    assert found.verify(points).n_not_common == 0


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [
        (np.array([[math.nan, 1.0], [0.0, 1.0]]), ["a", "b"], "not finite"),
        (np.array([[math.inf, 1.0], [0.0, 1.0]]), ["a", "b"], "not finite"),
        (np.zeros((3, 2)), ["a", "a", "a"], "only one label"),
        (np.zeros((0, 2)), [], "too few rows"),
        (np.zeros((3, 2)), ["a", "b"], "wrong shape"),
        (np.zeros(3), ["a", "b", "c"], "not a matrix"),
        (np.array([[1e200], [3e200]]), ["a", "b"], "too large or too small"),
        (np.array([[1e-170], [3e-170]]), ["a", "b"], "too large or too small"),
        (np.array([["x"], ["y"]]), ["a", "b"], "not hold numbers"),
    ],
)
def test_bad_input_is_refused(points: np.ndarray, labels: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        direct_probe(points, np.array(labels))


@pytest.mark.parametrize(
    "wrong", [{"convention": "papers"}, {"between": "max"}, {"max_memory": -1}, {"time_limit": -1.0}]
)
def test_bad_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        direct_probe(np.eye(2), np.array([0, 1]), **wrong)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(labelled_points(), st.integers(0, 3))
def test_doubling_an_example_adds_no_cluster(case: tuple[np.ndarray, np.ndarray], which: int) -> None:
    points, labels = case
    assume(len(np.unique(labels)) > 1)
    example = which % len(points)
    before = direct_probe(points, labels, n_jobs=1)
    assume(before.n_shared == 0)
    after = direct_probe(np.vstack([points, points[example]]), np.append(labels, labels[example]), n_jobs=1)
    assert after.clusters[-1] == after.clusters[example]
    assert after.n_clusters >= len(np.unique(labels))
