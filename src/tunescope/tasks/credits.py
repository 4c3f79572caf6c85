"""Metrics that are means over targets, as the credit that each target gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tunescope._core.errors import InputError
from tunescope.tasks.answers import answer_f1, exact_match
from tunescope.tasks.label_text import answers_of_text
from tunescope.tasks.parse_scores import right_arcs

__all__ = ["CREDITS", "Credit"]

Labels = Sequence[Any] | NDArray[Any]
Credit = Callable[[Labels, Labels], Float[np.ndarray, " target"]]
"""From right and predicted labels to a credit from 0 to 1 for each."""


def _uas(gold: Labels, predicted: Labels) -> Float[np.ndarray, " target"]:
    return right_arcs(gold, predicted, labelled=False).astype(np.float64)


def _las(gold: Labels, predicted: Labels) -> Float[np.ndarray, " target"]:
    return right_arcs(gold, predicted, labelled=True).astype(np.float64)


def _exact_match(gold: Labels, predicted: Labels) -> Float[np.ndarray, " target"]:
    return _of_answers(exact_match, gold, predicted)


def _answer_f1(gold: Labels, predicted: Labels) -> Float[np.ndarray, " target"]:
    return _of_answers(answer_f1, gold, predicted)


def _of_answers(
    credit: Callable[[Sequence[str], str], float], gold: Labels, predicted: Labels
) -> Float[np.ndarray, " target"]:
    if len(gold) != len(predicted):
        raise InputError(
            "Predicted answers do not pair up with right ones.",
            where="predicted",
            expected=f"an answer for each of {len(gold)} questions",
            got=len(predicted),
        )
    pairs = zip(gold, predicted, strict=True)
    return np.array([credit(answers_of_text(str(right)), str(guess)) for right, guess in pairs])


CREDITS: Mapping[str, Credit] = MappingProxyType(
    {"las": _las, "uas": _uas, "answer_f1": _answer_f1, "exact_match": _exact_match}
)
"""The metrics of trees and of answers; a metric is the mean of the credits of its targets.

Right answers are given as :func:`~tunescope.tasks.label_text.label_text` writes them.
"""
