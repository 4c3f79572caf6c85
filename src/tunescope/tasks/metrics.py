"""How good predictions are: accuracy, macro-F1, Matthews, Pearson and Spearman correlation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunescope._core.errors import InputError
from tunescope.tasks.credits import CREDITS
from tunescope.tasks.example import LabelKind

__all__ = ["METRICS_BY_KIND", "accuracy", "macro_f1", "mcc", "pearson", "score", "spearman"]

Labels = Sequence[Any] | NDArray[Any]

METRICS_BY_KIND: Mapping[LabelKind, tuple[str, ...]] = MappingProxyType(
    {
        LabelKind.CLASS: ("accuracy", "macro_f1", "mcc"),
        LabelKind.NUMBER: ("pearson", "spearman"),
        LabelKind.TREE: ("las", "uas"),
        LabelKind.ANSWER_SPAN: ("answer_f1", "exact_match"),
    }
)
"""The metrics that suit each kind of label; the first is the default. Other kinds have none here."""

_NEARLY_CONSTANT = np.finfo(float).eps ** 0.75  # below this, scipy's Pearson correlation is rounding noise


def accuracy(gold: Labels, predicted: Labels) -> float:
    """Return the share of predictions that are right.

    Args:
        gold: Right classes, shape (target,).
        predicted: Predicted classes, shape (target,).

    Returns:
        A number from 0 to 1, higher is better; NaN where there is no target.

    Raises:
        InputError: The two differ in shape, or have more than one dimension.

    >>> accuracy(["a", "b", "b", "a"], ["a", "b", "a", "a"])
    0.75
    """
    from sklearn.metrics import accuracy_score

    gold, predicted = _paired(gold, predicted)
    return float(accuracy_score(gold, predicted)) if len(gold) else math.nan


def macro_f1(gold: Labels, predicted: Labels) -> float:
    """Return the mean over classes of F1 = 2 · right / (2 · right + wrongly predicted + missed).

    The classes are those that occur among ``gold`` or ``predicted``, so that each F1 is defined.

    Args:
        gold: Right classes, shape (target,).
        predicted: Predicted classes, shape (target,).

    Returns:
        A number from 0 to 1, higher is better; NaN where there is no target.

    Raises:
        InputError: The two differ in shape, or have more than one dimension.

    >>> round(macro_f1(["a", "b", "b", "a"], ["a", "b", "a", "a"]), 4)
    0.7333
    """
    from sklearn.metrics import f1_score

    gold, predicted = _paired(gold, predicted)
    return float(f1_score(gold, predicted, average="macro", zero_division=0)) if len(gold) else math.nan


def mcc(gold: Labels, predicted: Labels) -> float:
    """Return Matthews correlation, for two or more classes.

    Args:
        gold: Right classes, shape (target,).
        predicted: Predicted classes, shape (target,).

    Returns:
        At most 1, higher is better, 0 on average for guesses; NaN where ``gold`` or ``predicted`` has a single
        class, since a constant correlates with nothing (scikit-learn returns 0 there).

    Raises:
        InputError: The two differ in shape, or have more than one dimension.

    References:
        Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient".

    >>> round(mcc(["a", "b", "b", "a"], ["a", "b", "a", "a"]), 4)
    0.5774
    """
    from sklearn.metrics import matthews_corrcoef

    gold, predicted = _paired(gold, predicted)
    if len(np.unique(gold)) < 2 or len(np.unique(predicted)) < 2:
        return math.nan
    return float(matthews_corrcoef(gold, predicted))


def pearson(gold: Labels, predicted: Labels) -> float:
    """Return Pearson's linear correlation.

    Args:
        gold: Right numbers, shape (target,).
        predicted: Predicted numbers, shape (target,).

    Returns:
        A number from −1 to 1, higher is better; NaN where either is constant up to rounding, is not finite, or has
        fewer than two entries.

    Raises:
        InputError: The two differ in shape, have more than one dimension, or are no numbers.

    >>> round(pearson([1, 2, 3], [2, 4, 7]), 4)
    0.9934
    """
    from scipy.stats import pearsonr

    gold, predicted = _paired_numbers(gold, predicted)
    if _has_no_spread(gold) or _has_no_spread(predicted):
        return math.nan
    return float(pearsonr(gold, predicted).statistic)


def spearman(gold: Labels, predicted: Labels) -> float:
    """Return Spearman's rank correlation; ties share the mean of their ranks.

    Args:
        gold: Right numbers, shape (target,).
        predicted: Predicted numbers, shape (target,).

    Returns:
        A number from −1 to 1, higher is better; NaN where either is constant, is not finite, or has fewer than two
        entries.

    Raises:
        InputError: The two differ in shape, have more than one dimension, or are no numbers.

    >>> round(spearman([1, 2, 3], [2, 4, 7]), 4)
    1.0
    """
    from scipy.stats import rankdata

    gold, predicted = _paired_numbers(gold, predicted)
    if not (np.isfinite(gold).all() and np.isfinite(predicted).all()):
        return math.nan
    return pearson(rankdata(gold), rankdata(predicted))


_METRICS: Mapping[str, Callable[[Labels, Labels], float]] = MappingProxyType(
    {metric.__name__: metric for metric in (accuracy, macro_f1, mcc, pearson, spearman)}
)


def score(metric: str, gold: Labels, predicted: Labels) -> float:
    """Return the metric of that name, as a task's :attr:`~tunescope.tasks.task.Task.metric` names it.

    Args:
        metric: One of :data:`METRICS_BY_KIND`.
        gold: Right labels, shape (target,).
        predicted: Predicted labels, shape (target,).

    Returns:
        The metric, higher is better; NaN where it is not defined.

    Raises:
        InputError: There is no such metric, or the labels do not suit it.

    >>> score("accuracy", ["a", "b"], ["a", "a"])
    0.5
    """
    if metric in CREDITS:
        credits = CREDITS[metric](gold, predicted)
        return float(credits.mean()) if len(credits) else math.nan
    if metric not in _METRICS:
        known = ", ".join((*_METRICS, *CREDITS))
        raise InputError("There is no such metric.", where="metric", expected=known, got=repr(metric))
    return _METRICS[metric](gold, predicted)


def _paired(gold: Labels, predicted: Labels) -> tuple[NDArray[Any], NDArray[Any]]:
    first, second = np.asarray(gold), np.asarray(predicted)
    if first.ndim != 1 or first.shape != second.shape:
        raise InputError(
            "Predictions do not pair up with gold labels.",
            where="predicted",
            expected=f"one prediction for each of {len(first) if first.ndim else 'several'} gold labels",
            got=f"shapes {first.shape} (gold) and {second.shape} (predicted)",
        )
    return first, second


def _paired_numbers(gold: Labels, predicted: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = _paired(gold, predicted)
    for name, values in (("gold", first), ("predicted", second)):
        if len(values) and values.dtype.kind not in "iuf":
            raise InputError(
                "A correlation needs numbers.", where=name, expected="numbers", got=f"dtype {values.dtype}"
            )
    return first.astype(np.float64), second.astype(np.float64)


def _has_no_spread(values: NDArray[np.float64]) -> bool:
    if len(values) < 2 or not np.isfinite(values).all():
        return True
    scale = float(np.abs(values).max())
    if scale == 0:
        return True
    scaled = values / scale  # keeps the sum of squares from overflowing
    mean = scaled.mean()
    return bool(np.linalg.norm(scaled - mean) <= _NEARLY_CONSTANT * abs(mean))
