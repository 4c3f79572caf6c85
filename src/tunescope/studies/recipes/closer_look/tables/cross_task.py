"""Table 5 of the paper: the labels of one task after fine-tuning on none, this or another task."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from tunescope.studies.published.numbers import mark, published
from tunescope.studies.recipes.closer_look.compared_model import ComparedModel, is_paper_data
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["cross_task_table", "label_cells", "label_changes", "own_task_table"]

_PAPER_TASK = "PS-fxn"
_PAPER_MODEL = "base"
_PAPER_COLUMNS: Mapping[str, tuple[str, Callable[[float], int | float]]] = {
    "published grew": ("labels_increased", int),
    "published shrank": ("labels_decreased", int),
    "published change": ("mean_min_distance_change", float),
    "published accuracy": ("accuracy", float),
}
"""The paper's figures by title, with the column of its table and what kind of number it is."""


def label_changes(frame: Frame, model: str, task: str, tuned_on: str, seed: int) -> pd.Series[float]:
    """Return by how much each label's smallest distance changed by fine-tuning on a task, at the top layer.

    Labels without a distance before or after are left out.
    """
    place = {"model": model, "task": task, "layer": frame.top(model)}
    distances = {"measure": "minimum_distance", "split": "train"}
    before = frame.select(**place, **distances, stage="before").set_index("label")["value"]
    after = frame.select(**place, **distances, stage="after", tuned_on=tuned_on, seed=seed, after_step=None)
    change: pd.Series[float] = (after.set_index("label")["value"] - before).astype("float64").dropna()
    return change


def label_cells(changes: pd.Series[float]) -> dict[str, Cell]:
    """Return how many labels lie farther from their nearest neighbour and how many nearer, and the mean change.

    Where no label has both distances, all are undefined.
    """
    if changes.empty:
        return {"labels": 0, "grew": math.nan, "shrank": math.nan, "mean change": math.nan}
    return {
        "labels": len(changes),
        "grew": int((changes > 0).sum()),
        "shrank": int((changes < 0).sum()),
        "mean change": float(changes.mean()),
    }


def own_task_table(frame: Frame) -> StudyTable:
    """Return a row for each model, task and seed: the labels after fine-tuning on their own task."""
    return StudyTable.of(
        "own-task",
        "Distances between labels after fine-tuning",
        [
            {
                "model": place.model,
                "task": place.task,
                "seed": place.seed,
                **label_cells(label_changes(frame, place.model, place.task, place.task, place.seed)),
            }
            for place in frame.places()
        ],
        note=(
            "Of the labels that have a smallest distance to another label before and after, at the top layer: how many"
            " lie farther from their nearest neighbour, and how many nearer, and the mean change."
        ),
    )


def cross_task_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each task that was crossed, and each task that models were tuned on."""
    return StudyTable.of(
        "cross-task",
        "Fine-tuning on another task",
        list(_rows(frame, models)),
        note=(
            "Of the labels of one task: how many lie farther from their nearest neighbour, and how many nearer, after"
            " fine-tuning on a task than before, the mean change, and the classifier's accuracy in per cent (Table 5 of"
            " the paper, for BERT-base). Marks: m, another model; d, other data."
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
            moved: dict[str, Cell] = dict.fromkeys(("labels", "grew", "shrank", "mean change"))
            if tuned_on is not None:
                moved = label_cells(label_changes(frame, model, task, tuned_on, int(row["seed"])))
            yield {
                "model": model,
                "task": task,
                "tuned on": tuned_on or "none",
                "seed": None if tuned_on is None else int(row["seed"]),
                **moved,
                "accuracy": 100 * float(row["value"]),
                **_published(task, tuned_on or "none", models[model], is_paper_data(frame, model, task)),
            }


def _published(task: str, tuned_on: str, model: ComparedModel, same_data: bool) -> dict[str, Cell]:
    cells: dict[str, Cell] = dict.fromkeys((*_PAPER_COLUMNS, "mark"))
    table = published("closer_look_table5_cross_task").set_index("fine_tuned_on")
    if task == _PAPER_TASK and tuned_on in table.index:
        for title, (column, read) in _PAPER_COLUMNS.items():
            number = float(table.at[tuned_on, column])  # type: ignore[arg-type]
            cells[title] = None if math.isnan(number) else read(number)
        same_model = model.is_same and model.nearest == _PAPER_MODEL
        cells["mark"] = mark(same_model=same_model, same_data=same_data)
    return cells
