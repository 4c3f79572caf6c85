"""What happened when during training: the score and the layers at each snapshot."""

from __future__ import annotations

from tunescope.report.curves import Curve, CurvesInfo
from tunescope.report.figure_info import measurement_place, titled_reading
from tunescope.report.grids import GridInfo
from tunescope.report.marks import Mark, make_mark
from tunescope.report.palette import SUBJECTS
from tunescope.report.places import defined, find, main_split, splits
from tunescope.report.scores import metric_title
from tunescope.report.weights import part_layers, short_part
from tunescope.report.wording import describe, value_text
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["STEP_GRIDS", "score_path_info", "step_grid_info"]

STEP_GRIDS = {"rsa": "RSA", "cka": "CKA", "weight_change": "Weight change"}
"""Measures that are shown by layer and step, with short names."""

_NO_SNAPSHOTS = "no snapshots from the training were measured"


def score_path_info(comparison: Comparison, metric: str) -> CurvesInfo:
    """Return the score at each snapshot: of the top layer's probe and of the own head.

    Where no snapshot is of step 0, the base model's probe stands there: that is the state in which training started.
    """
    found = [m for m in comparison.measurements if _is_score(m, metric) and m.step is not None]
    start = find(comparison, f"probe_{metric}", "base", main_split(comparison), layer=comparison.n_layers)
    curves = [
        Curve(name=name, look=SUBJECTS[look], marks=marks, split=main_split(comparison))
        for name, origin, look in (
            ("Linear probe, top layer", "probe", "tuned"),
            ("Own head", "head", "head"),
        )
        for marks in [_score_marks([m for m in found if m.measure == f"{origin}_{metric}"])]
        if marks
    ]
    if found and start is not None and all(m.step != 0 for m in found):
        base = Measurement(
            measure=f"probe_{metric}",
            subject="base",
            split=main_split(comparison),
            layer=comparison.n_layers,
            estimate=start,
        )
        curves.append(
            Curve(
                name="Base: linear probe",
                look=SUBJECTS["base"],
                marks=(make_mark(base, 0, "Before training"),),
            )
        )
        found.append(base)
    return CurvesInfo(
        key=f"training-{metric}",
        title="The training in steps",
        tab=metric_title(metric),
        how_to_read="Higher is better. Each mark is a measured snapshot; the lines only guide the eye.",
        alternative=f"{metric_title(metric)} over the training steps.",
        measurements=tuple(found),
        missing=None if defined(found) else _NO_SNAPSHOTS,
        along="step",
        y_title=metric_title(metric),
        percent=describe(f"probe_{metric}").percent,
        curves=tuple(curves),
        splits=splits(comparison),
    )


def _is_score(measurement: Measurement, metric: str) -> bool:
    return measurement.subject == "tuned" and measurement.measure in (f"probe_{metric}", f"head_{metric}")


def _score_marks(found: list[Measurement]) -> tuple[Mark, ...]:
    rising = sorted(found, key=lambda m: m.step or 0)
    return tuple(make_mark(m, m.step or 0, measurement_place(m).capitalize()) for m in rising)


def step_grid_info(comparison: Comparison, measure: str) -> GridInfo:
    """Return a measure by layer (or part of the model) and step.

    Args:
        comparison: What was measured.
        measure: A key of :data:`STEP_GRIDS`.
    """
    layers = part_layers(comparison)
    found = [m for m in comparison.select(measure=measure) if m.step is not None and _row(m) is not None]
    rows = list(dict.fromkeys(_row(m) for m in sorted(found, key=lambda m: m.layer or 0)))
    columns = sorted({m.step for m in found if m.step is not None})
    cells = {(_row(m), m.step): m for m in found}
    title = describe(measure).title
    return GridInfo(
        key=f"training-{measure.replace('_', '-')}",
        title="The training in steps",
        tab=STEP_GRIDS[measure],
        how_to_read=f"{titled_reading(measure)} Dark cells changed most; an empty cell is not defined.",
        alternative=f"{title} as a grid of layers and training steps.",
        measurements=tuple(found),
        missing=None if defined(found) else _NO_SNAPSHOTS,
        value_title=title,
        columns=tuple(f"{step:,}" for step in columns),
        rows=tuple(_row_name(row, layers) for row in rows),
        row_layers=tuple(row if isinstance(row, int) else layers.get(str(row)) for row in rows),
        marks=tuple(
            tuple(_cell(cells.get((row, step)), i) for i, step in enumerate(columns)) for row in rows
        ),
        digits=tuple(tuple(_digits(cells.get((row, step))) for step in columns) for row in rows),
        low_is_strong=measure != "weight_change",
    )


def _row(measurement: Measurement) -> int | str | None:
    return measurement.part if measurement.layer is None else measurement.layer


def _row_name(row: int | str | None, layers: dict[str, int]) -> str:
    return f"Layer {row}" if isinstance(row, int) else _part_name(str(row), layers)


def _part_name(part: str, layers: dict[str, int]) -> str:
    short = short_part(part, layers)
    return f"Layer {short}" if layers.get(part) else short


def _cell(measurement: Measurement | None, column: int) -> Mark:
    if measurement is None:
        return Mark(position=column, value=None, text=("not measured",))
    return make_mark(measurement, column, measurement_place(measurement).capitalize())


def _digits(measurement: Measurement | None) -> str:
    if measurement is None or not defined([measurement]):
        return ""
    text = value_text(measurement.measure, measurement.estimate.value)
    return "1.00" if text == "1.000" else text.replace("0.", ".", 1) if "0." in text[:3] else text
