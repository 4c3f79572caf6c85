"""The figures of a study of loss landscapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pandas as pd

from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.plan import GROUPS
from tunescope.studies.recipes.visualizing.starts import ROLES
from tunescope.studies.recipes.visualizing.surfaces import SURFACES, visualizing_surfaces
from tunescope.studies.study_result import Series, StudyFigure

__all__ = ["visualizing_figures"]

_BANDS = "Bands are intervals over examples."
_NAMES = {"train": "training examples", "unseen": "unseen examples"}


def visualizing_figures(frame: Frame) -> tuple[StudyFigure, ...]:
    """Return the figures, those of one kind one after the other, a tab for each model and task."""
    places = list(frame.places())
    kinds: tuple[Callable[[Frame, Place], Iterator[StudyFigure]], ...] = (
        _losses_in_training,
        _errors_in_training,
        _lines,
        _errors_on_lines,
        _random_lines,
        _groups,
        _layers,
        _between_seeds,
        *(partial(visualizing_surfaces, kind=kind) for kind in SURFACES),
    )
    return tuple(figure for kind in kinds for place in places for figure in kind(frame, place))


def _losses_in_training(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    yield from _both_starts(
        frame,
        place,
        "trace",
        "Is training easier from pre-trained weights? Loss along the training",
        "Measured at snapshots of the first seed's trainings.",
        lambda start, split: frame.trace(place, start, frame.seeds(place, start)[0], "loss", split),
        x_title="updates",
        y_title="loss (nats)",
    )


def _errors_in_training(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    lines = [
        _line(start, frame.trace(place, start, frame.seeds(place, start)[0], "error", "unseen"), start)
        for start in frame.starts(place)
    ]
    yield from _figure(
        "trace-error",
        place,
        "Does training for long over-fit? Error on unseen examples along the training",
        "Share of wrong predictions, at snapshots of the first seed's trainings.",
        lines,
        x_title="updates",
        y_title="unseen error",
        percent=True,
    )


def _lines(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    yield from _both_starts(
        frame,
        place,
        "line",
        "Is the way downhill? Loss on the straight line from start to end",
        "0: the weights before training; 1: those at its end. All weights move, the head's too.",
        lambda start, split: frame.line(
            place, start, frame.seeds(place, start)[0], "training", "loss", split
        ),
        x_title="way from start to end",
        y_title="loss (nats)",
    )


def _errors_on_lines(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    lines = [
        _line(
            start,
            frame.line(place, start, frame.seeds(place, start)[0], "training", "error", "unseen"),
            start,
        )
        for start in frame.starts(place)
    ]
    yield from _figure(
        "line-error",
        place,
        "Is the error on unseen examples like the training loss? Error on the line from start to end",
        "0: the weights before training; 1: those at its end.",
        lines,
        x_title="way from start to end",
        y_title="unseen error",
        percent=True,
    )


def _random_lines(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    yield from _both_starts(
        frame,
        place,
        "random-line",
        "How wide is the optimum? Loss on a random line through the end of training",
        "0: the end. At 1 each filter has moved by as much as its own length. The first of the directions.",
        lambda start, split: frame.line(
            place, start, frame.seeds(place, start)[0], "random line", "loss", split, direction=1
        ),
        x_title="random direction",
        y_title="loss (nats)",
    )


def _groups(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    for start in frame.starts(place):
        seed = frame.seeds(place, start)[0]
        lines = [
            _line(f"{group} layers", frame.line(place, start, seed, "training", "error", "unseen", group))
            for group in GROUPS
        ]
        yield from _figure(
            f"groups-{start}",
            place,
            "Which layers' training matters? Error with a third of the layers moved alone",
            "0: these layers as before training, everything else as at its end; 1: all as at the end.",
            lines,
            tab=f"{place.title}, {start}",
            x_title="way from start to end",
            y_title="unseen error",
            percent=True,
        )


def _layers(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    lines = []
    for start in frame.starts(place):
        found = frame.by_layer(place, start, frame.seeds(place, start)[0], "layers", "error_change", "unseen")
        lines.append(_line(start, found, start))
    yield from _figure(
        "layers",
        place,
        "What did each layer's training bring? Error with one layer put back",
        "One layer has its weights from before the training, all others those of its end. Layer 0: the embeddings.",
        lines,
        x_title="layer put back",
        y_title="rise of the unseen error",
        percent=True,
    )


def _between_seeds(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    lines = [
        _line(
            f"{start}, seed {seed}",
            frame.line(place, start, seed, "other end", "loss", "train"),
            start if len(frame.seeds(place, start)) == 2 else "",
        )
        for start in frame.starts(place)
        for seed in frame.seeds(place, start)[1:]
    ]
    yield from _figure(
        "seeds",
        place,
        "Do two seeds end in one valley? Loss on the straight line between their ends",
        "On training examples. 0: the end of this seed's training; 1: that of the first seed's.",
        lines,
        x_title="way from one end to the other",
        y_title="loss (nats)",
    )


def _both_starts(
    frame: Frame,
    place: Place,
    key: str,
    title: str,
    how_to_read: str,
    find: Callable[[str, str], pd.DataFrame],
    **more: Any,
) -> Iterator[StudyFigure]:
    """Yield a figure with the losses on training and unseen examples, from both starts."""
    lines = [
        _line(f"{start}, {name}", find(start, split), start if split == "train" else "")
        for start in frame.starts(place)
        for split, name in _NAMES.items()
    ]
    yield from _figure(key, place, title, how_to_read, lines, **more)


def _line(name: str, found: pd.DataFrame, start: str = "") -> Series:
    bands = found["low"].notna().any()
    columns = {column: tuple(float(value) for value in found[column]) for column in ("value", "low", "high")}
    return Series(
        name=name,
        x=tuple(float(str(place)) for place in found.index),
        y=tuple(value if math.isfinite(value) else math.nan for value in columns["value"]),
        low=columns["low"] if bands else (),
        high=columns["high"] if bands else (),
        role=ROLES.get(start, ""),
    )


def _figure(
    key: str,
    place: Place,
    title: str,
    how_to_read: str,
    series: Iterable[Series],
    *,
    tab: str = "",
    **more: Any,
) -> Iterator[StudyFigure]:
    drawn = tuple(each for each in series if each.x)
    if drawn:
        yield StudyFigure(
            key=f"{key}-{place.key}",
            title=title,
            tab=tab or place.title,
            how_to_read=f"{how_to_read} {_BANDS}",
            series=drawn,
            **more,
        )
