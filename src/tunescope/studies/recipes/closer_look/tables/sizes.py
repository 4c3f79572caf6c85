"""The size of a model against what a classifier that is not linear gains on a linear one."""

from __future__ import annotations

from collections.abc import Mapping

from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.recipes.closer_look.tables.states import State, states
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["BEYOND_LINEAR", "sizes_table"]

BEYOND_LINEAR = "linear"
"""What the figures of linear classifiers stand beside the study's own as."""


def sizes_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each task, state and model, smallest first; none where all classifiers are linear."""
    chosen = {(state.place, state.stage): state for state in states(frame)}
    linear = sorted(
        states(frame.control(BEYOND_LINEAR)),
        key=lambda state: (state.place.task, state.stage == "after", models[state.place.model].n_parameters),
    )
    return StudyTable.of(
        "sizes",
        "Do small models need classifiers that are not linear?",
        [_row(state, chosen[state.place, state.stage], models[state.place.model]) for state in linear],
        note=(
            "Accuracy at the top layer in per cent of a linear classifier and of the one that the study file asks"
            " for; their difference in points with its interval, paired over sentences. The linear classifier's penalty"
            " is fixed, the other's is searched, so that a gain below a point is no sign of curved borders. Parameters"
            " are those of the layers, in millions; embeddings are not counted."
        ),
    )


def _row(linear: State, chosen: State, model: ComparedModel) -> dict[str, Cell]:
    gain = linear.top.one(measure="accuracy_gain")
    value, low, high = (
        (None, None, None) if gain is None else (100 * gain[end] for end in ("value", "low", "high"))
    )
    return {
        "task": linear.place.task,
        "state": linear.stage,
        "model": model.name,
        "layers": model.n_layers,
        "hidden size": model.hidden_size,
        "parameters": model.n_parameters / 1e6,
        "seed": linear.heading["seed"],
        "linear classifier": 100 * linear.top.value(measure="accuracy"),
        "chosen classifier": 100 * chosen.top.value(measure="accuracy"),
        "gain": value,
        "low": low,
        "high": high,
    }
