"""Batches: every sequence once, within the budget, and the tight ones as cheap as can be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope.models.batching import BatchPlan, plan_batches, plan_tight_batches

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=60)


def _positions(plan: BatchPlan, lengths: np.ndarray) -> int:
    return sum(int(lengths[batch].max()) * len(batch) for batch in plan)


@given(LENGTHS, st.integers(1, 200))
def test_every_sequence_is_in_one_batch_within_the_budget(lengths: list[int], budget: int) -> None:
    array = np.array(lengths)
    for plan in (plan_batches(array, budget), plan_tight_batches(array, budget)):
        assert sorted(np.concatenate(plan).tolist()) == list(range(len(array)))
        assert all(len(batch) == 1 or array[batch].max() * len(batch) <= budget for batch in plan)
        longest = [int(array[batch].max()) for batch in plan]
        assert longest == sorted(longest, reverse=True)


def _cheapest(lengths: np.ndarray, budget: int) -> float:
    """Try every way to cut the lengths that occur into neighbours."""
    occurring = np.unique(lengths)[::-1]
    costs = []
    for n_cuts in range(len(occurring)):
        for cuts in combinations(range(1, len(occurring)), n_cuts):
            cost = 0.0
            for group in np.split(occurring, list(cuts)):
                n = int(np.isin(lengths, group).sum())
                cost += n * group[0] + budget / 16 * np.ceil(n / max(1, budget // group[0]))
            costs.append(cost)
    return min(costs)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(10, 120))
def test_tight_batches_are_the_cheapest(lengths: list[int], budget: int) -> None:
    array = np.array(lengths)
    plan = plan_tight_batches(array, budget)
    assert _positions(plan, array) + budget / 16 * len(plan) <= _cheapest(array, budget) + 1e-9


def test_little_of_real_lengths_is_padded() -> None:
    lengths = np.random.default_rng(0).poisson(8, 500) + 4
    tight, plain = (_positions(plan(lengths, 1024), lengths) for plan in (plan_tight_batches, plan_batches))
    assert lengths.sum() <= tight < 1.05 * lengths.sum()
    assert tight < 0.95 * plain


@pytest.mark.parametrize("plan", [plan_batches, plan_tight_batches])
def test_nothing_makes_no_batch(plan: object) -> None:
    assert callable(plan)
    assert plan(np.array([], dtype=int), 100) == []
