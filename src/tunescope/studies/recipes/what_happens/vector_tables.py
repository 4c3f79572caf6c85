"""The tables of vectors of words: how alike they are before and after, and how they lie."""

from __future__ import annotations

from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.recipes.what_happens.points import OVER_SEEDS, with_ends
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["vector_tables"]

_SHAPES = {
    "intrinsic_dimension": "intrinsic dimension (TwoNN)",
    "participation_ratio": "participation ratio",
    "isotropy": "isotropy",
}


def vector_tables(frame: Frame, places: list[Place]) -> tuple[StudyTable, ...]:
    """Return the tables."""
    return _similarity(frame, places), _shapes(frame, places)


def _similarity(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for domain in frame.domains(place):
            where = {"kind": "similarity", "domain": domain}
            found = frame.select(model=place.model, task=place.task, **where)
            for measure in found["measure"].drop_duplicates():
                for layer, figure in frame.by_layer(place, measure=measure, **where).items():
                    rows.append(
                        {
                            "model": place.model,
                            "task": place.task,
                            "text": domain,
                            "measure": str(measure).replace("_", " "),
                            "layer": layer,
                            "value": figure.value,
                            "low": figure.low,
                            "high": figure.high,
                            "seeds": figure.n_seeds,
                        }
                    )
    return StudyTable.of(
        "similarity",
        "Vectors of words before and after",
        rows,
        note=(
            "Own minus other: similarity on the task's own text minus that on another; below 0, fine-tuning changed the"
            f" vectors of its own text more. {OVER_SEEDS}"
        ),
        decimals=3,
    )


def _shapes(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for measure, title in _SHAPES.items():
            before = frame.by_layer(place, kind="shape before", measure=measure)
            after = frame.by_layer(place, kind="shape after", measure=measure)
            rows += [
                {
                    "model": place.model,
                    "task": place.task,
                    "measure": title,
                    "layer": layer,
                    **with_ends(before.get(layer), "before", "before low", "before high"),
                    **with_ends(after.get(layer), "after", "after low", "after high"),
                }
                for layer in sorted({*before, *after})
            ]
    return StudyTable.of(
        "shapes",
        "In how many directions the vectors of words lie",
        rows,
        note=(
            "On words of the task's own test sentences. The intrinsic dimension is that of the surface near which they"
            " lie; the participation ratio, debiased, is of straight directions; an isotropy of 1 means that no"
            f" direction stands out. {OVER_SEEDS}"
        ),
        decimals=2,
    )
