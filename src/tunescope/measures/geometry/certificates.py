"""The proofs behind DirectProbe's clusters, which anyone can check without a solver."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from tunescope.measures.geometry.hulls.preparation import equal_rows
from tunescope.measures.geometry.hulls.tolerances import CONTACT, INPUT_ROUNDING, SMALLEST_MARGIN
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
        n_not_separated: Pairs of clusters with different labels that no plane keeps apart.
        n_not_common: Common points whose means do not meet, or whose examples lie in the wrong clusters.
        n_not_refused: Pairs of clusters of one label without a common point that tells why they did not merge.
    """

    n_pairs: int
    n_rejections: int
    n_not_separated: int
    n_not_common: int
    n_not_refused: int

    @property
    def holds(self) -> bool:
        """Whether every decision is proven."""
        return self.n_not_separated == self.n_not_common == self.n_not_refused == 0


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
        self,
        vectors: AnyVectors,
        labels: Int[np.ndarray, " example"],
        clusters: Int[np.ndarray, " example"],
        *,
        unfinished: Collection[int] = (),
    ) -> Verification:
        """Check every certificate against the vectors, by sums alone; the scale is computed anew.

        Args:
            vectors: Shape (example, hidden); what was clustered.
            labels: Shape (example,); the number of each example's label.
            clusters: Shape (example,); the clusters that were found.
            unfinished: Labels whose merging did not end. Nothing is proven between two of these, nor within one.
        """
        exact = np.asarray(vectors, np.float64)
        points = exact - exact.mean(axis=0)
        scale = float(np.linalg.norm(points, axis=1).max()) or 1.0
        seen = _Checked(points, self._what_counts(points, scale), scale, labels, clusters)
        pairs = [
            (p, q)
            for p, q in itertools.combinations(range(int(labels.max()) + 1), 2)
            if not (p in unfinished and q in unfinished)
        ]
        planes: dict[tuple[int, int], list[Plane]] = defaultdict(list)
        for plane in self.planes:
            planes[min(plane.first, plane.second), max(plane.first, plane.second)].append(plane)
        found = [seen.not_separated(planes[pair], *pair) for pair in pairs]
        proven = [point for point in self.common_points if point.decided and seen.meets(point)]
        return Verification(
            n_pairs=sum(each.size for each in found),
            n_rejections=len(self.common_points),
            n_not_separated=sum(int(each.sum()) for each in found),
            n_not_common=len(self.common_points) - len(proven),
            n_not_refused=seen.count_not_refused(exact, proven, unfinished),
        )

    def _what_counts(self, points: AnyVectors, scale: float) -> AnyVectors:
        """Return the points in the directions that count, after a check that the others are rounding."""
        if self.basis is None:
            return points
        inside: AnyVectors = points @ self.basis
        lost = np.linalg.norm(points - inside @ self.basis.T, axis=1).max()
        rank = self.basis.shape[1]
        is_orthonormal = np.abs(self.basis.T @ self.basis - np.eye(rank)).max() <= 1e-9
        n_left_out = points.shape[1] - rank
        if is_orthonormal and lost <= 1.01 * np.sqrt(n_left_out) * INPUT_ROUNDING * scale:
            return inside
        return points


@dataclass(frozen=True)
class _Checked:
    """What certificates are checked against: the points, the same in the directions that count, and the clusters."""

    points: AnyVectors
    inside: AnyVectors
    scale: float
    labels: Int[np.ndarray, " example"]
    clusters: Int[np.ndarray, " example"]

    def not_separated(
        self, planes: Sequence[Plane], p: int, q: int
    ) -> Bool[np.ndarray, "cluster other_cluster"]:
        """Return for each pair of a cluster of label p and one of q whether no plane keeps them apart."""
        own, other = np.flatnonzero(self.labels == p), np.flatnonzero(self.labels == q)
        own_names, own_cluster = np.unique(self.clusters[own], return_inverse=True)
        other_names, other_cluster = np.unique(self.clusters[other], return_inverse=True)
        is_open = np.ones((len(own_names), len(other_names)), bool)
        for plane in planes:
            if not np.isfinite(plane.normal).all():
                continue
            normal = plane.normal if plane.first == p else -plane.normal
            low, high = np.full(len(own_names), np.inf), np.full(len(other_names), -np.inf)
            np.minimum.at(low, own_cluster, self.points[own] @ normal)
            np.maximum.at(high, other_cluster, self.points[other] @ normal)
            is_open &= ~(low[:, None] > high + 0.5 * SMALLEST_MARGIN * self.scale * np.linalg.norm(normal))
        for i, j in np.argwhere(is_open):  # clusters that are one and the same point are known to meet
            both = self.inside[np.concatenate([own[own_cluster == i], other[other_cluster == j]])]
            is_open[i, j] = np.linalg.norm(both - both[0], axis=1).max() > CONTACT * self.scale
        return is_open

    def meets(self, found: CommonPoint) -> bool:
        """Whether a common point is one, of two clusters of a label and a third of another."""
        own, other = self.labels[found.union], self.labels[found.obstacle]
        right_clusters = (
            len(np.unique(self.clusters[found.union])) <= 2
            and len(np.unique(self.clusters[found.obstacle])) == 1
            and len(np.unique(own)) == len(np.unique(other)) == 1
            and own[0] != other[0]
        )
        weights = found.weights
        right_weights = bool(np.all(weights >= 0)) and abs(float(weights.sum()) - 1) <= 1e-9
        between = weights @ (self.inside[found.union] - self.inside[found.obstacle])
        return (
            right_clusters and right_weights and bool(np.linalg.norm(between) <= 1.01 * CONTACT * self.scale)
        )

    def count_not_refused(
        self, exact: AnyVectors, proven: Sequence[CommonPoint], unfinished: Collection[int]
    ) -> int:
        """Return how many pairs of clusters of one label have no common point that tells why they did not merge."""
        vector = equal_rows(exact + 0.0)
        n_labels = np.zeros(vector.max() + 1, np.int64)
        np.add.at(n_labels, np.unique(np.stack([vector, self.labels]), axis=1)[0], 1)
        left_out = (n_labels[vector] > 1) | np.isin(self.labels, list(unfinished))  # twins never merge
        unions = {tuple(np.unique(self.clusters[p.union])) for p in proven if not left_out[p.union].any()}
        alone = [
            union[0] for union in unions if len(union) == 1
        ]  # meets another label already, merges with none
        left_out |= np.isin(self.clusters, alone)
        members = np.unique(np.stack([self.labels, self.clusters])[:, ~left_out], axis=1)
        sizes = np.bincount(members[0], minlength=1)
        refused = [union for union in unions if len(union) == 2 and not {*union} & {*alone}]
        return int(np.sum(sizes * (sizes - 1) // 2)) - len(refused)
