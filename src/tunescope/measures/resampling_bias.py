"""What becomes of an interval by half-samples where the figure is biased: none, or one that reaches as far."""

from __future__ import annotations

import math

import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.shapes import Figures

__all__ = ["reaching_the_bias", "unless_biased"]

LARGEST_BIAS = 0.25
"""The largest bias, in standard errors, with which an interval still covers about what it promises."""

ROUNDING = 1e-9
"""A bias that is a smaller share of the figure is rounding, where the figure is the same on all halves."""


def unless_biased(estimate: Estimate, resampled: Figures, *, name: str = "the figure") -> Estimate:
    """Return an estimate as it is, or without its interval where the figure's bias is too large for one.

    An interval by half-samples is built from deviations around their own mean and so does not see that the figure
    changes with the number of examples. Where the bias falls as 1/n, halves have twice the bias of the whole, and the
    mean over halves minus the value tells the bias of the value; where it falls as 1/√n, as between unrelated
    representations, the true bias is 2.4 times that. Above a quarter of the standard error there is no interval, and
    the status gives the estimated bias.

    Args:
        estimate: With the interval that :func:`~tunescope.measures.intervals.interval` built.
        resampled: Shape (resample,); the figure on the half-samples, on the scale of ``estimate.value``.
        name: What the status calls the figure.

    >>> from tunescope.measures.intervals import interval
    >>> halves = np.random.default_rng(0).normal(0.9, 0.01, size=50)
    >>> estimate = interval(0.8, halves, sentence_ids=np.arange(100))
    >>> unless_biased(estimate, halves).status
    'no interval: with 100 examples the figure is biased by about +0.1, against a standard error of 0.0092'
    """
    if not estimate.has_interval:
        return estimate
    defined = resampled[np.isfinite(resampled)]
    half = estimate.n_sentences // 2
    error = float(np.std(defined, ddof=1)) * math.sqrt(half / (estimate.n_sentences - half))
    bias = _bias(estimate, resampled)
    if abs(bias) <= LARGEST_BIAS * error + ROUNDING * abs(estimate.value):
        return estimate
    reason = (
        f"no interval: with {estimate.n_examples} examples {name} is biased by about {bias:+.2g}, "
        f"against a standard error of {error:.2g}"
    )
    return estimate.model_copy(update={"low": math.nan, "high": math.nan, "status": reason})


def reaching_the_bias(estimate: Estimate, resampled: Figures, *, bounds: tuple[float, float]) -> Estimate:
    """Return an estimate whose interval reaches further, on the side of the truth, by the figure's estimated bias.

    For figures whose bias falls as 1/n or faster, as what a fit to the sample leaves over: the mean over halves minus
    the value tells the bias of the value or more than that, so that the truth lies between the value and the value
    minus that bias, but for noise.

    Args:
        estimate: With the interval that :func:`~tunescope.measures.intervals.interval` built.
        resampled: Shape (resample,); the figure on the half-samples, on the scale of ``estimate.value``.
        bounds: The lowest and the highest value of the figure.

    >>> from tunescope.measures.intervals import interval
    >>> halves = np.random.default_rng(0).normal(0.3, 0.01, size=50)
    >>> estimate = interval(0.4, halves, sentence_ids=np.arange(100))
    >>> wider = reaching_the_bias(estimate, halves, bounds=(0.0, 2.0))
    >>> wider.low == estimate.low, round(wider.high - estimate.high, 3)
    (True, 0.099)
    """
    if not estimate.has_interval:
        return estimate
    bias = _bias(estimate, resampled)
    low = max(estimate.low - max(bias, 0.0), bounds[0])
    high = min(estimate.high - min(bias, 0.0), bounds[1])
    return estimate.model_copy(update={"low": low, "high": high})


def _bias(estimate: Estimate, resampled: Figures) -> float:
    return float(resampled[np.isfinite(resampled)].mean()) - estimate.value
