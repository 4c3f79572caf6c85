"""The difference of two estimates from different sentences, with an interval from theirs."""

from __future__ import annotations

import math

from tunescope.measures.estimate import Estimate

__all__ = ["independent_difference"]


def independent_difference(first: Estimate, second: Estimate) -> Estimate:
    """Return the first estimate minus the second, where they rest on different sentences.

    With a in [l₁, u₁] and b in [l₂, u₂], the interval of a − b is

        a − b − √((a − l₁)² + (u₂ − b)²)  to  a − b + √((u₁ − a)² + (b − l₂)²),

    which needs nothing but the two intervals and keeps their asymmetry.

    Args:
        first: An estimate, such as the score on the training set.
        second: One that is independent of it, of the same unit and level, such as the score on the test set.

    Returns:
        The difference in the unit of the two; above 0 means that the first is higher. NaN, with a status, where one of
        the two is undefined; without an interval where one of the two has none. ``n_examples`` and ``n_sentences`` are
        sums.

    References:
        Zou and Donner 2008, "Construction of confidence limits about effect measures: a general approach", eq. 1–2.

    >>> gap = independent_difference(Estimate(value=0.9, low=0.87, high=0.92), Estimate(value=0.8, low=0.75, high=0.84))
    >>> round(gap.low, 3), round(gap.value, 3), round(gap.high, 3)
    (0.05, 0.1, 0.154)
    """
    value = first.value - second.value
    status = next((each.status for each in (first, second) if each.status != "ok"), "ok")
    return Estimate(
        value=value,
        low=value - math.hypot(first.value - first.low, second.high - second.value),
        high=value + math.hypot(first.high - first.value, second.value - second.low),
        level=first.level,
        n_examples=first.n_examples + second.n_examples,
        n_sentences=first.n_sentences + second.n_sentences,
        status=status,
    )
