"""Label centroids: where they lie, how far fine-tuning moved them, and the path they took."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.geometry.principal_plane import SMALLEST_SPREAD, principal_plane
from tunescope.measures.intervals import divide, half_samples, interval
from tunescope.measures.shapes import Figures, Labels, SentenceIds, Vectors, Weights
from tunescope.measures.validation import (
    check_labels,
    check_pair,
    check_resampling,
    check_same_hidden_size,
    check_vectors,
    number_sentences,
)

__all__ = ["CentroidPath", "centroid_path", "centroid_shift", "centroid_shift_estimates", "label_centroids"]

Centroids = Float[np.ndarray, "label hidden"]
Coordinates = Float[np.ndarray, "step label 2"]


@dataclass(frozen=True)
class CentroidPath:
    """Where the label centroids went, in the plane of their first two principal components.

    Attributes:
        labels: The labels, sorted.
        coordinates: Shape (step, label, 2), in the unit of the vectors.
        variance_explained: Share of the centroids' variance over labels and steps that lies in the plane, in
            [0, 1]; NaN where the centroids do not vary.
    """

    labels: tuple[str, ...]
    coordinates: Coordinates
    variance_explained: float


def label_centroids(vectors: Vectors, labels: Labels) -> tuple[tuple[str, ...], Centroids]:
    """Return the labels, sorted, and the mean vector of each.

    Args:
        vectors: Shape (example, hidden), finite, at least 1 row.
        labels: Shape (example,); the class of each example.

    Returns:
        The labels as text, and their centroids, shape (label, hidden), float64.

    Raises:
        InputError: The vectors are no finite matrix, or there is not one label per row.

    >>> label_centroids(np.array([[0.0, 1.0], [2.0, 1.0], [5.0, 5.0]]), np.array(["b", "b", "a"]))
    (('a', 'b'), array([[5., 5.],
           [1., 1.]]))
    """
    rows = check_vectors(vectors, "vectors").astype(np.float64, copy=False)
    names, numbers, counts = np.unique(
        check_labels(labels, len(rows)), return_inverse=True, return_counts=True
    )
    members = np.arange(len(names))[:, None] == numbers
    return tuple(map(str, names.tolist())), members.astype(np.float64) @ rows / counts[:, None]


def centroid_shift(base: Vectors, tuned: Vectors, labels: Labels) -> dict[str, float]:
    """Return how far each label's centroid moved, in units of the label's spread before fine-tuning.

    ‖c′ − c‖ / √(mean ‖x − c‖²), where c and c′ are the means of the label's vectors in base and tuned, and x runs
    over its vectors in base. Zhou and Srikumar (2022, section 5) follow the centroids; the unit is ours, so that
    layers and models of different scale compare. It is not invariant to a rotation of one of the two.

    Args:
        base: Shape (example, hidden), finite; vectors of the base model.
        tuned: Shape (example, hidden), finite; the same examples and layer of the tuned model.
        labels: Shape (example,); the class of each example.

    Returns:
        By label, sorted: a figure of at least 0, higher means moved further. NaN where a label has a single
        example, or its vectors in base are all equal.

    Raises:
        InputError: The shapes differ, a vector is not finite, or there is not one label per row.

    >>> base = np.array([[1.0, 0.0], [-1.0, 0.0], [9.0, 9.0]])
    >>> centroid_shift(base, base + [0.0, 3.0], np.array(["noun", "noun", "verb"]))
    {'noun': 3.0, 'verb': nan}
    """
    first, second, classes = _checked(base, tuned, labels)
    return {
        str(label): float(_shifts(first[own], second[own], np.ones((len(own), 1)))[0])
        for label, own in _members(classes)
    }


def centroid_shift_estimates(
    base: Vectors,
    tuned: Vectors,
    labels: Labels,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Return :func:`centroid_shift` with an interval per label, over the sentences in which the label occurs.

    The figure itself is longer than the true shift where the sentences are few, for the noise of both centroids
    adds to it; the interval is corrected for this, and so may reach further down than up.

    Args:
        base: Shape (example, hidden), finite; vectors of the base model.
        tuned: Shape (example, hidden), finite; the same examples and layer of the tuned model.
        labels: Shape (example,); the class of each example.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples per label, at least 10; default 200.
        level: Coverage of each interval by itself, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`centroid_shift`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> base, labels = rng.normal(size=(60, 4)), np.repeat(["noun", "verb"], 30)
    >>> shifts = centroid_shift_estimates(base, base + 1, labels, np.arange(60) // 3, rng=rng)
    >>> sorted(shifts), shifts["noun"].n_sentences
    (['noun', 'verb'], 10)
    """
    first, second, classes = _checked(base, tuned, labels)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    estimates = {}
    for label, own in _members(classes):
        halves = half_samples(sentences[own], n_resamples, rng)
        value = float(_shifts(first[own], second[own], np.ones((len(own), 1)))[0])
        resampled = _shifts(first[own], second[own], halves.T.astype(np.float64))
        status = _why_undefined(value, len(own))
        estimates[str(label)] = _interval_of_length(value, resampled, sentences[own], level, status)
    return estimates


