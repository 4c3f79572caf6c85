"""Claims on what fine-tuning does for a classifier."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tunescope.measures.direction import direction
from tunescope.measures.estimate import Estimate
from tunescope.measures.rank_correlation import rank_correlation
from tunescope.studies.recipes.closer_look.claims.wording import PAPER, judged, listed, points, with_change
from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.recipes.closer_look.tables.sizes import BEYOND_LINEAR
from tunescope.studies.study_result import Claim, Verdict
from tunescope.studies.study_rows import StudyRows

__all__ = ["conjecture_claim", "divergence_claim", "exception_claim", "helps_claim", "size_claim"]

_LEVEL = 0.05
_FELL = 0.01
"""By how much a similarity must fall to be said to have fallen: it has no interval."""
_FEWEST_CASES = 5
"""Fewer cases that all gain say little against there being others."""
_FEWEST_TASKS = 5
"""With four, no order of the tasks has a p-value below 0.05."""


def helps_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether fine-tuning helps the classifier in most cases."""
    gains = _gains(frame, places)
    n_helped, n_harmed = _counts(gains)
    verdict: Verdict = "cannot be told"
    if 2 * n_helped > len(places):
        verdict = "holds"
    elif 2 * n_harmed >= len(places):
        verdict = "does not hold"
    return Claim(
        text="Fine-tuning helps the classifier in most cases.",
        source=f"{PAPER}, section 4.1",
        verdict=verdict,
        evidence=_of_gains(gains, n_helped, n_harmed),
        shown_in="gains",
    )


def exception_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether there is a case that fine-tuning harms."""
    gains = _gains(frame, places)
    n_helped, n_harmed = _counts(gains)
    verdict: Verdict = "cannot be told"
    if n_harmed:
        verdict = "holds"
    elif n_helped == len(places) >= _FEWEST_CASES:
        verdict = "does not hold"
    return Claim(
        text="Fine-tuning does not always help: there are cases that it harms.",
        source=f"{PAPER}, section 4.1",
        verdict=verdict,
        evidence=_of_gains(gains, n_helped, n_harmed),
        shown_in="gains",
    )


def _gains(frame: Frame, places: Sequence[Place]) -> dict[Place, Estimate | None]:
    return {
        place: StudyRows(frame.after(place, layer=frame.top(place.model))).estimate(measure="accuracy_gain")
        for place in places
    }


def _counts(gains: Mapping[Place, Estimate | None]) -> tuple[int, int]:
    """Return in how many cases fine-tuning clearly helps and harms, with all cases as comparisons."""
    signs = [direction(gain, len(gains)) for gain in gains.values() if gain is not None]
    return signs.count(1), signs.count(-1)


def _of_gains(gains: Mapping[Place, Estimate | None], n_helped: int, n_harmed: int) -> str:
    figures = {place: points(gain) for place, gain in gains.items()}
    return (
        f"It helps in {n_helped} of {len(gains)} cases, harms in {n_harmed}, and cannot be told apart in the others"
        f" (intervals widened for {len(gains)} comparisons, those shown are not): {listed(figures)} points."
    )


def divergence_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether training and test set lie less alike after fine-tuning."""
    pairs = _similarities(frame, places)
    signs: list[int | None] = []
    for before, after in pairs.values():
        change = after - before
        signs.append(None if math.isnan(change) else 1 if change < -_FELL else -1)
    control = _similarities(frame.control("random split"), places)
    return Claim(
        text="Fine-tuning makes training and test set diverge: their spatial similarity falls in every case.",
        source=f"{PAPER}, section 4.1",
        verdict=judged(signs),
        evidence=(
            f"It fell by more than {_FELL} in {signs.count(1)} of {len(places)} cases and is undefined in"
            f" {signs.count(None)}: {listed({place: with_change(*pair) for place, pair in pairs.items()})}. Where the"
            f" same sentences are divided at random:"
            f" {listed({place: with_change(*pair) for place, pair in control.items()})}. No interval: hull distances"
            " cannot be resampled."
        ),
        shown_in="gains",
    )


def _similarities(frame: Frame, places: Sequence[Place]) -> dict[Place, tuple[float, float]]:
    if frame.rows.empty:
        return {}
    return {place: frame.at_top(place, measure="train_test_similarity", split="test") for place in places}


def conjecture_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether the gain is smaller where training and test set diverge more."""
    gains, pairs = _gains(frame, places), _similarities(frame, places)
    tasks = list(dict.fromkeys(place.task for place in places))
    changes = [
        _mean([after - before for place, (before, after) in pairs.items() if place.task == t]) for t in tasks
    ]
    means = [_mean([gain.value for place, gain in gains.items() if gain and place.task == t]) for t in tasks]
    found = rank_correlation(changes, means)
    verdict: Verdict = "cannot be told"
    if found.n >= _FEWEST_TASKS and found.p < _LEVEL:
        verdict = "holds" if found.value > 0 else "does not hold"
    words = (
        f"a rank correlation of {found.value:+.2f} (p = {found.p:.2f})" if found.n > 2 else "too few cases"
    )
    return Claim(
        text="The more training and test set diverge, the less fine-tuning helps.",
        source=f"{PAPER}, section 4.1 (conjecture)",
        verdict=verdict,
        evidence=(
            f"Over {found.n} tasks, means over models and seeds, gain and change of similarity have {words};"
            f" {_FEWEST_TASKS} tasks are the least from which it could be told."
        ),
        shown_in="gains",
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan


def size_claim(frame: Frame, models: Mapping[str, ComparedModel]) -> Claim:
    """Compare, task by task, what the smallest and the largest model gain by a classifier that is not linear."""
    control = frame.control(BEYOND_LINEAR)
    fields = {"measure": "accuracy_gain", "stage": "before"}
    gains = control.select(**fields)
    by_size = sorted(set(gains["model"]), key=lambda name: models[name].n_parameters)
    signs: list[int | None] = []
    parts = []
    for task in dict.fromkeys(gains["task"]):
        found = {name: control.estimate(**fields, task=task, model=name) for name in by_size}
        parts += [f"{task}, {name} {points(gain)}" for name, gain in found.items()]
        if len(by_size) > 1:
            signs.append(_larger(found[by_size[0]], found[by_size[-1]]))
    needed = "" if len(by_size) > 1 else " It takes two models at least."
    return Claim(
        text="Small models need classifiers that are not linear, large ones less.",
        source=f"{PAPER}, section 4.2",
        verdict=judged(signs),
        evidence=(
            "What the chosen classifier gains on a linear one before fine-tuning, in points:"
            f" {'; '.join(parts) or 'not measured'}.{needed} The paper judges by the number of clusters."
        ),
        shown_in="sizes" if parts else "",
    )


def _larger(one: Estimate | None, other: Estimate | None) -> int | None:
    """Return 1 where the first is clearly larger, −1 where the second is, 0 where their intervals overlap."""
    if one is None or other is None or not (one.has_interval and other.has_interval):
        return None
    return int(one.low > other.high) - int(other.low > one.high)
