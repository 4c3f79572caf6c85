"""The steps that say what a figure would be worth without fine-tuning's doing: random divisions, shuffled labels."""

from __future__ import annotations

from tunescope.studies.engine.plan import Cost
from tunescope.studies.recipes.closer_look.look import Look
from tunescope.studies.steps.clusters import compare_distances, shuffle_labels
from tunescope.studies.steps.probes import compare_probes

__all__ = ["look_at_random_division", "look_beyond_linear", "shuffle"]

_SHUFFLED_SECONDS = 30.0
_SHUFFLED_TARGETS = 4000
"""Enough that shuffled labels of words are not all separable in some hundred dimensions; more would take hours."""


def look_beyond_linear(look: Look) -> None:
    """Plan what the top layer's classifier gains on a linear one; nothing where it is linear itself."""
    top = look.model.layers[-1]
    linear, chosen = look.classifier(top, "linear"), look.classifier(top)
    if chosen is linear:
        return
    look.read(linear, beside="linear")
    gain = look.model.plan.add(
        compare_probes,
        title=f"gain of a classifier that is not linear, layer {top}, {look.title}",
        before=linear,
        after=chosen,
        test=look.test,
        layer=top,
        **look.model.resampling,
    )
    look.read(gain, beside="linear")


def shuffle(look: Look) -> None:
    """Plan the clusters of a sample of the top layer's training targets, under true and under shuffled labels."""
    control = look.model.plan.add(
        shuffle_labels,
        title=f"clusters of shuffled labels, {look.title}",
        cost=Cost(_SHUFFLED_SECONDS),
        vectors=look.train,
        layer=look.model.layers[-1],
        split="train",
        max_targets=_SHUFFLED_TARGETS,
        seed=look.settings.analysis_seed,
        time_limit=look.settings.cluster_seconds,
    )
    look.read(control)


def look_at_random_division(*looks: Look) -> None:
    """Plan how alike training and test set lie at the top layer where sentences are divided at random."""
    for look in looks:
        top = look.model.layers[-1]
        similarity = look.model.plan.add(
            compare_distances,
            title=f"train–test similarity, layer {top}, {look.title}",
            first=look.clusters("train", top),
            second=look.clusters("test", top),
            measure="train_test_similarity",
            layer=top,
            split="test",
        )
        look.read(similarity, beside="random split")
