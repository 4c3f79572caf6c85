"""How edge probes are trained."""

from __future__ import annotations

from dataclasses import dataclass

from tunescope._core.errors import InputError

__all__ = ["EdgeSettings"]


@dataclass(frozen=True, kw_only=True)
class EdgeSettings:
    """Sizes and training of edge probes.

    Published were a learning rate of 1e-4, halved at times, batches of 32 sentences with all their targets, and a check
    on the development set every 100 to 1,000 updates, of 10,000 to 250,000 in all. Here the learning rate is constant,
    and a check is an epoch. Measured on a small BERT with parts of speech (16,860 examples) and roles of prepositions
    (4,282), batches of 128 examples at 1e-3 read as much as those of 32 at 1e-3 or 3e-4, in a fraction of the time.

    Attributes:
        projection_size: Size of a projected word and of the classifier's hidden layer, at least 1; published 256.
        learning_rate: Adam's, constant, above 0.
        batch_size: Examples in a batch, at least 1.
        max_epochs: At most so many passes over the examples, at least 1.
        patience: A probe's training ends after so many epochs in a row without a better micro-F1 on the development
            set or, where that is equal, a lower loss; the best epoch counts. At least 1.
        dropout: Share of the classifier's hidden layer that is left out in training, in [0, 1); published 0.3.
        max_gradient_norm: Longer gradients of a probe are shortened to this Euclidean norm, above 0; published 5.

    Raises:
        InputError: A setting is out of range.

    >>> EdgeSettings(batch_size=32).projection_size
    256
    """

    projection_size: int = 256
    learning_rate: float = 1e-3
    batch_size: int = 128
    max_epochs: int = 50
    patience: int = 4
    dropout: float = 0.3
    max_gradient_norm: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name in ("projection_size", "batch_size", "max_epochs", "patience"):
            _check(name, getattr(self, name) >= 1, "at least 1", getattr(self, name))
        for name in ("learning_rate", "max_gradient_norm"):
            _check(name, getattr(self, name) > 0, "a number above 0", getattr(self, name))
        _check("dropout", 0 <= self.dropout < 1, "a share of at least 0 and below 1", self.dropout)


def _check(name: str, fits: bool, expected: str, got: object) -> None:
    if not fits:
        raise InputError(f"{name} is out of range.", expected=expected, got=got)
