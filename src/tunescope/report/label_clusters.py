"""How the labels lie to each other: clusters by layer, distances before and after, agreement of train and test."""

from __future__ import annotations

import math

from tunescope.report.curves import Curve, CurvesInfo
from tunescope.report.dots import DotSeries, DotsInfo
from tunescope.report.figure_info import how_to_read, measurement_place
from tunescope.report.grids import GridInfo
from tunescope.report.marks import Mark, make_mark
from tunescope.report.palette import SUBJECTS
from tunescope.report.places import defined
from tunescope.report.wording import count_text, value_text
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["clusters_info", "division_info", "label_distance_info", "minimum_distance_info"]

MOST_LABELS = 24
"""Figures by label show so many, those with the most examples; their tables have all."""

_MODELS = (("base", "Base"), ("tuned", "Tuned"))


def clusters_info(comparison: Comparison) -> CurvesInfo:
    """Return the number of clusters at each layer of either model, beside the control with shuffled labels."""
    found = _select(comparison, "clusters") + _select(comparison, "clusters_shuffled")
    curves = [
        Curve(
            name=name + (" · shuffled labels" if control else ""),
            look=SUBJECTS[subject].control() if control else SUBJECTS[subject],
            marks=marks,
        )
        for control, measure in ((False, "clusters"), (True, "clusters_shuffled"))
        for subject, name in _MODELS
        for marks in [_marks([m for m in found if (m.measure, m.subject) == (measure, subject)])]
        if marks
    ]
    n_labels = len({m.label for m in _select(comparison, "minimum_distance")})
    return CurvesInfo(
        key="clusters",
        title="Into how many clusters the labels fall",
        tab="Clusters",
        how_to_read=(
            f"{how_to_read('clusters')} With {count_text(n_labels, 'label')}, {n_labels} clusters mean that hyperplanes"
            " tell all labels apart. Shuffled labels are the control, at the top layer: where they need as few"
            " clusters, the number says nothing about the labels. Layer 0 is the embeddings."
        ),
        alternative="Number of clusters over the layers: one curve for the base model, one for the tuned model.",
        measurements=tuple(found),
        missing=None if defined(found) else _why_missing(comparison),
        along="layer",
        y_title="Clusters",
        log=True,
        curves=tuple(curves),
    )


def minimum_distance_info(comparison: Comparison) -> DotsInfo:
    """Return each label's distance to its nearest other label at the top layer, before and after."""
    found = [m for m in _select(comparison, "minimum_distance") if m.layer == comparison.n_layers]
    rows = _largest(found)
    series = tuple(
        DotSeries(
            name=name,
            look=SUBJECTS[subject],
            marks=tuple(
                make_mark(m, rows.index(str(m.label)), measurement_place(m).capitalize())
                for m in found
                if m.subject == subject and str(m.label) in rows
            ),
        )
        for subject, name in _MODELS
    )
    return DotsInfo(
        key="minimum-distance",
        title="How far each label lies from its nearest other label",
        tab="Minimum distance",
        how_to_read=(
            f"{how_to_read('minimum_distance')} Training targets at the top layer; the figures are exact for these; of"
            " more targets they would mostly be smaller. Base and tuned share a unit only as far as their vectors do."
        ),
        alternative="Dots in rows by label: the minimum distance before and after.",
        measurements=tuple(found),
        missing=None if defined(found) else _why_missing(comparison),
        x_title="Minimum distance",
        rows=tuple(rows),
        series=tuple(each for each in series if each.marks),
    )


def label_distance_info(comparison: Comparison, subject: str) -> GridInfo:
    """Return the distance of every two labels at the top layer of one model."""
    found = [m for m in _select(comparison, "label_distance") if m.subject == subject]
    names = _largest([m for m in _select(comparison, "minimum_distance") if m.layer == comparison.n_layers])
    cells = {(m.label, m.other_label): m for m in found} | {(m.other_label, m.label): m for m in found}
    title = dict(_MODELS)[subject]
    return GridInfo(
        key=f"label-distances-{subject}",
        title="The distance of every two labels",
        tab=title,
        how_to_read=(
            f"{how_to_read('label_distance')} 0 means that their clusters meet. Training targets at the top layer of"
            f" the {title.lower()} model."
        ),
        alternative=f"Matrix of label distances of the {title.lower()} model.",
        measurements=tuple(found),
        missing=None if defined(found) else _why_missing(comparison),
        value_title="Distance",
        x_title="",
        columns=tuple(names),
        rows=tuple(names),
        row_layers=(None,) * len(names),
        marks=tuple(tuple(_cell(cells.get((a, b)), i) for i, b in enumerate(names)) for a in names),
        digits=tuple(tuple(_digits(cells.get((a, b))) for b in names) for a in names),
        low_is_strong=False,
    )


def division_info(comparison: Comparison, measure: str) -> CurvesInfo:
    """Return how far the labels of train and test lie alike, by layer, beside a random division of the sentences."""
    found = _select(comparison, measure)
    curves = [
        Curve(
            name=name + (" · random split" if partition == "random" else ""),
            look=SUBJECTS[subject].control() if partition == "random" else SUBJECTS[subject],
            marks=marks,
        )
        for subject, name in _MODELS
        for partition in ("given", "random")
        for marks in [_marks([m for m in found if (m.subject, m.partition) == (subject, partition)])]
        if marks
    ]
    return CurvesInfo(
        key=measure.replace("_", "-"),
        title="Do the labels of train and test lie alike?",
        tab="Labels of more than five" if measure.endswith("large") else "All labels",
        how_to_read=(
            f"{how_to_read(measure)} The random split divides the same sentences at random: where it is as low as the"
            " given split, no difference between train and test can be told from the smallness of the sample."
        ),
        alternative="Train–test similarity over the layers, for either model, given and random split.",
        measurements=tuple(found),
        missing=None if defined(found) else _why_missing(comparison),
        along="layer",
        y_title="Similarity",
        curves=tuple(curves),
    )


def _select(comparison: Comparison, measure: str) -> list[Measurement]:
    return [m for m in comparison.select(measure=measure, step=None) if m.layer is not None]


def _marks(found: list[Measurement]) -> tuple[Mark, ...]:
    rising = sorted(found, key=lambda m: m.layer or 0)
    return tuple(make_mark(m, m.layer or 0, measurement_place(m).capitalize()) for m in rising)


def _largest(found: list[Measurement]) -> list[str]:
    """Return the labels with the most examples, sorted by name."""
    sizes = {str(m.label): m.estimate.n_examples for m in found}
    return sorted(sorted(sizes, key=lambda label: (-sizes[label], label))[:MOST_LABELS])


def _cell(measurement: Measurement | None, column: int) -> Mark:
    if measurement is None:
        return Mark(position=column, value=None, text=("one label",))
    return make_mark(measurement, column, measurement_place(measurement).capitalize())


def _digits(measurement: Measurement | None) -> str:
    if measurement is None or not math.isfinite(measurement.estimate.value):
        return ""
    return value_text(measurement.measure, measurement.estimate.value)


def _why_missing(comparison: Comparison) -> str:
    if comparison.label_kind != "class":
        return (
            f"clusters belong to classes; the labels of this task are of the kind “{comparison.label_kind}”"
        )
    return "the comparison holds no clusters of the labels"
