"""Intervals of curvature: how much it would change with other batches, and a trace with other random vectors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from tunescope._core.errors import InputError
from tunescope.landscapes.sharpness import HessianTrace
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate

__all__ = ["estimate_over_batches", "trace_estimate"]


def estimate_over_batches(
    values: ArrayLike,
    n_examples: ArrayLike,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the mean of a figure per batch over all examples, with an interval that resamples batches.

    Along an eigenvector it is the interval of the curvature in this direction, kept fixed: other batches would have an
    eigenvector of their own, with a larger curvature on them than this one has. Batches are taken for random parts of
    the data; where each holds texts of like length the interval is wide rather than narrow.

    Args:
        values: Shape (batch,); a column of :attr:`BatchCurvatures.values`, or :attr:`HessianTrace.per_batch`.
        n_examples: Shape (batch,); whole numbers from 1, the weights of the batches.
        n_resamples: Half-samples of the batches, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate, in which batches stand in the place of sentences (``n_sentences`` counts them). NaN with a
        status if a value is not finite; without interval where there are fewer than 5 batches.

    Raises:
        InputError: The shapes differ, a batch has no examples, or the resampling settings are out of range.

    >>> estimate = estimate_over_batches([3.0, 5.0, 4.0, 4.5, 3.5, 9.0], [2, 2, 2, 2, 2, 1],
    ...                                  rng=np.random.default_rng(0))
    >>> round(estimate.value, 3), estimate.low < estimate.value < estimate.high, estimate.n_sentences
    (4.455, True, 6)
    """
    figures, counts = np.asarray(values, dtype=np.float64), np.asarray(n_examples)
    if figures.ndim != 1 or figures.shape != counts.shape or not len(figures):
        raise InputError(
            "There is not one value and one number of examples for each batch.",
            expected="two lists of the same length, at least 1",
            got=f"shapes {figures.shape} and {counts.shape}",
        )
    if counts.dtype.kind not in "iu" or (counts < 1).any():
        raise InputError("n_examples makes no sense.", expected="whole numbers from 1", got=counts.tolist())
    if not np.isfinite(figures).all():
        return Estimate(value=math.nan, level=level, status="undefined: a batch's figure is not finite")
    batches = np.repeat(np.arange(len(counts)), counts)
    return mean_estimate(figures[batches], batches, n_resamples=n_resamples, level=level, rng=rng)


def trace_estimate(
    trace: HessianTrace, *, n_resamples: int = 200, level: float = 0.95, rng: np.random.Generator
) -> Estimate:
    """Return the trace of a Hessian with an interval over batches and over the random vectors behind it.

    The two errors have nothing to do with each other, so that their margins add in squares; the margin of m random
    vectors is Student's t for m − 1 degrees of freedom times the standard error.

    Args:
        trace: The trace, of at least two random vectors.
        n_resamples: Half-samples of the batches, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The estimate. NaN with a status where the trace is undefined; without interval with fewer than 5 batches.

    Raises:
        InputError: The resampling settings are out of range.

    >>> per_probe, per_batch = np.array([4.0, 5.0, 6.0, 5.0]), np.array([3.0, 5.0, 4.0, 7.0, 6.0, 5.0])
    >>> trace = HessianTrace(5.0, 0.41, per_probe, per_batch, np.ones(6, dtype=int), loss=0.1)
    >>> estimate = trace_estimate(trace, rng=np.random.default_rng(0))
    >>> estimate.low < 5 - 3.18 * 0.41 and 5 + 3.18 * 0.41 < estimate.high
    True
    """
    over_batches = estimate_over_batches(
        trace.per_batch, trace.n_examples, n_resamples=n_resamples, level=level, rng=rng
    )
    if not over_batches.has_interval:
        return over_batches
    margin = float(student.ppf((1 + level) / 2, len(trace.per_probe) - 1)) * trace.standard_error
    value = over_batches.value
    return over_batches.model_copy(
        update={
            "low": value - math.hypot(value - over_batches.low, margin),
            "high": value + math.hypot(over_batches.high - value, margin),
        }
    )
