"""The surfaces of a study of loss landscapes, with the ways of the trainings over them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd

from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.settings import PlaneKind
from tunescope.studies.recipes.visualizing.starts import ROLES
from tunescope.studies.study_result import Series, StudyFigure, Surface

__all__ = ["SURFACES", "visualizing_surfaces"]

SURFACES: tuple[PlaneKind, ...] = get_args(PlaneKind)
"""The planes, in the order in which they are shown."""

_TITLES = {
    "path": "the plane of its path",
    "other task": "the plane with another task",
    "random plane": "a random plane",
}
_WHERE = {
    "path": "0, 0: the end of training, around which its snapshots lie between −1 and 1 along both axes.",
    "other task": (
        "0, 0: the weights before training; α = 1: the end of training; β = 1: that of {other}. The head is that of the"
        " end of training."
    ),
    "random plane": "0, 0: the end of training. At 1 each filter has moved by as much as its own length.",
}


class _Measure(NamedTuple):
    """What a surface is of."""

    name: str
    split: str
    title: str
    unit: str


_MEASURES = (
    _Measure("loss", "train", "training loss", "nats"),
    _Measure("error", "unseen", "unseen error", ""),
)


def visualizing_surfaces(frame: Frame, place: Place, *, kind: PlaneKind) -> Iterator[StudyFigure]:
    """Yield the surfaces of a model and a task in a plane; those of one measure share one scale over all starts."""
    for start in frame.starts(place):
        for measure in _MEASURES:
            found = frame.plane(place, start, kind, measure.name, measure.split)
            if not found.empty:
                yield _figure(frame, place, start, kind, measure, found)


def _figure(
    frame: Frame, place: Place, start: str, kind: str, measure: _Measure, found: pd.DataFrame
) -> StudyFigure:
    way = _way(frame, place, start, kind, measure)
    scale = "All starts share one scale." if len(frame.starts(place)) > 1 else ""
    what = _what_the_way_is(frame, place, start, kind, measure) if way else ""
    where = _WHERE[kind].format(other=frame.other_task(place, start))
    return StudyFigure(
        key=f"{kind}-{start}-{measure.name}-{place.key}".replace(" ", "-"),
        title=f"The surface around the training: {_TITLES[kind]}",
        tab=f"{measure.title}, {start}: {place.title}",
        how_to_read=" ".join(filter(None, (where, scale, _extremes(found, measure), what))),
        kind="surface",
        surface=Surface(
            columns=tuple(map(float, found.columns)),
            rows=tuple(map(float, found.index)),
            values=tuple(tuple(map(float, row)) for row in found.to_numpy()),
            value_title=f"{measure.title} ({measure.unit})" if measure.unit else measure.title,
            value_range=_shared_range(frame, place, kind, measure),
        ),
        series=way,
        percent=measure.name == "error",
        x_title="β",
        y_title="α",
    )


def _extremes(found: pd.DataFrame, measure: _Measure) -> str:
    """Return from where to where a surface goes: on a shared scale one that hardly changes looks flat."""
    values = found.to_numpy(dtype=float)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ""
    ends = (float(finite.min()), float(finite.max()))
    low, high = (f"{end:.1%}" if measure.name == "error" else f"{end:.3g} nats" for end in ends)
    return f"Here values go from {low} to {high}."


def _shared_range(frame: Frame, place: Place, kind: str, measure: _Measure) -> tuple[float, float] | None:
    """Return the lowest and the highest value over all starts; ``None`` where all are one."""
    planes = [frame.plane(place, start, kind, measure.name, measure.split) for start in frame.starts(place)]
    values = np.concatenate([plane.to_numpy(dtype=float).ravel() for plane in planes])
    finite = values[np.isfinite(values)]
    if not len(finite) or finite.min() == finite.max():
        return None
    return float(finite.min()), float(finite.max())


def _way(frame: Frame, place: Place, start: str, kind: str, measure: _Measure) -> tuple[Series, ...]:
    """Return the way of the training in the plane; nothing in a plane that has none."""
    alphas, betas = (frame.way(place, start, kind, axis) for axis in ("alpha", "beta"))
    if not alphas:
        return ()
    steps = sorted(alphas)
    return (
        Series(
            name=f"training, {start}",
            x=tuple(betas.get(step, math.nan) for step in steps),
            y=tuple(alphas[step] for step in steps),
            labels=_labels(frame, place, start, kind, measure, steps),
            role=ROLES.get(start, ""),
        ),
    )


def _labels(
    frame: Frame, place: Place, start: str, kind: str, measure: _Measure, steps: list[int]
) -> tuple[str, ...]:
    """Return what each snapshot is, with its own loss or error and the loss at its place in the plane.

    In the plane with another task snapshots would have other heads than the plane: their errors are left out.
    """
    if measure.name == "loss":
        own, there = (
            frame.way(place, start, kind, name, measure.split) for name in ("own_loss", "projected_loss")
        )
        return tuple(
            f"update {step}: own loss {own.get(step, math.nan):.3f}, {there.get(step, math.nan):.3f} at its place"
            for step in steps
        )
    if kind != "path":
        return tuple(f"update {step}" for step in steps)
    errors = frame.trace(place, start, frame.seeds(place, start)[0], measure.name, measure.split)["value"]
    return tuple(f"update {step}: own error {errors.get(step, math.nan):.1%}" for step in steps)


def _what_the_way_is(frame: Frame, place: Place, start: str, kind: str, measure: _Measure) -> str:
    """Return what the way in a plane leaves out."""
    overall = frame.value(
        model=place.model,
        task=place.task,
        start=start,
        kind=f"way: {kind}",
        measure="variance_explained",
        step=None,
    )
    single = frame.way(place, start, kind, "variance_explained").values()
    least = min((share for share in single if math.isfinite(share)), default=math.nan)
    held = (
        f": the plane holds {overall:.0%} of the squared distances of all from 0, 0, and at least {least:.0%} of each"
        if math.isfinite(overall) and math.isfinite(least)
        else ""
    )
    nouns = {"loss": "losses", "error": "errors"}
    return (
        "The line is the way of the training, each snapshot at the nearest point of the plane. The"
        f" {nouns[measure.name]} are those at the points of the plane, off which a snapshot itself lies{held}."
    )
