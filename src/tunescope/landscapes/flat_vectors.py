"""Vectors as long as a model has weights: inner products in float64, a stretch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float

__all__ = ["Flat", "combine", "combine_in_place", "inner_product", "project_out"]

Flat = Float[torch.Tensor, " weight"]
"""The entries of all parameters, one after another."""

Coefficients = Float[np.ndarray, " basis"]
Combinations = Float[np.ndarray, "basis combination"]

_STRETCH, _LONG_STRETCH = 2**14, 2**20
"""Entries that are converted to float64 at once: so many stay in a processor's cache; a GPU wants more at a time."""


def inner_product(x: Flat, y: Flat) -> float:
    """Return x'y, summed in float64.

    >>> inner_product(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    11.0
    """
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for part in _stretches(x):
        total += x[part].double() @ y[part].double()
    return float(total)


def project_out(basis: Sequence[Flat], vector: Flat) -> Coefficients:
    """Take a vector's components along an orthonormal basis out of it, in place, and return them.

    They are taken out twice: once leaves what the subtraction rounds, which is not small where the components are
    large (Giraud, Langou and Rozložník 2005).

    >>> vector = torch.tensor([3.0, 4.0])
    >>> project_out([torch.tensor([1.0, 0.0])], vector), vector
    (array([3.]), tensor([0., 4.]))
    """
    components = np.zeros(len(basis))
    for _ in range(2):
        coefficients = torch.zeros(len(basis), dtype=torch.float64, device=vector.device)
        for part in _stretches(vector):
            coefficients += _rows(basis, part) @ vector[part].double()
        for part in _stretches(vector):
            vector[part] -= (coefficients @ _rows(basis, part)).to(vector.dtype)
        components += coefficients.cpu().numpy()
    return components


def combine(basis: Sequence[Flat], coefficients: Combinations) -> list[Flat]:
    """Return sums of the basis vectors, one for each column of coefficients.

    >>> combine([torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])], np.array([[2.0], [3.0]]))
    [tensor([2., 3.])]
    """
    combined = [torch.empty_like(basis[0]) for _ in range(coefficients.shape[1])]
    _write_sums(basis, coefficients, combined)
    return combined


def combine_in_place(basis: list[Flat], coefficients: Combinations) -> None:
    """Replace a basis by at most as many sums of its vectors; see :func:`combine`."""
    kept = basis[: coefficients.shape[1]]
    _write_sums(basis, coefficients, kept)
    basis[:] = kept


def _write_sums(basis: Sequence[Flat], coefficients: Combinations, targets: Sequence[Flat]) -> None:
    weights = torch.from_numpy(coefficients.T.copy()).to(basis[0].device)
    for part in _stretches(basis[0]):
        for target, values in zip(targets, weights @ _rows(basis, part), strict=True):
            target[part] = values.to(target.dtype)


def _rows(basis: Sequence[Flat], part: slice) -> Float[torch.Tensor, "basis entry"]:
    return torch.stack([vector[part] for vector in basis]).double()


def _stretches(vector: Flat) -> Iterator[slice]:
    size = _STRETCH if vector.device.type == "cpu" else _LONG_STRETCH
    return (slice(start, start + size) for start in range(0, len(vector), size))
