"""The result of a measure: a figure, its interval, and what it rests on."""

from __future__ import annotations

import math

from tunescope._core.records import Record

__all__ = ["Estimate"]


class Estimate(Record):
    """A figure with its uncertainty.

    Attributes:
        value: The figure; NaN where it is not defined.
        low: Lower end of the interval; NaN where there is none.
        high: Upper end of the interval; NaN where there is none.
        level: Coverage that the interval aims at, between 0 and 1.
        n_examples: How many examples (targets) the figure rests on.
        n_sentences: How many sentences these come from; the interval resamples sentences.
        status: ``"ok"``, or a sentence that says why the figure or its interval is not defined.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    n_examples: int = 0
    n_sentences: int = 0
    status: str = "ok"

    @property
    def has_interval(self) -> bool:
        """Whether both ends of the interval are defined."""
        return math.isfinite(self.low) and math.isfinite(self.high)
