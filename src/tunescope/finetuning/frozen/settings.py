"""How heads on frozen features are trained."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError

from tunescope._core.errors import InputError
from tunescope._core.records import Record

__all__ = ["FrozenHeadSettings", "frozen_head_settings"]


class FrozenHeadSettings(Record):
    """How a head on frozen features is trained.

    The linear head takes only its penalty from here. The mixing head is trained by Adam, and the weights of its best
    epoch on held-out sentences are kept.

    Attributes:
        learning_rate: Adam's, above 0 and at most 1.
        max_epochs: At most so many passes over the training set.
        batch_size: Sentences in a step where words are read in sequence, otherwise targets.
        dropout: Share of the inputs of each layer that is dropped in training.
        patience: Stops after so many epochs in a row that are no better on the held-out sentences.
        hidden_size: Units of the hidden layer; of each direction where words are read in sequence.
        held_out: Share of the sentences that is held out, where no development set is given; at least one is.
        layer_norm: Whether each vector is normalised (mean 0, variance 1) before layers are mixed.
        max_grad_norm: Gradients are scaled down to this norm.
        inverse_penalty: C of the linear head for classes, as in the linear probe.
        penalty: λ of the linear head for numbers, as in the linear probe.
        seed: Of the first weights, the held-out sentences, the order of the data and dropout.
    """

    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    max_epochs: int = Field(default=50, ge=1)
    batch_size: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    patience: int = Field(default=5, ge=1)
    hidden_size: int = Field(default=200, ge=1)
    held_out: float = Field(default=0.1, gt=0, lt=1)
    layer_norm: bool = False
    max_grad_norm: float = Field(default=5.0, gt=0)
    inverse_penalty: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    penalty: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0)


def frozen_head_settings(**changes: Any) -> FrozenHeadSettings:
    """Return the default settings with some of them changed.

    Raises:
        InputError: There is no such setting, or it is out of range.

    >>> frozen_head_settings(dropout=0.5).dropout
    0.5
    """
    try:
        return FrozenHeadSettings.model_validate(changes)
    except ValidationError as error:
        problem = error.errors()[0]
        raise InputError(
            "A setting of the frozen head is out of range.",
            where=".".join(map(str, problem["loc"])),
            expected=problem["msg"],
            got=problem["input"],
        ) from error
