"""The steps of a closer look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from tunescope._core.errors import InputError
from tunescope.finetuning.snapshots import plan_snapshots
from tunescope.models.checkpoint import find_checkpoint
from tunescope.studies.engine.plan import Content, Cost, Plan, PlannedStep
from tunescope.studies.files.common_settings import ModelEntry, TaskEntry
from tunescope.studies.files.paths import model_location
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.recipes.closer_look.settings import CloserLookSettings
from tunescope.studies.steps.changes import (
    follow_centroids,
    follow_differences,
    score_head,
    similarity_to_base,
)
from tunescope.studies.steps.clusters import cluster_labels, compare_distances
from tunescope.studies.steps.inputs import model_input, task_input
from tunescope.studies.steps.models import extract_vectors, tune
from tunescope.studies.steps.probes import compare_probes, probe_layer
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Task

__all__ = ["plan_closer_look"]

_BYTES = 4
_SECONDS_PER_SENTENCE = {"train": 0.02, "read": 0.004}


def plan_closer_look(file: StudyFile, device: str) -> Plan:
    """Return the steps: models × tasks × seeds, and the tasks crossed."""
    settings = cast(CloserLookSettings, file.settings)
    plan = Plan(settings.threads_per_step)
    tasks = [_TaskOfStudy(entry, file) for entry in settings.tasks]
    for entry in settings.models:
        model = _ModelOfStudy(entry, file, settings, plan, device)
        for task in tasks:
            model.look_before(task)
        for seed in settings.seeds:
            tuned = {task.name: model.tune(task, seed) for task in tasks}
            for task in tasks:
                model.look_after(task, tuned[task.name], seed)
            for task in tasks:
                if task.name in settings.cross_task:
                    for other in tasks:
                        if other is not task:
                            model.look_across(task, other, tuned[other.name], seed)
    return plan


@dataclass(frozen=True)
class _TaskOfStudy:
    """A task, read once, and what steps are given of it."""

    entry: TaskEntry
    file: StudyFile

    @property
    def name(self) -> str:
        return self.entry.name

    @cached_property
    def task(self) -> Task:
        task = self.entry.load(self.file.folder)
        if task.label is not LabelKind.CLASS:
            raise InputError(
                "A closer look takes tasks whose labels are classes.", where=self.name, got=task.label.value
            )
        return task

    @cached_property
    def content(self) -> Content:
        return task_input(self.entry, self.file.folder, self.task)

    def n_targets(self, split: str) -> int:
        return sum(len(example.targets) for example in self.task.splits[split])


@dataclass(frozen=True)
class _ModelOfStudy:
    """A model, and the steps that look at it."""

    entry: ModelEntry
    file: StudyFile
    settings: CloserLookSettings
    plan: Plan
    device: str

    @cached_property
    def location(self) -> str:
        return model_location(self.entry, self.file.folder)

    @cached_property
    def content(self) -> Content:
        return model_input(self.location)

    @cached_property
    def config(self) -> Any:
        return find_checkpoint(self.location).model_config

    @cached_property
    def layers(self) -> tuple[int, ...]:
        return self.settings.chosen_layers(self.config.num_hidden_layers)

    def tune(self, task: _TaskOfStudy, seed: int) -> PlannedStep:
        """Plan the fine-tuning."""
        settings = self.settings.finetune.settings(n_layers=self.config.num_hidden_layers, seed=seed)
        n = len(task.task.splits["train"])
        return self.plan.add(
            tune,
            title=f"fine-tuning of {self.entry.name} on {task.name}, seed {seed}",
            cost=Cost(n * settings.epochs * _SECONDS_PER_SENTENCE["train"], 0.3 * len(self.snapshots(task))),
            model=self.content,
            task=task.content,
            settings=settings.model_dump(),
            snapshots=list(self.snapshots(task)),
            device=Content(self.device, ""),
        )

    def snapshots(self, task: _TaskOfStudy) -> tuple[int, ...]:
        """Return the training steps that are looked at."""
        settings = self.settings.finetune.settings(n_layers=self.config.num_hidden_layers, seed=0)
        n_steps = math.ceil(len(task.task.splits["train"]) / settings.batch_size) * settings.epochs
        return plan_snapshots(n_steps, log_spaced=self.settings.snapshots)

    def look_before(self, task: _TaskOfStudy) -> None:
        """Plan what is measured on the model as it was."""
        self._look(task, None, None, {"tuned_on": None, "seed": None, "stage": "before"})

    def look_after(self, task: _TaskOfStudy, tuned: PlannedStep, seed: int) -> None:
        """Plan what is measured on a model that was tuned on the task, and on how it came to be."""
        place = {"tuned_on": task.name, "seed": seed, "stage": "after"}
        self._look(task, tuned, task, place)
        self._compare(task, tuned, task, place)
        self._follow(task, tuned, place)
        head = self.plan.add(
            score_head,
            title=f"score of the head, {self._title(task, place)}",
            tuned=tuned,
            **self._resampling,
        )
        self._read(head, task, place)

    def look_across(self, task: _TaskOfStudy, other: _TaskOfStudy, tuned: PlannedStep, seed: int) -> None:
        """Plan what is measured on a task with a model that was tuned on another."""
        place = {"tuned_on": other.name, "seed": seed, "stage": "after"}
        self._look(task, tuned, other, place, layers=self.layers[-1:])
        self._compare(task, tuned, other, place, layers=self.layers[-1:])

    def _look(
        self,
        task: _TaskOfStudy,
        tuned: PlannedStep | None,
        tuned_task: _TaskOfStudy | None,
        place: dict[str, Any],
        layers: tuple[int, ...] | None = None,
    ) -> None:
        """Plan classifiers and clusters by layer."""
        train, test = (self._vectors(task, tuned, tuned_task, split) for split in ("train", "test"))
        for layer in self.layers if layers is None else layers:
            self._read(self._probe(task, train, test, layer, place), task, place)
            pair = [
                self._clusters(task, each, split, layer, place)
                for each, split in ((train, "train"), (test, "test"))
            ]
            self._read(pair[0], task, place)
            similarity = self.plan.add(
                compare_distances,
                title=f"train–test similarity, layer {layer}, {self._title(task, place)}",
                first=pair[0],
                second=pair[1],
                measure="train_test_similarity",
                layer=layer,
                split="test",
            )
            self._read(similarity, task, place)

    def _compare(
        self,
        task: _TaskOfStudy,
        tuned: PlannedStep,
        tuned_task: _TaskOfStudy,
        place: dict[str, Any],
        layers: tuple[int, ...] | None = None,
    ) -> None:
        """Plan the differences between before and after, by layer."""
        layers = self.layers if layers is None else layers
        before = {split: self._vectors(task, None, None, split) for split in ("train", "test")}
        after = {split: self._vectors(task, tuned, tuned_task, split) for split in ("train", "test")}
        original = {"tuned_on": None, "seed": None, "stage": "before"}
        for layer in layers:
            gain = self.plan.add(
                compare_probes,
                title=f"gain of the classifier, layer {layer}, {self._title(task, place)}",
                before=self._probe(task, before["train"], before["test"], layer, original),
                after=self._probe(task, after["train"], after["test"], layer, place),
                test=after["test"],
                layer=layer,
                **self._resampling,
            )
            self._read(gain, task, place)
            moved = self.plan.add(
                compare_distances,
                title=f"spatial similarity to the original, layer {layer}, {self._title(task, place)}",
                first=self._clusters(task, before["train"], "train", layer, original),
                second=self._clusters(task, after["train"], "train", layer, place),
                measure="spatial_similarity",
                layer=layer,
                split="train",
            )
            self._read(moved, task, place)
        differences = self.plan.add(
            follow_differences,
            title=f"difference vectors, {self._title(task, place)}",
            base=before["train"],
            tuned=after["train"],
            layers=list(layers),
            split="train",
        )
        self._read(differences, task, place)

    def _follow(self, task: _TaskOfStudy, tuned: PlannedStep, place: dict[str, Any]) -> None:
        """Plan what is followed over training: similarity to the original, distances, centroids."""
        top, steps = self.layers[-1], self.snapshots(task)
        base = self._vectors(task, None, None, "train")
        states = [self._vectors(task, tuned, task, "train", snapshot=step) for step in steps]
        for step, state in zip(steps, states, strict=True):
            similar = self.plan.add(
                similarity_to_base,
                title=f"similarity to the original after step {step}, {self._title(task, place)}",
                base=base,
                other=state,
                layers=list(self.layers),
                step=step,
                split="train",
                max_targets=self.settings.max_targets,
                **self._resampling,
            )
            self._read(similar, task, place)
            near = self._clusters(task, state, "train", top, place, max_targets=self.settings.path_targets)
            self._read(near, task, {**place, "after_step": step})
        path = self.plan.add(
            follow_centroids,
            title=f"paths of the centroids, {self._title(task, place)}",
            vectors=states,
            steps=list(steps),
            layer=top,
            max_targets=self.settings.path_targets,
            seed=self.settings.analysis_seed,
            split="train",
        )
        self._read(path, task, place)

    def _vectors(
        self,
        task: _TaskOfStudy,
        tuned: PlannedStep | None,
        tuned_task: _TaskOfStudy | None,
        split: str,
        snapshot: int | None = None,
    ) -> PlannedStep:
        state = "" if tuned is None or tuned_task is None else f" tuned on {tuned_task.name}"
        at = "" if snapshot is None else f", step {snapshot}"
        n = task.n_targets(split)
        size = n * (self.config.num_hidden_layers + 1) * self.config.hidden_size * _BYTES / 1e9
        return self.plan.add(
            extract_vectors,
            title=f"vectors of {task.name}, {split}, by {self.entry.name}{state}{at}",
            cost=Cost(len(task.task.splits[split]) * _SECONDS_PER_SENTENCE["read"], size),
            model=self.content,
            tuned=tuned,
            snapshot=snapshot,
            tuned_task=(tuned_task or task).content,
            task=task.content,
            split=split,
            device=Content(self.device, ""),
        )

    def _probe(
        self,
        task: _TaskOfStudy,
        train: PlannedStep,
        test: PlannedStep,
        layer: int,
        place: dict[str, Any],
    ) -> PlannedStep:
        top = layer == self.layers[-1]
        search = self.settings.probe_at_top if top else "linear"
        seconds = {"linear": 3e-4, "halving": 0.04, "full": 0.2}[search] * task.n_targets("train")
        return self.plan.add(
            probe_layer,
            title=f"classifier, layer {layer}, {self._title(task, place)}",
            cost=Cost(seconds),
            train=train,
            test=test,
            layer=layer,
            search=search,
            device=Content(self.device, ""),
            **self._resampling,
        )

    def _clusters(
        self,
        task: _TaskOfStudy,
        vectors: PlannedStep,
        split: str,
        layer: int,
        place: dict[str, Any],
        max_targets: int | None = None,
    ) -> PlannedStep:
        most = max_targets or self.settings.cluster_targets
        n = min(task.n_targets(split), most or task.n_targets(split))
        return self.plan.add(
            cluster_labels,
            title=f"clusters, {split}, layer {layer}, {self._title(task, place)}",
            cost=Cost(1.5e-7 * n**2),
            vectors=vectors,
            layer=layer,
            split=split,
            max_targets=most,
            seed=self.settings.analysis_seed,
            time_limit=self.settings.cluster_seconds,
        )

    def _title(self, task: _TaskOfStudy, place: dict[str, Any]) -> str:
        if place["stage"] == "before":
            return f"{task.name}, {self.entry.name} as it was"
        return f"{task.name}, {self.entry.name} tuned on {place['tuned_on']}, seed {place['seed']}"

    def _read(self, step: PlannedStep, task: _TaskOfStudy, place: dict[str, Any]) -> None:
        self.plan.read(step, model=self.entry.name, task=task.name, **place)

    @property
    def _resampling(self) -> dict[str, Any]:
        return {
            "seed": self.settings.analysis_seed,
            "n_resamples": self.settings.n_resamples,
            "level": self.settings.level,
        }
