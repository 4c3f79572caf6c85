"""DirectProbe as a scikit-learn estimator: fit clusters to labelled vectors, and predict by the nearest hull."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tunescope._core.errors import InputError
from tunescope._core.progress import track
from tunescope._core.threads import in_threads, number_of_threads
from tunescope.measures.geometry.directprobe import (
    DEFAULT_MEMORY,
    Between,
    Convention,
    direct_probe,
)
from tunescope.measures.geometry.hulls.nearest_hull import nearest_hull
from tunescope.measures.geometry.hulls.pairs import distance_goal
from tunescope.measures.geometry.hulls.preparation import prepare
from tunescope.measures.geometry.hulls.threads import workspace

__all__ = ["DirectProbe"]


class DirectProbe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Group labelled points into the fewest clusters whose hulls stay apart, and predict by the nearest hull.

    See :func:`~tunescope.measures.geometry.directprobe.direct_probe` for the method and its source.

    Args:
        convention: ``"exact"`` or ``"paper"``.
        between: ``"min"``, ``"mean"``, or None for the convention's own.
        max_memory: Bytes for what is kept beside four copies of the vectors.
        time_limit: Seconds for merging; None for no limit.
        n_jobs: Threads; None for all cores.

    Attributes:
        classes_: The labels, sorted.
        labels_: Shape (example,); the cluster of each example, −1 for those that by the published convention do
            not count.
        n_clusters_: How many clusters count.
        is_linear_: Whether every label is one cluster.
        distances_: The distances between the labels.
        certificates_: The proofs.
        clusters_: Everything that :func:`direct_probe` returns.

    >>> line = np.array([[0.0], [1.0], [5.0], [6.0], [9.0]])
    >>> probe = DirectProbe().fit(line, ["a", "a", "b", "b", "a"])
    >>> probe.n_clusters_, probe.is_linear_, probe.predict([[4.0], [8.0]]).tolist()
    (3, False, ['b', 'a'])
    """

    def __init__(
        self,
        *,
        convention: Convention = "exact",
        between: Between | None = None,
        max_memory: int = DEFAULT_MEMORY,
        time_limit: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.convention = convention
        self.between = between
        self.max_memory = max_memory
        self.time_limit = time_limit
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: ArrayLike) -> DirectProbe:
        """Find the clusters.

        Args:
            X: Shape (example, hidden), finite.
            y: Shape (example,); the class of each example, at least two different ones.

        Raises:
            ValueError: The input is not what it should be; :class:`~tunescope.InputError` is one.
        """
        vectors, labels = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        found = direct_probe(
            vectors,
            _as_text(numbers),
            convention=self.convention,
            between=self.between,
            max_memory=self.max_memory,
            time_limit=self.time_limit,
            n_jobs=self.n_jobs,
        )
        self.clusters_ = found.renamed(tuple(map(str, self.classes_.tolist())))
        self.distances_ = self.clusters_.distances
        self.certificates_ = found.certificates
        self.labels_ = np.where(found.counted[found.clusters], found.clusters, -1)
        self.n_clusters_ = found.n_clusters
        self.is_linear_ = found.is_linear
        self._vectors, self._numbers = vectors, numbers
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the label of the cluster whose hull is nearest; of several as near, the one with the nearest centroid.

        Args:
            X: Shape (example, hidden), finite.
        """
        check_is_fitted(self)
        queries = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        prepared = prepare(self._vectors, self._numbers)
        counted = np.flatnonzero(self.clusters_.counted)
        if not len(counted):
            raise InputError(
                "no cluster counts, so that none can be the nearest.",
                expected="a cluster of more than five examples, by the published convention",
                fix='fit with convention="exact"',
            )
        rows = [np.unique(prepared.row[self.clusters_.clusters == cluster]) for cluster in counted]
        centroids = np.array([prepared.points[each].mean(axis=0) for each in rows])
        radii = [
            np.linalg.norm(prepared.points[each] - middle, axis=1).max()
            for each, middle in zip(rows, centroids, strict=True)
        ]
        points = np.concatenate([prepared.points, prepared.take(queries)])
        sizes = np.linalg.norm(points, axis=1)
        together, start = np.concatenate(rows), np.cumsum([0, *map(len, rows)])

        def nearest(query: int) -> int:
            cluster, _ = nearest_hull(
                points,
                query,
                together,
                start,
                centroids,
                np.array(radii),
                distance_goal(max(prepared.scale, sizes[query]), points.shape[1]),
                workspace(points.shape[1]),
            )
            return int(counted[cluster])

        found = []
        with track("predicting", total=len(queries)) as advance:
            for cluster in in_threads(
                nearest, range(len(prepared.points), len(points)), number_of_threads(self.n_jobs)
            ):
                found.append(cluster)
                advance()
        first_example = np.unique(self.clusters_.clusters, return_index=True)[1]
        predicted: np.ndarray = self.classes_[self._numbers[first_example[found]]]
        return predicted


def _as_text(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as text that sorts as they do."""
    width = len(str(numbers.max()))
    return np.char.zfill(numbers.astype(str), width)
