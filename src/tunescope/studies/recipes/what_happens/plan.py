"""The steps of a study of what happens to a model's layers."""

from __future__ import annotations

from typing import cast

from tunescope.studies.engine.plan import Content, Plan
from tunescope.studies.files.problems import Problem, refuse
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.files.told_with_line import told_with_line
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.what_happens.ablating import plan_ablations, plan_inference, plan_rollback
from tunescope.studies.recipes.what_happens.comparing import plan_texts, plan_updates, plan_weights
from tunescope.studies.recipes.what_happens.knowing import (
    plan_knowledge,
    plan_masked_language,
    plan_structure,
)
from tunescope.studies.recipes.what_happens.model_of_study import ModelOfStudy
from tunescope.studies.recipes.what_happens.settings import WhatHappensSettings
from tunescope.studies.steps.inputs import task_input
from tunescope.studies.steps.structure import trees_input
from tunescope.tasks.example import LabelKind, TargetKind

__all__ = ["plan_what_happens"]

_OF_WORDS = (TargetKind.TOKEN, TargetKind.PAIR)


def plan_what_happens(file: StudyFile, device: str) -> Plan:
    """Return the steps: models × tasks × seeds, each with all ablations.

    Raises:
        InputError: A task does not suit the study, or a model lacks a layer that the file names.
    """
    settings = cast(WhatHappensSettings, file.settings)
    plan = Plan(settings.threads_per_step)
    tasks = [ScoredTask(file, number) for number in range(len(settings.tasks))]
    domains, trees, knowledge = _domains(file, settings), _trees(file, settings), _knowledge(file, settings)
    for task in tasks:
        task.check_spans()
    for entry in settings.models:
        model = ModelOfStudy(entry, file, plan, device)
        runs = {}
        for task in tasks:
            plan_inference(model, task)
            for seed in settings.seeds:
                whole = plan_ablations(model, task, seed)
                runs[task.name, seed] = task, whole
                plan_rollback(model, task, whole, seed)
                plan_weights(model, task, whole, seed)
                plan_texts(model, task, whole, seed, domains)
                if trees is not None:
                    plan_structure(model, task, whole, seed, trees)
                plan_knowledge(model, task, whole, seed, knowledge)
                plan_masked_language(model, task, whole, seed, domains)
        plan_updates(model, runs)
    return plan


def _domains(file: StudyFile, settings: WhatHappensSettings) -> dict[str, Content]:
    """Return what steps are given of the texts of other domains."""
    found = {}
    for number, entry in enumerate(settings.domains):
        with told_with_line(file, ("domains", number)):
            found[entry.name] = task_input(entry.source, file.folder, entry.source.load(file.folder))
    return found


def _trees(file: StudyFile, settings: WhatHappensSettings) -> Content | None:
    if settings.trees is None:
        return None
    with told_with_line(file, ("trees",)):
        return trees_input(settings.trees.model_dump(), file.folder)


def _knowledge(file: StudyFile, settings: WhatHappensSettings) -> dict[str, Content]:
    """Return what steps are given of the tasks that models are probed on.

    Raises:
        InputError: One cannot be read, or its targets are no words with classes.
    """
    found = {}
    for number, entry in enumerate(settings.knowledge):
        with told_with_line(file, ("knowledge", number)):
            task = entry.load(file.folder)
        if task.target not in _OF_WORDS or task.label is not LabelKind.CLASS:
            raise refuse(
                file.source,
                [
                    Problem(
                        ("knowledge", number, "format"),
                        "Edge probes take words or pairs of words, with classes.",
                        "such as conllu:pos or conllu:dep",
                        f"{task.target.value} targets, labelled by {task.label.value}",
                    )
                ],
            )
        found[entry.name] = task_input(entry, file.folder, task)
    return found
