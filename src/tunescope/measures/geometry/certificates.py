"""The proofs behind DirectProbe's clusters, which anyone can check without a solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tunescope.measures.geometry.hulls.tolerances import CONTACT, INPUT_ROUNDING
from tunescope.measures.shapes import AnyVectors

__all__ = ["Certificates", "CommonPoint", "Plane", "Verification"]

Examples = Int[np.ndarray, " corner"]


@dataclass(frozen=True)
class Plane:
    """A direction along which clusters of one label lie wholly above clusters of another.

    Attributes:
        first: Number of the label above.
        second: Number of the label below.
        normal: Shape (hidden,); a unit vector, from the second towards the first.
    """

    first: int
    second: int
    normal: Float[np.ndarray, " hidden"]


@dataclass(frozen=True)
class CommonPoint:
    """Why two clusters of one label did not merge: a point in the hull of their union and of a third cluster.

    Attributes:
        union: Shape (corner,); examples of the two clusters.
        obstacle: Shape (corner,); examples of the third, of another label.
        weights: Shape (corner,); positive, with sum 1. The weighted mean of ``union`` is that of ``obstacle``.
        depth: Lower and upper bound of how far one hull would have to move to come apart from the other, in the
            unit of the vectors; (0, 0) where they merely touch, NaN where undecided.
        decided: Whether the two means do meet; otherwise no solver could tell.
    """

    union: Examples
    obstacle: Examples
    weights: Float[np.ndarray, " corner"]
    depth: tuple[float, float]
    decided: bool


@dataclass(frozen=True)
class Verification:
    """What a check of the certificates found; all is well where every count but the first two is 0.

    Attributes:
        n_pairs: Pairs of clusters with different labels.
        n_rejections: Common points.
        n_not_separated: Pairs of clusters that no plane keeps apart.
        n_not_common: Common points whose means do not meet, or whose examples lie in the wrong clusters.
    """

    n_pairs: int
    n_rejections: int
    n_not_separated: int
    n_not_common: int

    @property
    def holds(self) -> bool:
        """Whether every decision is proven."""
        return self.n_not_separated == self.n_not_common == 0


@dataclass(frozen=True)
class Certificates:
    """All proofs, in terms of the examples.

    Attributes:
        planes: Together they keep apart every two clusters of different labels, equal vectors excepted.
        common_points: One for each merger that was refused.
        scale: The largest norm of a vector about the mean.
        basis: Shape (hidden, rank); the directions in which the vectors differ by more than the rounding of float32;
            None for all.
        n_fragile_planes: Times that two hulls were found apart by less than the rounding of float32 input.
        n_undecided: Refused mergers of which no solver could tell.
    """

    planes: tuple[Plane, ...]
    common_points: tuple[CommonPoint, ...]
    scale: float
    basis: Float[np.ndarray, "hidden rank"] | None
    n_fragile_planes: int
    n_undecided: int

    @property
    def n_fragile(self) -> int:
        """Decisions that rounding the input to float32 can turn: the data's limit, not the method's."""
        return self.n_fragile_planes + self._n_shallow(1)

    @property
    def n_perhaps_fragile(self) -> int:
        """Refusals of which it is not known whether rounding the input can turn them; the fragile ones aside."""
        return self._n_shallow(0) - self._n_shallow(1)

    def _n_shallow(self, bound: int) -> int:
        return sum(point.depth[bound] < INPUT_ROUNDING * self.scale for point in self.common_points)

    def verify(
        self, vectors: AnyVectors, labels: Int[np.ndarray, " example"], clusters: Int[np.ndarray, " example"]
    ) -> Verification:
        """Check every certificate against the vectors, by sums alone.

        Args:
            vectors: Shape (example, hidden); what was clustered.
            labels: Shape (example,); the number of each example's label.
            clusters: Shape (example,); the clusters that were found.
        """
        points = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
        n_pairs = n_not_separated = 0
        n_labels = int(labels.max()) + 1
        for p in range(n_labels):
            for q in range(p + 1, n_labels):
                found = self._not_separated(points, labels, clusters, p, q)
                n_pairs += found.size
                n_not_separated += int(found.sum())
        return Verification(
            n_pairs=n_pairs,
            n_rejections=len(self.common_points),
            n_not_separated=n_not_separated,
            n_not_common=sum(not self._meets(points, labels, clusters, each) for each in self.common_points),
        )

    def _not_separated(
        self, points: AnyVectors, labels: np.ndarray, clusters: np.ndarray, p: int, q: int
    ) -> np.ndarray:
        """Return for each pair of a cluster of label p and one of q whether no plane keeps them apart."""
        own, other = np.flatnonzero(labels == p), np.flatnonzero(labels == q)
        own_names, own_cluster = np.unique(clusters[own], return_inverse=True)
        other_names, other_cluster = np.unique(clusters[other], return_inverse=True)
        open_pairs = np.ones((len(own_names), len(other_names)), bool)
        for plane in self.planes:
            if {plane.first, plane.second} != {p, q}:
                continue
            normal = plane.normal if plane.first == p else -plane.normal
            low, high = np.full(len(own_names), np.inf), np.full(len(other_names), -np.inf)
            np.minimum.at(low, own_cluster, points[own] @ normal)
            np.maximum.at(high, other_cluster, points[other] @ normal)
            open_pairs &= low[:, None] <= high
        first_own, first_other = (
            np.unique(each, return_index=True)[1] for each in (own_cluster, other_cluster)
        )
        for i, j in np.argwhere(open_pairs):  # equal vectors are known to meet
            if np.array_equal(points[own[first_own[i]]], points[other[first_other[j]]]):
                open_pairs[i, j] = False
        return open_pairs

    def _meets(
        self, points: AnyVectors, labels: np.ndarray, clusters: np.ndarray, found: CommonPoint
    ) -> bool:
        own, other = labels[found.union], labels[found.obstacle]
        right_clusters = (
            len(np.unique(clusters[found.union])) <= 2
            and len(np.unique(clusters[found.obstacle])) == 1
            and len(np.unique(own)) == len(np.unique(other)) == 1
            and own[0] != other[0]
        )
        weights = found.weights
        right_weights = bool(np.all(weights >= 0)) and abs(float(weights.sum()) - 1) <= 1e-9
        between = weights @ (points[found.union] - points[found.obstacle])
        if self.basis is not None:
            between = between @ self.basis
        return (
            right_clusters and right_weights and float(np.linalg.norm(between)) <= 1.01 * CONTACT * self.scale
        )
