"""How perceptron probes are trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tunescope._core.errors import InputError

__all__ = ["FAST", "PUBLISHED", "MLPSettings", "Precision", "Stopping", "check_architecture"]

Precision = Literal["full", "bfloat16"]
Stopping = Literal["training loss", "validation loss"]


@dataclass(frozen=True)
class MLPSettings:
    """How perceptrons are trained.

    Args:
        batch_size: Examples in a step, at least 1; fewer where there are not so many.
        learning_rate: Adam's, above 0.
        max_epochs: At most so many passes over the data, at least 1.
        tolerance: An epoch that lowers the loss by less counts as none.
        patience: A probe stops after more than so many such epochs in a row.
        stopping: Which loss; with ``"validation loss"`` the weights of the best epoch are kept.
        precision: ``"full"``: float64 where the vectors are, otherwise float32. ``"bfloat16"`` computes products in
            bfloat16, parameters and their updates as before; faster where the processor can.
        penalty_batch_size: The batch size that L2 penalties are meant for. scikit-learn divides α by the batch size, so
            that larger batches weaken it; here weights are pulled as they would be with batches of this size. None for
            ``batch_size``, as scikit-learn does.

    Raises:
        InputError: A setting is out of range.

    >>> MLPSettings(batch_size=100).max_epochs
    1000
    """

    batch_size: int = 200
    learning_rate: float = 1e-3
    max_epochs: int = 1000
    tolerance: float = 1e-4
    patience: int = 10
    stopping: Stopping = "training loss"
    precision: Precision = "full"
    penalty_batch_size: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        checks = {
            "batch_size": (self.batch_size >= 1, "at least 1 example"),
            "learning_rate": (0 < self.learning_rate < math.inf, "a number above 0"),
            "max_epochs": (self.max_epochs >= 1, "at least 1"),
            "tolerance": (0 <= self.tolerance < math.inf, "a number from 0"),
            "patience": (self.patience >= 0, "a number from 0"),
            "stopping": (
                self.stopping in ("training loss", "validation loss"),
                "training loss or validation loss",
            ),
            "precision": (self.precision in ("full", "bfloat16"), "full or bfloat16"),
            "penalty_batch_size": (
                self.penalty_batch_size is None or self.penalty_batch_size >= 1,
                "at least 1 example, or None",
            ),
        }
        for name, (good, expected) in checks.items():
            if not good:
                raise InputError(f"{name} is out of range.", expected=expected, got=getattr(self, name))

    def penalty_scale(self, n_examples: int) -> float:
        """Return the factor on α that gives it the same pull as in batches of ``penalty_batch_size``.

        >>> MLPSettings(batch_size=400, penalty_batch_size=200).penalty_scale(5000)
        2.0
        """
        meant_for = self.penalty_batch_size or self.batch_size
        return min(self.batch_size, n_examples) / min(meant_for, n_examples)


PUBLISHED = MLPSettings()
"""The protocol of Zhou and Srikumar (2022): what scikit-learn's ``MLPClassifier`` does unasked, up to 1,000 epochs."""

FAST = MLPSettings(
    batch_size=400, learning_rate=2e-3, tolerance=1e-3, precision="bfloat16", penalty_batch_size=200
)
"""Larger steps, a coarser stop, products in bfloat16: accuracies are the same within a few tenths of a point."""


def check_architecture(hidden_sizes: list[tuple[int, ...]], penalties: list[float]) -> None:
    """Refuse perceptrons that cannot be.

    Raises:
        InputError: A hidden layer has no unit, or a penalty is below 0 or not finite.
    """
    for size in (size for sizes in hidden_sizes for size in sizes):
        if size < 1:
            raise InputError("hidden_sizes is out of range.", expected="at least 1 unit in each", got=size)
    for penalty in penalties:
        if not 0 <= penalty < math.inf:
            raise InputError("penalty is out of range.", expected="a number from 0", got=penalty)
