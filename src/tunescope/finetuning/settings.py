"""Settings of a fine-tuning, and the published ones by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from tunescope._core.errors import InputError
from tunescope._core.records import Record

__all__ = ["PRESETS", "FinetuneSettings", "preset"]

_CAME_LATER = ("frozen_layers", "top_layer", "reuse_frozen", "from_scratch")
_BASE_SIZE = 12
"""Layers from which "A Closer Look" trains for 3 epochs instead of 10."""


class FinetuneSettings(Record):
    """How a model is fine-tuned; the defaults are the usual ones for BERT (Devlin et al. 2019, appendix A.3).

    Attributes:
        learning_rate: Peak learning rate; it rises linearly and falls linearly to 0.
        epochs: Passes over the training set.
        batch_size: Sentences per update.
        warmup: Share of the updates in which the learning rate rises.
        weight_decay: Of AdamW; 0 makes it Adam.
        max_grad_norm: Gradients are scaled down to this norm.
        dropout: Of the task head; the encoder keeps its own.
        seed: Of the head's weights, the order of the data and dropout.
        lora_rank: Train a LoRA adapter of this rank instead of all weights (extra ``peft``).
        bf16: Compute in bfloat16 with float32 weights.
        frozen_layers: Freeze the embeddings and so many of the lowest layers, and drop nothing out in them; −1 freezes
            nothing, 0 the embeddings alone.
        top_layer: Leave out the layers above this one, and put the head on it; ``None`` keeps all.
        reuse_frozen: Run the frozen layers once, and read their vectors again in every epoch; losses differ by rounding
            alone.
        from_scratch: Draw all weights at random first, as before pre-training; the architecture and the tokenizer stay.
    """

    learning_rate: float = Field(default=5e-5, gt=0)
    epochs: int = Field(default=3, ge=1)
    batch_size: int = Field(default=32, ge=1)
    warmup: float = Field(default=0.1, ge=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)
    lora_rank: int | None = Field(default=None, ge=1)
    bf16: bool = False
    frozen_layers: int = Field(default=-1, ge=-1)
    top_layer: int | None = Field(default=None, ge=1)
    reuse_frozen: bool = True
    from_scratch: bool = False

    @model_validator(mode="after")
    def _check_layers(self) -> Self:
        if self.lora_rank is not None and self.frozen_layers >= 0:
            raise ValueError("an adapter trains no layer of the model, so none can be frozen")
        if self.from_scratch and (self.lora_rank is not None or self.frozen_layers >= 0):
            raise ValueError(
                "random weights have to be trained: no adapter and no frozen layers from scratch"
            )
        if self.top_layer is not None and self.frozen_layers > self.top_layer:
            raise ValueError(f"{self.frozen_layers} layers cannot be frozen where {self.top_layer} are kept")
        return self

    @model_serializer(mode="wrap")
    def _without_new_settings(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out settings that came later, where they change nothing: earlier runs are still found."""
        values: dict[str, Any] = serialize(self)
        return {
            name: value
            for name, value in values.items()
            if name not in _CAME_LATER or value != FinetuneSettings.model_fields[name].default
        }


PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "usual": MappingProxyType({}),
        "closer-look": MappingProxyType({"learning_rate": 3e-4, "epochs": 10, "weight_decay": 0.0}),
    }
)
"""Settings by name that differ from the defaults. ``closer-look``: Zhou and Srikumar 2022."""


def preset(name: str, *, n_layers: int, **changes: object) -> FinetuneSettings:
    """Return the settings of that name, with some of them changed.

    Args:
        name: A key of :data:`PRESETS`.
        n_layers: Layers of the model: ``closer-look`` trains models of base size for 3 epochs.
        changes: Settings that differ from the preset; ``None`` leaves the preset's.

    Raises:
        InputError: There is no such preset, or a setting is out of range.
    """
    if name not in PRESETS:
        raise InputError("There are no settings of that name.", expected=", ".join(PRESETS), got=name)
    values: dict[str, object] = dict(PRESETS[name])
    if name == "closer-look" and n_layers >= _BASE_SIZE:
        values["epochs"] = 3
    values |= {key: value for key, value in changes.items() if value is not None}
    try:
        return FinetuneSettings.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        raise InputError(
            "A setting of the fine-tuning is out of range.",
            where=".".join(map(str, problem["loc"])),
            expected=problem["msg"],
            got=problem["input"],
        ) from error
