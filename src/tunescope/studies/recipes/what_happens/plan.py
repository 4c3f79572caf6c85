"""The steps of a study of what happens to a model's layers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from tunescope.finetuning.settings import FinetuneSettings
from tunescope.studies.engine.plan import Content, Cost, Plan, PlannedStep
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.files.told_with_line import told_with_line
from tunescope.studies.planning.planned_model import PlannedModel
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.what_happens.settings import WhatHappensSettings
from tunescope.studies.steps.domains import compare_domains, compare_words, extract_words
from tunescope.studies.steps.frozen_layers import run_frozen_layers
from tunescope.studies.steps.inference import measure_inference
from tunescope.studies.steps.inputs import task_input
from tunescope.studies.steps.predictions import compare_predictions, score_predictions
from tunescope.studies.steps.rollback import roll_back
from tunescope.studies.steps.structure import compare_structure, probe_structure, trees_input
from tunescope.studies.steps.subset_tuning import tune_subset
from tunescope.studies.steps.weights import compare_weights

__all__ = ["OWN_TEXT", "plan_what_happens"]

OWN_TEXT = "its own text"
"""The name of the domain that a task's test sentences are of."""

_SECONDS_PER_SENTENCE = {"train": 0.04, "read": 0.008, "score": 0.002}
_SECONDS_OF_PROBES = 120.0
_SECONDS_OF_SIMILARITY = 30.0
_WORDS_PER_SENTENCE = 25
_BYTES_PER_NUMBER = 4


def plan_what_happens(file: StudyFile, device: str) -> Plan:
    """Return the steps: models × tasks × seeds, each with all ablations.

    Raises:
        InputError: A task does not suit the study, or a model lacks a layer that the file names.
    """
    settings = cast(WhatHappensSettings, file.settings)
    plan = Plan(settings.threads_per_step)
    tasks = [ScoredTask(file, number) for number in range(len(settings.tasks))]
    domains = _domains(file, settings)
    trees = _trees(file, settings)
    for task in tasks:
        task.check_spans()
    for entry in settings.models:
        model = _ModelOfStudy(entry, file, plan, device)
        for task in tasks:
            model.time_inference(task)
            for seed in settings.seeds:
                whole = model.ablate(task, seed)
                model.roll_back(task, whole, seed)
                model.weigh(task, whole, seed)
                model.read_texts(task, whole, seed, domains)
                if trees is not None:
                    model.probe(task, whole, seed, trees)
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


