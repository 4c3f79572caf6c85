from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from tunescope._core.errors import InputError
from tunescope.measures.similarity.pair_ranks import (
    N_BINS,
    _ranks_by_counting,
    _ranks_by_sorting,
    pair_ranks,
)
from tunescope.measures.similarity.pair_sums import BLOCK, FillRows
from tunescope.measures.similarity.pair_values import pair_values


def rows_of(matrix: np.ndarray) -> FillRows:
    def fill(start: int, stop: int, out: np.ndarray) -> None:
        out[:] = matrix[start:stop, start:]

    return fill


def of_pairs(fill: FillRows, n: int) -> np.ndarray:
    whole = np.empty((n, n))
    fill(0, n, whole)
    return whole[np.triu_indices(n, 1)]


@settings(max_examples=30)
@given(arrays(np.float64, 36, elements=st.integers(-5, 5).map(float)))
def test_ties_are_averaged(values: np.ndarray) -> None:
    ranks = of_pairs(pair_ranks(rows_of(squareform(values)), 9, largest=5.0), 9)
    assert (ranks * 36 + 37) / 2 == pytest.approx(rankdata(values), abs=1e-9)


def test_blocks_stand_where_they_belong(rng: np.random.Generator) -> None:
    n = BLOCK + 80
    values = rng.normal(size=n * (n - 1) // 2)
    fill = rows_of(squareform(values))
    assert np.array_equal(pair_values(fill, n), values)
    ranks = pair_ranks(fill, n, largest=10.0)
    below = np.empty((n - BLOCK, n - BLOCK))
    ranks(BLOCK, n, below)
    expected = (2 * rankdata(values) - len(values) - 1) / len(values)
    assert of_pairs(ranks, n) == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(np.triu(below, 1), np.triu(squareform(of_pairs(ranks, n))[BLOCK:, BLOCK:], 1))


def test_differences_of_rounding_are_ties() -> None:
    values = np.array([0.3, 0.1 + 0.2, 0.5])
    assert of_pairs(pair_ranks(rows_of(squareform(values)), 3, largest=1.0), 3) == pytest.approx(
        [-1 / 3, -1 / 3, 2 / 3]
    )


@pytest.mark.parametrize(("n", "table"), [(1400, 0), (2000, 40 * N_BINS)])
def test_a_pair_takes_as_many_bytes_as_the_documentation_says(
    n: int, table: int, rng: np.random.Generator
) -> None:
    matrix = rng.normal(size=(n, n))
    tracemalloc.start()
    try:
        ranks = pair_ranks(rows_of(matrix), n, largest=10.0)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    n_pairs = n * (n - 1) / 2
    assert kept / n_pairs < 4.1
    assert (peak - table) / n_pairs < 45
    assert callable(ranks)


def test_counting_ranks_as_sorting_does_and_is_left_where_it_would_not(rng: np.random.Generator) -> None:
    values = rng.normal(size=N_BINS)
    counted, in_order = _ranks_by_counting(values), _ranks_by_sorting(values.copy(), 10.0)
    assert counted is not None
    assert np.corrcoef(counted, in_order)[0, 1] == pytest.approx(1, abs=1e-9)
    assert abs(counted.mean()) < 1e-6 * len(values)
    assert np.allclose((in_order.astype(np.int64) + len(values) + 1) / 2, rankdata(values), atol=2)
    values[0] = 1e6  # leaves a few bins to all others
    assert _ranks_by_counting(values) is None


def test_equal_values_are_sorted() -> None:
    assert _ranks_by_counting(np.ones(9)) is None
    assert not _ranks_by_sorting(np.ones(9), 1.0).any()


def test_too_many_examples_are_refused() -> None:
    with pytest.raises(InputError, match="sample the examples"):
        pair_ranks(rows_of(np.eye(2)), 65_537, largest=1.0)