def centroid_path(vectors_per_step: Sequence[Vectors], labels: Labels) -> CentroidPath:
    """Return the path of each label's centroid over training steps, in the plane that shows most of it.

    The plane is spanned by the first two principal components of all labels' centroids at all steps. The sign of
    each axis is such that its coordinate of largest size, of several the first, is positive, so a rotation of the
    space changes nothing.

    Args:
        vectors_per_step: One matrix of shape (example, hidden) per step, the same examples and layer in each.
        labels: Shape (example,); the class of each example.

    Raises:
        InputError: There is no step, the shapes differ, or there is not one label per row.

    >>> step = np.array([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
    >>> path = centroid_path([step, step + [3.0, 0.0, 0.0]], np.array(["a", "b"]))
    >>> path.labels, path.coordinates.shape, round(path.variance_explained, 12)
    (('a', 'b'), (2, 2, 2), 1.0)
    """
    steps = [check_vectors(vectors, f"vectors_per_step[{i}]") for i, vectors in enumerate(vectors_per_step)]
    if len({step.shape for step in steps}) != 1:
        raise InputError(
            "vectors_per_step does not hold matrices of one shape.",
            expected="at least one step, and the same examples and layer at every step",
            got=", ".join(str(step.shape) for step in steps) or "no step",
        )
    names = label_centroids(steps[0], labels)[0]
    centroids = np.concatenate([label_centroids(step, labels)[1] for step in steps])
    plane = principal_plane(centroids)
    return CentroidPath(
        labels=names,
        coordinates=plane.coordinates.reshape(len(steps), len(names), 2),
        variance_explained=plane.variance_explained,
    )


def _checked(base: Vectors, tuned: Vectors, labels: Labels) -> tuple[Vectors, Vectors, Labels]:
    first, second = check_pair(base, tuned, names=("base", "tuned"), min_examples=1)
    check_same_hidden_size(first, second, names=("base", "tuned"))
    return first, second, check_labels(labels, len(first))


def _members(classes: Labels) -> list[tuple[object, np.ndarray]]:
    return [(label, np.flatnonzero(classes == label)) for label in np.unique(classes)]


def _shifts(base: Vectors, tuned: Vectors, weights: Weights) -> Figures:
    """Return one label's shift for each subset of its examples."""
    origin = base.mean(axis=0)
    around = base - origin
    counts = weights.sum(axis=0)[:, None]
    moved = divide(weights.T @ (tuned - base), counts)
    centre = divide(weights.T @ around, counts)
    squares = np.einsum("eh,eh->e", around, around)
    spread = divide(weights.T @ squares, counts[:, 0]) - np.einsum("rh,rh->r", centre, centre)
    smallest = (SMALLEST_SPREAD * float(np.abs(base).max())) ** 2
    return divide(np.linalg.norm(moved, axis=1), np.sqrt(np.where(spread > smallest, spread, np.nan)))


def _interval_of_length(
    value: float, resampled: Figures, sentence_ids: SentenceIds, level: float, status: str
) -> Estimate:
    """Return the interval of a distance, built on squares, whose bias the half-samples reveal.

    Noise only ever lengthens the way between two means, so an interval centred on the figure would exclude "not
    moved at all" where nothing moved. The square's bias is c / n, and on half of the sentences 2c / n.
    """
    defined = resampled[np.isfinite(resampled)]
    unbiased = 2 * value**2 - float(np.mean(defined**2)) if len(defined) else math.nan
    squared = interval(unbiased, resampled**2, sentence_ids=sentence_ids, level=level, status=status)
    ends = {"low": math.nan, "high": math.nan}
    if squared.has_interval:
        low, high = (math.sqrt(max(0.0, end)) for end in (squared.low, squared.high))
        ends = {"low": min(low, value), "high": max(high, value)}
    return squared.model_copy(update={"value": value, **ends})


def _why_undefined(value: float, n_examples: int) -> str:
    if not math.isnan(value):
        return "ok"
    if n_examples == 1:
        return "undefined: the label has a single example, which has no spread"
    return "undefined: the label's vectors in base are all equal, so they have no spread"
