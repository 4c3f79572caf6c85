"""The layers of a transformer one by one: run the upper ones from given vectors, or leave the upper ones out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from tunescope._core.errors import ModelError

__all__ = ["Hidden", "Inputs", "LayerCall", "LayerStack", "truncate"]

Hidden = Float[torch.Tensor, "sequence position hidden"]
Inputs = Mapping[str, torch.Tensor]
LayerCall = Callable[[nn.Module, Hidden], Hidden]
Args = tuple[Any, ...]
Kwargs = dict[str, Any]


class LayerStack:
    """The layers of an encoder, in their order, each of which can be called by itself.

    A layer's other arguments (masks, rotary angles) are made by the model itself from its inputs, whatever its
    architecture: the model is run with its layers set to pass on what they are given.

    Args:
        model: The transformer, without a task head.

    Raises:
        ModelError: Its layers are no modules of their own, as where all layers share weights.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self.layers = _find_layers(model)
        self._n_outputs, self._ends_with_a_layer = self._try_out()

    def __len__(self) -> int:
        """Return the number of layers after the embeddings."""
        return len(self.layers)

    def run_from(self, n_below: int, hidden: Hidden, inputs: Inputs) -> Hidden:
        """Return the top-layer vectors, given those after the lowest layers.

        Args:
            n_below: How many layers are not run, from 0 (the given vectors are the embeddings) to all of them.
            hidden: The vectors after these.
            inputs: The model's inputs.
        """

        def begin(layer: nn.Module, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
            del layer
            return _with_hidden(hidden, args, kwargs)

        if n_below == len(self.layers) and self._ends_with_a_layer:
            return hidden
        with self._passing_on(n_below, hidden):
            if n_below == len(self.layers):
                return self._run(inputs)
            with _hooks([self.layers[n_below].register_forward_pre_hook(begin, with_kwargs=True)]):
                return self._run(inputs)

    def take_apart(self, inputs: Inputs) -> tuple[Hidden, list[LayerCall]]:
        """Return the embeddings, and for each layer a function that calls a module in its place.

        The functions take the module (this layer, or its like of another model) and the vectors that it reads.

        Args:
            inputs: The model's inputs.
        """
        noted: list[tuple[Args, Kwargs]] = []

        def note(layer: nn.Module, args: Args, kwargs: Kwargs) -> None:
            del layer
            noted.append((args, kwargs))

        handles = [layer.register_forward_pre_hook(note, with_kwargs=True) for layer in self.layers]
        with _hooks(handles), self._passing_on(len(self.layers)):
            self._run(inputs)
        return _hidden_of(*noted[0]), [self._call(*each) for each in noted]

    def states(self, inputs: Inputs, n_layers: int) -> Iterator[Hidden]:
        """Yield the embeddings and the vectors after each of the lowest layers; those above are not run.

        Args:
            inputs: The model's inputs.
            n_layers: How many layers to run.
        """
        hidden, calls = self.take_apart(inputs)
        yield hidden
        for layer, call in zip(self.layers[:n_layers], calls, strict=False):
            hidden = call(layer, hidden)
            yield hidden

    def _call(self, args: Args, kwargs: Kwargs) -> LayerCall:
        def call(layer: nn.Module, hidden: Hidden) -> Hidden:
            args_here, kwargs_here = _with_hidden(hidden, args, kwargs)
            output = layer(*args_here, **kwargs_here)
            result: Hidden = output[0] if self._n_outputs else output
            return result

        return call

    @contextmanager
    def _passing_on(self, n_layers: int, hidden: Hidden | None = None) -> Iterator[None]:
        """Make the lowest layers return the given vectors, or those they get, without computing anything."""

        def forward(*args: Any, **kwargs: Any) -> Any:
            output = _hidden_of(args, kwargs) if hidden is None else hidden
            return (output, *[None] * (self._n_outputs - 1)) if self._n_outputs else output

        try:
            for layer in self.layers[:n_layers]:
                layer.forward = forward
            yield
        finally:
            for layer in self.layers[:n_layers]:
                layer.__dict__.pop("forward", None)

    def _try_out(self) -> tuple[int, bool]:
        """Return how long a tuple layers return (0 for bare vectors), and whether nothing comes after the last.

        Refuses a model that runs its layers out of order.
        """
        outputs: list[tuple[nn.Module, Any]] = []

        def note(layer: nn.Module, args: Args, output: Any) -> None:
            del args
            outputs.append((layer, output))

        with _hooks([layer.register_forward_hook(note) for layer in self.layers]), torch.no_grad():
            ones = torch.ones((1, 2), dtype=torch.int64, device=self._model.device)
            top = self._run({"input_ids": ones, "attention_mask": ones})
        if [layer for layer, _ in outputs] != list(self.layers):
            raise ModelError(
                "The model does not run its layers one after another.",
                where=type(self._model).__name__,
                expected=f"each of {len(self.layers)} layers once, in their order",
                got=f"{len(outputs)} calls",
            )
        last = outputs[-1][1]
        if isinstance(last, tuple):
            return len(last), last[0] is top
        return 0, last is top

    def _run(self, inputs: Inputs) -> Hidden:
        model: Any = self._model
        hidden: Hidden = model(**inputs).last_hidden_state
        return hidden


def truncate(model: PreTrainedModel, n_layers: int) -> None:
    """Leave out the upper layers, in place; a normalisation after the last layer stays.

    Args:
        model: The transformer, without a task head.
        n_layers: How many layers to keep, from 1.

    Raises:
        ModelError: The model has fewer layers, or they are no modules of their own.
    """
    layers = _find_layers(model)
    if not 1 <= n_layers <= len(layers):
        raise ModelError(
            "The model cannot be cut there.",
            expected=f"a layer from 1 to {len(layers)}",
            got=n_layers,
        )
    config: Any = model.config
    for name, value in list(vars(config).items()):  # such as the kind of attention of each layer
        if isinstance(value, list) and len(value) == len(layers):
            setattr(config, name, value[:n_layers])
    del layers[n_layers:]
    config.num_hidden_layers = n_layers


def _find_layers(model: PreTrainedModel) -> nn.ModuleList:
    config: Any = model.config
    found = [
        module
        for module in nn.Module.modules(model)
        if isinstance(module, nn.ModuleList) and len(module) == config.num_hidden_layers
    ]
    distinct = {id(layer) for each in found for layer in each}
    if len(found) != 1 or len(distinct) != config.num_hidden_layers:
        raise ModelError(
            "The model's layers cannot be told apart.",
            where=type(model).__name__,
            expected=f"one list of {config.num_hidden_layers} layers with weights of their own",
            got=f"{len(found)} such lists",
        )
    return found[0]


@contextmanager
def _hooks(handles: Sequence[RemovableHandle]) -> Iterator[None]:
    """Take the hooks off at the end."""
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hidden_of(args: Args, kwargs: Kwargs) -> Hidden:
    hidden: Hidden = args[0] if args else kwargs["hidden_states"]
    return hidden


def _with_hidden(hidden: Hidden, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    return ((hidden, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": hidden})
