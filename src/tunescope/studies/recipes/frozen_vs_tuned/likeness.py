"""Whether fine-tuning gains more where pre-training and task are alike: by text, and by what frozen features know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from tunescope.measures.rank_correlation import RankCorrelation, rank_correlation
from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place, Point
from tunescope.studies.study_result import Cell, Claim, StudyTable

__all__ = ["likeness_claim", "likeness_table"]

_FEWEST = 5
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
    """Return the claim that likeness of domains does not matter, with the rank correlation over tasks."""
    cases = list(_cases(frame))
    tasks = list(dict.fromkeys(case.place.task for case in cases))
    gains, distances, known = (
        [_mean(figure(case) for case in cases if case.place.task == task) for task in tasks]
        for figure in (_gain, _distance, _known)
    )
    by_text, by_score = rank_correlation(distances, gains), rank_correlation(known, gains)
    contradicted = by_text.n >= _FEWEST and by_text.p < _LEVEL
    return Claim(
        text="How far a task's domain lies from that of pre-training does not tell how much fine-tuning gains.",
        source="Peters, Ruder and Smith 2019, section 5",
        verdict="does not hold" if contradicted else "cannot be told",
        evidence=(
            f"Rank correlations over tasks of the gain: with the divergence of texts beyond chance {_words(by_text)};"
            f" with the score of frozen features {_words(by_score)}, which says little: the gain has that score"
            f" subtracted. {_FEWEST} tasks are the least from which a correlation could be told, and that none"
            " is seen in a few is no proof that there is none."
        ),
        shown_in="likeness" if cases else "",
    )


def _gain(case: _Case) -> float:
    return case.gain.value


def _known(case: _Case) -> float:
    return case.known.value


def _distance(case: _Case) -> float:
    """Return how far the texts lie apart beyond chance."""
    return math.nan if case.divergence is None else float(case.divergence["value"]) - case.by_chance


def _words(found: RankCorrelation) -> str:
    if math.isnan(found.value):
        return f"is undefined over {found.n}"
    return f"{found.value:+.2f} over {found.n} (p = {found.p:.2f})"


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan


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
