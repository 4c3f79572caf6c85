"""Whether fine-tuning helps more where pre-training and task are alike: by what frozen features know, and by text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from scipy.stats import spearmanr

from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place, Point
from tunescope.studies.study_result import Cell, Claim, StudyTable, Verdict

__all__ = ["likeness_claim", "likeness_table"]

_FEWEST = 4
_LEVEL = 0.05


@dataclass(frozen=True)
class _Case:
    """A model and a task at its largest size: how alike they are, and what fine-tuning gained."""

    place: Place
    frozen: str
    known: Point
    gain: Point
    divergence: pd.Series | None
    by_chance: float

    @property
    def distance(self) -> float:
        return math.nan if self.divergence is None else float(self.divergence["value"])


def likeness_table(frame: Frame) -> StudyTable:
    """Return a row for each model and task."""
    return StudyTable.of(
        "likeness",
        "Gain, and how alike pre-training and task are",
        [_row(case) for case in _cases(frame)],
        note=(
            "At the largest size: what frozen features already score, and what fine-tuning gains on them, in points."
            " The divergence is that of Jensen and Shannon, in bits, between the subwords of the task's training"
            " sentences and those of the text of reference that the study file names: 0 for the same distribution, 1"
            " for no common subword; by chance, two parts of the reference of that size lie so far apart."
        ),
        decimals={
            **dict.fromkeys(("frozen score", "gain", "low", "high"), 1),
            **dict.fromkeys(("divergence", "divergence low", "divergence high", "by chance"), 3),
        },
    )


def likeness_claim(frame: Frame) -> Claim:
    """Return the claim with the rank correlations over models and tasks that speak for it or against."""
    cases = list(_cases(frame))
    found = [
        _correlation("the score of frozen features", [(case.known.value, case.gain.value) for case in cases]),
        _correlation("likeness of the texts", [(-case.distance, case.gain.value) for case in cases]),
    ]
    signs = {sign for sign, _ in found if sign}
    verdict: Verdict = "cannot be told"
    if len(signs) == 1:
        verdict = "holds" if signs == {1} else "does not hold"
    return Claim(
        text="Fine-tuning helps more where pre-training and task are alike.",
        source="Peters, Ruder and Smith 2019, section 5",
        verdict=verdict,
        evidence=(
            f"Rank correlation of the gain with {'; with '.join(words for _, words in found)}. Metrics differ between"
            " tasks, and a high score leaves less to gain."
        ),
        shown_in="likeness" if cases else "",
    )


def _correlation(name: str, pairs: list[tuple[float, float]]) -> tuple[int, str]:
    """Return the sign of a rank correlation, 0 where it cannot be told from none, and the figures in words."""
    known = [pair for pair in pairs if all(map(math.isfinite, pair))]
    if len(known) < _FEWEST:
        return 0, f"{name}: {len(known)} cases, {_FEWEST} are the least that could be told"
    likeness, gains = zip(*known, strict=True)
    if min(len(set(likeness)), len(set(gains))) < 2:
        return 0, f"{name}: undefined, for all are equal"
    found = spearmanr(likeness, gains)
    sign = int(math.copysign(1, found.statistic)) if found.pvalue < _LEVEL else 0
    return sign, f"{name}: {found.statistic:+.2f} over {len(known)} cases (p = {found.pvalue:.2f})"


def _cases(frame: Frame) -> Iterator[_Case]:
    for place in frame.places():
        for frozen in frame.frozen(place)[-1:]:  # the stronger one
            known = frame.largest(place, "score", condition=frozen, split="test")
            gain = frame.largest(place, "gain", against=frozen, split="test")
            if known is not None and gain is not None:
                fields = {"model": place.model, "task": place.task}
                yield _Case(
                    place,
                    frozen,
                    known,
                    gain,
                    frame.one(**fields, measure="text_divergence"),
                    frame.value(**fields, measure="text_divergence_by_chance"),
                )


def _row(case: _Case) -> dict[str, Cell]:
    text = case.divergence
    ends = dict.fromkeys(("value", "low", "high")) if text is None else text
    return {
        "model": case.place.model,
        "task": case.place.task,
        "frozen features": CONDITIONS[case.frozen],
        "frozen score": 100 * case.known.value,
        "gain": 100 * case.gain.value,
        "low": 100 * case.gain.low,
        "high": 100 * case.gain.high,
        "divergence": ends["value"],
        "divergence low": ends["low"],
        "divergence high": ends["high"],
        "by chance": None if text is None else case.by_chance,
    }
