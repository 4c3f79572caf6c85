"""The interval of a width or an area, some of which the end of the grid may have cut off."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import MAX_UNDEFINED, interval
from tunescope.measures.resampling_bias import reaching_the_bias
from tunescope.measures.shapes import SentenceNumbers

__all__ = ["extent_estimate"]


def extent_estimate(
    extents: Float[np.ndarray, " sample"],
    cut: Bool[np.ndarray, " sample"],
    sentence_ids: SentenceNumbers,
    *,
    level: float = 0.95,
    name: str = "the width",
    status: str = "ok",
) -> Estimate:
    """Return the first extent with its interval, from the extents on half-samples.

    The interval is built on logarithms, so its lower end stays above 0, and reaches further by the estimated bias of a
    mean over few examples (:func:`~tunescope.measures.resampling_bias.reaching_the_bias`). What the grid cuts off
    counts with the extent seen. Where that is the extent of all examples, or that of more than a tenth of the
    half-samples, there is a lower end alone, for nothing is known of what lies beyond.

    Args:
        extents: Shape (1 + resample,); of all examples first; at least 0, NaN where undefined.
        cut: Shape (1 + resample,); whether the extent is a lower bound only.
        sentence_ids: Shape (example,); the sentences that the half-samples were drawn from.
        level: Coverage, in (0, 1); default 0.95.
        name: What the status calls the figure.
        status: Of the first extent: why it is undefined or a lower bound, where it is.

    >>> halves = np.random.default_rng(0).normal(2.0, 0.1, size=50)
    >>> cut = np.zeros(51, dtype=bool)
    >>> estimate = extent_estimate(np.append(2.0, halves), cut, np.arange(100))
    >>> round(estimate.low, 1), estimate.value, round(estimate.high, 1)
    (1.8, 2.0, 2.2)
    """
    plain = Estimate(
        value=float(extents[0]),
        level=level,
        n_examples=len(sentence_ids),
        n_sentences=len(np.unique(sentence_ids)),
        status=status,
    )
    if not plain.value > 0:
        return plain
    logarithms = np.log(np.where(extents > 0, extents, np.nan))
    found = interval(float(logarithms[0]), logarithms[1:], sentence_ids=sentence_ids, level=level)
    ends = {"value": plain.value, "low": math.exp(found.low), "high": math.exp(found.high)}
    found = reaching_the_bias(found.model_copy(update=ends), extents[1:], bounds=(0.0, math.inf))
    if cut[0]:
        return plain.model_copy(update={"low": found.low})
    cut_share = float(cut[1:].mean())
    if cut_share > MAX_UNDEFINED:
        reason = f"no upper end: {name} is a lower bound on {cut_share:.0%} of the half-samples"
        return plain.model_copy(update={"low": found.low, "status": reason})
    return found
