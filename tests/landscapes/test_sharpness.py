"""Sharpness of quadratics and of a small network, against the dense Hessian."""

from __future__ import annotations

import doctest
import importlib
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.landscapes.tanh_network import N_EXAMPLES, TanhNetwork, batches_of, dense_hessian
from torch import nn
from transformers import AutoModel

from tunescope._core.errors import InputError
from tunescope.landscapes.eager_attention import eager_attention
from tunescope.landscapes.hessian_products import BatchLosses, HessianProducts
from tunescope.landscapes.sharpness import (
    curvature_per_batch,
    hessian_trace,
    top_eigenvalues,
)

MODULES = (
    "curvature_intervals",
    "eager_attention",
    "flat_vectors",
    "hessian_products",
    "lanczos",
    "sharpness",
)


def quadratic(matrix: np.ndarray, dtype: Any = torch.float64) -> HessianProducts:
    """Return ½ w'Aw, cut into two batches of unequal size whose Hessians differ."""
    weights = torch.linspace(-1, 1, len(matrix), dtype=dtype, requires_grad=True)
    tilt = np.diag(np.arange(len(matrix)) + 1.0)
    parts = [
        (torch.from_numpy(matrix + tilt).to(dtype), 2),
        (torch.from_numpy(matrix - tilt / 2).to(dtype), 4),
    ]
    return HessianProducts([weights], lambda: [(0.5 * weights @ part @ weights, n) for part, n in parts])


@pytest.fixture
def matrix() -> np.ndarray:
    draws = np.random.default_rng(0).normal(size=(30, 30))
    return np.asarray((draws + draws.T) / 2)


@pytest.fixture
def network() -> TanhNetwork:
    torch.manual_seed(0)
    return TanhNetwork().double()


def test_a_quadratic_has_the_eigenvalues_of_its_matrix(matrix: np.ndarray) -> None:
    expected = np.linalg.eigvalsh(matrix)
    found = top_eigenvalues(quadratic(matrix), 4, seed=0, tolerance=1e-7)
    assert found.status == "ok"
    assert found.values == pytest.approx(expected[::-1][:4], abs=1e-6)
    assert (found.residuals <= 1e-7 * np.abs(expected).max() * 1.01).all()
    for value, (vector,) in zip(found.values, found.vectors, strict=True):
        assert matrix @ vector.numpy() == pytest.approx(value * vector.numpy(), abs=1e-5)


def test_the_lowest_eigenvalue_may_be_the_largest_in_magnitude() -> None:
    found = top_eigenvalues(quadratic(np.diag([2.0, 1, 0, -9])), seed=0)
    assert found.values == pytest.approx([2])
    assert found.lowest == pytest.approx(-9)
    assert found.largest_magnitude == pytest.approx(-9)
    assert top_eigenvalues(quadratic(np.diag([2.0, 1])), seed=0).largest_magnitude == pytest.approx(2)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_network_has_the_eigenvalues_and_the_trace_of_its_dense_hessian(
    network: TanhNetwork, dtype: torch.dtype
) -> None:
    dense = dense_hessian(network, lambda apply: batches_of(apply, (N_EXAMPLES,))).numpy()
    expected = np.linalg.eigvalsh(dense)
    network.to(dtype)
    products = HessianProducts(network.parameters(), batches_of(network, dtype=dtype))
    found = top_eigenvalues(products, 3, seed=0)
    assert found.status == "ok"
    assert found.values == pytest.approx(expected[::-1][:3], rel=1e-2)
    assert found.n_products == products.n_products < 43
    trace = hessian_trace(products, n_samples=64, seed=0)
    assert trace.status == "ok"
    assert abs(trace.value - np.trace(dense)) < 3 * trace.standard_error
    assert trace.standard_error < 0.2 * trace.value
    assert trace.loss == found.loss == products.loss
    assert np.average(trace.per_batch, weights=trace.n_examples) == pytest.approx(trace.value)


