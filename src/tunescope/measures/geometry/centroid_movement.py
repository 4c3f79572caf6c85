"""What kind of movement the labels made: a rotation, plain scaling, or neither, and in how many directions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.linalg import qr

from tunescope.measures.geometry.distances import Distances
from tunescope.measures.geometry.principal_plane import SMALLEST_SPREAD
from tunescope.measures.geometry.spatial_similarity import ACCURACY, shared_pairs
from tunescope.measures.validation import check_pair, check_same_hidden_size

__all__ = [
    "CentroidMovement",
    "ChangeOfDistances",
    "centroid_movement",
    "change_of_distances",
    "participation_ratio_of_differences",
]

LEFT_OPEN = 1e-6
"""The share of the centroids' length that may lie where the best rotation is arbitrary, before its angle is too."""

Centroids = Float[np.ndarray, "label hidden"]
Coordinates = Float[np.ndarray, "label column"]


@dataclass(frozen=True)
class CentroidMovement:
    """How the label centroids moved around their common mean; the first three shares sum to 1.

    Attributes:
        n_labels: How many labels there are.
        total: The squared movement around the mean, in squared units of the vectors.
        common_shift: How far the mean of the centroids moved, in the unit of the vectors; no part of ``total``.
        rotation_share: Share of the squared movement that a rotation of all centroids explains, in [0, 1].
        scaling_share: Share that one scale for all explains beyond it, in [0, 1].
        remaining_share: Share that no rotation and scale explain, in [0, 1].
        rotation_degrees: The angle by which the rotation turns the centroids around their mean, in [0, 180]: its
            cosine is the mean cosine of a centroid with itself turned, weighted by its squared length. NaN where
            the movement leaves it open.
        scale: The best scale together with the rotation; above 1 the centroids moved apart.
        scale_alone: The best scale without a rotation.
        scale_alone_share: Share that ``scale_alone`` explains, in [0, 1]; a part of the first two together.
        status: ``"ok"``, or why the shares or the scales are NaN.
    """

    n_labels: int
    total: float
    common_shift: float
    rotation_share: float = math.nan
    scaling_share: float = math.nan
    remaining_share: float = math.nan
    rotation_degrees: float = math.nan
    scale: float = math.nan
    scale_alone: float = math.nan
    scale_alone_share: float = math.nan
    status: str = "ok"


@dataclass(frozen=True)
class ChangeOfDistances:
    """How much of the change of label distances is plain scaling; the two shares sum to 1.

    Attributes:
        scaling_share: Share of the squared change that one scale for all distances explains, in [0, 1].
        remaining_share: Share that it does not explain, in [0, 1].
        scale: The best scale; above 1 the labels moved apart.
        n_pairs: How many label pairs this rests on.
        status: ``"ok"``, or why the shares or the scale are NaN.
    """

    scaling_share: float
    remaining_share: float
    scale: float
    n_pairs: int
    status: str = "ok"


