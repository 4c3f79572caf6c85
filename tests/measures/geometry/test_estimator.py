from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tunescope._core.errors import InputError
from tunescope.measures.geometry.directprobe import direct_probe
from tunescope.measures.geometry.estimator import DirectProbe
from tunescope.measures.geometry.hull_distance import hull_distance

LINE = np.array([[0.0], [1.0], [5.0], [6.0], [9.0]])
LINE_LABELS = np.array(["a", "a", "b", "b", "a"])


def blobs(n: int, hidden_size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three labels of two blobs each."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = 2 * rng.normal(size=(3, 2, hidden_size))
    points = centres[labels, rng.integers(0, 2, n)] + rng.normal(size=(n, hidden_size))
    return points, np.array(["noun", "verb", "adj"])[labels]


@parametrize_with_checks([DirectProbe()])
def test_it_is_an_estimator_of_scikit_learn(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)


def test_it_says_what_the_function_says() -> None:
    points, labels = blobs(150, 4, seed=0)
    for settings in ({}, {"convention": "paper"}, {"between": "mean"}):
        probe, found = DirectProbe(**settings).fit(points, labels), direct_probe(points, labels, **settings)
        np.testing.assert_array_equal(probe.classes_, ["adj", "noun", "verb"])
        np.testing.assert_array_equal(probe.clusters_.clusters, found.clusters)
        assert probe.n_clusters_ == found.n_clusters
        assert probe.is_linear_ == found.is_linear
        assert probe.distances_.names == found.distances.names == ("adj", "noun", "verb")
        np.testing.assert_array_equal(probe.distances_.values, found.distances.values)
        assert probe.certificates_.verify(points, found.label, found.clusters).holds


@pytest.mark.parametrize(("n", "hidden_size"), [(60, 1), (90, 2), (90, 5), (60, 20), (30, 60)])
@pytest.mark.parametrize("convention", ["exact", "paper"])
def test_predictions_are_the_labels_of_the_nearest_hulls(n: int, hidden_size: int, convention: str) -> None:
    points, labels = blobs(n, hidden_size, seed=n + hidden_size)
    probe = DirectProbe(convention=convention).fit(points, labels)
    queries = 2.5 * np.random.default_rng(0).normal(size=(25, hidden_size))
    clusters = probe.labels_
    n_ties = 0
    for query, predicted in zip(queries, probe.predict(queries), strict=True):
        distance = {
            cluster: hull_distance(query[None], points[clusters == cluster]).distance
            for cluster in np.unique(clusters[clusters >= 0])
        }
        near = [cluster for cluster, d in distance.items() if d <= min(distance.values()) * (1 + 2e-6) + 1e-8]
        own = {cluster: labels[np.argmax(clusters == cluster)] for cluster in near}
        n_ties += len(near) > 1
        assert predicted in own.values()
    assert n_ties < 5


@pytest.mark.parametrize(("n", "hidden_size"), [(60, 1), (300, 2), (240, 6), (90, 40), (40, 100)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_training_point_gets_its_own_label(n: int, hidden_size: int, dtype: type) -> None:
    points, labels = blobs(n, hidden_size, seed=n)
    exact = points.astype(dtype)
    probe = DirectProbe().fit(exact, labels)
    assert probe.clusters_.n_shared == 0
    np.testing.assert_array_equal(probe.predict(exact), labels)
    assert probe.score(exact, labels) == 1


def test_points_within_a_hull_belong_to_it_wherever_its_centroid_lies() -> None:
    probe = DirectProbe().fit(np.array([[0.0], [8.0], [9.0]]), ["a", "a", "b"])
    assert probe.predict([[7.0], [7.9], [8.4], [8.6]]).tolist() == ["a", "a", "a", "b"]


def test_queries_off_the_space_of_the_training_points() -> None:
    flat = np.pad(LINE, ((0, 0), (0, 2)))
    probe = DirectProbe().fit(flat, LINE_LABELS)
    assert probe.predict([[4.0, 7.0, -3.0], [8.0, 1.0, 1.0]]).tolist() == ["b", "a"]


def test_clusters_that_do_not_count_have_no_number() -> None:
    points = np.concatenate([np.arange(10), np.arange(20, 30), np.arange(40, 43)]).astype(float)[:, None]
    labels = np.array(["a"] * 10 + ["b"] * 10 + ["a"] * 3)
    probe = DirectProbe(convention="paper").fit(points, labels)
    np.testing.assert_array_equal(probe.labels_, [0] * 10 + [2] * 10 + [-1] * 3)
    assert probe.n_clusters_ == 2
    assert probe.predict([[41.0], [12.0]]).tolist() == ["b", "a"]
    exact = DirectProbe().fit(points, labels)
    np.testing.assert_array_equal(exact.labels_, [0] * 10 + [2] * 10 + [1] * 3)
    assert exact.predict([[41.0]]).tolist() == ["a"]


def test_labels_may_be_numbers_of_many_digits() -> None:
    points = np.arange(24.0)[:, None] * 10
    labels = 1000 - np.arange(24) // 2
    probe = DirectProbe().fit(points, labels)
    assert probe.classes_.tolist() == sorted(set(labels.tolist()))
    np.testing.assert_array_equal(probe.predict(points + 1), labels)


def test_settings_are_read_and_copied() -> None:
    settings = {"convention": "paper", "between": "min", "max_memory": 10**6, "time_limit": 60.0, "n_jobs": 1}
    probe = DirectProbe(**settings)
    assert probe.get_params() == settings
    assert clone(probe).get_params() == settings
    assert DirectProbe().set_params(n_jobs=2).n_jobs == 2
    assert not hasattr(clone(probe.fit(LINE, LINE_LABELS)), "classes_")


def test_neither_threads_nor_memory_change_the_result() -> None:
    points, labels = blobs(200, 5, seed=2)
    queries = np.random.default_rng(1).normal(size=(60, 5))
    expected = DirectProbe(n_jobs=1).fit(points, labels)
    for probe in (DirectProbe(n_jobs=4), DirectProbe(max_memory=0)):
        probe.fit(points, labels)
        np.testing.assert_array_equal(probe.labels_, expected.labels_)
        np.testing.assert_array_equal(probe.predict(queries), expected.predict(queries))


def test_a_fitted_probe_can_be_kept() -> None:
    points, labels = blobs(90, 3, seed=3)
    probe = DirectProbe().fit(points, labels)
    again = pickle.loads(pickle.dumps(probe))
    queries = points + 0.3
    np.testing.assert_array_equal(again.predict(queries), probe.predict(queries))
    np.testing.assert_array_equal(again.labels_, probe.labels_)
    assert again.clusters_.verify(points).holds


def test_it_works_with_the_tools_of_scikit_learn() -> None:
    points, labels = blobs(120, 3, seed=4)
    scores = cross_val_score(DirectProbe(), points, labels, cv=4)
    assert scores.shape == (4,)
    assert scores.min() > 0.5
    pipeline = make_pipeline(StandardScaler(), DirectProbe())
    assert cross_val_score(pipeline, 1e4 * points + 5, labels, cv=4).min() > 0.5
    assert pipeline.fit(points, labels).score(points, labels) == 1
    search = GridSearchCV(DirectProbe(), {"convention": ["exact", "paper"]}, cv=3).fit(points, labels)
    assert search.best_params_["convention"] in ("exact", "paper")


@pytest.mark.parametrize(
    ("wrong", "labels", "message"),
    [
        ({}, ["a"] * 5, "only one label"),
        ({"convention": "papers"}, LINE_LABELS, "convention is unknown"),
        ({"between": "max"}, LINE_LABELS, "between is unknown"),
        ({"max_memory": -1}, LINE_LABELS, "max_memory is negative"),
        ({"time_limit": -1.0}, LINE_LABELS, "time_limit is no time"),
    ],
)
def test_what_cannot_be_fitted_is_refused(wrong: dict[str, object], labels: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DirectProbe(**wrong).fit(LINE, labels)  # type: ignore[arg-type]


def test_a_prediction_does_not_depend_on_the_other_queries() -> None:
    probe = DirectProbe().fit(np.array([[0.0], [8.0], [9.0]]), ["a", "a", "b"])
    assert probe.predict([[7.0]]).tolist() == ["a"]
    assert probe.predict([[7.0], [1e13]]).tolist()[0] == "a"


def test_of_hulls_as_near_the_one_with_the_nearest_centroid_is_taken() -> None:
    points = np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 2.0], [1.0, 2.5], [9.0, 9.0]])
    labels = np.array(["a", "a", "b", "b", "c"])
    for shift in range(20):
        probe = DirectProbe().fit(points + shift / 7, labels)
        query = np.array([[1.0, 1.0]]) + shift / 7  # 1 from both hulls; 1.41 and 1.25 from their centroids
        assert probe.predict(query).tolist() == ["b"]


def test_where_no_cluster_counts_predicting_says_so() -> None:
    probe = DirectProbe(convention="paper").fit(LINE, LINE_LABELS)
    assert probe.n_clusters_ == 0
    with pytest.raises(InputError):
        probe.predict(LINE)
