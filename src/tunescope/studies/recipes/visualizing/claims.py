"""The claims of "Visualizing and Understanding the Effectiveness of BERT", judged by the study's own figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.starts import PRETRAINED, SCRATCH
from tunescope.studies.recipes.visualizing.widths import UNITS, Unit, over_directions, widths
from tunescope.studies.study_result import Claim, Verdict

__all__ = ["visualizing_claims"]

_PAPER = "Hao et al. 2019"
_ALIKE = 0.8
"""The correlation from which on two surfaces count as alike."""
_OVERFITTED = 0.02
"""The rise of the unseen error that counts as over-fitting."""
_FITTED = 0.05
"""The training error up to which a model has fitted its training set: before, there is no optimum to speak of."""
_MEASURED_IN: dict[Unit, str] = {
    "way": "towards the start, in shares of the way",
    "filters": "at random, in lengths of the weights' own filters",
    "distance": "at random, as a distance",
}


class _Case(NamedTuple):
    """What the figures of a model and a task say of a claim."""

    verdict: Verdict
    text: str


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
    cases = [_easier_case(frame, place) for place in places]
    return Claim(
        text="Pre-training gives a good start, from which training is easier than from scratch.",
        source=f"{_PAPER}, section 4.1",
        verdict=_all_alike(cases),
        evidence=(
            f"Training loss at the same update, pre-trained against scratch: {_listed(cases)}. It holds where the"
            " interval lies below at more than half of the snapshots, and above at none, for all tasks."
        ),
        shown_in="trainings",
    )


def _easier_case(frame: Frame, place: Place) -> _Case:
    tuned, scratch = frame.traces_of_one_seed(place, "loss", "train")
    steps = [step for step in _steps_that_moved(tuned) if step in scratch.index]
    if not steps:
        return _unknown(place)
    pairs = [(frame.at(tuned, step), frame.at(scratch, step)) for step in steps]
    below = sum(one["high"] < other["low"] for one, other in pairs)
    above = sum(one["low"] > other["high"] for one, other in pairs)
    unknown = sum(not all(math.isfinite(each["low"]) for each in pair) for pair in pairs)
    text = f"{place.title}: lower at {below} of {len(steps)} snapshots, higher at {above}"
    text += f", undefined at {unknown}" if unknown else ""
    if 2 * below > len(steps) and not above:
        return _Case("holds", text)
    return _Case("does not hold" if 2 * above > len(steps) and not below else "cannot be told", text)


def _steps_that_moved(trace: pd.DataFrame) -> list[int]:
    """Return the snapshots after the start; one after an update of learning rate 0, as in a warm-up, is the start."""
    return [int(step) for step in trace.index if trace["value"][step] != trace["value"].iloc[0]]


def _wider(frame: Frame, places: list[Place]) -> Claim:
    cases = [_wider_case(frame, place) for place in places]
    return Claim(
        text="Fine-tuning ends in wider optima than training from scratch.",
        source=f"{_PAPER}, section 4.2",
        verdict=_all_alike(cases),
        evidence=(
            "How far the training loss stays within the stated rise, pre-trained against scratch:"
            f" {_listed(cases)}. It holds where the interval, over examples and directions, lies above by all measures"
            " for all tasks, and does not where it lies below by all for one; both trainings must have fitted their"
            f" training sets (at most {100 * _FITTED:.0f} % wrong)."
        ),
        shown_in="optima",
    )


def _wider_case(frame: Frame, place: Place) -> _Case:
    told: dict[Unit, str] = {}
    orders: set[Verdict] = set()
    for unit in UNITS:
        tuned, scratch = (
            over_directions(widths(frame, place, start, unit)) for start in (PRETRAINED, SCRATCH)
        )
        if tuned is not None and scratch is not None:
            orders.add(_order(scratch, tuned))
            told[unit] = f"{_MEASURED_IN[unit]}: {_plain(tuned)} against {_plain(scratch)}"
    if not told:
        return _unknown(place)
    text = f"{place.title}, {', '.join(told.values())}"
    wrong = max(_training_error(frame, place, start) for start in (PRETRAINED, SCRATCH))
    if not wrong <= _FITTED:
        return _Case("cannot be told", f"{text}, but {_not_fitted(wrong)}")
    agree = len(told) == len(UNITS) and len(orders) == 1
    return _Case(orders.pop() if agree else "cannot be told", text)


def _training_error(frame: Frame, place: Place, start: str) -> float:
    """Return the largest training error at the ends of all seeds; infinity where one is not known."""
    traces = [frame.trace(place, start, seed, "error", "train") for seed in frame.seeds(place, start)]
    ends = [float(trace["value"].iloc[-1]) if len(trace) else math.nan for trace in traces]
    return float(np.max(np.nan_to_num(ends, nan=math.inf), initial=0.0)) if ends else math.inf


def _no_over_fitting(frame: Frame, places: list[Place]) -> Claim:
    cases = [case for place in places for case in _over_fitting_cases(frame, place)]
    return Claim(
        text="Fine-tuning is robust to over-fitting: training far beyond the best epoch costs little.",
        source=f"{_PAPER}, section 4.2",
        verdict=_all_alike(cases),
        evidence=(
            f"Error on unseen examples at the end of training: {_listed(cases)}. It holds where the training set is"
            f" fitted (at most {100 * _FITTED:.0f} % wrong) and the interval of the rise, of the same examples, ends at"
            f" {100 * _OVERFITTED:.0f} points or below everywhere, and does not where one lies above."
        ),
        shown_in="trainings",
    )


def _over_fitting_cases(frame: Frame, place: Place) -> list[_Case]:
    cases = []
    for seed in frame.seeds(place, PRETRAINED):
        tuned, scratch = (_over_fitting(frame, place, start, seed) for start in (PRETRAINED, SCRATCH))
        if tuned is not None:
            against = f" (from scratch {scratch.text})" if scratch else ""
            cases.append(_Case(tuned.verdict, f"{place.title}, seed {seed}: {tuned.text}{against}"))
    return cases or [_unknown(place)]


def _over_fitting(frame: Frame, place: Place, start: str, seed: int) -> _Case | None:
    """Return what a training lost by going on for too long."""
    train, unseen = (frame.trace(place, start, seed, "error", split) for split in ("train", "unseen"))
    rises = frame.trace(place, start, seed, "error_rise", "unseen")
    if rises.empty or train.empty:
        return None
    rise, wrong = rises.iloc[0], float(train["value"].iloc[-1])
    if not math.isfinite(float(rise["value"])):
        return _Case("cannot be told", "undefined")
    text = (
        f"{_with_interval(rise, lambda share: f'{100 * share:+.1f}')} points above the least error,"
        f" {_with_interval(frame.at(unseen, float(rises.index[0])), '{:.1%}'.format)}, of update {rises.index[0]}"
    )
    if rise["low"] > _OVERFITTED:
        return _Case("does not hold", text)
    if not wrong <= _FITTED:
        return _Case("cannot be told", f"{text}, but {_not_fitted(wrong)}")
    return _Case("holds" if rise["high"] <= _OVERFITTED else "cannot be told", text)


def _alike(frame: Frame, places: list[Place]) -> Claim:
    cases = [_alike_case(frame, place) for place in places]
    return Claim(
        text="The surface of the training loss is like that of the error on unseen examples.",
        source=f"{_PAPER}, section 4.3",
        verdict=_all_alike(cases),
        evidence=(
            f"Correlation along the line from start to end: {_listed(cases)}. It holds where every interval lies above"
            f" {_ALIKE}, and does not where one lies below."
        ),
        shown_in="optima",
    )


def _alike_case(frame: Frame, place: Place) -> _Case:
    found = frame.over_seeds(place, PRETRAINED, kind="training", group=None, measure="agreement_with_error")
    if found is None:
        return _unknown(place)
    text = f"{place.title}: {_plain(found)}"
    if found.low > _ALIKE:
        return _Case("holds", text)
    return _Case("does not hold" if found.high < _ALIKE else "cannot be told", text)


def _lower_layers_invariant(frame: Frame, places: list[Place]) -> Claim:
    cases = [_invariance_case(frame, place) for place in places]
    return Claim(
        text="Lower layers change less in fine-tuning that matters: they are more invariant and transferable.",
        source=f"{_PAPER}, section 4.4",
        verdict=_all_alike(cases),
        evidence=(
            "Unseen error with the low layers as they were before training, against that with the high layers:"
            f" {_listed(cases)}. It holds where the interval lies below for all tasks, and does not where it lies above"
            " for one."
        ),
        shown_in="groups",
    )


def _invariance_case(frame: Frame, place: Place) -> _Case:
    found = {}
    for group in ("low", "high"):
        lines = [
            frame.line(place, PRETRAINED, seed, "training", "error", "unseen", group)
            for seed in frame.seeds(place, PRETRAINED)
        ]
        put_back = [frame.at(line, 0.0) for line in lines if not line.empty]
        if not put_back:
            return _unknown(place)
        found[group] = OverSeeds.of(pd.DataFrame(put_back))
    text = f"{place.title}: {_plain(found['low'])} against {_plain(found['high'])}"
    return _Case(_order(found["low"], found["high"]), text)


def _order(smaller: OverSeeds, larger: OverSeeds) -> Verdict:
    """Return whether the first interval lies below the second, above it, or neither."""
    if smaller.high < larger.low:
        return "holds"
    return "does not hold" if smaller.low > larger.high else "cannot be told"


def _unknown(place: Place) -> _Case:
    return _Case("cannot be told", f"{place.title}: unknown")


def _all_alike(cases: Iterable[_Case]) -> Verdict:
    """Return "does not hold" where one case speaks against the claim, "holds" where all speak for it."""
    found = {case.verdict for case in cases}
    if "does not hold" in found:
        return "does not hold"
    return "holds" if found == {"holds"} else "cannot be told"


def _listed(cases: Iterable[_Case]) -> str:
    return "; ".join(case.text for case in cases)


def _plain(figure: OverSeeds) -> str:
    if figure.high == math.inf and math.isfinite(figure.low):
        return f"at least {figure.low:.2f}"
    return _with_interval(pd.Series(vars(figure)), "{:.2f}".format)


def _with_interval(row: pd.Series, write: Callable[[float], str]) -> str:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if not math.isfinite(value):
        return "undefined"
    return f"{write(value)} ({f'{write(low)} … {write(high)}' if math.isfinite(low) else 'no interval'})"


def _not_fitted(wrong: float) -> str:
    share = f"{wrong:.1%}" if math.isfinite(wrong) else "an unknown share"
    return f"{share} of training examples are wrong still"
