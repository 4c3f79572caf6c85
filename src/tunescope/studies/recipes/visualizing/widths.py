"""How wide optima are: towards the start of training, and along random directions in two units."""

from __future__ import annotations

import math
from typing import Literal, get_args

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.frame import Frame, Place

__all__ = ["UNITS", "Unit", "over_directions", "widths"]

Unit = Literal["way", "filters", "distance"]
"""Shares of the way from start to end, towards the start (as Hao et al. 2019 draw it); or along random directions,
lengths of the weights' own filters, in which weights that are all small look far apart, or distances."""

UNITS: tuple[Unit, ...] = get_args(Unit)


def widths(frame: Frame, place: Place, start: str, unit: Unit) -> pd.DataFrame:
    """Return the widths of each seed, along each direction, one row each; without rows where none is known."""
    if unit == "way":
        which = {"kind": "training", "group": None, "measure": "width_towards_start"}
        return frame.of(place, start, split="train", **which)
    rows = frame.of(place, start, kind="random line", measure="width", split="train")
    if unit == "filters":
        return rows
    lengths = frame.of(place, start, kind="travel", measure="random_direction_length")
    length_of_seed = rows["seed"].map(dict(zip(lengths["seed"], lengths["value"], strict=True)))
    rows = rows[length_of_seed.notna()]
    distances = {name: rows[name].astype(float) * length_of_seed for name in ("value", "low", "high")}
    statuses = rows["status"].mask(_is_lower_bound(rows), "at least: the line ends before the loss has risen")
    return rows.assign(**distances, status=statuses)


def over_directions(rows: pd.DataFrame) -> OverSeeds | None:
    """Return the width over seeds and directions; up to infinity where one has a lower end alone."""
    if rows.empty:
        return None
    low, high = (rows[name].astype(float) for name in ("low", "high"))
    return OverSeeds.of(rows.assign(high=high.mask(low.notna() & high.isna(), math.inf)))


def _is_lower_bound(rows: pd.DataFrame) -> pd.Series:
    return rows["status"].astype(str).str.startswith("at least")
