"""Which way a difference clearly goes, when it is one of several that are looked at."""

from __future__ import annotations

from scipy.stats import t as student

from tunescope.measures.estimate import Estimate

__all__ = ["direction"]


def direction(difference: Estimate, n_comparisons: int = 1) -> int:
    """Return 1 for a clear rise, −1 for a clear fall, else 0: by an interval widened for the comparisons (Bonferroni).

    The interval was built with Student's t for its sentences, and so is the wider one; its ends keep their shares of
    the width.

    Args:
        difference: With its interval; without one nothing is clear.
        n_comparisons: Of how many differences this is one, at least 1.

    >>> gain = Estimate(value=0.2, low=0.01, high=0.39, n_sentences=100)
    >>> direction(gain), direction(gain, 10)
    (1, 0)
    """
    if not difference.has_interval:
        return 0
    tail = (1 - difference.level) / 2
    freedom = max(difference.n_sentences - 1, 1)
    widening = student.isf(tail / n_comparisons, freedom) / student.isf(tail, freedom)
    low = difference.value - (difference.value - difference.low) * widening
    high = difference.value + (difference.high - difference.value) * widening
    return int(low > 0) - int(high < 0)
