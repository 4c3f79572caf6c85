"""Micro-F1 of predictions that give an example no label, one or several, with intervals over sentences."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.probing.edge_probe import EdgePrediction, check_known
from tunescope.measures.shapes import Labels, SentenceIds, WholeAndHalves
from tunescope.measures.validation import check_labels, check_resampling, number_sentences

__all__ = ["micro_f1", "micro_f1_difference", "resampled_micro_f1"]


def micro_f1(prediction: EdgePrediction, labels: Labels) -> float:
    """Return micro-F1 = 2 · right / (assigned + examples) over all pairs of an example and a label.

    Args:
        prediction: The labels assigned to each example: none, one or several.
        labels: Shape (example,); the right label of each.

    Returns:
        A figure in [0, 1]; higher is better.

    Raises:
        InputError: There is not one label per example, or one that the prediction does not know.

    >>> assigned = np.array([[True, False], [True, True], [False, False]])
    >>> micro_f1(EdgePrediction(np.array(["a", "b"]), assigned, np.array(["a", "a", "a"])), np.array(["a", "b", "a"]))
    0.6666666666666666
    """
    check_labels(labels, len(prediction.assigned))
    check_known(prediction.labels, labels, "labels")
    return float(resampled_micro_f1(prediction, labels, np.ones((len(labels), 1)))[0])


def micro_f1_difference(
    before: EdgePrediction,
    after: EdgePrediction,
    labels: Labels,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return micro-F1 of ``after`` minus that of ``before`` on the same examples, paired over sentences.

    Args:
        before: What was read before, such as from the base model.
        after: What was read after, such as from the tuned model.
        labels: Shape (example,); the right labels.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The difference in [−1, 1]; above 0 means that more is read after.

    Raises:
        InputError: As :func:`micro_f1`, or the resampling settings are out of range.

    >>> labels = np.array(["a", "b"] * 10)
    >>> right = EdgePrediction(np.array(["a", "b"]), labels[:, None] == np.array(["a", "b"]), labels)
    >>> none = EdgePrediction(np.array(["a", "b"]), np.zeros((20, 2), dtype=bool), labels)
    >>> micro_f1_difference(none, right, labels, np.arange(20), rng=np.random.default_rng(0)).value
    1.0
    """
    check_resampling(n_resamples, level)
    for prediction in (before, after):
        micro_f1(prediction, labels)
    sentences = number_sentences(sentence_ids, len(labels))
    weights = resampling_weights(half_samples(sentences, n_resamples, rng))
    gain = resampled_micro_f1(after, labels, weights) - resampled_micro_f1(before, labels, weights)
    return interval(
        float(gain[0]), gain[1:], sentence_ids=sentences, level=level, bounds=(-1.0, 1.0), counts=True
    )


def resampled_micro_f1(
    prediction: EdgePrediction, labels: Labels, weights: WholeAndHalves
) -> Float[np.ndarray, " sample"]:
    """Return :func:`micro_f1` on all examples, and on each half-sample.

    Args:
        prediction: The labels assigned to each example.
        labels: Shape (example,); the right labels, all of them known to the prediction.
        weights: What :func:`~tunescope.measures.intervals.resampling_weights` gives.

    Returns:
        Shape (resample + 1,); NaN where a half-sample is empty.

    >>> names = np.array(["a", "b"])
    >>> right_and_wrong = EdgePrediction(names, np.array([[True, False], [True, False]]), names)
    >>> resampled_micro_f1(right_and_wrong, names, np.array([[1.0, 1.0], [1.0, 0.0]]))
    array([0.5, 1. ])
    """
    right = prediction.assigned[np.arange(len(labels)), np.searchsorted(prediction.labels, labels)]
    n_assigned = prediction.assigned.sum(axis=1)
    return divide(2 * right @ weights, (n_assigned + 1) @ weights)
