"""A model of the study, and the model of the paper that it is set beside."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tunescope.models.checkpoint import find_checkpoint
from tunescope.studies.files.common_settings import ModelEntry
from tunescope.studies.files.paths import model_location
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.published.numbers import (
    n_layer_parameters,
    nearest_paper_model,
    paper_model,
    published,
)

__all__ = ["ComparedModel", "compared_model"]


@dataclass(frozen=True)
class ComparedModel:
    """A model of the study.

    Attributes:
        name: Its name in the study file.
        n_layers: Its transformer layers.
        hidden_size: Length of its vectors.
        nearest: The paper's model that is nearest in size.
        is_same: Whether it is of that model's size and vocabulary.
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

    @property
    def mark(self) -> str:
        """What stands beside the paper's numbers: ``"m"`` for another model."""
        return "" if self.is_same else "m"

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
    return ComparedModel(
        name=entry.name,
        n_layers=n_layers,
        hidden_size=hidden_size,
        nearest=nearest_paper_model(n_layers, hidden_size),
        is_same=paper_model(n_layers, hidden_size, config.vocab_size) is not None,
    )