def test_the_standard_error_of_the_trace_is_the_spread_over_seeds(matrix: np.ndarray) -> None:
    products = quadratic(matrix)
    traces = [hessian_trace(products, n_samples=16, seed=seed, probes_at_once=16) for seed in range(60)]
    values = np.array([trace.value for trace in traces])
    off_diagonal = matrix - np.diag(np.diag(matrix))
    known = math.sqrt(2 * (off_diagonal**2).sum() / 16)
    assert np.std(values, ddof=1) == pytest.approx(known, rel=0.3)
    assert np.mean([trace.standard_error for trace in traces]) == pytest.approx(known, rel=0.1)
    assert abs(values.mean() - np.trace(matrix)) < 4 * known / math.sqrt(60)


def test_probes_depend_on_the_seed_alone(matrix: np.ndarray) -> None:
    products = quadratic(matrix)
    first = hessian_trace(products, n_samples=6, seed=1, probes_at_once=1)
    assert np.array_equal(
        hessian_trace(products, n_samples=6, seed=1, probes_at_once=4).per_probe, first.per_probe
    )
    assert np.array_equal(hessian_trace(products, n_samples=3, seed=1).per_probe, first.per_probe[:3])
    assert not np.array_equal(hessian_trace(products, n_samples=6, seed=2).per_probe, first.per_probe)


