"""Both ways to pool give the mean of each part's positions; one of them can be differentiated twice."""

from __future__ import annotations

import torch

from tunescope.models.pooling import pool, pool_by_sums


def _parts() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    hidden = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return hidden, torch.tensor([0, 5, 6, 7, 2]), torch.tensor([0, 1, 4])


def test_both_ways_give_the_mean_of_each_part() -> None:
    hidden, positions, offsets = _parts()
    flat = hidden.reshape(-1, 3)
    expected = torch.stack([flat[0], flat[[5, 6, 7]].mean(0), flat[2]])
    for pooled in (pool, pool_by_sums):
        torch.testing.assert_close(pooled(hidden, positions, offsets), expected)


def test_sums_can_be_differentiated_twice() -> None:
    hidden, positions, offsets = _parts()
    assert torch.autograd.gradgradcheck(
        lambda each: pool_by_sums(each, positions, offsets) ** 2, hidden.requires_grad_(True)
    )
