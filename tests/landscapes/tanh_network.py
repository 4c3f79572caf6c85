"""A network of two layers whose dense Hessian is small, with its loss in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.autograd.functional import hessian

from tunescope.landscapes.hessian_products import BatchLosses

SIZES = (7, 1, 4)
N_EXAMPLES = sum(SIZES)


class TanhNetwork(nn.Module):
    """Two layers, whose dense Hessian is small."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 5)
        self.second = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.second(torch.tanh(self.first(x)))
        return result


def batches_of(
    network: Callable[[torch.Tensor], torch.Tensor],
    sizes: tuple[int, ...] = SIZES,
    dtype: Any = torch.float64,
) -> BatchLosses:
    """Return the cross-entropy on the same random examples, cut into batches of the given sizes."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(sum(sizes), 4, generator=generator, dtype=torch.float64).to(dtype)
    y = torch.randint(3, (sum(sizes),), generator=generator)

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        for part, labels in zip(x.split(list(sizes)), y.split(list(sizes)), strict=True):
            yield nn.functional.cross_entropy(network(part), labels), len(part)

    return losses


def dense_hessian(network: nn.Module, losses_of: Callable[[Any], BatchLosses]) -> torch.Tensor:
    """Return the Hessian of the mean over all examples, by torch's own means."""
    parameters = dict(network.named_parameters())
    sizes = [parameter.numel() for parameter in parameters.values()]

    def loss(flat: torch.Tensor) -> torch.Tensor:
        parts = zip(parameters.items(), flat.split(sizes), strict=True)
        weights = {name: part.view(parameter.shape) for (name, parameter), part in parts}
        return next(iter(losses_of(lambda x: torch.func.functional_call(network, weights, (x,)))()))[0]

    flat = torch.cat([parameter.detach().flatten() for parameter in parameters.values()])
    result: torch.Tensor = hessian(loss, flat)
    return result
