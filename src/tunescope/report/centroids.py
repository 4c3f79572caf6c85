"""Where the centroids of the labels went: how far at each layer, and on which path during training."""

from __future__ import annotations

import math

from tunescope.report.bars import BarSet, BarsInfo
from tunescope.report.escaping import shorten
from tunescope.report.figure_info import how_to_read
from tunescope.report.marks import make_mark
from tunescope.report.paths import Path2D, PathsInfo
from tunescope.report.places import defined
from tunescope.report.wording import count_text
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["MOST_LABELS", "centroid_path_info", "centroid_shift_info"]

MOST_LABELS = 40
"""The figure shows so many labels per layer, those that moved furthest; its table has all."""


def centroid_shift_info(comparison: Comparison) -> BarsInfo:
    """Return how far each label's centroid moved, one set of bars per layer, the top layer first shown."""
    found = [m for m in comparison.select(measure="centroid_shift", step=None) if m.layer is not None]
    layers = sorted({m.layer for m in found if m.layer is not None})
    sets = tuple(_at_layer(found, layer) for layer in layers)
    return BarsInfo(
        key="centroid-shift",
        title="Which labels moved",
        tab="Centroid shift",
        how_to_read=f"{how_to_read('centroid_shift')} {_shown(found)}",
        alternative="Lying bars of the centroid shift by label at the chosen layer, the furthest first.",
        measurements=tuple(found),
        missing=None if defined(found) else _why_missing(comparison),
        value_title="Centroid shift",
        lying=True,
        sets=sets,
        first=max(len(sets) - 1, 0),
    )


def _at_layer(found: list[Measurement], layer: int) -> BarSet:
    there = [m for m in found if m.layer == layer and m.label is not None]
    values = {id(m): m.estimate.value if math.isfinite(m.estimate.value) else -1.0 for m in there}
    furthest = sorted(there, key=lambda m: (-values[id(m)], str(m.label)))[:MOST_LABELS]
    return BarSet(
        names=tuple(str(m.label) for m in furthest),
        marks=tuple(
            make_mark(m, i, shorten(str(m.label), 200), f"layer {layer}") for i, m in enumerate(furthest)
        ),
        layer=layer,
    )


def _shown(found: list[Measurement]) -> str:
    n_labels = len({m.label for m in found})
    if n_labels <= MOST_LABELS:
        return "The page’s choice of a layer applies here."
    return f"Of {count_text(n_labels, 'label')}, the {MOST_LABELS} that moved furthest at the chosen layer are shown."


def centroid_path_info(comparison: Comparison) -> PathsInfo:
    """Return the path of each label's centroid at the top layer during training."""
    labels = dict.fromkeys(point.label for point in comparison.centroid_path)
    points = sorted(comparison.centroid_path, key=lambda point: point.step)
    paths = [
        Path2D(label=label, points=chosen)
        for label in labels
        for chosen in [
            tuple(p for p in points if p.label == label and math.isfinite(p.x) and math.isfinite(p.y))
        ]
        if chosen
    ]
    share = comparison.path_variance
    known = f"{100 * share:.0f}\u202f%" if math.isfinite(share) else "an unknown share"
    return PathsInfo(
        key="centroid-path",
        title="The way of the centroids during training",
        tab="Centroid path",
        how_to_read=(
            "Each line follows one label’s centroid at the top layer from the first measured step (open marker) to the"
            f" last (its name). The plane shows {known} of the centroids’ variance; the rest stays unseen."
        ),
        alternative=f"Paths of {count_text(len(paths), 'label')} in the plane of two principal components.",
        missing=None if paths else _why_missing(comparison, path=True),
        paths=tuple(paths),
    )


def _why_missing(comparison: Comparison, *, path: bool = False) -> str:
    if comparison.label_kind != "class":
        return (
            f"centroids belong to classes; the labels of this task are of the kind “{comparison.label_kind}”"
        )
    if path and len(comparison.steps) < 2:
        return "a path needs at least two snapshots from the training"
    return "the comparison holds no centroids"
