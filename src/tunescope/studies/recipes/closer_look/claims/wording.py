"""What the claims have in common: where they stand in the paper, and figures in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from tunescope.measures.estimate import Estimate
from tunescope.studies.recipes.closer_look.frame import Place
from tunescope.studies.study_result import Verdict

__all__ = ["PAPER", "judged", "listed", "points", "with_change"]

PAPER = "Zhou and Srikumar 2022"


def judged(signs: Iterable[int | None]) -> Verdict:
    """Return the verdict on a claim about all cases.

    Args:
        signs: Of each case: 1 where it speaks for the claim, −1 against it, 0 where it cannot be told, None where it
            has no figure.

    >>> judged([1, 1]), judged([1, -1]), judged([1, None]), judged([])
    ('holds', 'does not hold', 'cannot be told', 'cannot be told')
    """
    signs = list(signs)
    if any(sign is not None and sign < 0 for sign in signs):
        return "does not hold"
    return "holds" if signs and all(sign is not None and sign > 0 for sign in signs) else "cannot be told"


def listed(figures: Mapping[Place, str]) -> str:
    """Return the figures of cases in a row, each with its case; ``"unknown"`` where there are none."""
    return "; ".join(f"{place.title}: {figure}" for place, figure in figures.items()) or "unknown"


def points(estimate: Estimate | None) -> str:
    """Return a difference of shares in points, with its interval."""
    if estimate is None or not math.isfinite(estimate.value):
        return "undefined"
    if not estimate.has_interval:
        return f"{100 * estimate.value:+.1f} (no interval)"
    return f"{100 * estimate.value:+.1f} ({100 * estimate.low:+.1f} … {100 * estimate.high:+.1f})"


def with_change(before: float, after: float) -> str:
    """Return a change of a correlation."""
    change = after - before
    return f"{change:+.2f}" if math.isfinite(change) else "undefined"
