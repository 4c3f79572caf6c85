"""Curves over the layers: similarity of the two models, what a probe reads from each, how narrow their cones are."""

from __future__ import annotations

from tunescope.report.curves import Curve, CurvesInfo
from tunescope.report.figure_info import how_to_read, measurement_place, titled_reading
from tunescope.report.marks import Mark, make_mark
from tunescope.report.palette import SUBJECTS, split_look
from tunescope.report.places import defined, main_split, out_of_domain, splits
from tunescope.report.scores import metric_title
from tunescope.report.wording import describe, split_title
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["SIMILARITIES", "mean_cosine_info", "probe_layers_info", "similarity_info"]

SIMILARITIES = {
    "rsa": "RSA",
    "cka": "CKA",
    "procrustes_distance": "Procrustes",
    "neighbourhood_overlap": "Neighbours",
}
"""Measures of similarity between base and tuned, with short names."""

_MODELS = (("base", "Base"), ("tuned", "Tuned"))
_LAYER_ZERO = "Layer 0 is the embeddings."


def similarity_info(comparison: Comparison, measure: str) -> CurvesInfo:
    """Return how alike the base and the tuned vectors are at each layer, one curve per split.

    Args:
        comparison: What was measured.
        measure: A key of :data:`SIMILARITIES`.
    """
    found = [m for m in comparison.select(measure=measure, subject="both", step=None) if m.layer is not None]
    title = describe(measure).title
    curves = [
        Curve(name=name, look=look.control() if partition == "random" else look, marks=marks, split=split)
        for split in splits(comparison)
        for partition in ("given", "random")
        for name in [split_title(split) + (" · random split" if partition == "random" else "")]
        for look in [split_look(split, out_of_domain(comparison))]
        for marks in [_marks([m for m in found if (m.split, m.partition) == (split, partition)])]
        if marks
    ]
    return CurvesInfo(
        key=f"similarity-{measure.replace('_', '-')}",
        title="Similarity of base and tuned, layer by layer",
        tab=SIMILARITIES.get(measure, title),
        how_to_read=f"{titled_reading(measure)} {_LAYER_ZERO}",
        alternative=f"{title} of base and tuned over the layers, one curve per split.",
        measurements=tuple(found),
        missing=None if defined(found) else f"the comparison holds no {title} between the two models",
        along="layer",
        y_title=title,
        percent=describe(measure).percent,
        curves=tuple(curves),
        splits=splits(comparison),
    )


def probe_layers_info(comparison: Comparison, metric: str) -> CurvesInfo:
    """Return what a linear probe reads from each layer of either model, for one split at a time."""
    measure = f"probe_{metric}"
    info = _models_info(comparison, measure)
    return info.model_copy(
        update={
            "key": f"probe-{metric}",
            "title": "What a linear probe reads from each layer",
            "tab": metric_title(metric),
            "y_title": metric_title(metric),
            "how_to_read": (
                f"{how_to_read(measure)} Where the tuned curve lies above the base curve, fine-tuning made the labels"
                f" easier to read off the vectors of that layer. {_LAYER_ZERO}"
            ),
        }
    )


def mean_cosine_info(comparison: Comparison) -> CurvesInfo:
    """Return the mean cosine between vectors at each layer of either model, for one split at a time."""
    info = _models_info(comparison, "mean_cosine")
    return info.model_copy(
        update={
            "key": "mean-cosine",
            "title": "How narrow the cone of vectors is",
            "tab": "Mean cosine",
            "how_to_read": (
                f"{how_to_read('mean_cosine')} At 0 they point in all directions, at 1 all in the same. {_LAYER_ZERO}"
            ),
        }
    )


def _models_info(comparison: Comparison, measure: str) -> CurvesInfo:
    found = [
        m
        for m in comparison.select(measure=measure, step=None, label=None)
        if m.layer is not None and m.subject in ("base", "tuned")
    ]
    title = describe(measure).title
    curves = [
        Curve(name=name, look=SUBJECTS[subject], marks=marks, split=split)
        for split in splits(comparison)
        for subject, name in _MODELS
        for marks in [_marks([m for m in found if _is_at(m, subject, split)])]
        if marks
    ]
    shown = [curve.split for curve in curves]
    first = main_split(comparison)
    return CurvesInfo(
        key=measure,
        title=title,
        tab=title,
        how_to_read="",
        alternative=f"{title} over the layers: one curve for the base model, one for the tuned model.",
        measurements=tuple(found),
        missing=None if defined(found) else f"the comparison holds no figure of “{title}” by layer",
        along="layer",
        y_title=title,
        percent=describe(measure).percent,
        curves=tuple(curves),
        splits=splits(comparison),
        one_split=first if first in shown else next(iter(shown), None),
    )


def _is_at(measurement: Measurement, subject: str, split: str) -> bool:
    return (measurement.subject, measurement.split, measurement.partition) == (subject, split, "given")


def _marks(found: list[Measurement]) -> tuple[Mark, ...]:
    rising = sorted(found, key=lambda m: m.layer or 0)
    return tuple(make_mark(m, m.layer or 0, measurement_place(m).capitalize()) for m in rising)
