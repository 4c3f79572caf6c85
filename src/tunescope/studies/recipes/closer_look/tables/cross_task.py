"""Table 5 of the paper: the labels of one task after fine-tuning on none, this or another task."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tunescope.studies.published.numbers import published
from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["LabelMoves", "cross_task_table", "label_moves"]

_PAPER_TASK = "PS-fxn"
_PAPER_MODEL = "base"
_PAPER_COLUMNS: Mapping[str, tuple[str, Callable[[float], int | float]]] = {
    "published grew": ("labels_increased", int),
    "published shrank": ("labels_decreased", int),
    "published change": ("mean_min_distance_change", float),
    "published accuracy": ("accuracy", float),
}
"""The paper's figures by title, with the column of its table and what kind of number it is."""


class LabelMoves(NamedTuple):
    """What became of the labels' smallest distances.

    Attributes:
        n_grew: Labels that lie farther from their nearest neighbour than before.
        n_shrank: Labels that lie nearer.
        mean: Mean change; NaN where no label has both distances.
    """

    n_grew: int
    n_shrank: int
    mean: float


def label_moves(frame: Frame, model: str, task: str, tuned_on: str, seed: int) -> LabelMoves:
    """Return what fine-tuning on a task did to the labels of one, at the top layer."""
    place = {"model": model, "task": task, "layer": frame.top(model)}
    distances = {"measure": "minimum_distance", "split": "train"}
    before = frame.select(**place, **distances, stage="before").set_index("label")["value"]
    after = frame.select(**place, **distances, stage="after", tuned_on=tuned_on, seed=seed, after_step=None)
    change = (after.set_index("label")["value"] - before).dropna()
    mean = float(change.mean()) if len(change) else math.nan
    return LabelMoves(int((change > 0).sum()), int((change < 0).sum()), mean)


def cross_task_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each task that was crossed, and each task that models were tuned on."""
    return StudyTable.of(
        "cross-task",
        "Fine-tuning on another task",
        list(_rows(frame, models)),
        note=(
            "Of the labels of one task: how many lie farther from their nearest neighbour, and how many nearer, after"
            " fine-tuning on a task than before, the mean change, and the classifier's accuracy in per cent (Table 5 of"
            " the paper, for BERT-base). Mark m: another model."
        ),
    )


def _rows(frame: Frame, models: Mapping[str, ComparedModel]) -> Iterator[dict[str, Cell]]:
    crossed = frame.rows[(frame.rows["stage"] == "after") & (frame.rows["tuned_on"] != frame.rows["task"])]
    for model, task in crossed[["model", "task"]].drop_duplicates().itertuples(index=False):
        model, task = str(model), str(task)
        found = frame.select(
            model=model, task=task, measure="accuracy", layer=frame.top(model), after_step=None
        )
        for _, row in found.iterrows():
            tuned_on = row["tuned_on"] if isinstance(row["tuned_on"], str) else None
            moved: dict[str, Cell] = dict.fromkeys(("seed", "grew", "shrank", "mean change"))
            if tuned_on is not None:
                seed = int(row["seed"])
                moved = dict(
                    zip(moved, (seed, *label_moves(frame, model, task, tuned_on, seed)), strict=True)
                )
            yield {
                "model": model,
                "task": task,
                "tuned on": tuned_on or "none",
                **moved,
                "accuracy": 100 * float(row["value"]),
                **_published(task, tuned_on or "none", models[model]),
            }


def _published(task: str, tuned_on: str, model: ComparedModel) -> dict[str, Cell]:
    cells: dict[str, Cell] = dict.fromkeys((*_PAPER_COLUMNS, "mark"))
    table = published("closer_look_table5_cross_task").set_index("fine_tuned_on")
    if task == _PAPER_TASK and tuned_on in table.index:
        for title, (column, read) in _PAPER_COLUMNS.items():
            number = float(table.at[tuned_on, column])  # type: ignore[arg-type]
            cells[title] = None if math.isnan(number) else read(number)
        cells["mark"] = "" if model.is_same and model.nearest == _PAPER_MODEL else "m"
    return cells