def centroid_movement(before: Centroids, after: Centroids) -> CentroidMovement:
    """Split the movement of the label centroids into a rotation, plain scaling, and neither.

    With A and B the centroids before and after, each around its mean, the squared movement is T = ‖B − A‖². A
    rotation leaves P = min ‖B − AQ‖² over rotations Q, and with a scale R = min ‖B − sAQ‖² over s ≥ 0 too
    (orthogonal Procrustes; Schönemann 1966, Kabsch 1976; Q is the same in both). The shares are (T − P) / T,
    (P − R) / T and R / T, so that a mere rotation is all rotation and a mere scaling all scaling. The other order
    would not do: a scale alone "explains" sin²(θ / 2) of a mere rotation by θ, by shrinking the centroids. What it
    explains, 1 − min ‖B − sA‖² / T, is given beside the split.

    Q is a proper rotation. That forbids anything only where the centroids span the whole space, with more labels
    than the hidden size: otherwise every reflection within their span is a rotation that uses a further dimension,
    and so is allowed. A negative scale is a reflection as well, and never taken.

    Few labels leave little that a rotation cannot do: with two a rotation and a scale explain everything, by
    construction, and with k labels only k (k − 1) / 2 − 1 ratios of distances can speak against them. Where the
    hidden size is far above the number of labels, even independent noise on the centroids reads mostly as rotation
    (17 labels, 384 dimensions: 81 % for noise of their own size, 98 % for a tenth of it), so a high share is no
    finding by itself; a low one is.

    Args:
        before: Shape (label, hidden), finite; the labels' centroids, see
            :func:`~tunescope.measures.geometry.centroids.label_centroids`.
        after: Shape (label, hidden), finite; the centroids of the same labels, in the same order.

    Returns:
        The shares, each higher for more of its kind. NaN, with a status, where nothing moved apart from a common
        shift. Where all centroids coincided before, nothing is rotation or scaling, and the scales are NaN.

    Raises:
        InputError: The shapes differ, or a centroid is not finite.

    >>> before = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, -1.0, 0.0]])
    >>> doubled = centroid_movement(before, 2 * before + 5)
    >>> round(doubled.scaling_share, 12), round(doubled.scale, 12)
    (1.0, 2.0)
    >>> turned = centroid_movement(before, before @ [[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    >>> round(turned.rotation_share, 12), round(turned.rotation_degrees, 6), round(turned.scale_alone_share, 12)
    (1.0, 90.0, 0.5)
    """
    first, second = _checked(before, after)
    a, b = _around_mean(first), _around_mean(second)
    total = float(np.sum((b - a) ** 2))
    movement = CentroidMovement(len(a), total, float(np.linalg.norm((second - first).mean(axis=0))))
    smallest = SMALLEST_SPREAD * _size(first, second)
    if math.sqrt(total) <= smallest:
        return replace(movement, status="undefined: the centroids did not move, apart from a common shift")
    if float(np.linalg.norm(a)) <= smallest:
        shares = replace(
            movement, rotation_share=0.0, scaling_share=0.0, remaining_share=1.0, scale_alone_share=0.0
        )
        return replace(shares, status="no scale: the centroids coincide before")
    return _split(movement, a, b)


def change_of_distances(before: Distances, after: Distances, *, min_size: int = 1) -> ChangeOfDistances:
    """Return how much of the change of the distances between labels is plain scaling.

    With a and b the distances of the label pairs defined in both, s = Σ ab / Σ a² minimises ‖b − sa‖²; the shares of
    ‖b − a‖² are 1 − ‖b − sa‖² / ‖b − a‖² and the rest. A common scale of both states changes nothing.

    Args:
        before: Distances between labels.
        after: Distances between the same labels after fine-tuning; matched by name.
        min_size: The fewest examples that a label has on each side, at least 1; default 1, which keeps all.

    Returns:
        The shares, the higher the more of the change is scaling. NaN, with a status, where fewer than 2 pairs are
        shared, which a scale fits always, or no distance changed by more than its accuracy (1e-6). Where all
        distances were 0 before, nothing is scaling, and the scale is NaN.

    Raises:
        InputError: A name stands for several rows, as those of clusters may, or ``min_size`` is below 1.

    >>> matrix = np.array([[np.nan, 3.0, 1.0], [3.0, np.nan, 2.0], [1.0, 2.0, np.nan]])
    >>> status, sizes = np.where(np.isnan(matrix), "", "disjoint"), np.array([5, 5, 5])
    >>> state = [Distances(("a", "b", "c"), m, m, status, sizes) for m in (matrix, 2 * matrix)]
    >>> change = change_of_distances(*state)
    >>> change.scaling_share, change.scale
    (1.0, 2.0)
    """
    shared = shared_pairs(before, after, min_size=min_size)
    a, b = shared.first, shared.second
    n_pairs = len(a)
    if n_pairs < 2:
        status = f"undefined: {n_pairs} label pairs in common, and a scale fits fewer than 2 always"
        return ChangeOfDistances(math.nan, math.nan, math.nan, n_pairs, status)
    total = float(np.sum((b - a) ** 2))
    if math.sqrt(total) <= ACCURACY * float(max(np.linalg.norm(a), np.linalg.norm(b))):
        return ChangeOfDistances(math.nan, math.nan, math.nan, n_pairs, "undefined: no distance changed")
    if not a.any():
        return ChangeOfDistances(0.0, 1.0, math.nan, n_pairs, "no scale: all distances were 0 before")
    scale, remaining = _best_scale(a, b)
    remaining = min(remaining / total, 1.0)
    return ChangeOfDistances(1 - remaining, remaining, scale, n_pairs)


