"""What the study found, in sentences for someone who has to decide what to train."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.recipes.what_happens.savings import Ablation, ablations

__all__ = ["what_happens_findings"]

_ENOUGH = 0.95
"""The part of the gain that a truncated model must keep to be worth a sentence."""


def what_happens_findings(frame: Frame) -> tuple[str, ...]:
    """Return for each model and task how far to freeze and where to truncate."""
    return tuple(sentence for place in frame.places() for sentence in _of(frame, place))


def _of(frame: Frame, place: Place) -> Iterator[str]:
    frozen = [each for each in ablations(frame, place, "freeze") if each.change is not None]
    if frozen:
        yield f"{place.title}: {_freezing(frozen)}"
    cut = [each for each in ablations(frame, place, "truncate") if each.change is not None]
    if cut:
        yield f"{place.title}: {_truncating(cut)}"


def _freezing(frozen: list[Ablation]) -> str:
    harmless = [each for each in frozen if each.change is not None and each.change.high >= 0]
    if not harmless:
        least = max(frozen, key=lambda each: each.change.value if each.change else -math.inf)
        return f"freezing costs something at every layer, least {_layers(least)}: {_change(least)}."
    most = max(harmless, key=lambda each: each.n_layers)
    return f"freeze {_layers(most)}: {_change(most)}, {_times(most.speed_up)} faster."


def _truncating(cut: list[Ablation]) -> str:
    if not any(math.isfinite(each.share_of_gain) for each in cut):
        return (
            "where to truncate cannot be told: training all layers is not clearly better than the head alone."
        )
    good = [each for each in cut if each.share_of_gain >= _ENOUGH]
    if not good:
        best = max(cut, key=lambda each: each.score.value)
        return (
            f"no truncated model keeps {_ENOUGH:.0%} of the gain; the best is {_kept(best)}: {_change(best)}."
        )
    least = min(good, key=lambda each: each.n_layers)
    return f"{_kept(least)}: {_change(least)}."


def _layers(ablation: Ablation) -> str:
    if ablation.n_layers == 0:
        return "the embeddings"
    return f"up to layer {ablation.n_layers}"


def _kept(ablation: Ablation) -> str:
    return (
        f"truncate to layer {ablation.n_layers}: {ablation.share_of_gain:.0%} of the gain over the head alone, at"
        f" {ablation.inference_operations:.0%} of the inference cost"
    )


def _change(ablation: Ablation) -> str:
    change = ablation.change
    if change is None or not math.isfinite(change.value):
        return "change unknown"
    return f"{100 * change.value:+.1f} points ({100 * change.low:+.1f} … {100 * change.high:+.1f})"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if math.isfinite(ratio) else "by an unknown factor"
