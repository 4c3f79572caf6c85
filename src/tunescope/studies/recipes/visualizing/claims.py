"""The claims of "Visualizing and Understanding the Effectiveness of BERT", judged by the study's own figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.starts import PRETRAINED, SCRATCH
from tunescope.studies.recipes.visualizing.widths import Unit, over_directions, widths_at_random
from tunescope.studies.study_result import Claim, Verdict

__all__ = ["visualizing_claims"]

_PAPER = "Hao et al. 2019"
_ALIKE = 0.8
"""The correlation from which on two surfaces count as alike."""
_OVERFITTED = 0.02
"""The rise of the unseen error that counts as over-fitting."""
_FITTED = 0.05
"""The training error up to which a model has fitted its training set, so that it could be over-fitted."""
_UNITS: tuple[Unit, ...] = ("filters", "distance")


def visualizing_claims(frame: Frame) -> tuple[Claim, ...]:
    """Return each claim with what the figures say of it."""
    places = list(frame.places())
    if not places:
        return ()
    return (
        _easier(frame, places),
        _wider(frame, places),
        _no_over_fitting(frame, places),
        _alike(frame, places),
        _lower_layers_invariant(frame, places),
    )


def _easier(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        tuned, scratch = (_first_trace(frame, place, start) for start in (PRETRAINED, SCRATCH))
        steps = [step for step in tuned.index if step > 0 and step in scratch.index]
        if not steps:
            continue
        pairs = [(frame.at(tuned, step), frame.at(scratch, step)) for step in steps]
        below = sum(one["high"] < other["low"] for one, other in pairs)
        above = sum(one["low"] > other["high"] for one, other in pairs)
        verdicts.append(
            "holds"
            if 2 * below > len(steps) and not above
            else "does not hold"
            if 2 * above > len(steps) and not below
            else "cannot be told"
        )
        parts.append(f"{place.title}: lower at {below} of {len(steps)} snapshots, higher at {above}")
    return Claim(
        text="Pre-training gives a good start, from which training is easier than from scratch.",
        source=f"{_PAPER}, section 4.1",
        verdict=_all_alike(verdicts),
        evidence=(
            f"Training loss at the same update, pre-trained against scratch: {_listed(parts)}. It holds where the"
            " interval lies below at more than half of the snapshots, and above at none, for all tasks."
        ),
        shown_in="trainings",
    )


def _wider(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        told: dict[Unit, str] = {}
        orders: set[Verdict] = set()
        for unit in _UNITS:
            tuned, scratch = (
                over_directions(widths_at_random(frame, place, start, unit))
                for start in (PRETRAINED, SCRATCH)
            )
            if tuned is not None and scratch is not None:
                orders.add(_order(scratch, tuned))
                told[unit] = f"{_plain(tuned)} against {_plain(scratch)}"
        if told:
            verdicts.append(orders.pop() if len(told) == 2 and len(orders) == 1 else "cannot be told")
            parts.append(f"{place.title}: {', as distances '.join(told.values())}")
    return Claim(
        text="Fine-tuning ends in wider optima than training from scratch.",
        source=f"{_PAPER}, section 4.2",
        verdict=_all_alike(verdicts),
        evidence=(
            "Width along random directions in which the training loss stays within the stated rise, in lengths of the"
            f" weights' own filters, pre-trained against scratch: {_listed(parts)}. It holds where the interval, over"
            " examples and directions, lies above in both units for all tasks, and does not where it lies below in"
            " both for one. A width that reaches the end of the line may be larger."
        ),
        shown_in="optima",
    )


def _no_over_fitting(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        for seed in frame.seeds(place, PRETRAINED):
            found = _over_fitting(frame, place, PRETRAINED, seed)
            if found is None:
                continue
            verdicts.append(found.verdict)
            scratch = _over_fitting(frame, place, SCRATCH, seed)
            against = f" (from scratch {scratch.text})" if scratch else ""
            parts.append(f"{place.title}, seed {seed}: {found.text}{against}")
    return Claim(
        text="Fine-tuning is robust to over-fitting: training far beyond the best epoch costs little.",
        source=f"{_PAPER}, section 4.2",
        verdict=_all_alike(verdicts),
        evidence=(
            f"Error on unseen examples at the end of training: {_listed(parts)}. It holds where the training set is"
            f" fitted (at most {100 * _FITTED:.0f} % wrong) and the interval of the rise, of the same examples, ends at"
            f" {100 * _OVERFITTED:.0f} points or below everywhere, and does not where one lies above."
        ),
        shown_in="trainings",
    )


class _OverFitting(NamedTuple):
    """What a training lost by going on for too long."""

    verdict: Verdict
    text: str


def _over_fitting(frame: Frame, place: Place, start: str, seed: int) -> _OverFitting | None:
    train, unseen = (frame.trace(place, start, seed, "error", split) for split in ("train", "unseen"))
    rises = frame.trace(place, start, seed, "error_rise", "unseen")
    if rises.empty or train.empty:
        return None
    rise, fitted = rises.iloc[0], float(train["value"].iloc[-1])
    text = (
        f"{_with_interval(rise, lambda share: f'{100 * share:+.1f}')} points above the least error,"
        f" {_with_interval(frame.at(unseen, float(rises.index[0])), '{:.1%}'.format)}, of update {rises.index[0]}"
    )
    if rise["low"] > _OVERFITTED:
        return _OverFitting("does not hold", text)
    if fitted > _FITTED:
        return _OverFitting(
            "cannot be told", f"{text}, but {fitted:.1%} of training examples are wrong still"
        )
    return _OverFitting("holds" if rise["high"] <= _OVERFITTED else "cannot be told", text)


def _alike(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        found = frame.over_seeds(
            place, PRETRAINED, kind="training", group=None, measure="agreement_with_error"
        )
        if found is None:
            continue
        verdicts.append(
            "holds" if found.low > _ALIKE else "does not hold" if found.high < _ALIKE else "cannot be told"
        )
        parts.append(f"{place.title}: {_plain(found)}")
    return Claim(
        text="The surface of the training loss is like that of the error on unseen examples.",
        source=f"{_PAPER}, section 4.3",
        verdict=_all_alike(verdicts),
        evidence=(
            f"Correlation along the line from start to end: {_listed(parts)}. It holds where every interval lies above"
            f" {_ALIKE}, and does not where one lies below."
        ),
        shown_in="optima",
    )


def _lower_layers_invariant(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        lines = {
            group: [
                frame.line(place, PRETRAINED, seed, "training", "error", "unseen", group)
                for seed in frame.seeds(place, PRETRAINED)
            ]
            for group in ("low", "high")
        }
        found = {
            group: OverSeeds.of(pd.DataFrame([frame.at(line, 0.0) for line in each if not line.empty]))
            for group, each in lines.items()
            if any(not line.empty for line in each)
        }
        if len(found) < 2:
            continue
        verdicts.append(_order(found["low"], found["high"]))
        parts.append(f"{place.title}: {_plain(found['low'])} against {_plain(found['high'])}")
    return Claim(
        text="Lower layers change less in fine-tuning that matters: they are more invariant and transferable.",
        source=f"{_PAPER}, section 4.4",
        verdict=_all_alike(verdicts),
        evidence=(
            "Unseen error with the low layers as they were before training, against that with the high layers:"
            f" {_listed(parts)}. It holds where the interval lies below for all tasks, and does not where it lies above"
            " for one."
        ),
        shown_in="groups",
    )


def _first_trace(frame: Frame, place: Place, start: str) -> pd.DataFrame:
    seeds = frame.seeds(place, start)
    return frame.trace(place, start, seeds[0], "loss", "train") if seeds else pd.DataFrame()


def _order(smaller: OverSeeds, larger: OverSeeds) -> Verdict:
    """Return whether the first interval lies below the second, above it, or neither."""
    if smaller.high < larger.low:
        return "holds"
    return "does not hold" if smaller.low > larger.high else "cannot be told"


def _all_alike(verdicts: Iterable[Verdict]) -> Verdict:
    """Return "does not hold" where one case speaks against the claim, "holds" where all speak for it."""
    found = list(verdicts)
    if "does not hold" in found:
        return "does not hold"
    return "holds" if found and set(found) == {"holds"} else "cannot be told"


def _plain(figure: OverSeeds) -> str:
    if figure.high == math.inf:
        return f"at least {figure.low:.2f}"
    return _with_interval(pd.Series(vars(figure)), "{:.2f}".format)


def _with_interval(row: pd.Series, write: Callable[[float], str]) -> str:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if not math.isfinite(value):
        return "undefined"
    return f"{write(value)} ({f'{write(low)} … {write(high)}' if math.isfinite(low) else 'no interval'})"


def _listed(parts: list[str]) -> str:
    return "; ".join(parts) or "unknown"
