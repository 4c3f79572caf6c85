"""How far each layer moved: similarity to the original, and in how many directions the labels moved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from tunescope.studies.published.numbers import published
from tunescope.studies.recipes.closer_look.compared_model import ComparedModel, is_paper_data
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.study_result import Cell, StudyTable
from tunescope.studies.study_rows import StudyRows

__all__ = ["layers_table"]

_PAPER_MODEL = "base"


def layers_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each model, task, seed and layer."""
    return StudyTable.of(
        "layers",
        "How far each layer moved",
        [row for place in frame.places() for row in _rows(frame, place, models[place.model])],
        note=(
            "At the end of training against the original, on the training set: the spatial similarity of the labels"
            " (Figure 4 of the paper, for BERT-base; its numbers stand beside models of that depth), RSA of the vectors"
            " with its interval, the mean length of the labels' movements, and in how many directions they moved"
            " (participation ratio). Marks: m, another model; d, other data."
        ),
    )


def _rows(frame: Frame, place: Place, model: ComparedModel) -> Iterator[dict[str, Cell]]:
    found = StudyRows(frame.after(place))
    same_data = is_paper_data(frame, place.model, place.task)
    layers = found.select(measure="spatial_similarity")["layer"]
    for layer in sorted(map(int, layers)):
        similar = found.select(measure="rsa", layer=layer).sort_values("step")
        rsa = None if similar.empty else similar.iloc[-1]
        theirs = _published(place.task, layer) if model.nearest == _PAPER_MODEL else None
        yield {
            "model": place.model,
            "task": place.task,
            "seed": place.seed,
            "layer": layer,
            "spatial similarity": found.value(measure="spatial_similarity", layer=layer),
            "published": theirs,
            "mark": None if theirs is None else model.mark(same_data),
            "RSA": None if rsa is None else float(rsa["value"]),
            "low": None if rsa is None else float(rsa["low"]),
            "high": None if rsa is None else float(rsa["high"]),
            "length of movements": found.value(measure="difference_length", layer=layer),
            "directions": found.value(measure="difference_directions", layer=layer),
        }


def _published(task: str, layer: int) -> float | None:
    table = published("closer_look_fig4_layer_similarity").set_index("task")
    column = f"layer_{layer}"
    if task not in table.index or column not in table.columns:
        return None
    value = float(table.at[task, column])  # type: ignore[arg-type]
    return None if math.isnan(value) else value
