"""How good predicted dependency trees are: the shares of words with the right head, and with the right relation too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from tunescope._core.errors import InputError
from tunescope.tasks.arc_label import parse_arc, universal_relation

__all__ = ["las", "right_arcs", "uas"]

Arcs = Sequence[str] | NDArray[Any]


def uas(gold: Arcs, predicted: Arcs) -> float:
    """Return the unlabelled attachment score: the share of words whose head is right.

    Every word counts once, punctuation too, whatever its sentence. On gold words this is what the shared task of
    CoNLL 2018 calls UAS: words of multiword tokens count singly, and empty nodes do not count.

    Args:
        gold: Right arcs such as ``"3:nsubj"``, shape (word,); see :func:`~tunescope.tasks.arc_label.arc_label`.
        predicted: Predicted arcs of the same words, shape (word,).

    Returns:
        A number from 0 to 1, higher is better; NaN where there is no word.

    Raises:
        InputError: The two differ in shape, have more than one dimension, or hold what is no arc.

    References:
        Zeman et al. 2018, "CoNLL 2018 Shared Task: Multilingual Parsing from Raw Text to Universal Dependencies",
        section 5.

    >>> uas(["2:nsubj", "0:root", "2:obj", "2:punct"], ["2:obj", "0:root", "2:obj", "3:punct"])
    0.75
    """
    return _share(right_arcs(gold, predicted, labelled=False))


def las(gold: Arcs, predicted: Arcs) -> float:
    """Return the labelled attachment score: the share of words whose head and universal relation are right.

    Subtypes of relations are not compared: ``nsubj:pass`` and ``nsubj`` agree. Otherwise as :func:`uas`.

    Args:
        gold: Right arcs such as ``"3:nsubj"``, shape (word,); see :func:`~tunescope.tasks.arc_label.arc_label`.
        predicted: Predicted arcs of the same words, shape (word,).

    Returns:
        A number from 0 to :func:`uas`, higher is better; NaN where there is no word.

    Raises:
        InputError: The two differ in shape, have more than one dimension, or hold what is no arc.

    References:
        Zeman et al. 2018, "CoNLL 2018 Shared Task: Multilingual Parsing from Raw Text to Universal Dependencies",
        section 5.

    >>> las(["2:nsubj:pass", "0:root", "2:obj", "2:punct"], ["2:nsubj", "0:root", "2:iobj", "3:punct"])
    0.5
    """
    return _share(right_arcs(gold, predicted, labelled=True))


def right_arcs(gold: Arcs, predicted: Arcs, *, labelled: bool) -> Bool[np.ndarray, " word"]:
    """Return which words have the right head, and where ``labelled`` also the right universal relation.

    The arcs and errors are those of :func:`uas` and :func:`las`.

    >>> right_arcs(["2:nsubj", "0:root"], ["2:obj", "0:root"], labelled=True)
    array([False,  True])
    """
    first, second = np.asarray(gold), np.asarray(predicted)
    if first.ndim != 1 or first.shape != second.shape:
        raise InputError(
            "Predicted arcs do not pair up with gold arcs.",
            where="predicted",
            expected=f"one arc for each of {len(first) if first.ndim else 'several'} words",
            got=f"shapes {first.shape} (gold) and {second.shape} (predicted)",
        )
    pairs = zip(_arcs(first, labelled=labelled), _arcs(second, labelled=labelled), strict=True)
    return np.array([right == guess for right, guess in pairs], dtype=bool)


def _arcs(labels: NDArray[Any], *, labelled: bool) -> list[tuple[int, str]]:
    arcs = (parse_arc(str(label)) for label in labels.tolist())
    return [(head, universal_relation(relation) if labelled else "") for head, relation in arcs]


def _share(right: Bool[np.ndarray, " word"]) -> float:
    return float(right.mean()) if len(right) else math.nan
