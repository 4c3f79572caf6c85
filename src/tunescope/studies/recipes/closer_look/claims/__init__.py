"""The claims of "A Closer Look at How Fine-tuning Changes BERT", judged by the study's own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tunescope.studies.recipes.closer_look.claims.accuracy import (
    conjecture_claim,
    divergence_claim,
    exception_claim,
    helps_claim,
    size_claim,
)
from tunescope.studies.recipes.closer_look.claims.geometry import (
    cross_task_claims,
    farther_apart_claim,
    simpler_claim,
)
from tunescope.studies.recipes.closer_look.claims.layers import higher_layers_claim, keeps_places_claim
from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.study_result import Claim

__all__ = ["closer_look_claims"]


def closer_look_claims(
    frame: Frame, places: Sequence[Place], models: Mapping[str, ComparedModel]
) -> tuple[Claim, ...]:
    """Return each claim with what the figures say of it.

    A claim about all cases cannot be told while one of them has no figure.

    Args:
        frame: All figures.
        places: All cases that the study file asks for, those whose steps failed among them.
        models: The study's models by name.
    """
    if frame.rows.empty:
        return ()
    return (
        helps_claim(frame, places),
        exception_claim(frame, places),
        divergence_claim(frame, places),
        conjecture_claim(frame, places),
        simpler_claim(frame, places),
        farther_apart_claim(frame, places),
        *cross_task_claims(frame),
        higher_layers_claim(frame, places),
        keeps_places_claim(frame, places),
        size_claim(frame, models),
    )
