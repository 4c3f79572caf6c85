"""Spearman's rank correlation of a few cases, with a p-value that is exact where they are few."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import permutation_test, rankdata, spearmanr

from tunescope._core.errors import InputError

__all__ = ["RankCorrelation", "rank_correlation"]

_MOST_EXACT = 8
"""So many cases have 40,320 orders; beyond, Student's approximation is good."""


class RankCorrelation(NamedTuple):
    """A rank correlation.

    Attributes:
        value: From −1 to 1; NaN where it is undefined.
        p: Two-sided p-value; NaN where it is undefined.
        n: Cases with both figures.
    """

    value: float
    p: float
    n: int


def rank_correlation(first: ArrayLike, second: ArrayLike) -> RankCorrelation:
    """Return Spearman's correlation over the cases that have both figures.

    Up to 8 cases the p-value is the share of all orders of one side that correlate as strongly: Student's
    approximation gives 0 for the four cases of which 1 order in 12 does.

    Args:
        first: Shape (case,); NaN where a case has no figure.
        second: Shape (case,); likewise.

    Returns:
        The correlation; undefined with fewer than 3 cases, or where all are equal.

    Raises:
        InputError: The sides have different numbers of cases.

    >>> found = rank_correlation([1, 2, 3, 4], [2, 4, 6, 8])
    >>> round(found.value, 6), round(found.p, 4), found.n
    (1.0, 0.0833, 4)
    """
    x, y = (np.asarray(each, dtype=np.float64) for each in (first, second))
    if x.shape != y.shape or x.ndim != 1:
        raise InputError("The sides do not belong together.", expected=f"shape {x.shape}", got=y.shape)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = rankdata(x[known]), rankdata(y[known])
    n = len(x)
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return RankCorrelation(math.nan, math.nan, n)
    found = spearmanr(x, y)
    if n > _MOST_EXACT:
        return RankCorrelation(float(found.statistic), float(found.pvalue), n)
    centred = y - y.mean()
    exact = permutation_test(
        (x,),
        lambda order, axis: np.sum((order - x.mean()) * centred, axis=axis),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=np.inf,
    )
    return RankCorrelation(float(found.statistic), float(exact.pvalue), n)
