"""How tables of the study give figures over seeds."""

from __future__ import annotations

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.study_result import Cell

__all__ = ["OVER_SEEDS", "points", "with_ends"]

OVER_SEEDS = (
    "Figures are means over seeds; an interval reaches from the lowest to the highest end of the seeds' intervals over"
    " sentences."
)


def points(figure: OverSeeds | None, *titles: str) -> dict[str, Cell]:
    """Return a figure and the ends of its interval in hundredths, by the titles of their three columns."""
    return with_ends(figure, *titles, factor=100)


def with_ends(figure: OverSeeds | None, *titles: str, factor: float = 1) -> dict[str, Cell]:
    """Return a figure and the ends of its interval, by the titles of their columns; empty where it is missing."""
    if figure is None:
        return dict.fromkeys(titles)
    return dict(zip(titles, (factor * figure.value, factor * figure.low, factor * figure.high), strict=True))
