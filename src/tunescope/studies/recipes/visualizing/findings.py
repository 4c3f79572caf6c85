"""What a study of loss landscapes found, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.starts import PRETRAINED, SCRATCH

__all__ = ["visualizing_findings"]


def visualizing_findings(frame: Frame) -> tuple[str, ...]:
    """Return for each model and task what pre-training brought, and what the pictures leave out."""
    return tuple(
        sentence
        for place in frame.places()
        for sentence in (*_what_pretraining_brought(frame, place), *_what_planes_leave_out(frame, place))
    )


def _what_pretraining_brought(frame: Frame, place: Place) -> Iterator[str]:
    tuned, scratch = (_errors_at_end(frame, place, start) for start in (PRETRAINED, SCRATCH))
    if tuned is None or scratch is None:
        return
    yield f"{place.title}: {_share_wrong(tuned)} of unseen examples wrong, {_share_wrong(scratch)} from scratch."
    sooner, later = frame.traces_of_one_seed(place, "loss", "train")
    if len(sooner):
        level = min(float(trace["value"].iloc[0]) for trace in (sooner, later)) / 2
        yield (
            f"{place.title}: the training loss halves, to {level:.2f} nats: {_when_reached(sooner, level)}; from"
            f" scratch {_when_reached(later, level)}."
        )


def _errors_at_end(frame: Frame, place: Place, start: str) -> OverSeeds | None:
    """Return the error on unseen examples at the end of training, over seeds."""
    traces = [frame.trace(place, start, seed, "error", "unseen") for seed in frame.seeds(place, start)]
    ends = [trace.iloc[-1] for trace in traces if len(trace)]
    return OverSeeds.of(pd.DataFrame(ends)) if ends else None


def _share_wrong(errors: OverSeeds) -> str:
    if not math.isfinite(errors.value):
        return "an unknown share (the training diverged)"
    ends = f" ({errors.low:.1%} … {errors.high:.1%})" if math.isfinite(errors.low) else ""
    seeds = f" (mean of {errors.n_seeds} seeds)" if errors.n_seeds > 1 else ""
    return f"{errors.value:.1%}{ends}{seeds}"


def _when_reached(losses: pd.DataFrame, level: float) -> str:
    """Return after which update the loss was at a level first, as far as snapshots tell."""
    reached = losses[losses["value"].astype(float) <= level]
    return (
        f"after {int(reached.index[0])} updates"
        if len(reached)
        else f"not within {int(losses.index[-1])} updates"
    )


def _what_planes_leave_out(frame: Frame, place: Place) -> Iterator[str]:
    for start in frame.starts(place):
        missed = frame.way(place, start, "path", "own_minus_projected", "train")
        finite = {step: value for step, value in missed.items() if math.isfinite(value)}
        if not finite:
            continue
        worst = max(finite, key=lambda step: abs(finite[step]))
        overall = frame.of(place, start, kind="way: path", measure="variance_explained", step=None)
        share = float(overall["value"].iloc[0]) if len(overall) else math.nan
        yield (
            f"{place.title}, {start}: the plane of the path holds {share:.0%} of the squared way; the training"
            f" loss of a snapshot differs from that at its place in the picture by up to {abs(finite[worst]):.2f} nats"
            f" (update {worst})."
        )
