"""A model of the study, and the model of the paper that it is set beside."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tunescope.models.checkpoint import find_checkpoint
from tunescope.studies.files.common_settings import ModelEntry
from tunescope.studies.files.paths import model_location
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.published.numbers import (
    PAPER_MODELS,
    goes_by,
    mark,
    n_layer_parameters,
    nearest_paper_model,
    paper_model,
    published,
)
from tunescope.studies.recipes.closer_look.frame import Frame

__all__ = ["ComparedModel", "compared_model", "is_paper_data"]

_PAPER_DATA = {
    "POS": (17, 16_860, 4_323),
    "DEP": (46, 16_054, 4_122),
    "PS-role": (46, 4_282, 457),
    "PS-fxn": (40, 4_282, 457),
    "TREC-50": (50, 5_452, 500),
}
"""Labels, training targets and test targets of the paper's tasks (Table 6)."""


@dataclass(frozen=True)
class ComparedModel:
    """A model of the study.

    Attributes:
        name: Its name in the study file.
        n_layers: Its transformer layers.
        hidden_size: Length of its vectors.
        nearest: The paper's model that is nearest in size.
        is_same: Whether it is of that model's size and vocabulary, and goes by its name.
    """

    name: str
    n_layers: int
    hidden_size: int
    nearest: str
    is_same: bool

    @property
    def n_parameters(self) -> int:
        """Parameters of its transformer layers, embeddings not counted."""
        return n_layer_parameters(self.n_layers, self.hidden_size)

    def mark(self, same_data: bool) -> str:
        """Return what stands beside the paper's numbers."""
        return mark(same_model=self.is_same, same_data=same_data)

    def theirs(self, task: str, stage: str) -> pd.Series | None:
        """Return the paper's figures (Table 7) of a task before or after fine-tuning; None where it has none."""
        table = published("closer_look_table7")
        found = table[
            (table["model"] == self.nearest)
            & (table["task"] == task)
            & (table["stage"] == {"before": "original", "after": "tuned"}[stage])
        ]
        return None if found.empty else found.iloc[0]


def compared_model(entry: ModelEntry, file: StudyFile) -> ComparedModel:
    """Return a model of a study file with its neighbour in the paper."""
    config = find_checkpoint(model_location(entry, file.folder)).model_config
    n_layers, hidden_size = config.num_hidden_layers, config.hidden_size
    same_size = paper_model(n_layers, hidden_size, config.vocab_size)
    return ComparedModel(
        name=entry.name,
        n_layers=n_layers,
        hidden_size=hidden_size,
        nearest=nearest_paper_model(n_layers, hidden_size),
        is_same=same_size is not None and goes_by(entry.path, PAPER_MODELS[same_size].hub_name),
    )


def is_paper_data(frame: Frame, model: str, task: str) -> bool:
    """Return whether a task has as many labels, training targets and test targets as the paper's of that name."""
    place = {"model": model, "task": task, "layer": frame.top(model), "stage": "before"}
    labels = frame.one(**place, measure="labels", split="train")
    accuracy = frame.one(**place, measure="accuracy", split="test")
    if labels is None or accuracy is None:
        return False
    return _PAPER_DATA.get(task) == (labels["value"], labels["n_examples"], accuracy["n_examples"])
