"""When, during training, the score was reached and the vectors changed."""

from __future__ import annotations

from itertools import pairwise

from tunescope.report.findings.finding import Finding
from tunescope.report.places import defined, find, main_split
from tunescope.report.wording import estimate_text, value_text
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["MOST_OF_GAIN", "training_findings"]

MOST_OF_GAIN = 0.9
"""The training has done most of its work at the first snapshot with this share of the last one's gain."""


def training_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return by which snapshot most of the gain was there, and between which two similarity dropped most."""
    return (*_gain_over_time(comparison), *_largest_drop(comparison))


def _gain_over_time(comparison: Comparison) -> tuple[Finding, ...]:
    for origin in ("head", "probe"):
        measure = f"{origin}_{comparison.metric}"
        path = _path(comparison, measure, "tuned")
        start = _start(comparison)
        if start is None or len(path) < 2:
            continue
        gain = path[-1].estimate.value - start
        if not path[-1].estimate.has_interval or path[-1].estimate.low <= start:
            return ()
        reached = next(m for m in path if m.estimate.value - start >= MOST_OF_GAIN * gain)
        text = (
            f"By step {reached.step:,} of {path[-1].step:,}, {100 * MOST_OF_GAIN:.0f}\u202f% of the gain was there:"
            f" {estimate_text(measure, reached.estimate)}, against {estimate_text(measure, path[-1].estimate)} at the"
            " last snapshot."
        )
        if reached.step == path[-1].step:
            text = (
                f"The score was still rising at the last snapshot: before step {reached.step:,}, less than"
                + (f" {100 * MOST_OF_GAIN:.0f}\u202f% of the gain was there.")
            )
        key = f"training-{comparison.metric}"
        return (Finding(kind="result", text=text, figure=key, measure=measure, estimate=reached.estimate),)
    return ()


def _start(comparison: Comparison) -> float | None:
    """Return the base model's score at the top layer, from which training started."""
    split, metric = main_split(comparison), comparison.metric
    before = find(comparison, f"probe_{metric}", "base", split, layer=comparison.n_layers)
    return before.value if before is not None and before.has_interval else None


def _largest_drop(comparison: Comparison) -> tuple[Finding, ...]:
    path = [m for m in _path(comparison, "rsa", "both") if m.layer == comparison.n_layers]
    drops = [(one.estimate.value - other.estimate.value, one, other) for one, other in pairwise(path)]
    if not drops:
        return ()
    drop, before, after = max(drops, key=lambda found: found[0])
    if not (before.estimate.has_interval and after.estimate.high < before.estimate.low):
        return ()
    text = (
        f"The top layer moved away from the base model most between steps {before.step:,} and {after.step:,}:"
        f" RSA fell by {value_text('rsa', drop)}, from {estimate_text('rsa', before.estimate)} to"
        f" {estimate_text('rsa', after.estimate)}."
    )
    return (Finding(kind="result", text=text, figure="training-rsa", measure="rsa", estimate=after.estimate),)


def _path(comparison: Comparison, measure: str, subject: str) -> list[Measurement]:
    """Return the defined figures of the snapshots on the main split, by rising step."""
    place = {"subject": subject, "split": main_split(comparison), "partition": "given"}
    found = defined(m for m in comparison.select(measure=measure, **place) if m.step is not None)
    return sorted(found, key=lambda m: m.step or 0)
