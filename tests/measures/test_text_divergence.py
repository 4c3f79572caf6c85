"""The divergence of texts: against its formula, its bounds and invariances, its interval, and degenerate input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from tunescope._core.errors import InputError
from tunescope.measures.text_divergence import term_divergence, text_divergence

_COUNTS = st.lists(st.integers(0, 20), min_size=5, max_size=5).map(np.array)


def _naive(first: np.ndarray, second: np.ndarray) -> float:
    """Return the divergence term by term, as in the docstring."""
    p, q = first / first.sum(), second / second.sum()
    total = 0.0
    for one, other in zip(p, q, strict=True):
        mean = (one + other) / 2
        total += 0.5 * one * math.log2(one / mean) if one else 0.0
        total += 0.5 * other * math.log2(other / mean) if other else 0.0
    return total


@given(_COUNTS, _COUNTS)
def test_it_equals_its_formula(first: np.ndarray, second: np.ndarray) -> None:
    found = term_divergence(first, second)
    if first.sum() and second.sum():
        assert found == pytest.approx(_naive(first, second), abs=1e-12)
        assert 0 <= found <= 1 + 1e-12
        assert found == pytest.approx(term_divergence(second, first), abs=1e-12)
        assert found == pytest.approx(term_divergence(3 * first, second), abs=1e-12)
    else:
        assert math.isnan(found)


def test_texts_without_a_common_term_are_one_bit_apart() -> None:
    assert term_divergence(np.array([1, 2, 0, 0]), np.array([0, 0, 3, 4])) == pytest.approx(1.0)


def test_sparse_and_dense_counts_give_the_same() -> None:
    counts = np.random.default_rng(0).poisson(0.3, size=(40, 30))
    other = counts[:20].sum(axis=0)
    dense, sparse = (
        text_divergence(each, other, rng=np.random.default_rng(1)) for each in (counts, csr_array(counts))
    )
    assert dense == sparse
    assert 0 <= dense.low < dense.value < dense.high <= 1


def test_the_interval_covers_the_divergence_of_the_population() -> None:
    """Terms of a sentence share a topic, so that sentences and not terms are the units."""
    rng = np.random.default_rng(0)
    topics = rng.dirichlet(np.full(12, 0.5), size=4)
    other = rng.integers(1, 50, size=12)
    truth = term_divergence((1e6 * topics.mean(axis=0)).astype(np.int64), other)
    hits = 0
    for _ in range(200):
        sentences = np.array([rng.multinomial(20, topics[rng.integers(4)]) for _ in range(400)])
        found = text_divergence(sentences, other, rng=rng, n_resamples=100)
        hits += found.low <= truth <= found.high
    assert 0.90 <= hits / 200 <= 0.99


def test_what_is_undefined_says_so() -> None:
    found = text_divergence(np.zeros((8, 3), dtype=int), np.ones(3, dtype=int), rng=np.random.default_rng(0))
    assert math.isnan(found.value)
    assert found.status == "undefined: a text has no term"
    few = text_divergence(np.eye(3, dtype=int), np.ones(3, dtype=int), rng=np.random.default_rng(0))
    assert few.value == 0.0
    assert math.isnan(few.low)


def test_texts_that_count_other_terms_are_refused() -> None:
    with pytest.raises(InputError, match="4 terms"):
        text_divergence(np.ones((8, 4), dtype=int), np.ones(3, dtype=int), rng=np.random.default_rng(0))
