"""Eigenvalues of known matrices: multiple ones, of low rank, with restarts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope.landscapes.flat_vectors import combine, combine_in_place, inner_product, project_out
from tunescope.landscapes.lanczos import RitzPairs, largest_eigenpairs


def _symmetric(eigenvalues: np.ndarray, seed: int) -> np.ndarray:
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(eigenvalues),) * 2))
    return np.asarray(rotation * eigenvalues @ rotation.T)


def _solve(matrix: np.ndarray, n: int, dtype: Any = torch.float64, **settings: Any) -> RitzPairs:
    operator = torch.from_numpy(matrix).to(dtype)

    def draw(k: int) -> torch.Tensor:
        return torch.from_numpy(np.random.default_rng(k).normal(size=len(matrix))).to(dtype)

    given = {"max_products": 500, "basis_size": 30, "tolerance": 1e-8, **settings}
    found = largest_eigenpairs(lambda v: operator @ v, draw, size=len(matrix), n=n, **given)
    assert found is not None
    return found


@given(seed=st.integers(0, 10**6), size=st.integers(1, 40), n=st.integers(1, 5))
@settings(max_examples=25)
def test_random_matrices(seed: int, size: int, n: int) -> None:
    n = min(n, size)
    values = np.sort(np.random.default_rng(seed).normal(size=size))
    matrix = _symmetric(values, seed)
    found = _solve(matrix, n)
    assert found.is_converged
    assert found.values == pytest.approx(values[::-1][:n], abs=1e-6)
    for value, residual, vector in zip(found.values, found.residuals, found.vectors, strict=True):
        y = vector.numpy()
        assert np.linalg.norm(y) == pytest.approx(1, abs=1e-9)
        assert np.linalg.norm(matrix @ y - value * y) == pytest.approx(residual, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "eigenvalues",
    [
        [5.0, 5, 5, 1, 1, 0, 0, 0],
        [0.0] * 6,
        [2.0] * 6,
        [3.0, 0, 0, 0, 0, 0, 0, 0, 0, -7],
        [-1.0, -2, -2, -3],
        [4.0],
    ],
)
def test_multiple_eigenvalues_and_low_rank(eigenvalues: list[float], dtype: Any) -> None:
    matrix = _symmetric(np.array(eigenvalues), 0)
    for n in range(1, len(eigenvalues) + 1):
        found = _solve(matrix, n, dtype, tolerance=1e-4)
        assert found.is_converged
        assert found.values == pytest.approx(sorted(eigenvalues)[::-1][:n], abs=1e-4)


def test_restarts_reach_the_same_values_with_more_products() -> None:
    values = np.r_[np.linspace(0, 1, 197), 1.05, 1.1, 1.2]
    matrix = _symmetric(values, 1)
    roomy, cramped = _solve(matrix, 2, basis_size=200), _solve(matrix, 2, basis_size=10)
    for found in (roomy, cramped):
        assert found.is_converged
        assert found.values == pytest.approx([1.2, 1.1], abs=1e-7)
        y = found.vectors[1].numpy()
        assert np.linalg.norm(matrix @ y - found.values[1] * y) < 2e-8
    assert roomy.n_products < cramped.n_products < 200


def test_the_lowest_comes_as_a_by_product() -> None:
    found = _solve(_symmetric(np.r_[np.linspace(0, 1, 50), -4, 5], 2), 1)
    assert found.lowest == pytest.approx(-4, abs=1e-3)
    assert found.lowest_residual < 0.1


def test_too_few_products_are_told_and_bound_the_largest_from_below() -> None:
    matrix = _symmetric(np.linspace(0, 1, 60), 3)
    found = _solve(matrix, 2, max_products=5)
    assert not found.is_converged
    assert found.n_products == 5
    assert found.values[0] < 1
    assert np.abs(np.linalg.eigvalsh(matrix) - found.values[0]).min() <= found.residuals[0]


def test_a_product_that_is_not_finite_gives_nothing() -> None:
    calls = iter([1.0, np.nan])
    found = largest_eigenpairs(
        lambda v: v.roll(1) * next(calls),
        lambda _: torch.tensor([1.0, 2, 3]),
        size=3,
        n=2,
        max_products=9,
        basis_size=9,
        tolerance=1e-3,
    )
    assert found is None


@pytest.mark.parametrize("size", [3, 40_000])
def test_arithmetic_of_long_vectors(size: int) -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(size, 3))
    orthonormal, _ = np.linalg.qr(columns)
    basis = [torch.from_numpy(column.copy()) for column in orthonormal.T[:2]]
    vector = columns @ [1e6, 1, 1]
    rest = torch.from_numpy(vector.copy())
    rounding = 1e-13 * np.linalg.norm(vector)
    assert project_out(basis, rest) == pytest.approx(orthonormal.T[:2] @ vector, abs=rounding)
    assert np.abs(orthonormal.T[:2] @ rest.numpy()).max() < 1e-12
    assert inner_product(basis[0], torch.from_numpy(vector)) == pytest.approx(orthonormal.T[0] @ vector)
    coefficients = rng.normal(size=(2, 2))
    expected = (orthonormal[:, :2] @ coefficients).T
    assert torch.stack(combine(basis, coefficients)).numpy() == pytest.approx(expected)
    combine_in_place(basis, coefficients[:, :1])
    assert len(basis) == 1
    assert basis[0].numpy() == pytest.approx(expected[0])


def test_inner_products_of_float32_are_summed_in_float64() -> None:
    entries = torch.full((2_000_000,), 0.1)
    assert inner_product(entries, entries) == pytest.approx(2e6 * float(entries[0]) ** 2, rel=1e-12)
