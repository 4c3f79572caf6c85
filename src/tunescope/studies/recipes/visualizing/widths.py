"""How wide optima are along random directions: in lengths of their own filters, and as distances."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.frame import Frame, Place

__all__ = ["Unit", "over_directions", "widths_at_random"]

Unit = Literal["filters", "distance"]
"""Lengths of the weights' own filters, in which weights that are all small look far apart; or distances."""


def widths_at_random(frame: Frame, place: Place, start: str, unit: Unit) -> pd.DataFrame:
    """Return the widths along each random direction of each seed, one row each; without rows where none is known."""
    rows = frame.of(place, start, kind="random line", measure="width", split="train")
    if unit == "filters":
        return rows
    lengths = frame.of(place, start, kind="travel", measure="random_direction_length")
    length_of_seed = rows["seed"].map(dict(zip(lengths["seed"], lengths["value"], strict=True)))
    rows = rows[length_of_seed.notna()]
    distances = {name: rows[name].astype(float) * length_of_seed for name in ("value", "low", "high")}
    statuses = rows["status"].mask(_is_lower_bound(rows), "at least: the line ends before the loss has risen")
    return rows.assign(**distances, status=statuses)


def over_directions(widths: pd.DataFrame) -> OverSeeds | None:
    """Return the width over seeds and directions; up to infinity where one has a lower end alone."""
    if widths.empty:
        return None
    low, high = (widths[name].astype(float) for name in ("low", "high"))
    return OverSeeds.of(widths.assign(high=high.mask(low.notna() & high.isna(), math.inf)))


def _is_lower_bound(widths: pd.DataFrame) -> pd.Series:
    return widths["status"].astype(str).str.startswith("at least")
