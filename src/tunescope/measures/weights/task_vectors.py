"""Task vectors: do two fine-tunings of one model move the weights in the same direction?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.weights.weight_change import matched_parameters, part_of_parameter, reading_order

__all__ = ["task_vector_cosine"]

_BLOCK = 1 << 20


class _Products(NamedTuple):
    """Inner products of the two updates, NaN where a weight is not finite."""

    aa: float
    bb: float
    ab: float


def task_vector_cosine(
    base: Mapping[str, np.ndarray], tuned_a: Mapping[str, np.ndarray], tuned_b: Mapping[str, np.ndarray]
) -> dict[str, Estimate]:
    """Return the cosine between the updates that two runs made to one base model, by part and in total.

    With τ = W_tuned − W_base, all parameters of a part in a row, cos(τₐ, τ_b), summed in float64 (Ilharco et al. 2023).
    A part that one of the three lacks, such as a task head, is left out; layers and embeddings
    must be in all.

    Args:
        base: The base model's parameters by name, as floating-point arrays; float16 will do.
        tuned_a: The parameters after the first run. A prefix such as ``bert.`` may be there in some of the three only.
        tuned_b: The parameters after the second run.

    Returns:
        By part (see :func:`~tunescope.measures.weights.weight_change.part_of_parameter`), in reading order, and at the
        end ``"total"`` over all of these. Figures in [−1, 1]; higher means that the runs moved the weights more alike,
        0 that one says nothing about the other; unrelated updates of p parameters have about ±1 / √p. Neither update's
        length matters. Exact, so without an interval. NaN with a status where an update is zero, such as that of a
        frozen layer, or a weight is not finite.

    Raises:
        InputError: A parameter of a part that all have is missing in one, or its shape differs; or they share no part.

    >>> base = {"h.0.mlp.weight": np.zeros(2), "pooler.bias": np.zeros(1)}
    >>> first = {"h.0.mlp.weight": np.array([1.0, 0.0]), "pooler.bias": np.zeros(1)}
    >>> second = {"h.0.mlp.weight": np.array([3.0, 4.0]), "pooler.bias": np.ones(1)}
    >>> cosines = task_vector_cosine(base, first, second)
    >>> cosines["layer 1"].value, cosines["pooler"].status
    (0.6, 'undefined: the update of tuned_a is zero')
    """
    updated_a = _matched_to(base, tuned_a, "tuned_a")
    updated_b = _matched_to(base, tuned_b, "tuned_b")
    products: dict[str, list[_Products]] = defaultdict(list)
    for name, (before, after_a) in updated_a.items():
        if name in updated_b:
            products[part_of_parameter(name)].append(_products(before, after_a, updated_b[name][1]))
    if not products:
        raise InputError(
            "tuned_a and tuned_b share no part of the base model.",
            expected="two runs from one base model",
            got=f"{_parts(updated_a)} and {_parts(updated_b)}",
        )
    cosines = {part: _cosine(products[part]) for part in sorted(products, key=reading_order)}
    return cosines | {"total": _cosine([each for part in products.values() for each in part])}


def _matched_to(
    base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray], side: str
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the base and tuned arrays by name without prefix, or tell which of the runs does not fit."""
    try:
        return {name: (before, after) for name, before, after in matched_parameters(base, tuned)}
    except InputError as error:
        raise InputError(
            f"{side} does not fit base. {error.what}",
            where=error.where,
            expected=error.expected,
            got=error.got,
            fix=error.fix,
        ) from error


def _parts(names: Iterable[str]) -> str:
    return ", ".join(sorted({part_of_parameter(name) for name in names}, key=reading_order))


def _products(before: np.ndarray, after_a: np.ndarray, after_b: np.ndarray) -> _Products:
    """Return the inner products of the updates of one parameter, summed block by block."""
    flat = [array.reshape(-1) for array in (before, after_a, after_b)]
    sums = np.zeros(3)
    for start in range(0, flat[0].size, _BLOCK):
        old, a, b = (array[start : start + _BLOCK].astype(np.float64) for array in flat)
        if not (np.isfinite(old).all() and np.isfinite(a).all() and np.isfinite(b).all()):
            return _Products(math.nan, math.nan, math.nan)
        a -= old
        b -= old
        sums += a @ a, b @ b, a @ b
    return _Products(*(float(each) for each in sums))


def _cosine(products: list[_Products]) -> Estimate:
    aa, bb, ab = (math.fsum(each) for each in zip(*products, strict=True))
    if math.isnan(ab):
        return Estimate(value=math.nan, status="undefined: a weight is not finite")
    for size, side in ((aa, "tuned_a"), (bb, "tuned_b")):
        if size == 0:
            return Estimate(value=math.nan, status=f"undefined: the update of {side} is zero")
    cosine = ab / (math.sqrt(aa) * math.sqrt(bb))
    return Estimate(value=min(1.0, max(-1.0, cosine)))
