"""Rollback: some layers of a fine-tuned model get their pre-trained weights back, and nothing is trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from tunescope._core.errors import InputError, ModelError
from tunescope.models.encoder import Encoder
from tunescope.models.heads.task_head import TaskHead
from tunescope.models.layer_stack import Hidden, LayerCall, LayerStack
from tunescope.models.prediction import predict_with
from tunescope.tasks.task import Examples

__all__ = ["predict_rolled_back", "rollback_variants", "thirds"]

Layers = frozenset[int]
"""Which layers are rolled back; 0 are the embeddings."""


def rollback_variants(n_layers: int) -> dict[str, Layers]:
    """Return what is usually rolled back, by name: each layer alone, the lower and the upper ones, and thirds.

    Args:
        n_layers: Layers of the model after the embeddings.

    >>> variants = rollback_variants(3)
    >>> sorted(variants["lower 2"]), sorted(variants["upper 2"]), sorted(variants["layer 0"])
    ([0, 1, 2], [2, 3], [0])
    """
    single = {f"layer {layer}": frozenset({layer}) for layer in range(n_layers + 1)}
    lower = {f"lower {n}": frozenset(range(n + 1)) for n in range(1, n_layers + 1)}
    upper = {f"upper {n}": frozenset(range(n_layers - n + 1, n_layers + 1)) for n in range(1, n_layers + 1)}
    return {
        **single,
        **lower,
        **upper,
        **{f"{name} third": layers for name, layers in thirds(n_layers).items()},
    }


def thirds(n_layers: int) -> dict[str, Layers]:
    """Return the low, middle and high layers, as far as there are any.

    >>> {name: sorted(layers) for name, layers in thirds(4).items()}
    {'low': [1], 'middle': [2, 3], 'high': [4]}
    >>> list(thirds(2))
    ['low', 'high']
    """
    ends = np.linspace(0, n_layers, 4).round().astype(int).tolist()
    names = ("low", "middle", "high")
    found = {
        name: frozenset(range(start + 1, end + 1))
        for name, (start, end) in zip(names, pairwise(ends), strict=True)
    }
    return {name: layers for name, layers in found.items() if layers}


def predict_rolled_back(
    base: Encoder, tuned: Encoder, head: TaskHead, examples: Examples, variants: Sequence[Collection[int]]
) -> list[np.ndarray]:
    """Return the predictions of a fine-tuned model with some of its layers rolled back, for each of many choices.

    Variants that agree up to some layer share what is computed up to there. What is no layer (a normalisation after
    the last one, tables of relative positions) stays as it was tuned.

    Args:
        base: The model before fine-tuning.
        tuned: The model after, of the same architecture.
        head: The task head that was trained with it.
        examples: Examples of the head's kind of target.
        variants: Which layers to roll back, 0 for the embeddings; none of them is the tuned model itself.

    Returns:
        What :func:`tunescope.models.prediction.predict` returns, for each variant.

    Raises:
        ModelError: The two differ in architecture, or their layers are no modules of their own.
        InputError: There is no such layer, or no variant.
    """
    stacks = _Stacks(LayerStack(base.model), LayerStack(tuned.model))
    chosen = [frozenset(variant) for variant in variants]
    _check(base, tuned, stacks, chosen)

    def forward(inputs: dict[str, torch.Tensor]) -> list[Float[torch.Tensor, "sequence position hidden"]]:
        top = stacks.run(inputs, chosen)
        return [top[variant] for variant in chosen]

    return predict_with(forward, tuned, head, examples)


@dataclass(frozen=True)
class _Stacks:
    """The layers of both models."""

    base: LayerStack
    tuned: LayerStack

    def run(self, inputs: Mapping[str, torch.Tensor], variants: Collection[Layers]) -> dict[Layers, Hidden]:
        """Return the top-layer vectors of each variant."""
        embeddings, calls = self.tuned.take_apart(inputs)
        found: dict[Layers, Hidden] = {}
        for rolled_back in (False, True):
            here = [variant for variant in variants if (0 in variant) == rolled_back]
            if here:
                start = self.base.take_apart(inputs)[0] if rolled_back else embeddings
                self._climb(1, start, here, calls, inputs, found)
        return found

    def _climb(
        self,
        layer: int,
        hidden: Hidden,
        variants: Collection[Layers],
        calls: Sequence[LayerCall],
        inputs: Mapping[str, torch.Tensor],
        found: dict[Layers, Hidden],
    ) -> None:
        """Run the layers from this one on, once for all variants that agree."""
        if layer > len(calls):
            top = self.tuned.run_from(len(calls), hidden, inputs)
            found.update(dict.fromkeys(variants, top))
            return
        for rolled_back in (False, True):
            here = [variant for variant in variants if (layer in variant) == rolled_back]
            if here:
                above = calls[layer - 1](self._module(layer, rolled_back=rolled_back), hidden)
                self._climb(layer + 1, above, here, calls, inputs, found)

    def _module(self, layer: int, *, rolled_back: bool) -> nn.Module:
        stack = self.base if rolled_back else self.tuned
        return stack.layers[layer - 1]


def _check(base: Encoder, tuned: Encoder, stacks: _Stacks, variants: Sequence[Layers]) -> None:
    shapes = [
        {name: tuple(weight.shape) for name, weight in stack.layers.named_parameters()}
        for stack in (stacks.base, stacks.tuned)
    ]
    if shapes[0] != shapes[1]:
        differ = sorted(
            name for name in {*shapes[0], *shapes[1]} if shapes[0].get(name) != shapes[1].get(name)
        )
        raise ModelError(
            "The two models differ in architecture, so that no layer can be rolled back.",
            where=f"{base.checkpoint.name} and {tuned.checkpoint.name}",
            expected=f"the same weights in all of {len(stacks.tuned)} layers",
            got=f"other shapes of {', '.join(differ[:3])}",
        )
    outside = sorted(
        {layer for variant in variants for layer in variant if not 0 <= layer <= len(stacks.tuned)}
    )
    if outside or not variants:
        raise InputError(
            "There is no such layer to roll back." if outside else "There is nothing to roll back.",
            where="variants",
            expected=f"layers from 0 (the embeddings) to {len(stacks.tuned)}",
            got=outside or "no variant",
        )