def test_eigenvalues_are_reproducible(matrix: np.ndarray) -> None:
    first, again, other = (top_eigenvalues(quadratic(matrix), 2, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.values, again.values)
    assert all(torch.equal(x[0], y[0]) for x, y in zip(first.vectors, again.vectors, strict=True))
    assert not np.array_equal(first.values, other.values)
    assert other.values == pytest.approx(first.values, rel=1e-3)


def test_the_curvature_along_an_eigenvector_averages_to_the_eigenvalue(network: TanhNetwork) -> None:
    products = HessianProducts(network.parameters(), batches_of(network))
    found = top_eigenvalues(products, 2, seed=0, tolerance=1e-7)
    curvatures = curvature_per_batch(products, found.vectors)
    assert curvatures.values.shape == (3, 2)
    together = np.average(curvatures.values, axis=0, weights=curvatures.n_examples)
    assert together == pytest.approx(found.values, rel=1e-6)
    longer = [[-3 * part for part in vector] for vector in found.vectors]
    assert curvature_per_batch(products, longer).values == pytest.approx(curvatures.values)


def test_a_loss_without_curvature() -> None:
    weights = torch.ones(4, requires_grad=True)
    products = HessianProducts([weights], lambda: [(weights.sum(), 1)])
    found = top_eigenvalues(products, 3, seed=0)
    assert (found.values.tolist(), found.residuals.tolist(), found.status) == ([0.0] * 3, [0.0] * 3, "ok")
    trace = hessian_trace(products, seed=0)
    assert (trace.value, trace.standard_error, trace.status) == (0.0, 0.0, "ok")
    assert curvature_per_batch(products, [[weights.detach()]]).values.tolist() == [[0.0]]


def test_one_parameter() -> None:
    weight = torch.tensor(2.0, requires_grad=True)
    products = HessianProducts([weight], lambda: [(weight**3, 5)])
    found = top_eigenvalues(products, seed=0)
    assert (found.values.tolist(), found.lowest, found.n_products, found.status) == ([12.0], 12.0, 1, "ok")
    assert hessian_trace(products, n_samples=2, seed=0).value == 12.0


def test_more_eigenvalues_than_parameters_are_undefined(matrix: np.ndarray) -> None:
    found = top_eigenvalues(quadratic(matrix[:3, :3]), 5, seed=0)
    assert found.values[:3] == pytest.approx(np.linalg.eigvalsh(matrix[:3, :3])[::-1])
    assert np.isnan(found.values[3:]).all()
    assert np.isnan(found.residuals[3:]).all()
    assert len(found.vectors) == 3
    assert "only 3 eigenvalues" in found.status


def test_too_few_products_are_told(matrix: np.ndarray) -> None:
    found = top_eigenvalues(quadratic(matrix), 2, seed=0, max_iterations=3)
    assert found.status.startswith("not converged after 3 products")
    assert found.values[0] < np.linalg.eigvalsh(matrix)[-1]
    assert found.residuals.max() > 1e-3 * found.values[0]


def _broken(kind: str) -> HessianProducts:
    weights = torch.tensor([0.0, 1.0], requires_grad=True)
    losses: dict[str, BatchLosses] = {
        "the loss is not finite (nan in batch 1, 1 such of 2 batches)": lambda: [
            ((weights**2).sum(), 1),
            (weights.sum() * math.nan, 1),
        ],
        "the loss is not finite (inf in batch 0, 1 such of 1 batches)": lambda: [
            ((weights**2).sum() + math.inf, 1)
        ],
        "the loss is finite, but a second derivative is not": lambda: [((weights.abs() ** 1.5).sum(), 1)],
    }
    return HessianProducts([weights], losses[kind])


@pytest.mark.parametrize(
    "status",
    [
        "the loss is not finite (nan in batch 1, 1 such of 2 batches)",
        "the loss is not finite (inf in batch 0, 1 such of 1 batches)",
        "the loss is finite, but a second derivative is not",
    ],
)
def test_what_is_not_finite_is_undefined_with_a_status(status: str) -> None:
    found = top_eigenvalues(_broken(status), 2, seed=0)
    assert found.status == f"undefined: {status}"
    assert np.isnan([*found.values, *found.residuals, found.lowest, found.lowest_residual]).all()
    assert math.isnan(found.largest_magnitude)
    assert (found.vectors, found.n_products) == ((), 1)
    trace = hessian_trace(_broken(status), n_samples=3, seed=0)
    assert trace.status == f"undefined: {status}"
    assert np.isnan([trace.value, trace.standard_error, *trace.per_probe, *trace.per_batch]).all()
    curvatures = curvature_per_batch(_broken(status), [[torch.ones(2)]])
    assert curvatures.status == f"undefined: {status}"
    assert np.isnan(curvatures.values).all()


def test_a_transformer_is_as_it_was(tiny_model: Path) -> None:
    model = AutoModel.from_pretrained(tiny_model)
    model.eval()
    model.requires_grad_(False)
    head = nn.Linear(16, 3)
    head.bias.grad = torch.ones(3)

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        for n in (3, 2):
            ids = torch.arange(n * 6).reshape(n, 6) + 4
            rows = model(input_ids=ids).last_hidden_state[:, 0]
            yield nn.functional.cross_entropy(head(rows), torch.arange(n)), n

    both = nn.ModuleList([model, head])
    before = {name: value.clone() for name, value in both.state_dict().items()}
    state = torch.get_rng_state()
    products = HessianProducts(both.parameters(), losses)
    with eager_attention(both):
        found = top_eigenvalues(products, 2, seed=0, tolerance=1e-2)
        trace = hessian_trace(products, n_samples=2, seed=0)
        curvatures = curvature_per_batch(products, found.vectors)
    assert found.status == trace.status == curvatures.status == "ok"
    assert found.values[0] > found.values[1] > 0
    together = np.average(curvatures.values, axis=0, weights=curvatures.n_examples)
    assert together == pytest.approx(found.values, rel=2e-2)
    assert model.config._attn_implementation == "sdpa"
    assert all(torch.equal(value, before[name]) for name, value in both.state_dict().items())
    assert [name for name, p in both.named_parameters() if p.grad is not None] == ["1.bias"]
    assert torch.equal(head.bias.grad, torch.ones(3))
    assert [name for name, p in both.named_parameters() if p.requires_grad] == ["1.weight", "1.bias"]
    assert torch.equal(torch.get_rng_state(), state)


def test_no_tensor_is_made_on_the_default_device(matrix: np.ndarray) -> None:
    products = quadratic(matrix)
    with torch.device("meta"):  # where nothing can be computed
        found = top_eigenvalues(products, 2, seed=0, basis_size=8)
        assert hessian_trace(products, n_samples=2, seed=0).status == "ok"
        assert curvature_per_batch(products, found.vectors).status == "ok"
    assert found.values == pytest.approx(np.linalg.eigvalsh(matrix)[::-1][:2], rel=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_the_same(network: TanhNetwork) -> None:
    here = HessianProducts(network.parameters(), batches_of(network))
    expected = top_eigenvalues(here, 2, seed=0).values, hessian_trace(here, seed=0).per_probe
    copy = TanhNetwork().double().cuda()
    copy.load_state_dict(network.state_dict())
    there = HessianProducts(
        copy.parameters(),
        lambda: ((loss.cuda(), n) for loss, n in batches_of(lambda x: copy(x.cuda()).cpu())()),
    )
    assert top_eigenvalues(there, 2, seed=0).values == pytest.approx(expected[0], rel=1e-6)
    assert hessian_trace(there, seed=0).per_probe == pytest.approx(expected[1], rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "n is too small"),
        ({"n": 3, "max_iterations": 2}, "max_iterations is too small(.|\n)*at least 3"),
        ({"basis_size": 3}, "basis_size is too small"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": math.nan}, "tolerance"),
    ],
)
def test_settings_of_eigenvalues_out_of_range(
    matrix: np.ndarray, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        top_eigenvalues(quadratic(matrix), seed=0, **settings)


def test_other_settings_out_of_range(matrix: np.ndarray) -> None:
    products = quadratic(matrix)
    with pytest.raises(InputError, match="n_samples is too small"):
        hessian_trace(products, n_samples=1, seed=0)
    with pytest.raises(InputError, match="probes_at_once is too small"):
        hessian_trace(products, seed=0, probes_at_once=0)
    with pytest.raises(InputError, match="no length"):
        curvature_per_batch(products, [[torch.zeros(30, dtype=torch.float64)]])
    with pytest.raises(InputError, match="no length"):
        curvature_per_batch(products, [[torch.full((30,), math.nan, dtype=torch.float64)]])
    with pytest.raises(InputError, match="no vectors"):
        curvature_per_batch(products, [])


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"tunescope.landscapes.{name}"))
    assert result.failed == 0
    assert result.attempted > 0


