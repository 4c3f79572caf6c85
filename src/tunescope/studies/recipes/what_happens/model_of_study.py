"""A model of the study, and the figures that are read of it."""

from __future__ import annotations

from functools import cached_property
from typing import cast

from tunescope.models.checkpoint import find_checkpoint
from tunescope.models.masked_language import has_masked_language_head
from tunescope.studies.engine.plan import PlannedStep
from tunescope.studies.files.told_with_line import told_with_line
from tunescope.studies.planning.planned_model import PlannedModel
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.what_happens.settings import WhatHappensSettings

__all__ = ["SECONDS_PER_SENTENCE", "ModelOfStudy"]

SECONDS_PER_SENTENCE = {"train": 0.04, "read": 0.008, "score": 0.002}


class ModelOfStudy(PlannedModel):
    """A model whose layers are frozen, left out, rolled back and compared."""

    @property
    def settings(self) -> WhatHappensSettings:
        """What the study file says."""
        return cast(WhatHappensSettings, self.file.settings)

    @cached_property
    def frozen_layers(self) -> tuple[int, ...]:
        """How many of the lowest layers are frozen, in turn."""
        with told_with_line(self.file, ("freeze",)):
            return self.settings.frozen_layers(self.n_layers)

    @cached_property
    def top_layers(self) -> tuple[int, ...]:
        """On which layers the head is put, in turn."""
        with told_with_line(self.file, ("truncate",)):
            return self.settings.top_layers(self.n_layers)

    @cached_property
    def has_masked_language_head(self) -> bool:
        """Whether its checkpoint can say which word is masked."""
        return has_masked_language_head(find_checkpoint(self.location))

    def read(self, step: PlannedStep, task: ScoredTask, seed: int | None, **more: str | int) -> None:
        """Take the figures of a step into the study's table, as those of a task and, but for ``None``, a seed."""
        place: dict[str, str | int | None] = {
            "model": self.name,
            "model_layers": self.n_layers,
            "task": task.name,
            "target": task.task.target.value,
            "label_kind": task.task.label.value,
            "metric": task.metric,
            "seed": seed,
            "n_layers": None,
            "domain": None,
            **more,
        }
        self.plan.read(step, **place)
