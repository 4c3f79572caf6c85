"""Looking figures up in the table of all figures, over seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.what_happens.comparing import OWN_TEXT
from tunescope.studies.study_rows import StudyRows
from tunescope.tasks.example import LabelKind

__all__ = ["Frame", "Place"]


@dataclass(frozen=True)
class Place:
    """A model and a task.

    Attributes:
        model: Name of the model.
        n_layers: Its layers after the embeddings.
        task: Name of the task.
        metric: What scores are.
        is_parsing: Whether the task is to parse.
    """

    model: str
    n_layers: int
    task: str
    metric: str
    is_parsing: bool

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

    PLACE = (
        "model",
        "model_layers",
        "task",
        "target",
        "label_kind",
        "metric",
        "kind",
        "n_layers",
        "domain",
        "seed",
    )

    def places(self) -> Iterator[Place]:
        """Yield models and tasks, in the order in which they were planned."""
        columns = ["model", "model_layers", "task", "metric", "label_kind"]
        found = self.rows[columns].drop_duplicates()
        for model, n_layers, task, metric, label in found.itertuples(index=False):
            yield Place(str(model), int(n_layers), str(task), str(metric), label == LabelKind.TREE.value)

    def at(self, place: Place, **fields: object) -> OverSeeds | None:
        """Return a figure over seeds; None where no step found it."""
        rows = self.select(model=place.model, task=place.task, **fields)
        return None if rows.empty else OverSeeds.of(rows)

    def ablations(
        self, place: Place, kind: str, measure: str, split: str | None, **fields: object
    ) -> dict[int, OverSeeds]:
        """Return a figure by number of layers: frozen ones, or those that are kept."""
        return self._by("n_layers", place, kind=kind, measure=measure, split=split, **fields)

    def by_layer(self, place: Place, **fields: object) -> dict[int, OverSeeds]:
        """Return a figure by layer."""
        return self._by("layer", place, **fields)

    def domains(self, place: Place) -> list[str]:
        """Return the texts that vectors were compared on, the task's own first."""
        found = self.select(model=place.model, task=place.task, kind="similarity")["domain"].drop_duplicates()
        return sorted(map(str, found), key=lambda name: name != OWN_TEXT)

    def probed_texts(self, place: Place) -> list[str]:
        """Return the labelled texts that the model was probed on before and after, in the order of the plan."""
        found = self.select(model=place.model, task=place.task, kind="edges gain")["domain"].drop_duplicates()
        return [str(name) for name in found]

    def verdicts(self, place: Place, text: str) -> dict[int, str]:
        """Return by layer what became of what was known of a text; each seed's where they differ."""
        rows = self.select(
            model=place.model, task=place.task, kind="edges gain", domain=text, measure="share_left"
        )
        by_layer = rows.astype({"layer": int}).groupby("layer", sort=True)["label"]
        return {int(str(layer)): " or ".join(labels.drop_duplicates()) for layer, labels in by_layer}

    def layer_map(self, place: Place) -> pd.DataFrame:
        """Return the similarity of each layer before (rows) with each layer after (columns), a mean over seeds."""
        rows = self.select(model=place.model, task=place.task, kind="map", measure="cka_map")
        return rows.astype({"layer": int, "label": int}).pivot_table("value", "layer", "label", dropna=False)

    def texts_with_masks(self, place: Place) -> list[str]:
        """Return the texts in which words were masked, in the order of the plan."""
        found = self.select(model=place.model, task=place.task, kind="masked gain")[
            "domain"
        ].drop_duplicates()
        return [str(name) for name in found]

    def other_runs(self, place: Place) -> list[tuple[int, str]]:
        """Return the seeds of this task's runs and the runs that their updates were compared with."""
        rows = self.select(model=place.model, task=place.task, kind="updates")[["seed", "domain"]]
        return [(int(seed), str(other)) for seed, other in rows.drop_duplicates().itertuples(index=False)]

    def variants(self, place: Place) -> list[str]:
        """Return what was rolled back, in the order of the plan."""
        rows = self.select(model=place.model, task=place.task, kind="rollback", measure="change")
        return [str(label) for label in rows["label"].drop_duplicates()]

    def _by(self, column: str, place: Place, **fields: object) -> dict[int, OverSeeds]:
        rows = self.select(model=place.model, task=place.task, **fields)
        rows = rows[rows[column].notna()]
        rows = rows.astype({column: int})
        return {int(str(number)): OverSeeds.of(each) for number, each in rows.groupby(column, sort=True)}
