"""Table 7 of the paper: classifier, clusters, linearity and train–test similarity, before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tunescope.studies.recipes.closer_look.compared_model import ComparedModel, is_paper_data
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.recipes.closer_look.tables.states import State, states
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["representations_table"]


def representations_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each model, task and state."""
    return StudyTable.of(
        "representations",
        "Before and after fine-tuning, top layer",
        [
            _row(state, models[state.place.model], is_paper_data(frame, state.place.model, state.place.task))
            for state in states(frame)
        ],
        note=(
            "Accuracy of the classifier on the test set in per cent, mean and standard deviation over five refits of"
            " the chosen configuration (Table 7 of the paper). Linear: each label is one cluster, counted exactly. The"
            " similarity of training and test set is over all label pairs with a distance, and over those of labels"
            " with six examples and more in both. Published numbers are Zhou and Srikumar's (2022), for the model of"
            " theirs that is nearest in size, whatever ours was trained for. Marks: m, another model than the paper's;"
            " d, other data."
        ),
    )


def _row(state: State, model: ComparedModel, same_data: bool) -> dict[str, Cell]:
    theirs, top = model.theirs(state.place.task, state.stage), state.top
    accuracy = 100 * top.value(measure="accuracy")
    beside: dict[str, Cell] = dict.fromkeys(("accuracy", "linear", "similarity"))
    if theirs is not None:
        beside["accuracy"] = float(theirs["accuracy"])
        beside["linear"] = _yes_no(float(theirs["linear"]))
        similarity = float(theirs["train_test_similarity"])
        beside["similarity"] = None if math.isnan(similarity) else similarity
    published, spread = beside["accuracy"], top.one(measure="accuracy_sd")
    return {
        **state.heading,
        "accuracy": accuracy,
        "sd": None if spread is None else 100 * float(spread["value"]),
        "published": published,
        "difference": accuracy - published if isinstance(published, float) else None,
        "mark": None if theirs is None else model.mark(same_data),
        "hidden sizes": _hidden_sizes(state),
        "linear": _yes_no(top.value(measure="is_linear", split="train")),
        "published linear": beside["linear"],
        "train–test similarity": top.value(measure="train_test_similarity"),
        "of larger labels": top.value(measure="train_test_similarity_large"),
        "published similarity": beside["similarity"],
    }


def _hidden_sizes(state: State) -> str | None:
    first, second = (state.whole(measure=f"hidden_{number}") for number in (1, 2))
    return None if first is None else f"{first}, {second}"


def _yes_no(value: float) -> str | None:
    return None if math.isnan(value) else ("yes" if value else "no")
