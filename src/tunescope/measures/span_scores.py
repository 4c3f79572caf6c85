"""F1 of typed spans, and differences of it, with intervals over sentences."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval
from tunescope.measures.validation import check_resampling

__all__ = ["SpanCounts", "f1_of_counts", "span_f1_difference", "span_f1_estimate"]

SpanCounts = Int[np.ndarray, "sentence 3"]
"""Of each sentence: spans found, spans predicted, spans there to find."""


def f1_of_counts(counts: SpanCounts) -> float:
    """Return F1 = 2 · right / (predicted + gold), summed over the sentences.

    Args:
        counts: Shape (sentence, 3); right, predicted and gold spans of each, as
            :func:`tunescope.tasks.span_f1.span_counts` gives them.

    Returns:
        A number from 0 to 1, higher is better; NaN where there is neither a gold nor a predicted span.

    Raises:
        InputError: The counts are not of that shape, below 0, or more spans are right than there are.

    >>> f1_of_counts(np.array([[1, 1, 2], [1, 2, 1]]))
    0.6666666666666666
    """
    return float(_f1(_checked(counts, "counts").sum(axis=0)))


def span_f1_estimate(
    counts: SpanCounts, *, n_resamples: int = 200, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Return :func:`f1_of_counts` with its interval over sentences.

    Args:
        counts: Shape (sentence, 3); right, predicted and gold spans of each sentence, those without spans too.
        n_resamples: Half-samples of the sentences, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        F1 in [0, 1], higher is better; ``n_examples`` counts the gold spans. NaN, with a status, where there is neither
        a gold nor a predicted span. A perfect score still gets an interval, of the width that one trial per sentence
        would leave.

    Raises:
        InputError: The counts are not of that shape, or the resampling settings are out of range.

    >>> estimate = span_f1_estimate(np.array([[1, 1, 2], [1, 2, 1]] * 10), rng=np.random.default_rng(0))
    >>> round(estimate.value, 2), estimate.low < estimate.value < estimate.high, estimate.n_examples
    (0.67, True, 30)
    """
    spans = _checked(counts, "counts")
    halves = _halves(len(spans), n_resamples, level, rng)
    return _estimate(
        f1_of_counts(spans), _f1(halves @ spans), len(spans), int(spans[:, 2].sum()), (0.0, 1.0), level
    )


def span_f1_difference(
    counts_a: SpanCounts,
    counts_b: SpanCounts,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return F1 of b minus F1 of a on the same sentences, with a paired interval over these.

    Both are scored on the same half-samples, so what makes a sentence hard for both cancels.

    Args:
        counts_a: Shape (sentence, 3); right, predicted and gold spans, such as those with a frozen model.
        counts_b: Shape (sentence, 3); the same sentences in the same order, such as with the tuned model.
        n_resamples: Half-samples of the sentences, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The difference in [−1, 1]; above 0 means that b scores higher. NaN, with a status, where one of the two is.

    Raises:
        InputError: The counts are not of that shape, their gold spans differ, or the resampling settings are out of
            range.

    >>> a = np.array([[1, 1, 2], [1, 2, 1]] * 10)
    >>> b = np.array([[2, 2, 2], [1, 1, 1]] * 10)
    >>> round(span_f1_difference(a, b, rng=np.random.default_rng(0)).value, 2)
    0.33
    """
    before, after = _checked(counts_a, "counts_a"), _checked(counts_b, "counts_b")
    if not np.array_equal(before[:, 2], after[:, 2]):
        raise InputError(
            "The two count spans of different sentences.",
            where="counts_b",
            expected=f"the {before[:, 2].sum()} gold spans of {len(before)} sentences, in the same order",
            got=f"{after[:, 2].sum()} gold spans of {len(after)} sentences",
        )
    halves = _halves(len(before), n_resamples, level, rng)
    value = f1_of_counts(after) - f1_of_counts(before)
    resampled = _f1(halves @ after) - _f1(halves @ before)
    return _estimate(value, resampled, len(before), int(before[:, 2].sum()), (-1.0, 1.0), level)


def _halves(
    n_sentences: int, n_resamples: int, level: float, rng: np.random.Generator
) -> Float[np.ndarray, "resample sentence"]:
    check_resampling(n_resamples, level)
    return half_samples(np.arange(n_sentences), n_resamples, rng).astype(np.float64)


def _f1(sums: np.ndarray) -> np.ndarray:
    return divide(2 * sums[..., 0], sums[..., 1] + sums[..., 2])


def _estimate(
    value: float,
    resampled: np.ndarray,
    n_sentences: int,
    n_gold: int,
    bounds: tuple[float, float],
    level: float,
) -> Estimate:
    status = "undefined: there are no spans" if np.isnan(value) else "ok"
    estimate = interval(
        value,
        resampled,
        sentence_ids=np.arange(n_sentences),
        level=level,
        bounds=bounds,
        counts=True,
        status=status,
    )
    return estimate.model_copy(update={"n_examples": n_gold})


def _checked(counts: ArrayLike, name: str) -> SpanCounts:
    array = np.asarray(counts)
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iu":
        raise InputError(
            f"{name} does not hold counts of spans.",
            expected="whole numbers of shape (sentences, 3): right, predicted and gold spans",
            got=f"shape {array.shape}, dtype {array.dtype}",
        )
    if (array < 0).any() or (array[:, :1] > array[:, 1:]).any():
        row = int(((array < 0).any(axis=1) | (array[:, :1] > array[:, 1:]).any(axis=1)).argmax())
        raise InputError(
            f"{name} has impossible counts.",
            where=f"row {row}",
            expected="at least 0, and no more right spans than predicted or gold ones",
            got=array[row].tolist(),
        )
    return array.astype(np.int64)
