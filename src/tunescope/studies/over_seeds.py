"""A figure over the seeds that have it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["OverSeeds"]


@dataclass(frozen=True)
class OverSeeds:
    """A figure over seeds.

    Attributes:
        value: Mean over the seeds that have the figure; NaN where none has.
        low: The lowest lower end of the seeds' intervals; NaN unless each of these seeds has one.
        high: The highest upper end.
        spread: Standard deviation over seeds; NaN for a single one.
        n_seeds: How many seeds have the figure.
    """

    value: float
    low: float
    high: float
    spread: float
    n_seeds: int

    @classmethod
    def of(cls, rows: pd.DataFrame) -> OverSeeds:
        """Return the figure of rows, one for each seed, with columns ``value``, ``low`` and ``high``."""
        defined = rows[np.isfinite(rows["value"].astype(float))]
        values, lows, highs = (defined[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
        return cls(
            value=float(values.mean()) if len(values) else math.nan,
            low=float(lows.min()) if len(lows) else math.nan,
            high=float(highs.max()) if len(highs) else math.nan,
            spread=float(values.std(ddof=1)) if len(values) > 1 else math.nan,
            n_seeds=len(values),
        )

    @property
    def sign(self) -> int | None:
        """1 or −1 where the intervals of all seeds lie above or below 0, else 0; None where there are none."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return None
        return int(self.low > 0) - int(self.high < 0)
