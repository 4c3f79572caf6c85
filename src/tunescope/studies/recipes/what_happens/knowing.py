"""The steps that tell whether what a model knew is still there: the same probes before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tunescope.studies.engine.plan import Content, Cost, PlannedStep
from tunescope.studies.planning.scored_task import ScoredTask
from tunescope.studies.recipes.what_happens.model_of_study import ModelOfStudy
from tunescope.studies.steps.codelengths import code_labels, compare_codes
from tunescope.studies.steps.edges import compare_edges, probe_edges
from tunescope.studies.steps.masked_language import compare_masked_language, measure_masked_language
from tunescope.studies.steps.structure import compare_structure, probe_structure

__all__ = ["plan_knowledge", "plan_masked_language", "plan_structure"]

_SECONDS_OF_PROBES = 120.0
_NAMES = {
    "structure": "structural probes",
    "edges": "edge probes",
    "codes": "online codes",
    "masked": "masked words",
}


def plan_structure(
    model: ModelOfStudy, task: ScoredTask, whole: PlannedStep, seed: int, trees: Content
) -> None:
    """Plan structural probes before and after."""
    steps = probe_structure, compare_structure
    _plan_both(model, task, whole, seed, steps, {"kind": "structure"}, {"trees": trees})


def plan_knowledge(
    model: ModelOfStudy, task: ScoredTask, whole: PlannedStep, seed: int, texts: Mapping[str, Content]
) -> None:
    """Plan edge probes and online codes of labelled texts before and after."""
    for name, text in texts.items():
        given = {"text": text, "max_targets": model.settings.knowledge_targets}
        for kind, steps in (("edges", (probe_edges, compare_edges)), ("codes", (code_labels, compare_codes))):
            _plan_both(model, task, whole, seed, steps, {"kind": kind, "domain": name}, given)


def plan_masked_language(
    model: ModelOfStudy, task: ScoredTask, whole: PlannedStep, seed: int, texts: Mapping[str, Content]
) -> None:
    """Plan the loss of the pre-trained head on masked words of texts of other domains, before and after.

    There is nothing to plan where the checkpoint has no such head.
    """
    if not model.has_masked_language_head:
        return
    steps = measure_masked_language, compare_masked_language
    for name, text in texts.items():
        given = {
            "text": text,
            "text_set": "test",
            "n_sentences": model.settings.domain_sentences,
            "sample_seed": model.settings.analysis_seed,
        }
        _plan_both(model, task, whole, seed, steps, {"kind": "masked", "domain": name}, given)


def _plan_both(
    model: ModelOfStudy,
    task: ScoredTask,
    whole: PlannedStep,
    seed: int,
    steps: tuple[Callable[..., None], Callable[..., None]],
    place: Mapping[str, str],
    given: Mapping[str, Any],
) -> None:
    """Plan what looks at the model before, what looks at it after, and what subtracts the one from the other.

    Args:
        model: The model.
        task: The task that it is tuned on.
        whole: The step that tunes it.
        seed: With which seed.
        steps: The function that looks at a model, and the one that subtracts.
        place: Where the figures stand in the study's table: their kind, to which "before", "after" or "gain" is added.
        given: The first function's own arguments.
    """
    look, subtract = steps
    what = " ".join([_NAMES[place["kind"]], *([f"on {place['domain']}"] if "domain" in place else [])])

    def looked_at(tuned: PlannedStep | None) -> PlannedStep:
        state = "as it was" if tuned is None else f"tuned on {task.name}, seed {seed}"
        # The first task stands for all where there is none, so that the model as it was is looked at once.
        nearest = ScoredTask(model.file, 0) if tuned is None else task
        return model.plan.add(
            look,
            title=f"{what} of {model.name} {state}",
            cost=Cost(_SECONDS_OF_PROBES),
            model=model.content,
            tuned=tuned,
            tuned_task=nearest.content,
            device=model.device_argument,
            **given,
            **model.resampling,
        )

    before, after = looked_at(None), looked_at(whole)
    gain = model.plan.add(
        subtract,
        title=f"{what} after against before, {model.name} on {task.name}, seed {seed}",
        before=before,
        after=after,
        **model.resampling,
    )
    if seed == model.settings.seeds[0]:
        model.read(before, task, None, **{**place, "kind": f"{place['kind']} before"})
    model.read(after, task, seed, **{**place, "kind": f"{place['kind']} after"})
    model.read(gain, task, seed, **{**place, "kind": f"{place['kind']} gain"})
