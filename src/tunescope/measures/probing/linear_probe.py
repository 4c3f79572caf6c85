"""A linear probe: what a linear map can read from frozen vectors."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tunescope._core.errors import InputError
from tunescope.measures.shapes import Labels, Vectors
from tunescope.measures.validation import check_labels, check_vectors

__all__ = ["LinearProbe", "fit_linear_probe", "fit_linear_regression_probe", "majority_label", "mean_number"]


@dataclass(frozen=True)
class LinearProbe:
    """A fitted linear probe.

    Attributes:
        n_train: How many examples it was fitted on.
        hidden_size: Size of the vectors that it reads.
        converged: Whether the solver reached its tolerance.
        n_iterations: Iterations that the solver took; 0 for the closed form of the regression.
        status: ``"ok"``, or a sentence that says what is wrong with the fit.
    """

    n_train: int
    hidden_size: int
    converged: bool
    n_iterations: int
    status: str
    _pipeline: Pipeline

    def predict(self, vectors: Vectors) -> Labels:
        """Return the class, or number, that the probe reads from each row.

        Raises:
            InputError: The vectors are no finite matrix, or their hidden size is not that of the training set.
        """
        rows = check_vectors(vectors, "vectors")
        if rows.shape[1] != self.hidden_size:
            raise InputError(
                "The vectors do not fit the probe.",
                expected=f"hidden size {self.hidden_size}, as in training",
                got=rows.shape[1],
            )
        predicted: Labels = self._pipeline.predict(_single_or_double(rows))
        return predicted


def fit_linear_probe(
    train_x: Vectors,
    train_y: Labels,
    *,
    inverse_penalty: float = 0.1,
    max_iterations: int = 100,
    tolerance: float = 1e-3,
    max_train: int | None = None,
    seed: int,
) -> LinearProbe:
    """Fit multinomial logistic regression with an L2 penalty on standardised vectors.

    Minimises C Σᵢ −log p(yᵢ | xᵢ) + ½ ‖W‖² by L-BFGS. The vectors are standardised with the training set's means
    and standard deviations, computed in the vectors' own precision (float32 or float64).

    The defaults were measured on token vectors of a small BERT with their parts of speech (17 classes, 384 dimensions):
    with 2,000 and with 16,854 examples, C = 0.1 is within 0.7 points of the best of 1, 0.1 and 0.01, and the
    early stop, which takes 17 to 34 iterations, is within 0.3 points of full convergence.

    Args:
        train_x: Shape (example, hidden), finite.
        train_y: Shape (example,); classes, at least two different ones. A class may have a single example.
        inverse_penalty: C, above 0; default 0.1.
        max_iterations: At most so many iterations; default 100.
        tolerance: Stops where no entry of the gradient is larger, above 0; default 1e-3.
        max_train: At most so many examples, drawn at random but with every class kept; default all.
        seed: Seed of that draw.

    Returns:
        The probe; one that did not converge says so in its status, and still predicts.

    Raises:
        InputError: The vectors are no finite matrix, the labels do not fit or hold a single class, or ``max_train``
            is smaller than the number of classes.

    >>> x = np.array([[0.0, 1.0], [0.2, 1.1], [3.0, 1.0], [3.3, 0.9]])
    >>> probe = fit_linear_probe(x, np.array(["low", "low", "high", "high"]), seed=0)
    >>> probe.predict(np.array([[0.1, 1.0], [5.0, 1.0]])).tolist(), probe.status
    (['low', 'high'], 'ok')
    """
    rows = check_vectors(train_x, "train_x")
    classes = check_labels(train_y, len(rows), "train_y")
    _check_positive(inverse_penalty=inverse_penalty, max_iterations=max_iterations, tolerance=tolerance)
    if classes.dtype.kind == "f":
        raise InputError(
            "train_y holds numbers, not classes.",
            expected="text, whole numbers or truth values",
            got=f"dtype {classes.dtype}",
            fix="take fit_linear_regression_probe for numbers",
        )
    if len(np.unique(classes)) < 2:
        raise InputError(
            "train_y holds a single class.",
            expected="at least two classes",
            got=", ".join(map(repr, np.unique(classes).tolist())) or "no example",
            fix="give training examples of another class",
        )
    chosen = _draw(classes, max_train, seed)
    solver = LogisticRegression(C=inverse_penalty, max_iter=max_iterations, tol=tolerance)
    pipeline, converged = _fit(solver, rows[chosen], classes[chosen])
    return LinearProbe(
        n_train=len(chosen),
        hidden_size=rows.shape[1],
        converged=converged,
        n_iterations=int(np.max(solver.n_iter_)),
        status="ok" if converged else f"the probe did not converge within {max_iterations} iterations",
        _pipeline=pipeline,
    )


def fit_linear_regression_probe(
    train_x: Vectors,
    train_y: Labels,
    *,
    penalty: float = 1.0,
    max_train: int | None = None,
    seed: int,
) -> LinearProbe:
    """Fit ridge regression on standardised vectors.

    Minimises mean (yᵢ − w'xᵢ − b)² + λ ‖w‖² / hidden size, in closed form. Per example and per dimension, so that one λ
    suits small and large training sets and models.

    Args:
        train_x: Shape (example, hidden), finite.
        train_y: Shape (example,); finite numbers, at least two different ones.
        penalty: λ, above 0; default 1.
        max_train: At most so many examples, drawn at random; default all.
        seed: Seed of that draw.

    Raises:
        InputError: The vectors are no finite matrix, the labels do not fit, are no numbers or all the same, or
            ``max_train`` is below 2.

    >>> x = np.arange(10.0)[:, None]
    >>> probe = fit_linear_regression_probe(x, 2 * x[:, 0] + 1, penalty=1e-9, seed=0)
    >>> probe.predict(np.array([[20.0]])).round(6).tolist()
    [41.0]
    """
    rows = check_vectors(train_x, "train_x")
    numbers = check_labels(train_y, len(rows), "train_y")
    if numbers.dtype.kind not in "fiu" or len(np.unique(numbers)) < 2:
        raise InputError(
            "train_y does not hold numbers to learn.",
            expected="at least two different numbers",
            got=f"dtype {numbers.dtype}, {len(np.unique(numbers))} different values",
        )
    _check_positive(penalty=penalty)
    chosen = _draw(np.zeros(len(rows)), max_train, seed, at_least=2)
    solver = Ridge(alpha=penalty * len(chosen) / rows.shape[1], solver="cholesky")
    pipeline, _ = _fit(solver, rows[chosen].astype(np.float64), numbers[chosen].astype(np.float64))
    return LinearProbe(
        n_train=len(chosen),
        hidden_size=rows.shape[1],
        converged=True,
        n_iterations=0,
        status="ok",
        _pipeline=pipeline,
    )


def majority_label(train_y: Labels) -> object:
    """Return the most frequent class, of several the one that sorts first: the baseline of every class probe.

    Raises:
        InputError: There is no label.

    >>> majority_label(np.array(["b", "a", "b", "a"]))
    'a'
    """
    classes, counts = np.unique(_some(train_y), return_counts=True)
    return classes.tolist()[int(counts.argmax())]


def mean_number(train_y: Labels) -> float:
    """Return the mean: the baseline of every probe for numbers. A constant has no correlation, so that is NaN.

    Raises:
        InputError: There is no number, or one is not finite.

    >>> mean_number(np.array([1.0, 2.0, 6.0]))
    3.0
    """
    numbers = _some(train_y)
    if numbers.dtype.kind not in "fiu":
        raise InputError("train_y does not hold numbers.", expected="numbers", got=f"dtype {numbers.dtype}")
    return float(np.mean(numbers.astype(np.float64)))


def _check_positive(**settings: float | int) -> None:
    for name, value in settings.items():
        if not 0 < value < math.inf:
            raise InputError(f"{name} is out of range.", expected="a number above 0", got=value)


def _some(train_y: Labels) -> Labels:
    labels = check_labels(train_y, len(train_y), "train_y")
    if not len(labels):
        raise InputError("train_y is empty.", expected="at least one label")
    return labels


def _single_or_double(rows: Vectors) -> Vectors:
    return rows if rows.dtype == np.float64 else rows.astype(np.float32, copy=False)


def _draw(classes: Labels, max_train: int | None, seed: int, *, at_least: int = 0) -> np.ndarray:
    """Return the rows to fit on, in their order: all, or a random draw that keeps one example of every class."""
    n_examples = len(classes)
    least = max(at_least, len(np.unique(classes)))
    if max_train is not None and max_train < least:
        raise InputError(
            "max_train is too small.", expected=f"at least {least}, one example per class", got=max_train
        )
    if max_train is None or max_train >= n_examples:
        return np.arange(n_examples)
    order = np.random.default_rng(seed).permutation(n_examples)
    first_of_class = order[np.unique(classes[order], return_index=True)[1]]
    others = order[~np.isin(order, first_of_class)]
    return np.sort(np.concatenate([first_of_class, others])[:max_train])


def _fit(solver: Any, rows: Vectors, labels: Labels) -> tuple[Pipeline, bool]:
    """Return the fitted pipeline, and whether the solver raised no warning that it stopped early."""
    pipeline = make_pipeline(StandardScaler(), solver)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pipeline.fit(_single_or_double(rows), labels)
    for warning in caught:
        if not issubclass(warning.category, ConvergenceWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return pipeline, not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
