"""What the file of a closer look may say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tunescope._core.errors import InputError
from tunescope.studies.files.common_settings import FinetuneEntry, StudySettings
from tunescope.studies.files.number_types import Count, Integer, PositiveNumber

__all__ = ["CloserLookSettings"]


class CloserLookSettings(StudySettings):
    """Settings of the study closer-look.

    Attributes:
        finetune: How models are fine-tuned.
        snapshots: How many states of the training are looked at, its start and end among them, evenly spaced on a
            logarithmic scale.
        probe_at_top: How the top layer's classifier is found: ``full`` or ``halving`` search the paper's grid,
            ``linear`` is logistic regression, as at all other layers.
        cross_task: Names of tasks on which models that were tuned on the other tasks are measured too.
        max_targets: Most targets for similarity of the vectors to the original; whole sentences are sampled.
        path_targets: Most training targets that states during training are measured on; whole sentences are sampled.
        cluster_targets: Most targets of a split whose clusters are computed; ``null`` for all, as published.
        cluster_seconds: Most seconds for merging the clusters of one layer.
        random_split: Whether training and test set are also divided at random, and another model is tuned on that
            division: how alike they are then is the control for how alike they are as given.
    """

    finetune: FinetuneEntry = FinetuneEntry(preset="closer-look")
    snapshots: Integer = Field(default=6, ge=2)
    probe_at_top: Literal["full", "halving", "linear"] = "halving"
    cross_task: tuple[str, ...] = ()
    max_targets: Integer = Field(default=2000, ge=20)
    path_targets: Integer = Field(default=3000, ge=20)
    cluster_targets: Count | None = None
    cluster_seconds: PositiveNumber = 1800.0
    random_split: bool = True

    @model_validator(mode="after")
    def _check_cross_task(self) -> CloserLookSettings:
        names = [task.name for task in self.tasks]
        for name in self.cross_task:
            if name not in names:
                raise InputError(
                    "There is no task of that name.",
                    where="cross_task",
                    expected=", ".join(names),
                    got=repr(name),
                )
        return self
