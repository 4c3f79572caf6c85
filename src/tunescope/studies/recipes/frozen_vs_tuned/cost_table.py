"""The table of what training costs: seconds, operations, memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["cost_table"]

_COLUMNS = {
    "seconds": ("seconds", 1.0),
    "of these reading": ("reading_seconds", 1.0),
    "tera-operations": ("operations", 1e12),
    "of these reading (operations)": ("reading_operations", 1e12),
    "peak GB": ("peak_bytes", 1e9),
    "added GB": ("added_bytes", 1e9),
}
"""What was measured and the unit that it is shown in, by title."""


def cost_table(frame: Frame) -> StudyTable:
    """Return a row for each model, task, condition and size of the training set."""
    return StudyTable.of(
        "cost",
        "What training costs",
        [row for place in frame.places() for row in _rows(frame, place)],
        note=(
            "Means over seeds of one training; predicting is not in it. A frozen head needs vectors of its training"
            " sentences: reading them with the model is counted, by its share of the sentences that were read, though"
            " heads can share it. Tera-operations are 10¹² floating-point operations of matrix products, attention and"
            " recurrent layers, counted on some batches or, for linear heads, by a formula. On a CPU, peak memory is"
            " that of the whole process, with what earlier steps left in it. The last two columns: how many times as"
            " much fine-tuning on the same sentences takes."
        ),
        decimals={
            "seconds": 1,
            "of these reading": 1,
            "tera-operations": 3,
            "of these reading (operations)": 3,
            "peak GB": 2,
            "added GB": 2,
            "fine-tuning, times the seconds": 1,
            "fine-tuning, times the operations": 1,
        },
    )


def _rows(frame: Frame, place: Place) -> Iterator[dict[str, Cell]]:
    tuned = {measure: _by_size(frame, place, measure, "tuned") for measure in ("seconds", "operations")}
    for condition in frame.conditions(place):
        own = {measure: _by_size(frame, place, measure, condition) for measure, _ in _COLUMNS.values()}
        for n, seconds in own["seconds"].items():
            yield {
                "model": place.model,
                "task": place.task,
                "condition": CONDITIONS[condition],
                "training sentences": n,
                **{title: own[measure][n] / unit for title, (measure, unit) in _COLUMNS.items()},
                "fine-tuning, times the seconds": tuned["seconds"].get(n, math.nan) / seconds,
                "fine-tuning, times the operations": (
                    tuned["operations"].get(n, math.nan) / own["operations"][n]
                ),
            }


def _by_size(frame: Frame, place: Place, measure: str, condition: str) -> dict[int, float]:
    return {point.n_train: point.value for point in frame.points(place, measure, condition=condition)}
