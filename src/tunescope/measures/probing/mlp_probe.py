"""A perceptron probe as a scikit-learn estimator: linear, with one hidden layer, or with several."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tunescope._core.errors import InputError
from tunescope.measures.probing.folds import hold_out
from tunescope.measures.probing.mlp_settings import MLPSettings, Precision, Stopping, check_architecture
from tunescope.measures.probing.perceptron import log_probabilities

__all__ = ["MLPProbe"]

_FORMATS = [np.float64, np.float32, np.float16]
"""All but float64 are computed in float32; what is in another format becomes float64."""


class MLPProbe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classify vectors by a multilayer perceptron, trained as scikit-learn's ``MLPClassifier`` trains.

    Minimises mean −log p(y | x) + α ‖W‖² / (2 B) over batches of B examples by Adam, ReLU between layers, from Glorot's
    uniform initial weights. With equal settings and ``random_state = seed``, weights and losses are those of
    ``MLPClassifier`` up to rounding (for two classes that one has a single logistic output, this one a softmax as for
    more); this one is faster, and also runs on a GPU.
    The probe of Zhou and Srikumar (2022) has two; see :func:`~tunescope.measures.probing.probe_grid.probe_grid`.

    Args:
        hidden_sizes: Units of each hidden layer; ``()`` for a linear probe.
        penalty: α, the L2 penalty, at least 0.
        batch_size: Examples in a step, at least 1.
        learning_rate: Adam's, above 0.
        max_epochs: At most so many passes over the data.
        tolerance: An epoch that lowers the loss by less counts as none.
        patience: Training stops after more than so many such epochs in a row.
        stopping: ``"training loss"`` as in the published protocol; or ``"validation loss"`` on a tenth of the
            examples held out, which keeps the weights of the best epoch and so the probabilities honest.
        precision: ``"full"``: float64 where the vectors are, otherwise float32. ``"bfloat16"`` computes products in
            bfloat16; faster where the processor can.
        seed: Seed of initial weights, batches and the tenth.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"`` for a GPU where there is one.

    Attributes:
        classes_: The classes, sorted.
        layers_: Matrix (input, output) and biases of each layer.
        loss_curve_: Mean training loss of each epoch, penalty included.
        n_iter_: How many epochs it was trained for.
        status_: ``"ok"``, or a sentence that says what is wrong with the fit.

    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> probe = MLPProbe((16,), learning_rate=0.01, seed=0).fit(x, x[:, 0] * x[:, 1] > 0)
    >>> probe.score(x, x[:, 0] * x[:, 1] > 0) > 0.9, probe.status_
    (True, 'ok')
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...] = (64, 64),
        *,
        penalty: float = 1e-4,
        batch_size: int = 200,
        learning_rate: float = 1e-3,
        max_epochs: int = 1000,
        tolerance: float = 1e-4,
        patience: int = 10,
        stopping: Stopping = "training loss",
        precision: Precision = "full",
        seed: int = 0,
        device: str = "auto",
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.penalty = penalty
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.tolerance = tolerance
        self.patience = patience
        self.stopping = stopping
        self.precision = precision
        self.seed = seed
        self.device = device

    def fit(self, X: ArrayLike, y: ArrayLike) -> MLPProbe:
        """Train the probe.

        Args:
            X: Shape (example, hidden), finite.
            y: Shape (example,); the class of each example, at least two different ones.

        Raises:
            ValueError: The input or a setting is not what it should be; :class:`~tunescope.InputError` is one.
        """
        vectors, labels = validate_data(self, X, y, dtype=_FORMATS)
        check_classification_targets(labels)
        settings = MLPSettings(
            self.batch_size,
            self.learning_rate,
            self.max_epochs,
            self.tolerance,
            self.patience,
            self.stopping,
            self.precision,
        )
        check_architecture([self.hidden_sizes], [self.penalty])
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                "y holds a single class.",
                expected="at least two classes",
                got=f"1 class, {self.classes_.tolist()[0]!r}",
            )
        # Importing torch takes seconds, and the other measures do without it.
        from tunescope.measures.probing.engine.grid_training import Examples, Single, train_each
        from tunescope.measures.probing.engine.mlp_training import Fold

        examples = Examples(vectors, numbers, len(self.classes_), self.device, n_jobs=1)
        fold = Fold(np.arange(len(vectors)))
        if self.stopping == "validation loss":
            fold = Fold(*hold_out(len(vectors), seed=self.seed))
        single = Single(fold, self.hidden_sizes, self.penalty, self.seed)
        (member,) = train_each(examples, [single], settings, "probe")
        self.layers_, self.loss_curve_ = member.layers, member.loss_curve
        self.n_iter_, self.status_ = member.n_epochs, member.status
        return self

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Return log p of each class, of shape (example, class)."""
        check_is_fitted(self)
        vectors = validate_data(self, X, reset=False, dtype=_FORMATS)
        return log_probabilities(self.layers_, vectors)

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the probability of each class, of shape (example, class)."""
        probabilities: np.ndarray = np.exp(self.predict_log_proba(X))
        return probabilities

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the most probable class of each example."""
        numbers = self.predict_log_proba(X).argmax(axis=1)
        predicted: np.ndarray = self.classes_[numbers]
        return predicted
