"""The steps of a closer look."""

from __future__ import annotations

import math
from typing import cast

from tunescope.finetuning.snapshots import plan_snapshots
from tunescope.studies.engine.plan import Cost, Plan, PlannedStep
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.planning.planned_model import PlannedModel
from tunescope.studies.planning.planned_task import PlannedTask
from tunescope.studies.recipes.closer_look.controls import (
    look_at_random_division,
    look_beyond_linear,
    shuffle,
)
from tunescope.studies.recipes.closer_look.look import Look
from tunescope.studies.recipes.closer_look.settings import CloserLookSettings
from tunescope.studies.steps.changes import (
    follow_centroids,
    follow_differences,
    score_head,
    similarity_to_base,
)
from tunescope.studies.steps.clusters import compare_distances
from tunescope.studies.steps.models import tune
from tunescope.studies.steps.probes import compare_probes
from tunescope.tasks.example import LabelKind

__all__ = ["plan_closer_look"]

_SECONDS_PER_SENTENCE = 0.04


def plan_closer_look(file: StudyFile, device: str) -> Plan:
    """Return the steps: models × tasks × seeds, the controls, and the tasks crossed."""
    settings = cast(CloserLookSettings, file.settings)
    plan = Plan(settings.threads_per_step)
    tasks = [PlannedTask(file, number) for number in range(len(settings.tasks))]
    for task in tasks:
        task.check_labels(
            {LabelKind.CLASS},
            "A closer look measures clusters of classes and distances between them.",
            "classes of words, pairs of words, texts or pairs of texts",
            "read a treebank as conllu:dep instead of conllu:parse, or use the study what-happens",
        )
    for entry in settings.models:
        model = PlannedModel(entry, file, plan, device)
        before = {task.name: Look(model, task) for task in tasks}
        for look in before.values():
            _look_at_layers(look, model.layers)
            look_beyond_linear(look)
            shuffle(look)
        for seed in settings.seeds:
            tuned = {task.name: _tune(model, task, settings, seed) for task in tasks}
            for task in tasks:
                after = Look(model, task, tuned[task.name], task, seed)
                _look_at_layers(after, model.layers)
                look_beyond_linear(after)
                shuffle(after)
                _compare(before[task.name], after, model.layers)
                _follow(before[task.name], after, _snapshots(model, task, settings))
                _score_head(after)
            for task, other in _crossed(tasks, settings):
                across = Look(model, task, tuned[other.name], other, seed)
                _look_at_layers(across, model.layers[-1:])
                _compare(before[task.name], across, model.layers[-1:])
            if settings.random_split:
                for number in range(len(tasks)):
                    divided = PlannedTask(file, number, settings.analysis_seed)
                    again = _tune(model, divided, settings, seed)
                    look_at_random_division(Look(model, divided), Look(model, divided, again, divided, seed))
    return plan


def _crossed(tasks: list[PlannedTask], settings: CloserLookSettings) -> list[tuple[PlannedTask, PlannedTask]]:
    """Return tasks to measure on, each with another task that models were tuned on."""
    return [
        (task, other)
        for task in tasks
        if task.name in settings.cross_task
        for other in tasks
        if other is not task
    ]


def _tune(model: PlannedModel, task: PlannedTask, settings: CloserLookSettings, seed: int) -> PlannedStep:
    how = settings.finetune.settings(n_layers=model.n_layers, seed=seed)
    snapshots = _snapshots(model, task, settings)
    seconds = len(task.task.splits["train"]) * how.epochs * _SECONDS_PER_SENTENCE
    return model.plan.add(
        tune,
        title=f"fine-tuning of {model.name} on {task.task.name}, seed {seed}",
        cost=Cost(seconds, model.gigabytes_of_weights * (1 + len(snapshots))),
        model=model.content,
        task=task.content,
        settings=how.model_dump(),
        snapshots=list(snapshots),
        device=model.device_argument,
    )


def _snapshots(model: PlannedModel, task: PlannedTask, settings: CloserLookSettings) -> tuple[int, ...]:
    """Return the training steps that are looked at; a model tuned on a random division is not followed."""
    if task.partition_seed is not None:
        return ()
    how = settings.finetune.settings(n_layers=model.n_layers, seed=0)
    n_steps = math.ceil(len(task.task.splits["train"]) / how.batch_size) * how.epochs
    return plan_snapshots(n_steps, log_spaced=settings.snapshots)


def _look_at_layers(look: Look, layers: tuple[int, ...]) -> None:
    """Plan classifiers, clusters, and how alike training and test set lie, by layer."""
    for layer in layers:
        look.read(look.classifier(layer))
        train, test = (look.clusters(split, layer) for split in ("train", "test"))
        look.read(train)
        similarity = look.model.plan.add(
            compare_distances,
            title=f"train–test similarity, layer {layer}, {look.title}",
            first=train,
            second=test,
            measure="train_test_similarity",
            layer=layer,
            split="test",
        )
        look.read(similarity)


def _compare(before: Look, after: Look, layers: tuple[int, ...]) -> None:
    """Plan the differences between before and after, by layer."""
    plan = before.model.plan
    for layer in layers:
        gain = plan.add(
            compare_probes,
            title=f"gain of the classifier, layer {layer}, {after.title}",
            before=before.classifier(layer),
            after=after.classifier(layer),
            test=after.test,
            layer=layer,
            **before.model.resampling,
        )
        after.read(gain)
        moved = plan.add(
            compare_distances,
            title=f"spatial similarity to the original, layer {layer}, {after.title}",
            first=before.clusters("train", layer),
            second=after.clusters("train", layer),
            measure="spatial_similarity",
            layer=layer,
            split="train",
        )
        after.read(moved)
    differences = plan.add(
        follow_differences,
        title=f"difference vectors, {after.title}",
        base=before.train,
        tuned=after.train,
        layers=list(layers),
        split="train",
    )
    after.read(differences)


def _follow(before: Look, after: Look, steps: tuple[int, ...]) -> None:
    """Plan what is followed over training: similarity to the original, distances, centroids."""
    plan, settings, layers = before.model.plan, before.settings, before.model.layers
    states = [after.vectors("train", snapshot=step) for step in steps]
    for step, state in zip(steps, states, strict=True):
        similar = plan.add(
            similarity_to_base,
            title=f"similarity to the original after step {step}, {after.title}",
            base=before.train,
            other=state,
            layers=list(layers),
            step=step,
            split="train",
            max_targets=settings.max_targets,
            **before.model.resampling,
        )
        after.read(similar)
        near = after.clusters_of(state, "train", layers[-1], settings.path_targets)
        after.read(near, after_step=step)
    path = plan.add(
        follow_centroids,
        title=f"paths of the centroids, {after.title}",
        vectors=states,
        steps=list(steps),
        layer=layers[-1],
        max_targets=settings.path_targets,
        seed=settings.analysis_seed,
        split="train",
    )
    after.read(path)


def _score_head(after: Look) -> None:
    """Plan the score of the fine-tuned model's own head."""
    head = after.model.plan.add(
        score_head, title=f"score of the head, {after.title}", tuned=after.tuned, **after.model.resampling
    )
    after.read(head)
