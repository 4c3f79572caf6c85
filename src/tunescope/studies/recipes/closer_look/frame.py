"""Looking figures up in the table of all figures of a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tunescope.studies.study_rows import StudyRows

__all__ = ["Frame", "Place"]


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


class Frame(StudyRows):
    """All figures of a study, one row each: the study's own, or those of a control that stands beside them.

    Args:
        rows: With the columns of the places and of the figures; those that are missing are empty.
        beside: Name of the control; None for the study's own figures.
    """

    PLACE = ("model", "task", "tuned_on", "seed", "stage", "after_step", "beside")

    def __init__(self, rows: pd.DataFrame, beside: str | None = None) -> None:
        super().__init__(rows)
        self._all = self.rows
        self.rows = self.select(beside=beside)

    def control(self, beside: str) -> Frame:
        """Return the figures of a control, as if they were the study's own."""
        return Frame(self._all, beside)

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

    def at_top(self, place: Place, *, measure: str, split: str) -> tuple[float, float]:
        """Return a figure of the top layer before and after."""
        fields = {"measure": measure, "split": split, "layer": self.top(place.model)}
        return StudyRows(self.before(place, **fields)).value(), StudyRows(self.after(place, **fields)).value()

    def top(self, model: str) -> int:
        """Return the highest layer of a model that has figures; −1 where none has."""
        layers = self.select(model=model)["layer"].dropna()
        return int(layers.max()) if len(layers) else -1
