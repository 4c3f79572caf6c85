"""What each ablation costs in quality, and what it saves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.what_happens.frame import Frame, Place

__all__ = ["Ablation", "Kind", "ablations"]

Kind = Literal["freeze", "truncate"]


@dataclass(frozen=True)
class Ablation:
    """Training with the lowest layers frozen, or with the upper ones left out.

    Attributes:
        kind: Which of the two.
        n_layers: How many layers are frozen (−1 for none, 0 for the embeddings), or kept.
        score: On the test set.
        change: By how much the score exceeds that of training all layers; None for that itself.
        share_of_gain: Which part of what training all layers gains over training the head alone is kept; NaN where
            the interval of that gain is not above 0.
        speed_up: How many times faster it trains than all layers do, by the clock.
        operations: Which part of the operations of training all layers it takes.
        inference_operations: Which part of the operations of reading the test set it takes.
    """

    kind: Kind
    n_layers: int
    score: OverSeeds
    change: OverSeeds | None
    share_of_gain: float
    speed_up: float
    operations: float
    inference_operations: float


def ablations(frame: Frame, place: Place, kind: Kind) -> Iterator[Ablation]:
    """Yield the ablations of a model on a task, by rising number of layers."""
    scores = frame.ablations(place, kind, "score", "test")
    changes = frame.ablations(place, kind, "gain", "test")
    seconds, operations = (frame.ablations(place, kind, name, None) for name in ("seconds", "operations"))
    inference = frame.by_layer(place, kind="inference", measure="inference_operations")
    whole = -1 if kind == "freeze" else place.n_layers
    best = _value(scores, whole)
    head_alone = _head_alone(frame, place)
    for n_layers, score in scores.items():
        yield Ablation(
            kind=kind,
            n_layers=n_layers,
            score=score,
            change=changes.get(n_layers),
            share_of_gain=_ratio(score.value - head_alone, best - head_alone),
            speed_up=_ratio(_value(seconds, whole), _value(seconds, n_layers)),
            operations=_ratio(_value(operations, n_layers), _value(operations, whole)),
            inference_operations=(
                1.0
                if kind == "freeze"
                else _ratio(_value(inference, n_layers), _value(inference, place.n_layers))
            ),
        )


def _head_alone(frame: Frame, place: Place) -> float:
    """Return the score of training the head alone; NaN where training all layers is not told to be better."""
    change = frame.ablations(place, "freeze", "gain", "test").get(place.n_layers)
    if change is None or not change.high < 0:
        return math.nan
    return _value(frame.ablations(place, "freeze", "score", "test"), place.n_layers)


def _value(found: dict[int, OverSeeds], number: int) -> float:
    return found[number].value if number in found else math.nan


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan
