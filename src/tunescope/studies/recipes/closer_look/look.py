"""A model in one state, looked at on one task: its vectors, classifiers and clusters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

from tunescope.studies.engine.plan import Cost, PlannedStep
from tunescope.studies.planning.planned_model import PlannedModel
from tunescope.studies.planning.planned_task import PlannedTask
from tunescope.studies.recipes.closer_look.settings import CloserLookSettings
from tunescope.studies.steps.clusters import cluster_labels
from tunescope.studies.steps.models import extract_vectors
from tunescope.studies.steps.probes import Search, probe_layer

__all__ = ["Look"]

_SECONDS_PER_SENTENCE = 0.01
_SECONDS_PER_TARGET = {"linear": 2e-4, "halving": 0.09, "full": 0.4}
_CLUSTER_SECONDS_PER_PAIR = 1e-7


@dataclass(frozen=True)
class Look:
    """A model in one state, looked at on one task.

    Attributes:
        model: The pre-trained model.
        task: The task that it is measured on.
        tuned: The step that fine-tuned it; None for the model as it was.
        tuned_on: The task that it was tuned on.
        seed: Of the fine-tuning.
    """

    model: PlannedModel
    task: PlannedTask
    tuned: PlannedStep | None = None
    tuned_on: PlannedTask | None = None
    seed: int | None = None

    @property
    def settings(self) -> CloserLookSettings:
        """The study's settings."""
        return cast(CloserLookSettings, self.model.file.settings)

    @property
    def title(self) -> str:
        """What it is, for people."""
        task = self.task.task.name
        if self.tuned_on is None:
            return f"{task}, {self.model.name} as it was"
        return f"{task}, {self.model.name} tuned on {self.tuned_on.task.name}, seed {self.seed}"

    @cached_property
    def train(self) -> PlannedStep:
        """The vectors of the training set."""
        return self.vectors("train")

    @cached_property
    def test(self) -> PlannedStep:
        """The vectors of the test set."""
        return self.vectors("test")

    def vectors(self, split: str, snapshot: int | None = None) -> PlannedStep:
        """Plan the vectors of a split at the end of training, or after some steps of it."""
        at = "" if snapshot is None else f", step {snapshot}"
        n_sentences = len(self.task.task.splits[split])
        size = self.model.gigabytes_of_vectors(self.task.n_targets(split))
        return self.model.plan.add(
            extract_vectors,
            title=f"vectors, {split}, {self.title}{at}",
            cost=Cost(n_sentences * _SECONDS_PER_SENTENCE, size),
            model=self.model.content,
            tuned=self.tuned,
            snapshot=snapshot,
            tuned_task=(self.tuned_on or self.task).content,
            task=self.task.content,
            split=split,
            device=self.model.device_argument,
        )

    def classifier(self, layer: int, search: Search | None = None) -> PlannedStep:
        """Plan a classifier of one layer's vectors; by default as the study file says for that layer."""
        if search is None:
            search = self.settings.probe_at_top if layer == self.model.layers[-1] else "linear"
        return self.model.plan.add(
            probe_layer,
            title=f"classifier ({search}), layer {layer}, {self.title}",
            cost=Cost(_SECONDS_PER_TARGET[search] * self.task.n_targets("train")),
            train=self.train,
            test=self.test,
            layer=layer,
            search=search,
            device=self.model.device_argument,
            **self.model.resampling,
        )

    def clusters(self, split: str, layer: int) -> PlannedStep:
        """Plan the clusters of a split's labels at one layer."""
        vectors = self.train if split == "train" else self.test
        return self.clusters_of(vectors, split, layer, self.settings.cluster_targets)

    def clusters_of(
        self, vectors: PlannedStep, split: str, layer: int, max_targets: int | None
    ) -> PlannedStep:
        """Plan the clusters of the labels in some vectors."""
        n = min(self.task.n_targets(split), max_targets or self.task.n_targets(split))
        return self.model.plan.add(
            cluster_labels,
            title=f"clusters, {split}, layer {layer}, {self.title}",
            cost=Cost(_CLUSTER_SECONDS_PER_PAIR * n**2),
            vectors=vectors,
            layer=layer,
            split=split,
            max_targets=max_targets,
            seed=self.settings.analysis_seed,
            time_limit=self.settings.cluster_seconds,
        )

    def read(self, step: PlannedStep, **more: str | int | None) -> None:
        """Note that a step's figures are of this look."""
        self.model.plan.read(
            step,
            model=self.model.name,
            task=self.task.name,
            tuned_on=None if self.tuned_on is None else self.tuned_on.name,
            seed=self.seed,
            stage="before" if self.tuned is None else "after",
            **more,
        )
