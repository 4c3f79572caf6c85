"""Many edge probes at once, as one set of tensors whose first axis is the probe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int, Shaped
from torch import Tensor
from torch.nn import functional

from tunescope.measures.probing.labelled_spans import LayerWords, Spans, words_in_spans

__all__ = [
    "EdgeSize",
    "Examples",
    "PartWords",
    "edge_logits",
    "gather",
    "initial_weights",
    "layer_weights",
    "pieces",
    "pooled",
]

_BYTES_OF_A_PIECE = 2**28
_BYTES_OF_A_NUMBER = 4
_COPIES = 3  # activations, their gradients, and what is in between


@dataclass(frozen=True)
class EdgeSize:
    """The sizes of an edge probe.

    Attributes:
        n_layers: Layers that may be mixed.
        hidden_size: Size of a word's vector.
        n_parts: 1 for spans, 2 for pairs of spans.
        projection_size: Size of a projected word, and of the classifier's hidden layer.
        n_labels: Number of classes.
    """

    n_layers: int
    hidden_size: int
    n_parts: int
    projection_size: int
    n_labels: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each kind of parameter."""
        size = self.projection_size
        return {
            "mix": (self.n_layers,),
            "gamma": (1,),
            "projection": (self.n_parts, self.hidden_size, size),
            "projection_bias": (self.n_parts, size),
            "attention": (self.n_parts, size),
            "inner": (self.n_parts * size, size),
            "inner_bias": (size,),
            "norm": (size,),
            "norm_bias": (size,),
            "outer": (size, self.n_labels),
            "outer_bias": (self.n_labels,),
        }

    def words_at_once(self, n_probes: int) -> int:
        """Return how many words so many probes can read in bounded memory; at least 1."""
        per_word = self.n_layers * self.hidden_size
        per_word += _COPIES * n_probes * (self.hidden_size + 2 * self.projection_size)
        return max(1, _BYTES_OF_A_PIECE // (_BYTES_OF_A_NUMBER * per_word))

    def unpack(self, theta: Tensor) -> dict[str, Tensor]:
        """Return the parameters by name, (probe, …), of flat ones, (probe, number)."""
        flat = torch.split(theta, [math.prod(shape) for shape in self.shapes.values()], dim=1)
        return {
            name: part.view(-1, *shape) for part, (name, shape) in zip(flat, self.shapes.items(), strict=True)
        }


def initial_weights(size: EdgeSize, seed: int) -> Tensor:
    """Return the flat parameters that every probe starts from: PyTorch's usual ones, and a uniform mix."""
    generator = torch.Generator().manual_seed(seed)
    inputs = {
        "projection": size.hidden_size,
        "attention": size.projection_size,
        "inner": size.n_parts * size.projection_size,
        "outer": size.projection_size,
    }
    parts = []
    for name, shape in size.shapes.items():
        n_inputs = inputs.get(name.removesuffix("_bias"))
        if n_inputs is None:
            part = torch.full(shape, 1.0 if name in ("gamma", "norm") else 0.0)
        else:
            part = (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(n_inputs)
        parts.append(part.flatten())
    return torch.cat(parts)


@dataclass(frozen=True)
class PartWords:
    """The words of the first spans of some examples, or of the second ones.

    Attributes:
        vectors: Shape (layer, word, hidden), float32.
        inside: Shape (example, word); which words are in the span of which example. ``None`` where word i is the
            whole span of example i.
    """

    vectors: Tensor
    inside: Tensor | None


class Examples(NamedTuple):
    """Spans, the vectors of all words, and the number of each example's class."""

    vectors: LayerWords
    spans: Spans
    gold: Int[np.ndarray, " example"]

    def some(self, chosen: Shaped[np.ndarray, " chosen"] | slice) -> Examples:
        """Return some of the examples, on the same vectors."""
        return Examples(self.vectors, self.spans[chosen], self.gold[chosen])


def gather(vectors: LayerWords, spans: Spans, device: torch.device) -> list[PartWords]:
    """Return the words of some spans, and no others, for each part of a pair."""
    parts = []
    for part in range(spans.shape[1]):
        words, example = words_in_spans(spans[:, part])
        with np.errstate(over="ignore"):  # a loss that is not finite is told as such
            chosen = torch.from_numpy(np.take(vectors, words, axis=1).astype(np.float32, copy=False))
        inside = None
        if len(words) > len(spans):
            inside = torch.from_numpy(example == np.arange(len(spans))[:, None]).to(device)
        parts.append(PartWords(chosen.to(device), inside))
    return parts


def layer_weights(mix: Tensor, allowed: Tensor) -> Tensor:
    """Return softmax weights over the layers that each probe may read, (probe, layer); 0 for the others."""
    return mix.masked_fill(~allowed, -torch.inf).softmax(dim=1)


def edge_logits(
    weights: dict[str, Tensor], allowed: Tensor, parts: list[PartWords], dropped: Tensor | None = None
) -> Tensor:
    """Return the logit of every label, (probe, example, label).

    Args:
        weights: The parameters by name.
        allowed: Shape (probe, layer); which layers each probe mixes.
        parts: The words of the examples' spans.
        dropped: Shape (example, projection); what the classifier's hidden layer is multiplied by in training.
    """
    mix = layer_weights(weights["mix"], allowed) * weights["gamma"]
    projections = zip(
        *(weights[name].unbind(1) for name in ("projection", "projection_bias", "attention")), strict=True
    )
    spans = torch.cat(
        [pooled(mix, words, *own) for words, own in zip(parts, projections, strict=True)], dim=2
    )
    hidden = torch.tanh(torch.baddbmm(weights["inner_bias"][:, None], spans, weights["inner"]))
    hidden = functional.layer_norm(hidden, hidden.shape[2:])
    hidden = hidden * weights["norm"][:, None] + weights["norm_bias"][:, None]
    if dropped is not None:
        hidden = hidden * dropped
    return torch.baddbmm(weights["outer_bias"][:, None], hidden, weights["outer"])


def pooled(mix: Tensor, words: PartWords, projection: Tensor, bias: Tensor, attention: Tensor) -> Tensor:
    """Return a vector for each span, (probe, example, projection): the mean of its projected words under attention."""
    mixed = (mix @ words.vectors.flatten(1)).view(-1, *words.vectors.shape[1:])
    projected = torch.baddbmm(bias[:, None], mixed, projection)
    if words.inside is None:  # the softmax over a single word is 1
        return projected
    score = (projected @ attention[:, :, None]).transpose(1, 2)
    return score.masked_fill(~words.inside, -torch.inf).softmax(dim=2) @ projected


def pieces(spans: Spans, n_words: int, n_examples: int) -> Iterator[slice]:
    """Yield runs of at most so many examples, and so many words unless a single example has more."""
    lengths = (spans[..., 1] - spans[..., 0]).sum(axis=1)
    start, total = 0, 0
    for example, length in enumerate(lengths.tolist()):
        if example > start and (total + length > n_words or example - start == n_examples):
            yield slice(start, example)
            start, total = example, 0
        total += length
    yield slice(start, len(lengths))
