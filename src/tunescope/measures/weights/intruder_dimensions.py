"""Intruder dimensions: leading singular vectors of a tuned matrix that are like none of the base matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh

from tunescope._core.errors import InputError
from tunescope.measures.weights.weight_change import matched_parameters

__all__ = ["IntruderDimensions", "intruder_dimensions"]

SMALLEST_SHARE = 1e-6
"""Singular values that are a smaller share of the largest belong to directions that rounding has made."""

_BLOCK = 4096
"""Rows or columns that are converted to float64 at a time."""

Figures = Float[np.ndarray, " direction"]
Cosines = Float[np.ndarray, "base_direction direction"]
Matrix = Float[np.ndarray, "row column"]


@dataclass(frozen=True, eq=False)
class IntruderDimensions:
    """How the leading left singular vectors of one tuned matrix lie to those of its base matrix.

    Attributes:
        count: How many of them are intruders, a whole number; higher means more new directions. NaN where undefined.
        max_cosines: Shape (k,) or shorter where the tuned matrix has a smaller rank; the largest |cosine| of each with
            a left singular vector of the base matrix, in [0, 1], in the order of the tuned singular values. Below the
            threshold the vector is an intruder.
        in_top_space: Shape as ``max_cosines``; the length of each one's projection on the span of the base matrix's
            first k left singular vectors, in [0, 1]. An intruder with a high figure is a mixture of these, as comes
            about where their singular values are nearly equal; one with a low figure is new.
        singular_values: Shape as ``max_cosines``; the tuned singular values, in the unit of the weights.
        status: ``"ok"``, or why the figures are undefined.
    """

    count: float
    max_cosines: Figures
    in_top_space: Figures
    singular_values: Figures
    status: str = "ok"


class _Factors(NamedTuple):
    """Singular values, the largest first, with the eigenvectors of the smaller Gram matrix as columns."""

    sizes: Figures
    vectors: Float[np.ndarray, "side direction"]


def intruder_dimensions(
    base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray], *, k: int = 10, threshold: float = 0.5
) -> dict[str, IntruderDimensions]:
    """Count, for each matrix, the leading singular vectors that fine-tuning has brought in from elsewhere.

    Of the first k left singular vectors y of the tuned matrix, those with maxᵢ |cos(y, xᵢ)| < threshold over all left
    singular vectors xᵢ of the base matrix (Shuttleworth et al. 2024, definition 1; absolute, as the sign of a singular
    vector is arbitrary). They were found after low-rank adaptation and hardly after full fine-tuning.

    Within a space of equal singular values the vectors are arbitrary, and a small update turns vectors freely whose
    singular values differ by less than its norm: such vectors count as intruders although nothing new came. Read
    ``count`` beside ``in_top_space``, which such turns leave near 1, and beside the count of an update of the same size
    in a random direction. Directions with singular values below a millionth of the largest are left out.

    Args:
        base: The base model's parameters by name, as floating-point arrays; float16 will do. Left singular vectors
            belong to the rows: the outputs of a linear layer of PyTorch, the inputs of GPT-2's ``Conv1D``, the tokens
            of an embedding matrix.
        tuned: The tuned model's parameters by name, adapters merged into them. A prefix such as ``bert.`` may be there
            in one of the two only.
        k: How many leading vectors of the tuned matrix to look at, at least 1; default 10.
        threshold: Cosine below which a vector is an intruder, in (0, 1]; default 0.5.

    Returns:
        By the parameter's name without the model's prefix, in the order of ``base``, for every parameter with two
        dimensions. A rotation of both states, or a scale of either, changes no count. NaN with a status where a matrix
        is zero or a weight is not finite.

    Raises:
        InputError: As :func:`~tunescope.measures.weights.weight_change.weight_change`; or ``k`` or ``threshold`` is out
            of range, or there is no matrix among the parameters.

    >>> base = {"h.0.mlp.weight": np.diag([4.0, 3.0, 2.0, 0.0])}
    >>> tuned = {"h.0.mlp.weight": np.diag([4.0, 3.0, 2.0, 9.0])}
    >>> intruders = intruder_dimensions(base, tuned)["h.0.mlp.weight"]
    >>> intruders.count, intruders.max_cosines
    (1.0, array([0., 1., 1., 1.]))
    """
    if k < 1:
        raise InputError("k is too small.", expected="at least one singular vector; 10 by default", got=k)
    if not 0 < threshold <= 1:
        raise InputError(
            "threshold is no cosine.", expected="a number above 0 and up to 1; 0.5 by default", got=threshold
        )
    found = {
        name: _intruders(before, after, k, threshold)
        for name, before, after in matched_parameters(base, tuned)
        if before.ndim == 2 and before.size
    }
    if not found:
        raise InputError(
            "No parameter is a matrix.",
            expected="parameters with two dimensions, such as the weights of linear layers",
            got="vectors, scalars and arrays of more dimensions only",
        )
    return found


def _intruders(before: np.ndarray, after: np.ndarray, k: int, threshold: float) -> IntruderDimensions:
    scales = float(np.abs(before).max()), float(np.abs(after).max())
    status = _why_undefined(*scales)
    if status:
        empty = np.empty(0)
        return IntruderDimensions(math.nan, empty, empty, empty, status)
    cosines, sizes = _cosines(before, after, scales, k)
    max_cosines = cosines.max(axis=0)
    return IntruderDimensions(
        float(np.count_nonzero(max_cosines < threshold)),
        max_cosines,
        np.minimum(np.linalg.norm(cosines[:k], axis=0), 1.0),
        sizes,
    )


def _why_undefined(base_scale: float, tuned_scale: float) -> str | None:
    if not (math.isfinite(base_scale) and math.isfinite(tuned_scale)):
        return "undefined: a weight is not finite"
    for scale, side in ((base_scale, "base"), (tuned_scale, "tuned")):
        if scale == 0:
            return f"undefined: the {side} matrix is zero"
    return None


def _cosines(
    before: np.ndarray, after: np.ndarray, scales: tuple[float, float], k: int
) -> tuple[Cosines, Figures]:
    """Return |cosines| of the base's left singular vectors with the tuned matrix's first k, and the latter's sizes.

    All comes from products on the smaller side of the matrix. A tall matrix has U = WVΣ⁻¹, so that of two of them
    U₀'U₁ = Σ₀⁻¹ V₀' (W₀'W₁) V₁ Σ₁⁻¹, and the long side is never held.
    """
    tall = before.shape[0] > before.shape[1]
    gram, other_gram, crossed = _products(before, after, scales, tall)
    first, second = _factors(gram), _factors(other_gram, k)
    if tall:
        between = first.vectors.T @ crossed @ second.vectors
        between /= first.sizes[:, None] * second.sizes
    else:
        between = first.vectors.T @ second.vectors
    return np.minimum(np.abs(between), 1.0), second.sizes * scales[1]


def _products(
    before: np.ndarray, after: np.ndarray, scales: tuple[float, float], tall: bool
) -> tuple[Matrix, Matrix, Matrix]:
    """Return the Gram matrices of both on the smaller side, and for tall ones their crossed product."""
    first, second = (before, after) if tall else (before.T, after.T)
    side = first.shape[1]
    gram, other_gram, crossed = np.zeros((3, side, side))
    for start in range(0, len(first), _BLOCK):
        old = first[start : start + _BLOCK].astype(np.float64) / scales[0]
        new = second[start : start + _BLOCK].astype(np.float64) / scales[1]
        gram += old.T @ old
        other_gram += new.T @ new
        if tall:
            crossed += old.T @ new
    return gram, other_gram, crossed


def _factors(gram: Matrix, k: int | None = None) -> _Factors:
    """Return the first k singular values that are no rounding, or all, with their vectors."""
    side = len(gram)
    chosen = None if k is None or k >= side else (side - k, side - 1)
    values, vectors = eigh(gram, subset_by_index=chosen, check_finite=False)
    sizes = np.sqrt(np.maximum(values[::-1], 0))
    kept = int(np.count_nonzero(sizes > SMALLEST_SHARE * sizes[0]))
    return _Factors(sizes[:kept], vectors[:, ::-1][:, :kept])
