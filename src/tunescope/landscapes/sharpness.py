"""Sharpness of the training loss at some weights: the largest eigenvalues of its Hessian, and its trace.

Both depend on how the weights are scaled: layers can be rescaled so that the function stays the same and the figures
change (Dinh et al. 2017). They compare solutions of one architecture, found in like ways.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from tunescope._core.errors import InputError
from tunescope._core.progress import track
from tunescope._core.seeds import make_rng
from tunescope.landscapes.flat_vectors import Flat, inner_product
from tunescope.landscapes.hessian_products import HessianProducts, Vector
from tunescope.landscapes.lanczos import RitzPairs, largest_eigenpairs

__all__ = [
    "BatchCurvatures",
    "HessianTrace",
    "TopEigenvalues",
    "curvature_per_batch",
    "hessian_trace",
    "top_eigenvalues",
]

PerBatch = Float[np.ndarray, " batch"]
ExamplesPerBatch = Int[np.ndarray, " batch"]


@dataclass(frozen=True, eq=False)
class TopEigenvalues:
    """The most positive eigenvalues of a loss's Hessian.

    Attributes:
        values: Shape (eigenvalue,), as many as were asked for, in descending order, in loss per squared weight; higher
            is sharper. NaN where undefined. Where ``status`` tells that they have not converged, each is what it is
            up to its residual, and the first is a lower bound of the true one.
        residuals: Shape (eigenvalue,); ‖Hy − θy‖: a true eigenvalue lies within this distance of θ.
        lowest: The most negative eigenvalue that the same products show, an upper bound of the true one; below 0 the
            weights are at no minimum.
        lowest_residual: Its residual; it takes no part in deciding whether the others have converged.
        vectors: The eigenvectors of ``values``, of length 1, each a tensor for every parameter; where eigenvalues
            are undefined there are fewer or none.
        loss: Mean loss over all examples.
        n_products: How many products of the Hessian with a vector it took.
        status: ``"ok"``, or why the values are undefined or have not converged.
    """

    values: Float[np.ndarray, " eigenvalue"]
    residuals: Float[np.ndarray, " eigenvalue"]
    lowest: float
    lowest_residual: float
    vectors: tuple[list[torch.Tensor], ...]
    loss: float
    n_products: int
    status: str = "ok"

    @property
    def largest_magnitude(self) -> float:
        """The eigenvalue farthest from 0 on either side: the first of ``values``, or ``lowest``."""
        return float(max(self.values[0], self.lowest, key=abs))


@dataclass(frozen=True, eq=False)
class HessianTrace:
    """The trace of a loss's Hessian, estimated with random probes.

    Attributes:
        value: The estimate, in loss per squared weight; higher is sharper. NaN where undefined.
        standard_error: Of ``value``, from the spread over probes: what other probes on the same batches would change.
        per_probe: Shape (probe,); v'Hv of each.
        per_batch: Shape (batch,); the same estimate for the Hessian of each batch's loss, for
            :func:`~tunescope.landscapes.curvature_intervals.trace_estimate`.
        n_examples: Shape (batch,).
        loss: Mean loss over all examples.
        status: ``"ok"``, or why the value is undefined.
    """

    value: float
    standard_error: float
    per_probe: Float[np.ndarray, " probe"]
    per_batch: PerBatch
    n_examples: ExamplesPerBatch
    loss: float
    status: str = "ok"


@dataclass(frozen=True, eq=False)
class BatchCurvatures:
    """The curvature of each batch's loss along some directions.

    Attributes:
        values: Shape (batch, direction); v'H_b v / v'v with the Hessian H_b of the batch's mean loss, in loss per
            squared weight; higher is sharper. Their mean with ``n_examples`` as weights is the curvature of the whole
            loss; along an eigenvector that is its eigenvalue. NaN where undefined.
        n_examples: Shape (batch,).
        status: ``"ok"``, or why values are undefined.
    """

    values: Float[np.ndarray, "batch direction"]
    n_examples: ExamplesPerBatch
    status: str = "ok"


def top_eigenvalues(
    products: HessianProducts,
    n: int = 1,
    *,
    seed: int,
    max_iterations: int = 100,
    tolerance: float = 1e-3,
    basis_size: int = 30,
) -> TopEigenvalues:
    """Return the n algebraically largest eigenvalues of a loss's Hessian, with the most negative one beside them.

    The largest in the sense of "most positive", not of magnitude: these are the directions in which the loss rises
    fastest, and at a minimum the two are the same; :attr:`TopEigenvalues.largest_magnitude` takes either side. Found by
    Lanczos with full reorthogonalisation, for what it can miss see
    :func:`tunescope.landscapes.lanczos.largest_eigenpairs`. Memory: up to ``basis_size`` + 2 vectors as long as the
    parameters, beside what a product takes.

    Args:
        products: The Hessian. The model is in eval mode, its attention in eager form.
        n: How many eigenvalues, at least 1; default 1. Those beyond the number of parameters are NaN.
        seed: Of the random vector to start from.
        max_iterations: Most products, at least n; default 100.
        tolerance: Largest residual ‖Hy − θy‖ as a share of the eigenvalue of largest magnitude, above 0; default
            1e-3. Below 1e-5 it means little in float32, where products are no more exact.
        basis_size: Most vectors kept at once, at least 4; default 30. With fewer the method restarts more often and
            takes more products. At least 2n + 4 are kept.

    Raises:
        InputError: A number is out of its range, or the losses are not what they have to be, see
            :meth:`tunescope.landscapes.hessian_products.HessianProducts.apply`.
        ModelError: A part of the model has no second derivative.

    >>> weights = torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64, requires_grad=True)
    >>> curvature = torch.tensor([4.0, 1.0, -2.0], dtype=torch.float64)
    >>> products = HessianProducts([weights], lambda: [(0.5 * (curvature * weights**2).sum(), 1)])
    >>> found = top_eigenvalues(products, 2, seed=0)
    >>> found.values.round(6), round(found.lowest, 6), found.status
    (array([4., 1.]), -2.0, 'ok')
    """
    _check_at_least(1, n=n)
    _check_at_least(n, max_iterations=max_iterations)
    _check_at_least(4, basis_size=basis_size)
    if not 0 < tolerance < math.inf:
        raise InputError("tolerance is out of range.", expected="a number above 0", got=tolerance)
    n_before = products.n_products
    with track("Hessian-vector products", total=max_iterations) as advance:
        pairs = largest_eigenpairs(
            products.apply_flat,
            lambda k: _gaussian(products, seed, k),
            size=products.n_parameters,
            n=min(n, products.n_parameters),
            max_products=max_iterations,
            basis_size=basis_size,
            tolerance=tolerance,
            advance=advance,
        )
    if pairs is None or not math.isfinite(products.loss):
        return _undefined_eigenvalues(products, n, products.n_products - n_before)
    return TopEigenvalues(
        values=_padded(pairs.values, n),
        residuals=_padded(pairs.residuals, n),
        lowest=pairs.lowest,
        lowest_residual=pairs.lowest_residual,
        vectors=tuple(products.shaped(vector) for vector in pairs.vectors),
        loss=products.loss,
        n_products=pairs.n_products,
        status=_why_not_converged(pairs, tolerance) or _why_fewer(products, n) or "ok",
    )


def hessian_trace(
    products: HessianProducts, *, n_samples: int = 32, seed: int, probes_at_once: int = 4
) -> HessianTrace:
    """Return an estimate of the trace of a loss's Hessian.

    The mean of v'Hv over random vectors v of entries ±1 (Hutchinson 1990, for which E v'Hv = tr H); its variance per
    probe is twice the sum of the squared entries of H off the diagonal.

    Args:
        products: The Hessian. The model is in eval mode, its attention in eager form.
        n_samples: How many probes, at least 2; default 32. The first probes of a seed are the same for any number.
        seed: Of the probes.
        probes_at_once: How many probes share the gradient's graph of a batch, at least 1; default 4. The more, the
            faster, and each takes the memory of two vectors as long as the parameters. The result does not depend on
            it.

    Raises:
        InputError: A number is out of its range, or the losses are not what they have to be.
        ModelError: A part of the model has no second derivative.

    >>> weights = torch.ones(3, requires_grad=True)
    >>> products = HessianProducts([weights], lambda: [((weights**2).sum(), 1)])
    >>> trace = hessian_trace(products, n_samples=4, seed=0)
    >>> trace.value, trace.standard_error
    (6.0, 0.0)
    """
    _check_at_least(2, n_samples=n_samples)
    _check_at_least(1, probes_at_once=probes_at_once)
    forms = []
    with track("probes of the Hessian's trace", total=n_samples) as advance:
        for first in range(0, n_samples, probes_at_once):
            numbers = range(first, min(first + probes_at_once, n_samples))
            forms.append(products.quadratic_forms([_signs(products, seed, number) for number in numbers]))
            advance(len(numbers))
    per_batch_and_probe = np.concatenate(forms, axis=1)
    status = _why_not_finite(products, per_batch_and_probe)
    if status:
        per_batch_and_probe = np.full_like(per_batch_and_probe, math.nan)
    per_probe = np.average(per_batch_and_probe, axis=0, weights=products.n_examples)
    return HessianTrace(
        value=float(per_probe.mean()),
        standard_error=float(per_probe.std(ddof=1) / math.sqrt(n_samples)),
        per_probe=per_probe,
        per_batch=per_batch_and_probe.mean(axis=1),
        n_examples=products.n_examples,
        loss=products.loss,
        status=status or "ok",
    )


def curvature_per_batch(products: HessianProducts, directions: Sequence[Vector]) -> BatchCurvatures:
    """Return the curvature of each batch's loss along given directions, such as the eigenvectors of the whole loss.

    Args:
        products: The Hessian. The model is in eval mode, its attention in eager form.
        directions: At least one; of each, a tensor for each parameter, of its shape. They need not have length 1.

    Raises:
        InputError: There is no direction, one does not fit the parameters or has no length, or the losses are not
            what they have to be.
        ModelError: A part of the model has no second derivative.

    >>> weight = torch.tensor([1.0], requires_grad=True)
    >>> batches = [(torch.tensor([1.0, 2.0]), 2), (torch.tensor([6.0]), 1)]
    >>> products = HessianProducts([weight], lambda: [((x * weight**2).mean(), n) for x, n in batches])
    >>> curvature_per_batch(products, [[torch.tensor([5.0])]]).values
    array([[ 3.],
           [12.]])
    """
    flats = [products.flat(direction) for direction in directions]
    squares = np.array([inner_product(flat, flat) for flat in flats])
    if not (np.isfinite(squares) & (squares > 0)).all():
        raise InputError(
            "A direction has no length.",
            where="directions",
            expected="finite entries, not all of them 0",
            got=f"squared lengths {squares.tolist()}",
        )
    forms = products.quadratic_forms(directions)
    status = _why_not_finite(products, forms)
    values = np.full_like(forms, math.nan) if status else forms / squares
    return BatchCurvatures(values, products.n_examples, status or "ok")


def _gaussian(products: HessianProducts, seed: int, number: int) -> Flat:
    """Return a random vector, drawn on the CPU so that it is the same on every device."""
    values = make_rng(seed, "lanczos", number).standard_normal(products.n_parameters, dtype=np.float32)
    return torch.from_numpy(values).to(device=products.device, dtype=products.dtype)


def _signs(products: HessianProducts, seed: int, number: int) -> list[torch.Tensor]:
    bits = make_rng(seed, "hutchinson", number).integers(0, 2, products.n_parameters, dtype=np.int8)
    return products.shaped(torch.from_numpy(2 * bits - 1).to(device=products.device, dtype=products.dtype))


def _undefined_eigenvalues(products: HessianProducts, n: int, n_products: int) -> TopEigenvalues:
    nothing = np.full(n, math.nan)
    return TopEigenvalues(
        values=nothing,
        residuals=nothing,
        lowest=math.nan,
        lowest_residual=math.nan,
        vectors=(),
        loss=products.loss,
        n_products=n_products,
        status=_why_not_finite(products, nothing) or "undefined",
    )


def _why_not_finite(products: HessianProducts, figures: np.ndarray) -> str | None:
    if np.isfinite(figures).all() and math.isfinite(products.loss):
        return None
    wrong = np.flatnonzero(~np.isfinite(products.batch_losses))
    if len(wrong):
        return (
            f"undefined: the loss is not finite ({products.batch_losses[wrong[0]]} in batch {wrong[0]}, "
            f"{len(wrong)} such of {len(products.batch_losses)} batches)"
        )
    return "undefined: the loss is finite, but a second derivative is not"


def _why_not_converged(pairs: RitzPairs, tolerance: float) -> str | None:
    if pairs.is_converged:
        return None
    magnitude = max(abs(pairs.values[0]), abs(pairs.lowest))
    return (
        f"not converged after {pairs.n_products} products: the largest residual is {pairs.residuals.max():.2g}, "
        f"and it takes {tolerance * magnitude:.2g}"
    )


def _why_fewer(products: HessianProducts, n: int) -> str | None:
    if n <= products.n_parameters:
        return None
    return (
        f"there are only {products.n_parameters} eigenvalues, as many as parameters; the others are undefined"
    )


def _padded(figures: np.ndarray, n: int) -> np.ndarray:
    return np.concatenate([figures, np.full(n - len(figures), math.nan)])


def _check_at_least(smallest: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if number < smallest:
            raise InputError(f"{name} is too small.", expected=f"at least {smallest}", got=number)