class _ModelOfStudy(PlannedModel):
    """A model, and the steps that look at it."""

    @property
    def settings(self) -> WhatHappensSettings:
        return cast(WhatHappensSettings, self.file.settings)

    @cached_property
    def frozen_layers(self) -> tuple[int, ...]:
        with told_with_line(self.file, ("freeze",)):
            return self.settings.frozen_layers(self.n_layers)

    @cached_property
    def top_layers(self) -> tuple[int, ...]:
        with told_with_line(self.file, ("truncate",)):
            return self.settings.top_layers(self.n_layers)

    def ablate(self, task: ScoredTask, seed: int) -> PlannedStep:
        """Plan training with layers frozen and left out, against all of them; return that of the whole model."""
        how = self.settings.finetune.settings(n_layers=self.n_layers, seed=seed)
        whole = self._tune(task, how, f"all layers of {self.name}", keep=True)
        self._score(task, whole, seed, "freeze", -1)
        self._score(task, whole, seed, "truncate", self.n_layers)
        for n_frozen in self.frozen_layers[1:]:
            frozen = how.model_copy(update={"frozen_layers": n_frozen})
            title = f"{n_frozen} frozen layers of {self.name}"
            step = self._tune(task, frozen, title, prefix=self._prefix(task) if n_frozen else None)
            self._score(task, step, seed, "freeze", n_frozen)
            self._compare(task, whole, step, seed, "freeze", n_frozen)
        for top in self.top_layers[:-1]:
            cut = how.model_copy(update={"top_layer": top})
            step = self._tune(task, cut, f"layers 1 to {top} of {self.name}")
            self._score(task, step, seed, "truncate", top)
            self._compare(task, whole, step, seed, "truncate", top)
        return whole

    def time_inference(self, task: ScoredTask) -> None:
        """Plan what reading the test set takes with fewer layers."""
        step = self.plan.add(
            measure_inference,
            title=f"inference with fewer layers of {self.name} on {task.name}",
            cost=Cost(2 * len(self.top_layers) * task.n_test * _SECONDS_PER_SENTENCE["read"]),
            model=self.content,
            task=task.content,
            test_size=task.test_size,
            test_seed=task.test_seed,
            layers=list(self.top_layers),
            device=self.device_argument,
        )
        self._read(step, task, None, kind="inference")

    def roll_back(self, task: ScoredTask, whole: PlannedStep, seed: int) -> None:
        """Plan giving layers of the fine-tuned model their pre-trained weights back."""
        if not self.settings.rollback:
            return
        step = self.plan.add(
            roll_back,
            title=f"rollback of {self.name} on {task.name}, seed {seed}",
            cost=Cost(2 * self.n_layers * task.n_test * _SECONDS_PER_SENTENCE["read"]),
            model=self.content,
            tuned=whole,
            task=task.content,
            test_size=task.test_size,
            test_seed=task.test_seed,
            metric=task.metric,
            device=self.device_argument,
            **self.resampling,
        )
        self._read(step, task, seed, kind="rollback")

    def weigh(self, task: ScoredTask, whole: PlannedStep, seed: int) -> None:
        """Plan how far the weights of each layer moved."""
        step = self.plan.add(
            compare_weights,
            title=f"weights of {self.name} on {task.name}, seed {seed}",
            cost=Cost(5.0),
            model=self.content,
            tuned=whole,
            tuned_task=task.content,
        )
        self._read(step, task, seed, kind="weights")

    def read_texts(
        self, task: ScoredTask, whole: PlannedStep, seed: int, domains: Mapping[str, Content]
    ) -> None:
        """Plan how alike the vectors of words are before and after, in the task's own text and in others."""
        texts = {OWN_TEXT: (task.content, "test")}
        texts |= {name: (task.content, name) for name in task.task.out_of_domain}
        texts |= {name: (content, "test") for name, content in domains.items()}
        found = {name: self._similarity(task, whole, seed, name, *text) for name, text in texts.items()}
        for name, step in found.items():
            self._read(step, task, seed, kind="similarity", domain=name)
            if name == OWN_TEXT:
                continue
            difference = self.plan.add(
                compare_domains,
                title=f"own text against {name}, {self.name} on {task.name}, seed {seed}",
                inside=found[OWN_TEXT],
                outside=step,
                measures=list(self.settings.similarities),
            )
            self._read(difference, task, seed, kind="similarity", domain=name)

    def probe(self, task: ScoredTask, whole: PlannedStep, seed: int, trees: Content) -> None:
        """Plan structural probes before and after."""
        before, after = (self._structure(task, tuned, seed, trees) for tuned in (None, whole))
        if seed == self.settings.seeds[0]:
            self._read(before, task, None, kind="structure before")
        self._read(after, task, seed, kind="structure after")
        gain = self.plan.add(
            compare_structure,
            title=f"syntax after against before, {self.name} on {task.name}, seed {seed}",
            before=before,
            after=after,
            **self.resampling,
        )
        self._read(gain, task, seed, kind="structure gain")

    def _structure(
        self, task: ScoredTask, tuned: PlannedStep | None, seed: int, trees: Content
    ) -> PlannedStep:
        state = "as it was" if tuned is None else f"tuned on {task.name}, seed {seed}"
        # The first task stands for all where there is none, so that the model as it was is probed once.
        nearest = ScoredTask(self.file, 0) if tuned is None else task
        return self.plan.add(
            probe_structure,
            title=f"structural probes of {self.name} {state}",
            cost=Cost(_SECONDS_OF_PROBES),
            model=self.content,
            tuned=tuned,
            tuned_task=nearest.content,
            trees=trees,
            device=self.device_argument,
            **self.resampling,
        )

    def _similarity(
        self, task: ScoredTask, whole: PlannedStep, seed: int, name: str, text: Content, text_set: str
    ) -> PlannedStep:
        before, after = (self._words(task, tuned, seed, name, text, text_set) for tuned in (None, whole))
        return self.plan.add(
            compare_words,
            title=f"similarity on {name}, {self.name} on {task.name}, seed {seed}",
            cost=Cost(_SECONDS_OF_SIMILARITY),
            before=before,
            after=after,
            layers=list(self.layers),
            measures=list(self.settings.similarities),
            max_targets=self.settings.max_targets,
            **self.resampling,
        )

    def _words(
        self,
        task: ScoredTask,
        tuned: PlannedStep | None,
        seed: int,
        name: str,
        text: Content,
        text_set: str,
    ) -> PlannedStep:
        state = "as it was" if tuned is None else f"tuned on {task.name}, seed {seed}"
        n_sentences = self.settings.domain_sentences
        return self.plan.add(
            extract_words,
            title=f"words of {f'{task.name} itself' if name == OWN_TEXT else name}, {self.name} {state}",
            cost=Cost(
                n_sentences * _SECONDS_PER_SENTENCE["read"],
                self.gigabytes_of_vectors(n_sentences * _WORDS_PER_SENTENCE),
            ),
            model=self.content,
            tuned=tuned,
            tuned_task=text if tuned is None else task.content,
            text=text,
            text_set=text_set,
            n_sentences=n_sentences,
            sample_seed=self.settings.analysis_seed,
            device=self.device_argument,
        )

    def _prefix(self, task: ScoredTask) -> PlannedStep:
        """Plan what the frozen layers give, once for all numbers of frozen layers and all seeds."""
        layers = [layer for layer in self.frozen_layers if layer >= 1]
        n_words = self._n_train(task) * _WORDS_PER_SENTENCE * len(layers)
        return self.plan.add(
            run_frozen_layers,
            title=f"frozen layers of {self.name} on {task.name}",
            cost=Cost(
                self._n_train(task) * _SECONDS_PER_SENTENCE["read"],
                self.gigabytes_of_vectors(n_words) / (self.n_layers + 1),
            ),
            model=self.content,
            layers=layers,
            bf16=self.settings.finetune.settings(n_layers=self.n_layers, seed=0).bf16,
            device=self.device_argument,
            **self._training_sentences(task),
        )

    def _tune(
        self,
        task: ScoredTask,
        how: FinetuneSettings,
        what: str,
        *,
        prefix: PlannedStep | None = None,
        keep: bool = False,
    ) -> PlannedStep:
        more: dict[str, Any] = {} if prefix is None else {"frozen": prefix}
        seconds = _SECONDS_PER_SENTENCE["train"] * self._n_train(task) * how.epochs
        return self.plan.add(
            tune_subset,
            title=f"fine-tuning on {task.name}, {what}, seed {how.seed}",
            cost=Cost(seconds, self.gigabytes_of_weights if keep else 0.0),
            model=self.content,
            settings=how.model_dump(),
            test_size=task.test_size,
            test_seed=task.test_seed,
            device=self.device_argument,
            keep=keep,
            **self._training_sentences(task),
            **more,
        )

    def _training_sentences(self, task: ScoredTask) -> dict[str, Any]:
        size = None if self._n_train(task) == len(task.task.splits["train"]) else self._n_train(task)
        seed = 0 if size is None else self.settings.analysis_seed
        return {"task": task.content, "size": size, "subset_seed": seed}

    def _n_train(self, task: ScoredTask) -> int:
        n = len(task.task.splits["train"])
        return min(n, self.settings.train_limit or n)

    def _score(self, task: ScoredTask, step: PlannedStep, seed: int, kind: str, n_layers: int) -> None:
        self._read(step, task, seed, kind=kind, n_layers=n_layers)
        scores = self.plan.add(
            score_predictions,
            title=f"score of {step.title}",
            cost=Cost(_SECONDS_PER_SENTENCE["score"] * task.n_test),
            predictions=step,
            metric=task.metric,
            **self.resampling,
        )
        self._read(scores, task, seed, kind=kind, n_layers=n_layers)

    def _compare(
        self, task: ScoredTask, whole: PlannedStep, step: PlannedStep, seed: int, kind: str, n_layers: int
    ) -> None:
        change = self.plan.add(
            compare_predictions,
            title=f"against all layers: {step.title}",
            cost=Cost(_SECONDS_PER_SENTENCE["score"] * task.n_test),
            before=whole,
            after=step,
            metric=task.metric,
            **self.resampling,
        )
        self._read(change, task, seed, kind=kind, n_layers=n_layers)

    def _read(self, step: PlannedStep, task: ScoredTask, seed: int | None, **more: str | int) -> None:
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
