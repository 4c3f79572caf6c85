"""Did fine-tuning help, and does the gain carry over to other domains?"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from tunescope.measures.estimate import Estimate
from tunescope.report.escaping import quoted
from tunescope.report.findings.finding import Finding
from tunescope.report.places import find, main_split, out_of_domain, splits
from tunescope.report.wording import (
    describe,
    difference_text,
    level_text,
    range_text,
    signed_text,
    split_title,
    value_text,
)
from tunescope.studies.comparison import Comparison

__all__ = ["Gain", "find_gain", "score_findings", "transfer_advice"]

Verdict = Literal["helped", "hurt", "unclear"]


class Gain(NamedTuple):
    """Scores before and after on one set, and their paired difference.

    ``measure`` is that of the score after: the own head's where there is one, else the linear probe's.
    """

    split: str
    measure: str
    before: Estimate
    after: Estimate
    difference: Estimate

    @property
    def verdict(self) -> Verdict:
        """``"helped"`` or ``"hurt"`` where the interval of the difference excludes 0, else ``"unclear"``."""
        if not self.difference.has_interval or self.difference.low <= 0 <= self.difference.high:
            return "unclear"
        return "helped" if self.difference.low > 0 else "hurt"


def find_gain(comparison: Comparison, split: str) -> Gain | None:
    """Return the gain on a set: own head, else tuned probe, against the base model's top-layer probe."""
    return _gain_of(comparison, split, "head") or _gain_of(comparison, split, "probe")


def _gain_of(comparison: Comparison, split: str, origin: Literal["head", "probe"]) -> Gain | None:
    metric, top = comparison.metric, comparison.n_layers
    layer = None if origin == "head" else top
    before = find(comparison, f"probe_{metric}", "base", split, layer=top)
    after = find(comparison, f"{origin}_{metric}", "tuned", split, layer=layer)
    difference = find(comparison, f"{origin}_{metric}", "difference", split, layer=layer)
    if before is None or after is None or difference is None:
        return None
    if not all(math.isfinite(estimate.value) for estimate in (before, after, difference)):
        return None
    return Gain(split, f"{origin}_{metric}", before, after, difference)


def score_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return whether fine-tuning helped: on the test set, then on each out-of-domain set."""
    gains = [find_gain(comparison, split) for split in (main_split(comparison), *out_of_domain(comparison))]
    return tuple(
        Finding(
            kind="result",
            text=_sentence(comparison, gain),
            figure=f"scores-{comparison.metric}",
            measure=gain.measure,
            estimate=gain.difference,
            verdict=gain.verdict,
        )
        for gain in gains
        if gain is not None
    )


def _sentence(comparison: Comparison, gain: Gain) -> str:
    where = f"on {_name(comparison, gain.split)}"
    after = "own head" if gain.measure.startswith("head") else "linear probe after"
    change = (
        f"from {value_text(gain.measure, gain.before.value)} (linear probe before) to"
        f" {value_text(gain.measure, gain.after.value)} ({after})"
    )
    title = describe(gain.measure).title.rpartition(": ")[2]
    figures = (
        f"{title} went {change}, {difference_text(gain.measure, gain.difference)}.{_unused(comparison, gain)}"
    )
    if gain.verdict == "helped":
        return f"Fine-tuning helped {where}: {figures}"
    if gain.verdict == "hurt":
        return f"Fine-tuning hurt {where}: {figures}"
    why = (
        "the interval of the difference contains 0"
        if gain.difference.has_interval
        else "there is no interval"
    )
    return f"Whether fine-tuning helped {where} cannot be told, since {why}: {figures}"


def _unused(comparison: Comparison, gain: Gain) -> str:
    """Say where the tuned vectors improved although the tuned model's own head does not show it."""
    probe = _gain_of(comparison, gain.split, "probe")
    if (
        gain.verdict == "helped"
        or probe is None
        or probe.verdict != "helped"
        or probe.measure == gain.measure
    ):
        return ""
    return (
        f" Yet a linear probe on the tuned vectors reaches {value_text(probe.measure, probe.after.value)}"
        f" ({difference_text(probe.measure, probe.difference)}): the vectors improved, and the head does not use it."
    )


def _name(comparison: Comparison, split: str) -> str:
    if split in out_of_domain(comparison):
        return f"{quoted(split)} (out of domain)"
    return f"the {split} set" if split in splits(comparison) else split


def transfer_advice(comparison: Comparison) -> tuple[Finding, ...]:
    """Return whether to trust the tuned model out of domain, one finding per out-of-domain set."""
    inside = find_gain(comparison, main_split(comparison))
    outside = [find_gain(comparison, split) for split in out_of_domain(comparison)]
    return tuple(_advise(comparison, inside, gain) for gain in outside if gain is not None)


def _advise(comparison: Comparison, inside: Gain | None, gain: Gain) -> Finding:
    name = f"{quoted(gain.split)}"
    if gain.verdict == "hurt":
        text = f"On text like {name}, prefer the base model with a light classifier: the score fell there."
    elif gain.verdict == "unclear":
        text = f"Do not count on the gain for text like {name}: it cannot be told apart from none."
    elif inside is not None and _is_smaller(gain, inside):
        text = (
            f"The gain carries over to {name}, but is smaller there: {_brief(gain)} against {_brief(inside)} on"
            f" {split_title(inside.split).lower()}. Check it on text of your own before you rely on it."
        )
    else:
        text = f"The gain carries over to {name}; the tuned model can be tried on text like it."
    figure = f"scores-{comparison.metric}"
    return Finding(kind="advice", text=text, figure=figure, measure=gain.measure, estimate=gain.difference)


def _is_smaller(gain: Gain, other: Gain) -> bool:
    """Whether one gain lies below the other with intervals that do not overlap."""
    same_measure = gain.measure == other.measure
    return same_measure and other.difference.has_interval and gain.difference.high < other.difference.low


def _brief(gain: Gain) -> str:
    ends = range_text(gain.measure, gain.difference, signed=True)
    return (
        f"{signed_text(gain.measure, gain.difference.value)} ({level_text(gain.difference)} interval {ends})"
    )
