"""Looking figures up in the table of all figures of a study of loss landscapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.starts import PRETRAINED, SCRATCH
from tunescope.studies.study_rows import StudyRows

__all__ = ["Frame", "Place"]


@dataclass(frozen=True)
class Place:
    """A model and a task."""

    model: str
    task: str

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return f"{self.task}, {self.model}"

    @property
    def key(self) -> str:
        """What its figures are called."""
        return f"{self.task}-{self.model}".lower()


class Frame(StudyRows):
    """All figures of the study, one row each."""

    PLACE = ("model", "task", "start", "seed", "kind", "group", "other", "direction")

    def places(self) -> Iterator[Place]:
        """Yield models and tasks, in the order in which they were planned."""
        found = self.rows[["model", "task"]].drop_duplicates()
        for model, task in found.itertuples(index=False):
            yield Place(str(model), str(task))

    def starts(self, place: Place) -> list[str]:
        """Return from which weights a model was trained on a task, as far as it did not fail, the pre-trained first."""
        rows = self.select(model=place.model, task=place.task)["start"]
        return [str(start) for start in rows.drop_duplicates()]

    def seeds(self, place: Place, start: str) -> list[int]:
        """Return the seeds of the trainings, in the order of the plan: the first has the planes."""
        rows = self.select(model=place.model, task=place.task, start=start)["seed"]
        return [int(seed) for seed in rows.drop_duplicates()]

    def of(self, place: Place, start: str, **fields: object) -> pd.DataFrame:
        """Return the rows of a training's figures."""
        return self.select(model=place.model, task=place.task, start=start, **fields)

    def over_seeds(self, place: Place, start: str, **fields: object) -> OverSeeds | None:
        """Return a figure over seeds; ``None`` where no step found it."""
        rows = self.of(place, start, **fields)
        return None if rows.empty else OverSeeds.of(rows)

    def trace(self, place: Place, start: str, seed: int, measure: str, split: str) -> pd.DataFrame:
        """Return a figure of each snapshot of a training, by training step."""
        rows = self.of(place, start, seed=seed, kind="trace", measure=measure, split=split)
        return rows.astype({"step": int}).set_index("step").sort_index()

    def traces_of_one_seed(self, place: Place, measure: str, split: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return a figure along the trainings from both starts, of the first seed that has both, or without rows."""
        for seed in self.seeds(place, PRETRAINED):
            tuned, scratch = (
                self.trace(place, start, seed, measure, split) for start in (PRETRAINED, SCRATCH)
            )
            if len(tuned) and len(scratch):
                return tuned, scratch
        return pd.DataFrame(), pd.DataFrame()

    def line(
        self,
        place: Place,
        start: str,
        seed: int,
        kind: str,
        measure: str,
        split: str,
        group: str | None = None,
        direction: int | None = None,
    ) -> pd.DataFrame:
        """Return the points of a line, by coordinate."""
        which = {"seed": seed, "kind": kind, "group": group, "direction": direction}
        rows = self.of(place, start, measure=measure, split=split, **which)
        rows = rows[rows["label"].notna()]
        return rows.assign(place=rows["label"].astype(float)).set_index("place").sort_index()

    def by_layer(
        self, place: Place, start: str, seed: int, kind: str, measure: str, split: str
    ) -> pd.DataFrame:
        """Return a figure of each layer, by layer."""
        rows = self.of(place, start, seed=seed, kind=kind, measure=measure, split=split)
        return rows.astype({"layer": int}).set_index("layer").sort_index()

    def plane(self, place: Place, start: str, kind: str, measure: str, split: str) -> pd.DataFrame:
        """Return the values of a plane: α by row, β by column."""
        rows = self.of(place, start, kind=kind, measure=measure, split=split)
        rows = rows[rows["label"].notna()]
        places = rows["label"].str.split(" ", expand=True).astype(float)
        if rows.empty:
            return pd.DataFrame()
        return pd.DataFrame(
            {"alpha": places[0], "beta": places[1], "value": rows["value"].astype(float)}
        ).pivot_table("value", "alpha", "beta", dropna=False)

    def way(
        self, place: Place, start: str, kind: str, measure: str, split: str | None = None
    ) -> dict[int, float]:
        """Return a figure of each snapshot's projection onto a plane, by training step."""
        rows = self.of(place, start, kind=f"way: {kind}", measure=measure, split=split)
        rows = rows[rows["step"].notna()]
        return {int(step): float(value) for step, value in zip(rows["step"], rows["value"], strict=True)}

    def other_task(self, place: Place, start: str) -> str:
        """Return the task that spans a plane with this one."""
        rows = self.of(place, start, kind="other task")
        return "" if rows.empty else str(rows["other"].iloc[0])

    @staticmethod
    def at(found: pd.DataFrame, place: float) -> pd.Series:
        """Return the row of a coordinate or training step, which is there."""
        return found[found.index == place].iloc[0]
