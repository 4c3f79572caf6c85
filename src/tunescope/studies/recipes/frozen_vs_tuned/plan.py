"""The steps of a comparison of frozen and tuned models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from tunescope.finetuning.settings import FinetuneSettings
from tunescope.studies.engine.plan import Content, Cost, Plan, PlannedStep
from tunescope.studies.files.problems import Problem, refuse
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.planning.planned_model import PlannedModel
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.frozen_vs_tuned.settings import (
    Condition,
    FrozenVsTunedSettings,
)
from tunescope.studies.steps.frozen import extract_subsets, train_frozen
from tunescope.studies.steps.inputs import task_input
from tunescope.studies.steps.predictions import compare_predictions, score_predictions
from tunescope.studies.steps.subset_tuning import tune_subset
from tunescope.studies.steps.subsets import subset_of
from tunescope.studies.steps.texts import compare_texts
from tunescope.tasks.example import LabelKind

__all__ = ["plan_frozen_vs_tuned"]

_SECONDS_PER_SENTENCE = {"train": 0.035, "read": 0.01, "linear": 0.002, "mix": 0.1, "score": 2e-4}
_SECONDS_OF_TEXTS = 10.0


def plan_frozen_vs_tuned(file: StudyFile, device: str) -> Plan:
    """Return the steps: models × tasks × sizes × seeds × conditions.

    Raises:
        InputError: A task does not suit the study, or its training subsets are too small for it.
    """
    settings = cast(FrozenVsTunedSettings, file.settings)
    plan = Plan(settings.threads_per_step)
    tasks = [_TaskOfStudy(file, number) for number in range(len(settings.tasks))]
    for task in tasks:
        task.check()
    reference = _reference(file, settings)
    for entry in settings.models:
        model = _ModelOfStudy(entry, file, plan, device)
        for task in tasks:
            for subset in task.subsets:
                model.compare(task, subset)
            if reference is not None:
                model.compare_texts(task, reference)
    return plan


def _reference(file: StudyFile, settings: FrozenVsTunedSettings) -> Content | None:
    """Return what steps are given of the text of reference."""
    if settings.reference is None:
        return None
    source = settings.reference.source
    return task_input(source, file.folder, source.load(file.folder))


@dataclass(frozen=True)
class _Subset:
    """Some of the training sentences of a task.

    Attributes:
        size: How many; ``None`` for all.
        n_sentences: How many that are.
        seed: Which ones, unless all; also the seed of what is trained on them.
        is_largest: Whether the study has no larger one of the task.
    """

    size: int | None
    n_sentences: int
    seed: int
    is_largest: bool

    @property
    def order_seed(self) -> int:
        """What decides which sentences these are: nothing where they are all."""
        return 0 if self.size is None else self.seed

    @property
    def place(self) -> dict[str, int]:
        """Where in the study its figures belong."""
        return {"n_train": self.n_sentences, "is_largest": int(self.is_largest), "seed": self.seed}


class _TaskOfStudy(ScoredTask):
    """A task, and its training subsets."""

    @property
    def settings(self) -> FrozenVsTunedSettings:
        return cast(FrozenVsTunedSettings, self.file.settings)

    @property
    def sizes(self) -> tuple[int | None, ...]:
        return self.settings.sizes_of(len(self.task.splits["train"]))

    @cached_property
    def subsets(self) -> tuple[_Subset, ...]:
        n = len(self.task.splits["train"])
        largest = self.sizes[-1]
        few = self.settings.seeds[: self.settings.seeds_at_largest]
        return tuple(
            _Subset(size, size or n, seed, size == largest)
            for size in self.sizes
            for seed in (few if size == largest else self.settings.seeds)
        )

    def check(self) -> None:
        """Refuse a task that the study cannot be about."""
        self.check_labels(
            {LabelKind.CLASS, LabelKind.NUMBER},
            "Heads on frozen vectors predict classes and numbers.",
            "classes, numbers, or tags of spans",
            "train parsers and answers on a frozen encoder by the study what-happens: freeze all layers, and none",
        )
        self.check_spans()
        n = len(self.task.splits["train"])
        if not self.sizes:
            problem = Problem(
                ("sizes",),
                f"The task {self.name!r} has fewer training sentences than every size.",
                f"a size of at most {n}, or all",
                ", ".join(map(str, self.settings.sizes)),
            )
            raise refuse(self.file.source, [problem])
        for subset in self.subsets:
            examples = subset_of(self.task.splits["train"], subset.size, subset.order_seed)
            if len({target.label for example in examples for target in example.targets}) < 2:
                problem = Problem(
                    ("sizes",) if self.file.source.has(("sizes",)) else (),
                    f"A training subset of the task {self.name!r} has a single label.",
                    "two labels at least in each subset",
                    f"one among the {subset.n_sentences} sentences of seed {subset.seed}",
                    "take larger sizes, or other seeds",
                )
                raise refuse(self.file.source, [problem])


class _ModelOfStudy(PlannedModel):
    """A model, and the steps that look at it."""

    @property
    def settings(self) -> FrozenVsTunedSettings:
        return cast(FrozenVsTunedSettings, self.file.settings)

    def compare(self, task: _TaskOfStudy, subset: _Subset) -> None:
        """Plan each condition on a subset, its scores, and the differences between tuned and frozen."""
        trained = {condition: self._train(task, subset, condition) for condition in self.settings.conditions}
        for condition, step in trained.items():
            self._read(step, task, subset, condition)
            scores = self.plan.add(
                score_predictions,
                title=f"score, {self._title(task, subset, condition)}",
                cost=Cost(_SECONDS_PER_SENTENCE["score"] * (subset.n_sentences + task.n_test)),
                predictions=step,
                metric=task.metric,
                **self.resampling,
            )
            self._read(scores, task, subset, condition)
        for condition, step in trained.items():
            if condition != "tuned" and "tuned" in trained:
                gain = self.plan.add(
                    compare_predictions,
                    title=f"tuned against {self._title(task, subset, condition)}",
                    cost=Cost(_SECONDS_PER_SENTENCE["score"] * (subset.n_sentences + task.n_test)),
                    before=step,
                    after=trained["tuned"],
                    metric=task.metric,
                    **self.resampling,
                )
                self._read(gain, task, subset, "tuned", against=condition)

    def compare_texts(self, task: _TaskOfStudy, reference: Content) -> None:
        """Plan how unlike the task's text is to the text of reference."""
        step = self.plan.add(
            compare_texts,
            title=f"text of {task.name} against the reference, subwords of {self.name}",
            cost=Cost(_SECONDS_OF_TEXTS),
            model=self.content,
            task=task.content,
            reference=reference,
            n_subwords=self.settings.reference_subwords,
            **self.resampling,
        )
        self.plan.read(step, **self._place(task), condition=None, against=None)

    def _train(self, task: _TaskOfStudy, subset: _Subset, condition: Condition) -> PlannedStep:
        return self._tune(task, subset) if condition == "tuned" else self._freeze(task, subset, condition)

    def _tune(self, task: _TaskOfStudy, subset: _Subset) -> PlannedStep:
        how = self._fine_tuning(subset)
        seconds = _SECONDS_PER_SENTENCE["train"] * subset.n_sentences * how.epochs
        return self.plan.add(
            tune_subset,
            title=self._title(task, subset, "tuned"),
            cost=Cost(seconds + _SECONDS_PER_SENTENCE["read"] * (task.n_test + subset.n_sentences)),
            model=self.content,
            settings=how.model_dump(),
            device=self.device_argument,
            **self._sentences(task, subset),
        )

    def _fine_tuning(self, subset: _Subset) -> FinetuneSettings:
        """Return the settings, with more epochs where a small subset has too few updates."""
        how = self.settings.finetune.settings(n_layers=self.n_layers, seed=subset.seed)
        updates = math.ceil(subset.n_sentences / how.batch_size)
        enough = math.ceil(self.settings.least_updates / updates)
        return how.model_copy(update={"epochs": max(how.epochs, enough)})

    def _freeze(self, task: _TaskOfStudy, subset: _Subset, condition: Condition) -> PlannedStep:
        # Nothing in a linear head is drawn at random, so that on all sentences one serves all seeds.
        how = self.settings.frozen.settings(0 if condition == "linear" else subset.seed)
        return self.plan.add(
            train_frozen,
            title=self._title(task, subset, condition),
            cost=Cost(_SECONDS_PER_SENTENCE[condition] * subset.n_sentences),
            train=self._vectors(task, "train", task.sizes[-1], self._seeds_of_vectors(task)),
            test=self._vectors(task, "test", task.test_size, [task.test_seed]),
            layers=list(self.layers),
            kind=condition,
            settings=how.model_dump(),
            device=self.device_argument,
            **self._sentences(task, subset),
        )

    def _seeds_of_vectors(self, task: _TaskOfStudy) -> list[int]:
        return [0] if task.sizes[-1] is None else list(dict.fromkeys(subset.seed for subset in task.subsets))

    def _vectors(self, task: _TaskOfStudy, split: str, size: int | None, seeds: list[int]) -> PlannedStep:
        examples = task.task.splits[split]
        n_sentences = min(len(examples), len(seeds) * (size or len(examples)))
        n_targets = sum(len(example.targets) for example in examples) * n_sentences / len(examples)
        return self.plan.add(
            extract_subsets,
            title=f"vectors of {task.name}, {split}, by {self.name}",
            cost=Cost(n_sentences * _SECONDS_PER_SENTENCE["read"], self.gigabytes_of_vectors(n_targets)),
            model=self.content,
            task=task.content,
            split=split,
            size=size,
            seeds=seeds,
            pooling="mean" if self.settings.frozen_texts == "mean" else None,
            device=self.device_argument,
        )

    def _sentences(self, task: _TaskOfStudy, subset: _Subset) -> dict[str, Any]:
        """Return what tells a step which sentences it trains on and which it predicts."""
        return {
            "task": task.content,
            "size": subset.size,
            "subset_seed": subset.order_seed,
            "test_size": task.test_size,
            "test_seed": task.test_seed,
        }

    def _title(self, task: _TaskOfStudy, subset: _Subset, condition: Condition) -> str:
        what = {"linear": "frozen, linear head", "mix": "frozen, mix of layers", "tuned": "fine-tuning"}
        sentences = f"{subset.n_sentences} sentences of {task.name}"
        return f"{what[condition]}: {self.name} on {sentences}, seed {subset.seed}"

    def _read(
        self,
        step: PlannedStep,
        task: _TaskOfStudy,
        subset: _Subset,
        condition: Condition,
        against: Condition | None = None,
    ) -> None:
        self.plan.read(step, **self._place(task), condition=condition, against=against, **subset.place)

    def _place(self, task: _TaskOfStudy) -> dict[str, str]:
        return {
            "model": self.name,
            "task": task.name,
            "target": task.task.target.value,
            "metric": task.metric,
        }
