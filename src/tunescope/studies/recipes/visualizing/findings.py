"""What a study of loss landscapes found, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

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
    seeds = frame.seeds(place, PRETRAINED)
    if not seeds or SCRATCH not in frame.starts(place):
        return
    errors, losses = (
        {start: frame.trace(place, start, seeds[0], measure, split) for start in (PRETRAINED, SCRATCH)}
        for measure, split in (("error", "unseen"), ("loss", "train"))
    )
    if any(each.empty for each in (*errors.values(), *losses.values())):
        return
    tuned, scratch = (errors[start].iloc[-1] for start in (PRETRAINED, SCRATCH))
    level = min(float(trace["value"].iloc[0]) for trace in losses.values()) / 2
    sooner, later = (_when_reached(losses[start], level) for start in (PRETRAINED, SCRATCH))
    yield (
        f"{place.title}: {_share_wrong(tuned)} of unseen examples wrong, {_share_wrong(scratch)} from scratch; the"
        f" training loss is down to {level:.2f} nats {sooner}, from scratch {later}."
    )


def _share_wrong(end: pd.Series) -> str:
    wrong = float(end["value"])
    return f"{wrong:.1%}" if math.isfinite(wrong) else "an unknown share (the training diverged)"


def _when_reached(losses: pd.DataFrame, level: float) -> str:
    """Return after which update the loss was at a level first, as far as snapshots tell."""
    reached = losses[losses["value"].astype(float) <= level]
    return f"after {int(reached.index[0])} updates" if len(reached) else "at no snapshot"


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
