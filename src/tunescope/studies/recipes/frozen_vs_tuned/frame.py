"""Looking figures up in the table of all figures, and means over seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.study_rows import StudyRows
from tunescope.tasks.example import TargetKind

__all__ = ["CONDITIONS", "Frame", "Place", "Point"]

CONDITIONS = {
    "linear": "frozen, linear head",
    "mix": "frozen, mix of layers",
    "tuned": "fine-tuned",
}
"""What the conditions are called on the page."""


@dataclass(frozen=True)
class Place:
    """A model and a task.

    Attributes:
        model: Name of the model.
        task: Name of the task.
        metric: What scores are.
        is_pair: Whether the task is about pairs of sentences.
    """

    model: str
    task: str
    metric: str
    is_pair: bool

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return f"{self.task}, {self.model}"

    @property
    def key(self) -> str:
        """What its figures are called."""
        return f"{self.task}-{self.model}".lower()


@dataclass(frozen=True)
class Point(OverSeeds):
    """A figure at one size of the training set, over seeds.

    Attributes:
        n_train: Training sentences.
        is_largest: Whether the study has no larger size of the task.
    """

    n_train: int
    is_largest: bool


class Frame(StudyRows):
    """All figures of the study, one row each."""

    PLACE = (
        "model",
        "task",
        "target",
        "metric",
        "condition",
        "against",
        "n_train",
        "is_largest",
        "seed",
    )

    def places(self) -> Iterator[Place]:
        """Yield models and tasks, in the order in which they were planned."""
        found = self.rows[["model", "task", "metric", "target"]].drop_duplicates()
        for model, task, metric, target in found.itertuples(index=False):
            yield Place(str(model), str(task), str(metric), target == TargetKind.SENTENCE_PAIR.value)

    def conditions(self, place: Place) -> list[str]:
        """Return the conditions that have figures, frozen ones first."""
        found = set(self.select(model=place.model, task=place.task)["condition"])
        return [condition for condition in CONDITIONS if condition in found]

    def frozen(self, place: Place) -> list[str]:
        """Return the frozen conditions that have figures."""
        return [condition for condition in self.conditions(place) if condition != "tuned"]

    def points(
        self,
        place: Place,
        measure: str,
        *,
        condition: str = "tuned",
        against: str | None = None,
        split: str | None = None,
    ) -> list[Point]:
        """Return a figure at every size, smallest first."""
        rows = self.select(
            model=place.model,
            task=place.task,
            measure=measure,
            condition=condition,
            against=against,
            split=split,
        )
        return [_point(each) for _, each in rows.groupby("n_train", sort=True)]

    def largest(
        self,
        place: Place,
        measure: str,
        *,
        condition: str = "tuned",
        against: str | None = None,
        split: str | None = None,
    ) -> Point | None:
        """Return a figure at the largest size; None where no step found it."""
        points = self.points(place, measure, condition=condition, against=against, split=split)
        return points[-1] if points and points[-1].is_largest else None


def _point(rows: pd.DataFrame) -> Point:
    return Point(
        **vars(OverSeeds.of(rows)),
        n_train=int(rows["n_train"].iloc[0]),
        is_largest=bool(rows["is_largest"].max()),
    )
