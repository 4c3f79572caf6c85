"""Looking figures up in the table of all figures of a study."""

from __future__ import annotations

import math
from typing import ClassVar

import pandas as pd

from tunescope.measures.estimate import Estimate

__all__ = ["StudyRows"]


class StudyRows:
    """All figures of a study, one row each.

    Args:
        rows: With the columns of the places and of the figures; those that are missing are empty.

    Attributes:
        PLACE: Names of the columns that say where in the study a figure belongs; each study has its own.
        rows: The figures.
    """

    PLACE: ClassVar[tuple[str, ...]] = ()
    _FIGURE = ("measure", "split", "layer", "step", "label", *Estimate.model_fields)

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows.reindex(columns=[*self.PLACE, *self._FIGURE])

    def select(self, **fields: object) -> pd.DataFrame:
        """Return the rows whose columns have these values; ``None`` matches where a column is empty."""
        keep = pd.Series(True, index=self.rows.index)
        for name, value in fields.items():
            column = self.rows[name]
            keep &= column.isna() if value is None else column == value
        return self.rows[keep]

    def one(self, **fields: object) -> pd.Series | None:
        """Return the first row with these values; None where there is none."""
        found = self.select(**fields)
        return None if found.empty else found.iloc[0]

    def value(self, **fields: object) -> float:
        """Return the first figure with these values; NaN where there is none."""
        found = self.one(**fields)
        return math.nan if found is None else float(found["value"])

    def estimate(self, **fields: object) -> Estimate | None:
        """Return the first figure with these values with its interval; None where there is none."""
        found = self.one(**fields)
        if found is None:
            return None
        known = {name: found[name] for name in Estimate.model_fields if not pd.isna(found[name])}
        return Estimate.model_validate({"value": math.nan, **known})
