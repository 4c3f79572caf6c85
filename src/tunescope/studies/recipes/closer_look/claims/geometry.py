"""Claims on clusters of the labels and distances between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd
from scipy.stats import binomtest

from tunescope.studies.recipes.closer_look.claims.wording import PAPER, judged, listed
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.recipes.closer_look.tables.cross_task import label_changes
from tunescope.studies.study_result import Claim

__all__ = ["cross_task_claims", "farther_apart_claim", "simpler_claim"]

_LEVEL = 0.05


def simpler_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge whether labels that were not linearly separable need fewer clusters after fine-tuning."""
    signs: list[int | None] = []
    figures = {}
    for place in places:
        before, after = frame.at_top(place, measure="clusters", split="train")
        labels, _ = frame.at_top(place, measure="labels", split="train")
        figures[place] = f"{_count(before)} → {_count(after)} of {_count(labels)} labels"
        if math.isnan(before) or math.isnan(after):
            signs.append(None)
        elif before > labels or after > before:  # labels that were one cluster each can only become more
            signs.append(1 if after < before else -1 if after > before else 0)
    return Claim(
        text="Fine-tuning makes the representation simpler: labels that took several clusters take fewer.",
        source=f"{PAPER}, section 4.2",
        verdict=judged(signs),
        evidence=(
            f"Clusters of the training set at the top layer: {listed(figures)}. Where each label was one cluster"
            " before, nothing could become simpler; few examples in many dimensions are so under any labelling."
        ),
        shown_in="cluster-counts",
    )


def _count(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.0f}"


def farther_apart_claim(frame: Frame, places: Sequence[Place]) -> Claim:
    """Judge, case by case, whether most labels lie farther from their nearest neighbour than before."""
    signs: list[int | None] = []
    figures = {}
    for place in places:
        changes = label_changes(frame, place.model, place.task, place.task, place.seed)
        grew, shrank = int((changes > 0).sum()), int((changes < 0).sum())
        signs.append(_sign(grew, shrank, len(places)) if len(changes) else None)
        figures[place] = f"{grew} farther, {shrank} nearer" if len(changes) else "undefined"
    return Claim(
        text="Fine-tuning pushes the labels apart: most lie farther from their nearest neighbour.",
        source=f"{PAPER}, section 4.3",
        verdict=judged(signs),
        evidence=(
            f"Labels by their smallest distance to another label, at the top layer: {listed(figures)}. A case speaks by"
            f" a sign test at {_LEVEL}, corrected for the number of cases; two labels that are each other's nearest"
            " neighbours count twice."
        ),
        shown_in="own-task",
    )


def cross_task_claims(frame: Frame) -> Iterator[Claim]:
    """Judge whether labels move apart less by fine-tuning on another task than by that on their own."""
    crossed = frame.rows[(frame.rows["stage"] == "after") & (frame.rows["tuned_on"] != frame.rows["task"])]
    cases = list(
        crossed[["model", "task", "tuned_on", "seed"]].drop_duplicates().itertuples(index=False, name=None)
    )
    signs: list[int | None] = []
    parts = []
    for model, task, tuned_on, seed in cases:
        own, other = (label_changes(frame, model, task, each, seed) for each in (task, tuned_on))
        less = (own - other).dropna()  # labels whose distance is known in all three states
        signs.append(_sign(int((less > 0).sum()), int((less < 0).sum()), len(cases)) if len(less) else None)
        place = Place(model, task, int(seed))
        parts.append(f"{place.title}, tuned on {tuned_on}: {_moved(other)} (on its own task: {_moved(own)})")
    if parts:
        yield Claim(
            text="Fine-tuning on another task pushes the labels apart less than on their own, or together.",
            source=f"{PAPER}, section 4.4, Table 5",
            verdict=judged(signs),
            evidence=(
                f"{'; '.join(parts)}. A case speaks by a sign test at {_LEVEL} of the labels' changes by the one"
                f" fine-tuning against those by the other, corrected for the number of cases."
            ),
            shown_in="cross-task",
        )


def _moved(changes: pd.Series) -> str:
    if changes.empty:
        return "undefined"
    return f"{int((changes > 0).sum())} farther, {int((changes < 0).sum())} nearer"


def _sign(n_for: int, n_against: int, n_cases: int) -> int:
    """Return 1 or −1 where a sign test tells, else 0."""
    n = n_for + n_against
    if not n or binomtest(n_for, n).pvalue * n_cases >= _LEVEL:
        return 0
    return 1 if n_for > n_against else -1
