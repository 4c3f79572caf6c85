"""Scores of predictions, and differences of scores, with intervals over sentences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval, mean_estimate
from tunescope.measures.shapes import HalfSamples, Labels, SentenceIds
from tunescope.measures.validation import check_labels, check_resampling, number_sentences

__all__ = [
    "Metric",
    "accuracy",
    "accuracy_difference",
    "accuracy_estimate",
    "per_example_correct",
    "score_difference",
    "score_estimate",
]

Metric = Callable[[Labels, Labels], float]
"""A score of gold and predicted labels; NaN where it is undefined."""

Correct = Bool[np.ndarray, " example"]


def per_example_correct(gold: Labels, predicted: Labels) -> Correct:
    """Return which predictions are right.

    Raises:
        InputError: There is not one prediction per gold label, or none at all.

    >>> per_example_correct(np.array(["a", "b"]), np.array(["a", "c"]))
    array([ True, False])
    """
    correct: Correct = np.equal(*_checked(gold, predicted))
    return correct


def accuracy(gold: Labels, predicted: Labels) -> float:
    """Return the share of predictions that are right, in [0, 1]; higher is better.

    Raises:
        InputError: There is not one prediction per gold label, or none at all.

    >>> accuracy(np.array(["a", "b"]), np.array(["a", "c"]))
    0.5
    """
    return float(per_example_correct(gold, predicted).mean())


def accuracy_estimate(
    gold: Labels,
    predicted: Labels,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`accuracy` with its interval over sentences: what :func:`score_estimate` gives, but faster.

    Args:
        gold: Shape (example,); the right labels, at least one.
        predicted: Shape (example,); the predicted labels.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: The lengths differ, there is no example, or the resampling settings are out of range.

    >>> gold = np.array(["a", "b"] * 10)
    >>> estimate = accuracy_estimate(gold, gold, np.arange(20), rng=np.random.default_rng(0))
    >>> estimate.value, round(estimate.low, 2), estimate.high
    (1.0, 0.82, 1.0)
    """
    right = per_example_correct(gold, predicted).astype(np.float64)
    return mean_estimate(
        right, sentence_ids, bounds=(0.0, 1.0), counts=True, n_resamples=n_resamples, level=level, rng=rng
    )


def accuracy_difference(
    gold: Labels,
    predicted_a: Labels,
    predicted_b: Labels,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return accuracy of b minus accuracy of a, paired: what :func:`score_difference` gives, but faster.

    Its parameters and errors are those of :func:`score_difference`.

    >>> gold, a = np.array(["a", "b"] * 10), np.array(["a"] * 20)
    >>> accuracy_difference(gold, a, gold, np.arange(20), rng=np.random.default_rng(0)).value
    0.5
    """
    gain = per_example_correct(gold, predicted_b) - per_example_correct(gold, predicted_a).astype(np.float64)
    return mean_estimate(
        gain, sentence_ids, bounds=(-1.0, 1.0), counts=True, n_resamples=n_resamples, level=level, rng=rng
    )


def score_estimate(
    metric: Metric,
    gold: Labels,
    predicted: Labels,
    sentence_ids: SentenceIds,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return a score with its interval over sentences.

    Args:
        metric: Any score of gold and predicted labels; called once, and once per half-sample.
        gold: Shape (example,); the right labels or numbers, at least one.
        predicted: Shape (example,); the predicted ones.
        sentence_ids: Shape (example,); the sentence of each example.
        bounds: Smallest and largest possible score; default (0, 1). A correlation has (-1, 1).
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The score on all examples, in the metric's unit and direction; where it is NaN, the status says so. A score
        that is the same on every half-sample, such as a perfect one, still gets an interval of the width that one
        trial per sentence would leave.

    Raises:
        InputError: The lengths differ, there is no example, or the resampling settings are out of range.

    >>> gold = np.array([1.0, 2, 3, 4, 5, 6])
    >>> score_estimate(lambda a, b: np.corrcoef(a, b)[0, 1], gold, gold**2, np.arange(6), bounds=(-1.0, 1.0),
    ...                rng=np.random.default_rng(0)).n_sentences
    6
    """
    right, guess = _checked(gold, predicted)

    def score(chosen: np.ndarray) -> float:
        return float(metric(right[chosen], guess[chosen]))

    return _estimate(score, sentence_ids, len(right), bounds, n_resamples, level, rng)


def score_difference(
    metric: Metric,
    gold: Labels,
    predicted_a: Labels,
    predicted_b: Labels,
    sentence_ids: SentenceIds,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the score of b minus the score of a on the same examples, with a paired interval over sentences.

    Both are scored on the same half-samples, so what makes a sentence hard for both cancels.

    Args:
        metric: Any score of gold and predicted labels.
        gold: Shape (example,); the right labels or numbers, at least one.
        predicted_a: Shape (example,); predictions from before, such as those on the base model.
        predicted_b: Shape (example,); predictions from after, such as those on the tuned model.
        sentence_ids: Shape (example,); the sentence of each example.
        bounds: Smallest and largest possible score of one of the two; default (0, 1).
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The difference, between minus and plus the width of ``bounds``; above 0 means that b scores higher.

    Raises:
        InputError: The lengths differ, there is no example, or the resampling settings are out of range.

    >>> gold, a = np.array(["a", "b"] * 10), np.array(["a"] * 20)
    >>> score_difference(accuracy, gold, a, gold, np.arange(20), rng=np.random.default_rng(0)).value
    0.5
    """
    right, before = _checked(gold, predicted_a)
    after = _checked(gold, predicted_b)[1]
    width = bounds[1] - bounds[0]

    def difference(chosen: np.ndarray) -> float:
        return float(metric(right[chosen], after[chosen])) - float(metric(right[chosen], before[chosen]))

    return _estimate(difference, sentence_ids, len(right), (-width, width), n_resamples, level, rng)


def _checked(gold: ArrayLike, predicted: ArrayLike) -> tuple[Labels, Labels]:
    right = np.asarray(gold)
    if right.ndim != 1 or not len(right):
        raise InputError(
            "gold holds no labels.", expected="one label per example", got=f"shape {right.shape}"
        )
    return check_labels(right, len(right), "gold"), check_labels(predicted, len(right), "predicted")


def _estimate(
    score: Callable[[np.ndarray], float],
    sentence_ids: SentenceIds,
    n_examples: int,
    bounds: tuple[float, float],
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> Estimate:
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, n_examples)
    halves: HalfSamples = half_samples(sentences, n_resamples, rng)
    value = score(np.ones(n_examples, dtype=bool))
    resampled = np.array([score(half) if half.any() else math.nan for half in halves])
    status = "undefined: the metric has no value on these predictions" if math.isnan(value) else "ok"
    return interval(
        value, resampled, sentence_ids=sentences, level=level, bounds=bounds, counts=True, status=status
    )
