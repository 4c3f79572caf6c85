"""Freezing the lowest layers: their weights get no gradients, and nothing is dropped out in them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from tunescope._core.errors import InputError
from tunescope.models.layer_stack import Hidden, Inputs, LayerStack

__all__ = ["FrozenPart"]


class FrozenPart:
    """The embeddings and the lowest layers of an encoder, frozen.

    What is frozen is every weight that the vectors after those layers depend on; it is found by a gradient, so it is
    right for any architecture.

    Args:
        encoder: The transformer; changed in place.
        n_layers: How many layers to freeze: 0 for the embeddings alone, all of them to train the head only.

    Raises:
        InputError: The model has fewer layers.
        ModelError: The layers are no modules of their own.
    """

    def __init__(self, encoder: PreTrainedModel, n_layers: int) -> None:
        stack = LayerStack(encoder)
        if not 0 <= n_layers <= len(stack):
            raise InputError(
                "The model has no such layer to freeze.",
                where="frozen_layers",
                expected=f"-1 (nothing), 0 (the embeddings) to {len(stack)}",
                got=n_layers,
            )
        self.n_layers = n_layers
        self._encoder = encoder
        self._stack = stack
        self._upper = stack.layers[n_layers:]
        if n_layers == len(stack):
            nn.Module.requires_grad_(encoder, False)
            return
        for parameter in _below(encoder, self._upper[0]):
            parameter.requires_grad_(False)

    def run_above(self, hidden: Hidden, inputs: Inputs) -> Hidden:
        """Return the top-layer vectors, given those after the frozen layers.

        Args:
            hidden: The vectors after the frozen layers.
            inputs: The model's inputs.
        """
        return self._stack.run_from(self.n_layers, hidden, inputs)

    def switch_off_dropout(self) -> None:
        """Put everything but the upper layers into evaluation mode; to be called in training, before each batch."""
        nn.Module.eval(self._encoder)
        for layer in self._upper:
            layer.train()


def _below(encoder: PreTrainedModel, layer: nn.Module) -> list[nn.Parameter]:
    """Return the weights on which depends what a layer is given."""
    given: list[torch.Tensor] = []

    def note(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given.append(args[0] if args else kwargs["hidden_states"])

    was_training = encoder.training
    handle = layer.register_forward_pre_hook(note, with_kwargs=True)
    ones = torch.ones((1, 2), dtype=torch.int64, device=encoder.device)
    model: Any = encoder
    try:
        nn.Module.eval(encoder)
        with torch.enable_grad():
            model(input_ids=ones, attention_mask=ones)
    finally:
        handle.remove()
        nn.Module.train(encoder, was_training)
    parameters = [parameter for parameter in nn.Module.parameters(encoder) if parameter.requires_grad]
    gradients = torch.autograd.grad(given[0].sum(), parameters, allow_unused=True)
    return [parameter for parameter, each in zip(parameters, gradients, strict=True) if each is not None]