SCRIPT = f"""
from jaxtyping import TypeCheckError, install_import_hook
names = ["tunescope.landscapes." + name for name in {MODULES}]
hook = install_import_hook(names, "beartype.beartype")
import numpy as np, torch
from tunescope.landscapes import curvature_intervals, flat_vectors, sharpness
from tunescope.landscapes.hessian_products import HessianProducts
weights = torch.arange(4.0, requires_grad=True)
products = HessianProducts([weights], lambda: [((weights**p).sum(), 2) for p in (2, 3, 4)])
found = sharpness.top_eigenvalues(products, 5, seed=0)
sharpness.top_eigenvalues(products, 1, seed=0, max_iterations=2)
trace = sharpness.hessian_trace(products, n_samples=3, seed=0)
curvatures = sharpness.curvature_per_batch(products, found.vectors)
rng = np.random.default_rng(0)
curvature_intervals.estimate_over_batches(curvatures.values[:, 0], curvatures.n_examples, rng=rng)
curvature_intervals.trace_estimate(trace, rng=rng)
try:
    flat_vectors.inner_product(torch.zeros(2, 2), torch.zeros(2, 2))
except TypeCheckError:
    print("checked")
"""


def test_the_annotated_shapes_hold() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=500)
    assert result.stdout == "checked\n", result.stderr
