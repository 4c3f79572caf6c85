"""The steps that compare a model before and after: its weights, and its vectors of words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tunescope.studies.engine.plan import Content, Cost, PlannedStep
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.what_happens.model_of_study import SECONDS_PER_SENTENCE, ModelOfStudy
from tunescope.studies.steps.domains import (
    compare_domains,
    compare_words,
    extract_words,
    map_layers,
    measure_shapes,
)
from tunescope.studies.steps.weights import compare_updates, compare_weights, look_into_update

__all__ = ["OWN_TEXT", "plan_texts", "plan_updates", "plan_weights"]

OWN_TEXT = "its own text"
"""The name of the domain that a task's test sentences are of."""

_SECONDS_OF_SIMILARITY = 30.0
_SECONDS_OF_MAP = 10.0
_SECONDS_OF_UPDATES = 10.0
_WORDS_PER_SENTENCE = 25


def plan_weights(model: ModelOfStudy, task: ScoredTask, whole: PlannedStep, seed: int) -> None:
    """Plan how far the weights of each layer moved, and along how many directions."""
    step = model.plan.add(
        compare_weights,
        title=f"weights of {model.name} on {task.name}, seed {seed}",
        cost=Cost(5.0),
        model=model.content,
        tuned=whole,
        tuned_task=task.content,
    )
    model.read(step, task, seed, kind="weights")
    directions = model.plan.add(
        look_into_update,
        title=f"directions of the update of {model.name} on {task.name}, seed {seed}",
        cost=Cost(_SECONDS_OF_UPDATES),
        model=model.content,
        tuned=whole,
        tuned_task=task.content,
    )
    model.read(directions, task, seed, kind="weights")


def plan_texts(
    model: ModelOfStudy, task: ScoredTask, whole: PlannedStep, seed: int, domains: Mapping[str, Content]
) -> None:
    """Plan how alike the vectors of words are before and after, in the task's own text and in others."""
    texts = {OWN_TEXT: (task.content, "test")}
    texts |= {name: (task.content, name) for name in task.task.out_of_domain}
    texts |= {name: (content, "test") for name, content in domains.items()}
    found = {}
    for name, text in texts.items():
        before, after = (_words(model, task, tuned, seed, name, *text) for tuned in (None, whole))
        words = _Words(before, after, name, task, seed)
        found[name] = _similarity(model, words)
        if name == OWN_TEXT:
            _plan_map(model, words)
            _plan_shapes(model, words)
    for name, step in found.items():
        model.read(step, task, seed, kind="similarity", domain=name)
        if name == OWN_TEXT:
            continue
        difference = model.plan.add(
            compare_domains,
            title=f"own text against {name}, {model.name} on {task.name}, seed {seed}",
            inside=found[OWN_TEXT],
            outside=step,
            measures=list(model.settings.similarities),
        )
        model.read(difference, task, seed, kind="similarity", domain=name)


def plan_updates(model: ModelOfStudy, runs: Mapping[tuple[str, int], tuple[ScoredTask, PlannedStep]]) -> None:
    """Plan how alike two runs moved the weights: another seed of the same task, another task with the same seed."""
    for (name, seed), (task, run) in runs.items():
        for (other_name, other_seed), (other_task, other_run) in runs.items():
            if (name, seed) >= (other_name, other_seed) or (name != other_name) == (seed != other_seed):
                continue
            other = f"{other_name}, seed {other_seed}"
            step = model.plan.add(
                compare_updates,
                title=f"updates of {model.name} on {name}, seed {seed}, and on {other}",
                cost=Cost(_SECONDS_OF_UPDATES),
                model=model.content,
                first=run,
                first_task=task.content,
                second=other_run,
                second_task=other_task.content,
            )
            model.read(step, task, seed, kind="updates", domain=other)


@dataclass(frozen=True)
class _Words:
    """The vectors of the words of a text before and after, and which text, task and seed they are of."""

    before: PlannedStep
    after: PlannedStep
    text: str
    task: ScoredTask
    seed: int


def _similarity(model: ModelOfStudy, words: _Words) -> PlannedStep:
    return model.plan.add(
        compare_words,
        title=f"similarity on {words.text}, {model.name} on {words.task.name}, seed {words.seed}",
        cost=Cost(_SECONDS_OF_SIMILARITY),
        before=words.before,
        after=words.after,
        layers=list(model.layers),
        measures=list(model.settings.similarities),
        max_targets=model.settings.max_targets,
        **model.resampling,
    )


def _plan_map(model: ModelOfStudy, words: _Words) -> None:
    step = model.plan.add(
        map_layers,
        title=f"map of the layers of {model.name} on {words.task.name}, seed {words.seed}",
        cost=Cost(_SECONDS_OF_MAP),
        before=words.before,
        after=words.after,
        max_targets=model.settings.max_targets,
        seed=model.settings.analysis_seed,
    )
    model.read(step, words.task, words.seed, kind="map")


def _plan_shapes(model: ModelOfStudy, words: _Words) -> None:
    for when, vectors, seed in (("before", words.before, None), ("after", words.after, words.seed)):
        if when == "before" and words.seed != model.settings.seeds[0]:
            continue
        step = model.plan.add(
            measure_shapes,
            title=f"directions of {vectors.title}",
            cost=Cost(_SECONDS_OF_SIMILARITY),
            words=vectors,
            max_targets=model.settings.max_targets,
            **model.resampling,
        )
        model.read(step, words.task, seed, kind=f"shape {when}")


def _words(
    model: ModelOfStudy,
    task: ScoredTask,
    tuned: PlannedStep | None,
    seed: int,
    name: str,
    text: Content,
    text_set: str,
) -> PlannedStep:
    state = "as it was" if tuned is None else f"tuned on {task.name}, seed {seed}"
    n_sentences = model.settings.domain_sentences
    return model.plan.add(
        extract_words,
        title=f"words of {f'{task.name} itself' if name == OWN_TEXT else name}, {model.name} {state}",
        cost=Cost(
            n_sentences * SECONDS_PER_SENTENCE["read"],
            model.gigabytes_of_vectors(n_sentences * _WORDS_PER_SENTENCE),
        ),
        model=model.content,
        tuned=tuned,
        tuned_task=text if tuned is None else task.content,
        text=text,
        text_set=text_set,
        n_sentences=n_sentences,
        sample_seed=model.settings.analysis_seed,
        device=model.device_argument,
    )