def participation_ratio_of_differences(before: Centroids, after: Centroids) -> float:
    """Return in how many directions the label centroids moved.

    (Σ λ)² / Σ λ² of the eigenvalues λ of D'D, where the rows of D are the difference vectors after − before. Their
    mean is not taken off: labels that all move alike move in one direction. The participation ratio is the usual
    measure of the number of dimensions in use (Gao et al. 2017, "A theory of multineuronal dimensionality"), there
    of centred data.

    Args:
        before: Shape (label, hidden), finite; the labels' centroids.
        after: Shape (label, hidden), finite; the centroids of the same labels, in the same order.

    Returns:
        A number from 1 (all along one line) to the smaller of the number of labels and the hidden size; higher means
        more directions. It depends on the movements' lengths: few long ones outweigh many short ones. NaN where
        nothing moved.

    Raises:
        InputError: The shapes differ, or a centroid is not finite.

    >>> participation_ratio_of_differences(np.zeros((3, 4)), np.array([[2.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]]))
    3.0
    """
    first, second = _checked(before, after)
    differences = second - first
    longest = float(np.abs(differences).max())
    if longest <= SMALLEST_SPREAD * _size(first, second):
        return math.nan
    differences = differences / longest
    products = differences @ differences.T  # its eigenvalues are those of D'D
    return float(np.trace(products) ** 2 / np.sum(products**2))


def _checked(before: Centroids, after: Centroids) -> tuple[Centroids, Centroids]:
    first, second = check_pair(before, after, names=("before", "after"), min_examples=1)
    check_same_hidden_size(first, second, names=("before", "after"))
    return first, second


def _size(first: Centroids, second: Centroids) -> float:
    return float(max(np.abs(first).max(), np.abs(second).max()))


def _around_mean(centroids: Centroids) -> Centroids:
    around: Centroids = centroids - centroids.mean(axis=0)
    return around


def _best_scale(a: Float[np.ndarray, "*shape"], b: Float[np.ndarray, "*shape"]) -> tuple[float, float]:
    """Return the scale s ≥ 0 that brings ``a``, which is not 0, closest to ``b``, and the squares that are left.

    The squares are summed from the differences, for a movement far shorter than the centroids would be lost in
    ‖b‖² − s²‖a‖².
    """
    scale = max(0.0, float(np.sum(a * b) / np.sum(a * a)))
    return scale, float(np.sum((b - scale * a) ** 2))


def _split(movement: CentroidMovement, a: Centroids, b: Centroids) -> CentroidMovement:
    """Return the movement from ``a``, which is not 0, to ``b`` with its shares, scales and angle."""
    total = movement.total
    scale_alone, scaled = _best_scale(a, b)
    start, end = _in_few_columns(a, b)
    turned, degrees = _best_rotation(start, end)
    rotated = min(total, float(np.sum((end - turned) ** 2)))  # to stay is a rotation too: more is rounding
    scale, remaining = _best_scale(turned, end)
    remaining = min(remaining, rotated)
    return replace(
        movement,
        rotation_share=(total - rotated) / total,
        scaling_share=(rotated - remaining) / total,
        remaining_share=remaining / total,
        rotation_degrees=degrees,
        scale=scale,
        scale_alone=scale_alone,
        scale_alone_share=max(0.0, 1 - scaled / total),
    )


def _in_few_columns(a: Centroids, b: Centroids) -> tuple[Coordinates, Coordinates]:
    """Return coordinates in a space of at least one dimension more than the two span, or as they are."""
    stacked = np.concatenate([a, b])
    if stacked.shape[1] <= len(stacked):
        return a, b
    coordinates = qr(stacked.T, mode="r", check_finite=False)[0][: len(stacked)].T
    return coordinates[: len(a)], coordinates[len(a) :]


def _best_rotation(a: Coordinates, b: Coordinates) -> tuple[Coordinates, float]:
    """Return ``a``, which is not 0, turned towards ``b``, and the angle in degrees, NaN where it is left open.

    A reflection is undone along the direction that costs least, which is free wherever a dimension is to spare.
    """
    left, strength, right = np.linalg.svd(a.T @ b)
    signs = np.ones(len(strength))
    signs[-1] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    turned = (a @ left * signs) @ right
    undecided = left[:, strength <= len(strength) * np.finfo(np.float64).eps * strength[0]]
    length = float(np.linalg.norm(a))
    if float(np.linalg.norm(a @ undecided)) > LEFT_OPEN * length:
        return turned, math.nan
    half_sine = float(np.linalg.norm(turned - a)) / (2 * length)
    return turned, math.degrees(2 * math.asin(min(1.0, half_sine)))
