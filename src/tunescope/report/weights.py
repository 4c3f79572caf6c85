"""How far the weights of each part of the model moved."""

from __future__ import annotations

from collections.abc import Iterable

from tunescope.report.bars import BarSet, BarsInfo
from tunescope.report.figure_info import how_to_read
from tunescope.report.marks import make_mark
from tunescope.report.places import defined
from tunescope.studies.comparison import Comparison

__all__ = ["part_layers", "short_part", "weights_info"]


def part_layers(comparison: Comparison) -> dict[str, int]:
    """Return the layer whose vectors each part of the model computes; 0 for the embeddings."""
    return {"embeddings": 0} | {f"layer {layer}": layer for layer in range(1, comparison.n_layers + 1)}


def short_part(part: str, layers: dict[str, int]) -> str:
    """Return a short name of a part: ``"Emb."``, a layer's number, or the name as it is."""
    layer = layers.get(part)
    if layer is None:
        return part
    return str(layer) if layer else "Emb."


def weights_info(comparison: Comparison) -> BarsInfo:
    """Return the relative weight change of the embeddings, of each layer and of the other parts."""
    found = [m for m in comparison.select(measure="weight_change", step=None) if m.part is not None]
    layers = part_layers(comparison)
    parts = [str(m.part) for m in found]
    bars = BarSet(
        names=tuple(short_part(part, layers) for part in parts),
        marks=tuple(make_mark(m, i, str(m.part).capitalize()) for i, m in enumerate(found)),
        layers=tuple(layers.get(part) for part in parts),
    )
    return BarsInfo(
        key="weight-change",
        title="How far the weights moved",
        tab="Weight change",
        how_to_read=(
            f"{how_to_read('weight_change')} The figures are exact, so they have no interval."
            " Numbers below the bars are layers."
        ),
        alternative=_alternative(parts),
        measurements=tuple(found),
        missing=None if defined(found) else "the comparison holds no weight change",
        value_title="Relative change",
        sets=(bars,),
    )


def _alternative(parts: Iterable[str]) -> str:
    return f"Bars of the relative weight change by part of the model: {', '.join(parts)}."
