"""The singular values of each matrix's update: did fine-tuning move it along a few directions or along all?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.linalg import svdvals

from tunescope._core.errors import InputError
from tunescope.measures.weights.weight_change import matched_parameters

__all__ = ["UpdateSpectrum", "update_spectra"]

SingularValues = Float[np.ndarray, " direction"]


@dataclass(frozen=True, eq=False)
class UpdateSpectrum:
    """The singular values of the update of one matrix, and what they say about its rank.

    Attributes:
        singular_values: Shape (smaller side of the matrix,), the largest first, in the unit of the weights.
        stable_rank: ‖Δ‖² / σ₁² with the Frobenius norm, from 1 to the rank; higher means that the update's size spreads
            over more directions. Small singular values hardly count.
        effective_rank: exp(−Σ pᵢ log pᵢ) with pᵢ = σᵢ / Σ σ, from 1 to the rank (Roy and Vetterli 2007);
            higher means more directions. Small singular values count, and so does the rounding of the weights.
        top_share: Share of the squared norm in the k largest singular values, in (0, 1]; higher means fewer directions.
        status: ``"ok"``, or why the figures are NaN.
    """

    singular_values: SingularValues
    stable_rank: float = math.nan
    effective_rank: float = math.nan
    top_share: float = math.nan
    status: str = "ok"


def update_spectra(
    base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray], *, k: int = 10
) -> dict[str, UpdateSpectrum]:
    """Return the singular values of the update of each matrix, with its stable and effective rank.

    Of Δ = W_tuned − W_base, for every parameter with two dimensions, embeddings included. An update by LoRA of rank r
    has r singular values; full fine-tuning usually leaves many small ones. Weights that are stored with few bits add
    rounding to every one of them, by about ε ‖W‖ / √12 in all (ε = 6e-8 of float32, 5e-4 of float16, 4e-3 of bfloat16):
    compare the effective rank of states that are stored alike.

    Args:
        base: The base model's parameters by name, as floating-point arrays; float16 will do.
        tuned: The tuned model's parameters by name. A prefix such as ``bert.`` may be there in one of the two only.
        k: How many singular values ``top_share`` adds up, at least 1; default 10.

    Returns:
        By the parameter's name without the model's prefix, in the order of ``base``. Neither a rotation of both states
        nor, but for the singular values, a common scale changes anything. NaN with a status where the update is zero or
        a weight is not finite.

    Raises:
        InputError: As :func:`~tunescope.measures.weights.weight_change.weight_change`; or ``k`` is below 1, or there is
            no matrix among the parameters.

    >>> base = {"h.0.mlp.weight": np.zeros((3, 4))}
    >>> spectrum = update_spectra(base, {"h.0.mlp.weight": np.diag([2.0, 2.0, 0.0, 0.0])[:3]}, k=1)["h.0.mlp.weight"]
    >>> spectrum.stable_rank, round(spectrum.effective_rank, 9), spectrum.top_share
    (2.0, 2.0, 0.5)
    """
    if k < 1:
        raise InputError("k is too small.", expected="at least one singular value; 10 by default", got=k)
    spectra = {
        name: _spectrum(before, after, k)
        for name, before, after in matched_parameters(base, tuned)
        if before.ndim == 2 and before.size
    }
    if not spectra:
        raise InputError(
            "No parameter is a matrix.",
            expected="parameters with two dimensions, such as the weights of linear layers",
            got="vectors, scalars and arrays of more dimensions only",
        )
    return spectra


def _spectrum(before: np.ndarray, after: np.ndarray, k: int) -> UpdateSpectrum:
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        unknown = np.full(min(before.shape), math.nan)
        return UpdateSpectrum(unknown, status="undefined: a weight is not finite")
    sizes: SingularValues = svdvals(after.astype(np.float64) - before, overwrite_a=True, check_finite=False)
    if sizes[0] == 0:
        return UpdateSpectrum(sizes, status="undefined: the update is zero")
    squares = (sizes / sizes[0]) ** 2
    total = float(squares.sum())
    shares = sizes[sizes > 0] / sizes.sum()
    return UpdateSpectrum(
        sizes,
        stable_rank=total,
        effective_rank=math.exp(-float(shares @ np.log(shares))),
        top_share=float(squares[:k].sum()) / total,
    )
