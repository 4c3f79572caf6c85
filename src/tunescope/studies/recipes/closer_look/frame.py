"""Looking figures up in the table of all figures of a study."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

__all__ = ["Frame", "Place"]

_COLUMNS = (
    "model",
    "task",
    "tuned_on",
    "seed",
    "stage",
    "after_step",
    "measure",
    "split",
    "layer",
    "step",
    "label",
    "value",
    "low",
    "high",
    "status",
)


@dataclass(frozen=True)
class Place:
    """A model that was tuned on a task with a seed, and looked at on that task."""

    model: str
    task: str
    seed: int

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return f"{self.task}, {self.model}, seed {self.seed}"

    @property
    def key(self) -> str:
        """What its figures are called."""
        return f"{self.task}-{self.model}-{self.seed}".lower()


class Frame:
    """All figures of a study, one row each.

    Args:
        rows: With the columns of the places and of the figures; those that are missing are empty.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows.reindex(columns=list(_COLUMNS))

    def select(self, **fields: object) -> pd.DataFrame:
        """Return the rows whose columns have these values; ``None`` matches where a column is empty."""
        keep = pd.Series(True, index=self.rows.index)
        for name, value in fields.items():
            column = self.rows[name]
            keep &= column.isna() if value is None else column == value
        return self.rows[keep]

    def one(self, **fields: object) -> pd.Series | None:
        """Return the only row with these values; None where there is none."""
        found = self.select(**fields)
        return None if found.empty else found.iloc[0]

    def value(self, **fields: object) -> float:
        """Return the only figure with these values; NaN where there is none."""
        found = self.one(**fields)
        return math.nan if found is None else float(found["value"])

    def before(self, place: Place, **fields: object) -> pd.DataFrame:
        """Return figures of the model as it was."""
        return self.select(model=place.model, task=place.task, stage="before", **fields)

    def after(self, place: Place, **fields: object) -> pd.DataFrame:
        """Return figures of the model tuned on the task that it is measured on, at the end of training."""
        return self.select(
            model=place.model,
            task=place.task,
            tuned_on=place.task,
            seed=place.seed,
            stage="after",
            after_step=None,
            **fields,
        )

    def places(self) -> Iterator[Place]:
        """Yield the models tuned on each task, in the order in which they were planned."""
        tuned = self.rows[(self.rows["stage"] == "after") & (self.rows["tuned_on"] == self.rows["task"])]
        for model, task, seed in tuned[["model", "task", "seed"]].drop_duplicates().itertuples(index=False):
            yield Place(str(model), str(task), int(seed))

    def top(self, model: str) -> int:
        """Return the highest layer of a model that was looked at."""
        return int(self.select(model=model)["layer"].max())
