"""The steps that freeze, leave out and roll back layers."""

from __future__ import annotations

from typing import Any

from tunescope.finetuning.settings import FinetuneSettings
from tunescope.studies.engine.plan import Cost, PlannedStep
from tunescope.studies.metric_names import METRICS
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.what_happens.model_of_study import SECONDS_PER_SENTENCE, ModelOfStudy
from tunescope.studies.steps.frozen_layers import run_frozen_layers
from tunescope.studies.steps.inference import measure_inference
from tunescope.studies.steps.predictions import compare_predictions, score_predictions
from tunescope.studies.steps.rollback import roll_back
from tunescope.studies.steps.subset_tuning import tune_subset

__all__ = ["BESIDE", "plan_ablations", "plan_inference", "plan_rollback"]

BESIDE = {"las": ("uas",), "answer_f1": ("exact_match",)}
"""Metrics that are told beside a task's own, as the field does."""

_WORDS_PER_SENTENCE = 25


def plan_ablations(model: ModelOfStudy, task: ScoredTask, seed: int) -> PlannedStep:
    """Plan training with layers frozen and left out, against all of them; return that of the whole model."""
    how = model.settings.finetune.settings(n_layers=model.n_layers, seed=seed)
    whole = _tune(model, task, how, f"all layers of {model.name}", keep=True)
    _score(model, task, whole, seed, "freeze", -1)
    _score(model, task, whole, seed, "truncate", model.n_layers)
    for n_frozen in model.frozen_layers[1:]:
        frozen = how.model_copy(update={"frozen_layers": n_frozen})
        title = f"{n_frozen} frozen layers of {model.name}"
        step = _tune(model, task, frozen, title, prefix=_prefix(model, task) if n_frozen else None)
        _score(model, task, step, seed, "freeze", n_frozen)
        _compare(model, task, whole, step, seed, "freeze", n_frozen)
    for top in model.top_layers[:-1]:
        cut = how.model_copy(update={"top_layer": top})
        step = _tune(model, task, cut, f"layers 1 to {top} of {model.name}")
        _score(model, task, step, seed, "truncate", top)
        _compare(model, task, whole, step, seed, "truncate", top)
    return whole


def plan_inference(model: ModelOfStudy, task: ScoredTask) -> None:
    """Plan what reading the test set takes with fewer layers."""
    step = model.plan.add(
        measure_inference,
        title=f"inference with fewer layers of {model.name} on {task.name}",
        cost=Cost(2 * len(model.top_layers) * task.n_test * SECONDS_PER_SENTENCE["read"]),
        model=model.content,
        task=task.content,
        test_size=task.test_size,
        test_seed=task.test_seed,
        layers=list(model.top_layers),
        device=model.device_argument,
    )
    model.read(step, task, None, kind="inference")


def plan_rollback(model: ModelOfStudy, task: ScoredTask, whole: PlannedStep, seed: int) -> None:
    """Plan giving layers of the fine-tuned model their pre-trained weights back."""
    if not model.settings.rollback:
        return
    step = model.plan.add(
        roll_back,
        title=f"rollback of {model.name} on {task.name}, seed {seed}",
        cost=Cost(2 * model.n_layers * task.n_test * SECONDS_PER_SENTENCE["read"]),
        model=model.content,
        tuned=whole,
        task=task.content,
        test_size=task.test_size,
        test_seed=task.test_seed,
        metric=task.metric,
        device=model.device_argument,
        **model.resampling,
    )
    model.read(step, task, seed, kind="rollback")


def _prefix(model: ModelOfStudy, task: ScoredTask) -> PlannedStep:
    """Plan what the frozen layers give, once for all numbers of frozen layers and all seeds."""
    layers = [layer for layer in model.frozen_layers if layer >= 1]
    n_words = _n_train(model, task) * _WORDS_PER_SENTENCE * len(layers)
    return model.plan.add(
        run_frozen_layers,
        title=f"frozen layers of {model.name} on {task.name}",
        cost=Cost(
            _n_train(model, task) * SECONDS_PER_SENTENCE["read"],
            model.gigabytes_of_vectors(n_words) / (model.n_layers + 1),
        ),
        model=model.content,
        layers=layers,
        bf16=model.settings.finetune.settings(n_layers=model.n_layers, seed=0).bf16,
        device=model.device_argument,
        **_training_sentences(model, task),
    )


def _tune(
    model: ModelOfStudy,
    task: ScoredTask,
    how: FinetuneSettings,
    what: str,
    *,
    prefix: PlannedStep | None = None,
    keep: bool = False,
) -> PlannedStep:
    more: dict[str, Any] = {} if prefix is None else {"frozen": prefix}
    seconds = SECONDS_PER_SENTENCE["train"] * _n_train(model, task) * how.epochs
    return model.plan.add(
        tune_subset,
        title=f"fine-tuning on {task.name}, {what}, seed {how.seed}",
        cost=Cost(seconds, model.gigabytes_of_weights if keep else 0.0),
        model=model.content,
        settings=how.model_dump(),
        test_size=task.test_size,
        test_seed=task.test_seed,
        device=model.device_argument,
        keep=keep,
        **_training_sentences(model, task),
        **more,
    )


def _training_sentences(model: ModelOfStudy, task: ScoredTask) -> dict[str, Any]:
    size = None if _n_train(model, task) == len(task.task.splits["train"]) else _n_train(model, task)
    seed = 0 if size is None else model.settings.analysis_seed
    return {"task": task.content, "size": size, "subset_seed": seed}


def _n_train(model: ModelOfStudy, task: ScoredTask) -> int:
    n = len(task.task.splits["train"])
    return min(n, model.settings.train_limit or n)


def _score(
    model: ModelOfStudy, task: ScoredTask, step: PlannedStep, seed: int, kind: str, n_layers: int
) -> None:
    model.read(step, task, seed, kind=kind, n_layers=n_layers)
    scores = _score_by(model, task, step, task.metric, f"score of {step.title}")
    model.read(scores, task, seed, kind=kind, n_layers=n_layers)
    for metric in BESIDE.get(task.metric, ()):
        scores = _score_by(model, task, step, metric, f"{METRICS[metric]} of {step.title}")
        model.read(scores, task, seed, kind=f"{kind} beside", domain=metric, n_layers=n_layers)


def _score_by(
    model: ModelOfStudy, task: ScoredTask, step: PlannedStep, metric: str, title: str
) -> PlannedStep:
    return model.plan.add(
        score_predictions,
        title=title,
        cost=Cost(SECONDS_PER_SENTENCE["score"] * task.n_test),
        predictions=step,
        metric=metric,
        **model.resampling,
    )


def _compare(
    model: ModelOfStudy,
    task: ScoredTask,
    whole: PlannedStep,
    step: PlannedStep,
    seed: int,
    kind: str,
    n_layers: int,
) -> None:
    change = model.plan.add(
        compare_predictions,
        title=f"against all layers: {step.title}",
        cost=Cost(SECONDS_PER_SENTENCE["score"] * task.n_test),
        before=whole,
        after=step,
        metric=task.metric,
        **model.resampling,
    )
    model.read(change, task, seed, kind=kind, n_layers=n_layers)
