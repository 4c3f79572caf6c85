"""Claims on how much the layers change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from tunescope.studies.recipes.closer_look.claims.wording import PAPER, judged, listed
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.study_result import Claim

__all__ = ["higher_layers_claim", "keeps_places_claim"]

_ALIKE = 0.5
"""A spatial similarity from which labels are said to have kept their places."""


def higher_layers_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether the top layer lies farther from the original than the lowest one that was looked at."""
    signs: list[int | None] = []
    figures = {}
    for place in places:
        found = frame.after(place, measure="rsa")
        end = found[(found["step"] == found["step"].max()) & found["value"].notna()].sort_values("layer")
        if len(end) < 2:
            signs.append(None)
            figures[place] = "undefined"
            continue
        lowest, highest = end.iloc[0], end.iloc[-1]
        signs.append(_lower(highest, lowest))
        figures[place] = f"{lowest['value']:.2f} at layer {lowest['layer']:.0f} → {highest['value']:.2f}"
    return Claim(
        text="Higher layers change more than lower ones.",
        source=f"{PAPER}, section 4.5",
        verdict=judged(signs),
        evidence=(
            f"RSA with the original at the lowest layer where it is defined and at the top, at the end of training:"
            f" {listed(figures)}. A"
            " case speaks where the two intervals do not overlap."
        ),
        shown_in="layers",
    )


def _lower(one: pd.Series, other: pd.Series) -> int | None:
    """Return 1 where the first is clearly lower, −1 where it is clearly higher, 0 where intervals overlap."""
    if not all(math.isfinite(each[end]) for each in (one, other) for end in ("low", "high")):
        return None
    return int(one["high"] < other["low"]) - int(one["low"] > other["high"])


def keeps_places_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether the labels keep their places relative to each other at every layer."""
    signs: list[int | None] = []
    figures = {}
    for place in places:
        found = frame.after(place, measure="spatial_similarity")
        known = found.dropna(subset=["value"]).sort_values("value")
        if known.empty:
            signs.append(None)
            figures[place] = "undefined"
            continue
        lowest = known.iloc[0]
        undefined = len(known) < len(found)
        signs.append(-1 if lowest["value"] < _ALIKE else None if undefined else 1)
        figures[place] = f"{lowest['value']:.2f} at layer {lowest['layer']:.0f}"
    return Claim(
        text="Fine-tuning does not change higher layers arbitrarily: labels keep their places relative to each other.",
        source=f"{PAPER}, section 4.5",
        verdict=judged(signs),
        evidence=(
            f"The lowest spatial similarity to the original over the layers: {listed(figures)}; {_ALIKE} and more is"
            " taken for kept. No interval: hull distances cannot be resampled."
        ),
        shown_in="layers",
    )
