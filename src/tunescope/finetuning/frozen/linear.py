"""The linear head on frozen features: logistic or ridge regression on the standardised vectors of the top layer."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.tasks.example import LabelKind

__all__ = ["LinearFit", "apply_linear", "fit_linear", "linear_shapes"]

_MAX_ITERATIONS = 100
_TOLERANCE = 1e-3

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class LinearFit:
    """A fitted linear map.

    Attributes:
        arrays: ``mean`` and ``spread`` of the vectors, ``weight`` (output, hidden) and ``bias`` (output).
        n_iterations: Iterations that the solver took; 0 for the closed form of the regression.
        status: ``"ok"``, or a sentence that says what is wrong with the fit.
    """

    arrays: Arrays
    n_iterations: int
    status: str


def fit_linear(
    vectors: Float[np.ndarray, "example hidden"],
    targets: Shaped[np.ndarray, " example"],
    label: LabelKind,
    settings: FrozenHeadSettings,
) -> LinearFit:
    """Fit what :mod:`tunescope.measures.probing.linear_probe` fits, with its defaults.

    Classes: C Σᵢ −log p(yᵢ | xᵢ) + ½ ‖W‖² by L-BFGS. Numbers: mean (yᵢ − w'xᵢ − b)² + λ ‖w‖² / hidden size. Both on
    vectors standardised with the means and standard deviations of the training set.

    Args:
        vectors: Shape (example, hidden), float32, finite.
        targets: Shape (example,); numbers of classes, at least two different ones, or standardised numbers.
        label: ``class`` or ``number``.
        settings: The penalties.
    """
    scaler = StandardScaler()
    solver: Any
    if label is LabelKind.NUMBER:
        rows = scaler.fit_transform(vectors.astype(np.float64))
        solver = Ridge(alpha=settings.penalty * len(rows) / rows.shape[1], solver="cholesky")
    else:
        rows = scaler.fit_transform(vectors)
        solver = LogisticRegression(C=settings.inverse_penalty, max_iter=_MAX_ITERATIONS, tol=_TOLERANCE)
    converged = _fit(solver, rows, targets)
    weight, bias = np.atleast_2d(solver.coef_), np.atleast_1d(solver.intercept_)
    if label is LabelKind.CLASS and len(weight) == 1:  # of two classes, the solver has outputs for the second
        weight, bias = np.concatenate([0 * weight, weight]), np.concatenate([0 * bias, bias])
    arrays = {"mean": scaler.mean_, "spread": scaler.scale_, "weight": weight, "bias": bias}
    n_iterations = 0 if label is LabelKind.NUMBER else int(np.max(solver.n_iter_))
    status = "ok" if converged else f"the head did not converge within {_MAX_ITERATIONS} iterations"
    return LinearFit(
        {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}, n_iterations, status
    )


def apply_linear(
    arrays: Arrays, vectors: Float[np.ndarray, "example hidden"]
) -> Float[np.ndarray, "example output"]:
    """Return the outputs of a fitted map."""
    outputs: Float[np.ndarray, "example output"] = (vectors - arrays["mean"]) / arrays["spread"] @ arrays[
        "weight"
    ].T + arrays["bias"]
    return outputs


def linear_shapes(n_outputs: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a fitted map's arrays."""
    return {
        "mean": (hidden_size,),
        "spread": (hidden_size,),
        "weight": (n_outputs, hidden_size),
        "bias": (n_outputs,),
    }


def _fit(solver: Any, rows: np.ndarray, targets: np.ndarray) -> bool:
    """Fit the solver, and return whether it raised no warning that it stopped early."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        solver.fit(rows, targets)
    for warning in caught:
        if not issubclass(warning.category, ConvergenceWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
