"""Which weights of a model a landscape moves, as one long vector."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from tunescope._core.errors import InputError
from tunescope.landscapes.flat_vectors import Flat
from tunescope.measures.weights.weight_change import part_of_parameter
from tunescope.models.task_model import TaskModel

__all__ = ["MovedWeights", "layer_of"]

_ENCODER, _HEAD = "encoder.", "head."


@dataclass(frozen=True, eq=False)
class MovedWeights:
    """Some parameters of a module, in the order of the module; a shared parameter is there once.

    Attributes:
        parameters: The parameters by name.
    """

    parameters: Mapping[str, nn.Parameter]

    @classmethod
    def of(
        cls, model: TaskModel, *, layers: Collection[int] | None = None, head: bool = True
    ) -> MovedWeights:
        """Return the weights of a task model.

        Args:
            model: The model.
            layers: Which layers move, 0 for the embeddings; ``None`` for the whole encoder. Weights that belong to no
                layer (a normalisation after the last, a pooler) move only with the whole encoder.
            head: Whether the head's weights move, too.

        Raises:
            InputError: There is no such layer, or nothing is left to move.
        """
        chosen = {
            name: parameter
            for name, parameter in nn.Module.named_parameters(model)
            if (head and name.startswith(_HEAD))
            or (name.startswith(_ENCODER) and (layers is None or layer_of(name) in layers))
        }
        missing = sorted(set(layers or ()) - {layer_of(name) for name in chosen})
        if missing or not chosen:
            n_layers = model.encoder.config.num_hidden_layers
            raise InputError(
                "There is no such layer to move." if missing else "There are no weights to move.",
                where="layers",
                expected=f"layers from 0 (the embeddings) to {n_layers}",
                got=", ".join(map(str, missing)) or "none",
            )
        return cls(chosen)

    def __len__(self) -> int:
        """Return the number of weights."""
        return sum(self.sizes)

    @cached_property
    def sizes(self) -> list[int]:
        """How many weights each parameter has."""
        return [parameter.numel() for parameter in self.parameters.values()]

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(iter(self.parameters.values())).device

    def flat(self, state: Mapping[str, torch.Tensor] | None = None) -> Flat:
        """Return a state's values of these weights, a copy in float32 on the parameters' device.

        Args:
            state: Tensors by the names of the parameters; ``None`` for the values that the module has now.

        Raises:
            InputError: The state lacks one of the parameters, or has it in another shape.
        """
        values = self.parameters if state is None else state
        self.check(values)
        return torch.cat(
            [values[name].detach().reshape(-1).to(self.device, torch.float32) for name in self.parameters]
        )

    def check(self, state: Mapping[str, torch.Tensor]) -> None:
        """Refuse a state that lacks one of the parameters, or has it in another shape.

        Raises:
            InputError: It does.
        """
        for name, parameter in self.parameters.items():
            got = state[name].shape if name in state else None
            if got != parameter.shape:
                raise InputError(
                    "The states are not of one architecture.",
                    where=name,
                    expected=f"shape {tuple(parameter.shape)}",
                    got="no such parameter" if got is None else f"shape {tuple(got)}",
                )

    def split(self, flat: Flat) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each parameter's name and its part of a long vector, a view in the parameter's shape."""
        parts = torch.split(flat, self.sizes)
        for (name, parameter), part in zip(self.parameters.items(), parts, strict=True):
            yield name, part.view(parameter.shape)


def layer_of(name: str) -> int | None:
    """Return the layer that a parameter belongs to: 0 for the embeddings, ``None`` where it is of none."""
    part = part_of_parameter(name.removeprefix(_ENCODER))
    if part == "embeddings":
        return 0
    return int(part.rpartition(" ")[2]) if part.startswith("layer ") else None
