"""Intervals of curvature: over batches those of a mean over examples; a trace's cover over its random vectors, too."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.landscapes.curvature_intervals import estimate_over_batches, trace_estimate
from tunescope.landscapes.sharpness import HessianTrace
from tunescope.measures.intervals import mean_estimate


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _trace(of_batches: np.ndarray, of_probes: np.ndarray) -> HessianTrace:
    """Return a trace whose errors by batch and by random vector are those given, around 50."""
    forms = 50 + of_batches[:, None] + of_probes
    per_probe = forms.mean(axis=0)
    return HessianTrace(
        value=float(forms.mean()),
        standard_error=float(per_probe.std(ddof=1) / math.sqrt(len(of_probes))),
        per_probe=per_probe,
        per_batch=forms.mean(axis=1),
        n_examples=np.full(len(of_batches), 10),
        loss=1.0,
    )


def test_the_interval_over_batches_is_that_of_a_mean_over_examples(rng: np.random.Generator) -> None:
    values, counts = rng.normal(size=20), rng.integers(1, 9, 20)
    found = estimate_over_batches(values, counts, rng=np.random.default_rng(1))
    batches = np.repeat(np.arange(20), counts)
    assert found == mean_estimate(values[batches], batches, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(np.average(values, weights=counts))
    assert (found.n_sentences, found.n_examples) == (20, counts.sum())
    few = estimate_over_batches([1.0, 2.0], [1, 1], rng=rng)
    assert few.value == 1.5
    assert not few.has_interval
    undefined = estimate_over_batches([1.0, math.nan], [1, 1], rng=rng)
    assert math.isnan(undefined.value)
    assert "not finite" in undefined.status


@pytest.mark.parametrize("spreads", [(6.0, 0.5), (0.5, 6.0), (4.0, 4.0)])
def test_the_interval_of_a_trace_covers(spreads: tuple[float, float], rng: np.random.Generator) -> None:
    covered = []
    for _ in range(300):
        drawn = (rng.normal(0, spread, n) for spread, n in zip(spreads, (24, 8), strict=True))
        found = trace_estimate(_trace(*drawn), n_resamples=50, rng=rng)
        covered.append(found.low <= 50 <= found.high)
    assert 0.91 <= np.mean(covered) <= 0.99


def test_without_an_error_by_random_vectors_it_is_that_over_batches(rng: np.random.Generator) -> None:
    trace = _trace(rng.normal(size=24), np.zeros(8))
    found = trace_estimate(trace, rng=np.random.default_rng(0))
    over = estimate_over_batches(trace.per_batch, trace.n_examples, rng=np.random.default_rng(0))
    assert (found.low, found.high) == pytest.approx((over.low, over.high))


def test_a_trace_of_few_batches_or_none_has_no_interval(rng: np.random.Generator) -> None:
    few = trace_estimate(_trace(np.array([1.0, -1.0]), np.ones(4)), rng=rng)
    assert (few.value, few.has_interval) == (51.0, False)
    undefined = trace_estimate(_trace(np.array([1.0, math.nan]), np.ones(4)), rng=rng)
    assert math.isnan(undefined.value)
    assert "not finite" in undefined.status


def test_bad_settings(rng: np.random.Generator) -> None:
    for values, counts, message in (
        ([1.0, 2.0], [1], "one value"),
        ([], [], "one value"),
        ([1.0, 2.0], [1, 0], "whole numbers from 1"),
        ([1.0, 2.0], [1.0, 2.0], "whole numbers from 1"),
    ):
        with pytest.raises(InputError, match=message):
            estimate_over_batches(values, counts, rng=rng)
    with pytest.raises(InputError, match="level"):
        estimate_over_batches([1.0], [1], level=2.0, rng=rng)
