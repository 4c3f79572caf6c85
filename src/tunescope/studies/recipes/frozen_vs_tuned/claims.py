"""The claims of "To Tune or Not to Tune?" and of the slides on it, judged by the study's own figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place, Point
from tunescope.studies.recipes.frozen_vs_tuned.likeness import likeness_claim
from tunescope.studies.study_result import Claim, Verdict

__all__ = ["frozen_vs_tuned_claims"]

_PAPER = "Peters, Ruder and Smith 2019"
_SLIDES = f"Lecture slides on {_PAPER}"
_MARGIN = 0.01
"""By how much a fine-tuned model may score below a frozen one and still be said to be as good."""
_TIMES = (5.0, 20.0)
"""Between which ratios something is said to be about ten times as much."""


def frozen_vs_tuned_claims(frame: Frame) -> tuple[Claim, ...]:
    """Return each claim with what the figures say of it."""
    places = list(frame.places())
    if not places:
        return ()
    return (
        _tuning_is_as_good(frame, places),
        _pairs_gain_most(frame, places),
        _frozen_is_cheaper(frame, places),
        _tuning_overfits(frame, places),
        likeness_claim(frame),
    )


def _tuning_is_as_good(frame: Frame, places: list[Place]) -> Claim:
    gains = {
        (place, frozen): frame.largest(place, "gain", against=frozen, split="test")
        for place in places
        for frozen in frame.frozen(place)
    }
    known = {pair: gain for pair, gain in gains.items() if gain is not None and math.isfinite(gain.low)}
    verdict: Verdict = "cannot be told"
    if any(gain.high < -_MARGIN for gain in known.values()):
        verdict = "does not hold"
    elif known and len(known) == len(gains) and all(gain.low >= -_MARGIN for gain in known.values()):
        verdict = "holds"
    return Claim(
        text="Fine-tuning is at least as good as frozen features on every task.",
        source=f"{_PAPER}, Table 2",
        verdict=verdict,
        evidence=(
            f"Fine-tuned minus frozen at the largest size, in points: {_listed(known)}. It holds where all intervals"
            f" lie above {-100 * _MARGIN:.0f} point, and does not where one lies below."
        ),
        shown_in="gains",
    )


def _pairs_gain_most(frame: Frame, places: list[Place]) -> Claim:
    gains = {
        place: gain
        for place in places
        if (gain := frame.largest(place, "gain", against=_reference(frame, place), split="test")) is not None
        and math.isfinite(gain.low)
    }
    verdicts = [
        _pairs_are_above({place: gain for place, gain in gains.items() if place.model == model})
        for model in dict.fromkeys(place.model for place in places)
    ]
    listed = _listed({(place, _reference(frame, place)): gain for place, gain in gains.items()})
    return Claim(
        text="Fine-tuning gains most on pairs of sentences: paraphrase and similarity.",
        source=_SLIDES,
        verdict=_all_alike(verdicts),
        evidence=(
            f"Gains at the largest size, in points of metrics that differ: {listed}. It holds where the interval of"
            " each task on pairs lies above those of all other tasks, and does not where that of another task lies"
            " above those of all tasks on pairs; it takes a task of each kind."
        ),
        shown_in="gains",
    )


def _pairs_are_above(gains: Mapping[Place, Point]) -> Verdict:
    pairs = [gain for place, gain in gains.items() if place.is_pair]
    others = [gain for place, gain in gains.items() if not place.is_pair]
    if not pairs or not others:
        return "cannot be told"
    if min(gain.low for gain in pairs) > max(gain.high for gain in others):
        return "holds"
    return "does not hold" if _any_above(others, pairs) else "cannot be told"


def _any_above(these: Iterable[Point], those: Iterable[Point]) -> bool:
    return max(gain.low for gain in these) > max(gain.high for gain in those)


def _frozen_is_cheaper(frame: Frame, places: list[Place]) -> Claim:
    means, ranges, parts = {}, {}, []
    for frozen in ("linear", "mix"):
        for measure in ("seconds", "operations"):
            ratios = [
                ratio for place in places if math.isfinite(ratio := _ratio(frame, place, measure, frozen))
            ]
            if ratios:
                means[frozen, measure] = math.exp(sum(map(math.log, ratios)) / len(ratios))
                ranges[frozen, measure] = f"{min(ratios):.1f} … {max(ratios):.1f}"
    reference = "mix" if ("mix", "operations") in means else "linear"
    for (frozen, measure), mean in sorted(means.items()):
        parts.append(f"{CONDITIONS[frozen]}: {mean:.1f} × the {measure} ({ranges[frozen, measure]})")
    low, high = _TIMES
    within = [low <= mean <= high for (frozen, _), mean in means.items() if frozen == reference]
    verdict: Verdict = "cannot be told"
    if len(within) == 2 and (all(within) or not any(within)):
        verdict = "holds" if all(within) else "does not hold"
    return Claim(
        text="Frozen features are about ten times cheaper to train on.",
        source=_SLIDES,
        verdict=verdict,
        evidence=(
            "What fine-tuning takes at the largest size, against one frozen head with the reading of its vectors"
            f" (geometric means and range over tasks): {'; '.join(parts) or 'unknown'}. Seconds are those of the clock,"
            f" perhaps beside other steps. “About ten times” is from {low:.0f} to"
            f" {high:.0f} times, both in seconds and in operations, against “{CONDITIONS[reference]}”."
        ),
        shown_in="cost",
    )


def _ratio(frame: Frame, place: Place, measure: str, frozen: str) -> float:
    tuned = frame.largest(place, measure)
    other = frame.largest(place, measure, condition=frozen)
    return math.nan if tuned is None or other is None or not other.value > 0 else tuned.value / other.value


def _tuning_overfits(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        frozen = _reference(frame, place)
        gains = frame.points(place, "gain", against=frozen, split="test")
        gaps = frame.points(place, "gap_gain", against=frozen)
        if not gains or gains[0].is_largest:
            continue
        gain, gap = gains[0], gaps[0]
        verdicts.append(_overfits(gain, gap))
        parts.append(
            f"{place.title} with {gain.n_train:,} sentences: gap {_signed(gap)}, score {_signed(gain)} points"
        )
    return Claim(
        text="Fine-tuning over-fits on small training sets: there, freezing wins.",
        source=_SLIDES,
        verdict=_mostly(verdicts),
        evidence=(
            "Fine-tuned minus frozen at the smallest of several sizes, of the gap between training and test set and of"
            f" the score on the test set: {'; '.join(parts) or 'unknown'}. A task speaks for it where the gap's"
            " interval lies above 0 and the score's below, against it where the gap's lies below 0 or the score's"
            " above; more than half of the tasks decide, if none says the opposite."
        ),
        shown_in="gains",
    )


def _overfits(gain: Point, gap: Point) -> Verdict:
    if gap.sign is None or gain.sign is None:
        return "cannot be told"
    if gap.sign > 0 and gain.sign < 0:
        return "holds"
    return "does not hold" if gap.sign < 0 or gain.sign > 0 else "cannot be told"


def _mostly(verdicts: list[Verdict]) -> Verdict:
    decided = {verdict for verdict in verdicts if verdict != "cannot be told"}
    if len(decided) != 1:
        return "cannot be told"
    (verdict,) = decided
    return verdict if 2 * verdicts.count(verdict) > len(verdicts) else "cannot be told"


def _all_alike(verdicts: list[Verdict]) -> Verdict:
    return verdicts[0] if verdicts and len(set(verdicts)) == 1 else "cannot be told"


def _reference(frame: Frame, place: Place) -> str:
    """Return the frozen condition that is the paper's, or else the other."""
    frozen = frame.frozen(place)
    return "mix" if "mix" in frozen or not frozen else frozen[0]


def _listed(gains: Mapping[tuple[Place, str], Point]) -> str:
    parts = [
        f"{place.title} {_signed(gain)} (against {CONDITIONS[frozen]})"
        for (place, frozen), gain in gains.items()
    ]
    return ", ".join(parts) or "unknown"


def _signed(point: Point) -> str:
    return f"{100 * point.value:+.1f} [{100 * point.low:+.1f} … {100 * point.high:+.1f}]"
