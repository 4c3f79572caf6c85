from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import interval
from tunescope.measures.resampling_bias import unless_biased
from tunescope.measures.similarity.canonical_correlation import (
    canonical_correlations,
    directions_kept,
    pwcca,
    pwcca_estimate,
    svcca,
    svcca_estimate,
)

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]
ESTIMATES = pytest.mark.parametrize("estimate", [svcca_estimate, pwcca_estimate])


def naive_cca(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenproblem of the covariances, written out: correlations, and the variates of X as unit columns."""
    x, y = x - x.mean(0), y - y.mean(0)
    xx, yy, xy = x.T @ x, y.T @ y, x.T @ y
    values, directions = np.linalg.eig(np.linalg.solve(xx, xy) @ np.linalg.solve(yy, xy.T))
    order = np.argsort(-values.real)[: min(x.shape[1], y.shape[1])]
    variates = x @ directions.real[:, order]
    return np.sqrt(values.real[order]), variates / np.linalg.norm(variates, axis=0)


def naive_truncated(x: np.ndarray, variance: float) -> np.ndarray:
    left, sizes, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    kept = 1
    while (sizes[:kept] ** 2).sum() < variance * (sizes**2).sum():
        kept += 1
    return left[:, :kept] * sizes[:kept]


@pytest.mark.parametrize(("columns", "others"), [(4, 4), (4, 2), (2, 5)])
def test_the_definitions(columns: int, others: int, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    x, y = x[:, :columns], y[:, -others:] + 0.5 * x[:, :1]
    correlations, variates = naive_cca(x, y)
    assert canonical_correlations(x, y) == pytest.approx(correlations, abs=1e-10)
    assert svcca(x, y, variance=1) == pytest.approx(correlations.mean(), abs=1e-10)
    weights = [sum(abs(h @ column) for column in (x - x.mean(0)).T) for h in variates.T]
    assert pwcca(x, y) == pytest.approx(np.average(correlations, weights=weights), abs=1e-10)


@pytest.mark.parametrize("variance", [0.5, 0.9, 0.99])
def test_svcca_is_the_mean_correlation_after_truncation(
    variance: float, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, _ = draw_pair(rng, n_sentences=50, hidden=8)
    first, second = naive_truncated(x, variance), naive_truncated(y, variance)
    assert svcca(x, y, variance=variance) == pytest.approx(naive_cca(first, second)[0].mean(), abs=1e-9)
    assert directions_kept(x, variance=variance) == first.shape[1]
    assert directions_kept(x, variance=variance) == PCA(n_components=variance).fit(x).n_components_


def test_scikit_learn_agrees(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 3))
    y = x @ rng.normal(size=(3, 3)) + rng.normal(size=(200, 3)) * [0.3, 1, 3]
    theirs = CCA(n_components=3, tol=1e-12, max_iter=20_000).fit(x, y)
    pairs = zip(*(scores.T for scores in theirs.transform(x, y)), strict=True)
    expected = sorted((np.corrcoef(a, b)[0, 1] for a, b in pairs), reverse=True)
    assert canonical_correlations(x, y) == pytest.approx(expected, abs=1e-6)


def test_known_answers() -> None:
    """Three uncorrelated patterns over eight examples: shared, half shared, and of one only."""
    a, b, c = (np.array([1.0 if row >> bit & 1 else -1.0 for row in range(8)]) for bit in range(3))
    x, y = np.column_stack([a, b]), np.column_stack([a, b + math.sqrt(3) * c])
    assert canonical_correlations(x, y) == pytest.approx([1, 0.5])
    assert svcca(x, y) == pytest.approx(0.75)
    assert pwcca(x * [3, 1], y) == pytest.approx((3 * 1 + 1 * 0.5) / 4)
    assert pwcca(y, x) == pytest.approx((1 + 2 * 0.5) / 3)  # b + √3 c is twice as long


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-100, 100))
def test_invariance_and_range(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 3))
    y = x @ rng.normal(size=(3, 4)) + rng.normal(size=(40, 4))
    rotation, other = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (3, 4))
    mixing = other * [1, 2, 3, 4] + 0.1
    order = rng.permutation(40)
    for measure in (svcca, pwcca):
        figure = measure(x, y)
        assert 0 <= figure <= 1
        assert measure(x[order], y[order]) == pytest.approx(figure, abs=1e-9)
        assert measure(scale * x + shift, scale * y @ other - shift) == pytest.approx(figure, abs=1e-7)
        assert measure(x, x @ rotation) == pytest.approx(1)
    assert svcca(x @ rotation, y) == pytest.approx(svcca(x, y), abs=1e-9)
    assert svcca(y, x) == pytest.approx(svcca(x, y), abs=1e-9)
    assert svcca(x, y @ mixing, variance=1) == pytest.approx(svcca(x, y, variance=1), abs=1e-7)
    assert pwcca(x, y @ mixing) == pytest.approx(pwcca(x, y), abs=1e-7)


def test_the_weights_come_from_x_and_its_axes(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 3)) * [5, 1, 1]
    y = np.column_stack([0.2 * x[:, 0], *(5 * rng.normal(size=(2, 200)))])
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    assert abs(pwcca(x, y) - pwcca(y, x)) > 0.05
    assert abs(pwcca(x, y) - pwcca(x @ rotation, y)) > 0.01


def test_extreme_scales_and_a_far_origin_cost_no_precision(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    for measure in (svcca, pwcca):
        assert measure(x * 1e-170, y * 1e170) == pytest.approx(measure(x, y))
        assert measure(x + 1e4, y) == pytest.approx(measure(x, y), abs=1e-8)


@pytest.mark.parametrize("n", [100, 400, 1600])
def test_unrelated_vectors_correlate_by_as_much_as_is_documented(n: int, rng: np.random.Generator) -> None:
    squares = [canonical_correlations(*rng.normal(size=(2, n, 16))) ** 2 for _ in range(20)]
    assert np.mean(squares) == pytest.approx(16 / (n - 1), rel=0.1)


def test_correlations_that_are_one_by_construction_are_undefined(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 13, 6))
    assert 0 < svcca(x, y, variance=1) < 1
    assert canonical_correlations(x[:12], y[:12]) == pytest.approx([math.nan] * 6, nan_ok=True)
    assert math.isnan(svcca(x[:12], y[:12], variance=1))
    assert math.isnan(pwcca(x[:12], y[:12]))
    estimate = pwcca_estimate(x[:12], y[:12], np.arange(12), rng=rng)
    assert math.isnan(estimate.value)
    assert (
        estimate.status == "undefined: with 12 examples for 6 and 6 directions, correlations of 1 are certain"
    )
    spread = [10, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3]
    assert math.isfinite(svcca(x[:12] * spread, y[:12] * spread))  # few directions are left after truncation


def test_dependent_columns_count_once(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng, hidden=4)
    doubled = np.concatenate([x, x @ rng.normal(size=(4, 30))], axis=1)
    assert canonical_correlations(doubled, y) == pytest.approx(canonical_correlations(x, y))
    assert directions_kept(doubled, variance=1) == 4


@ESTIMATES
def test_degenerate_vectors_are_nan_with_a_status(
    estimate: Callable[..., Estimate], draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    constant = np.ones_like(y)
    assert math.isnan(svcca(x, constant))
    assert math.isnan(pwcca(x, constant))
    assert np.isnan(canonical_correlations(x, constant)).all()
    assert directions_kept(constant) == 0
    undefined = estimate(constant, y, sentences, rng=rng)
    assert math.isnan(undefined.value)
    assert undefined.status == "undefined: all rows of x are equal"


@ESTIMATES
def test_the_estimate_agrees_with_the_function_and_the_seed(
    estimate: Callable[..., Estimate], draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng, n_sentences=300, hidden=2)
    first, again = (estimate(x, y, sentences, rng=np.random.default_rng(4)) for _ in range(2))
    assert first == again
    assert first.value == (svcca if estimate is svcca_estimate else pwcca)(x, y)
    assert 0 < first.low < first.value < first.high < 1
    assert (first.n_examples, first.n_sentences, first.status) == (1200, 300, "ok")


@ESTIMATES
def test_a_biased_figure_has_no_interval(estimate: Callable[..., Estimate], rng: np.random.Generator) -> None:
    """Unrelated vectors: the figure is far above 0, and its noise far below that."""
    x, y = rng.normal(size=(2, 300, 10))
    biased = estimate(x, y, np.arange(300) // 3, rng=rng)
    assert biased.value > 0.1
    assert not biased.has_interval
    assert biased.status.startswith("no interval: with 300 examples the figure is biased by about +0.0")


@ESTIMATES
def test_equal_representations_are_known_to_be_equal(
    estimate: Callable[..., Estimate], draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, _, sentences = draw_pair(rng, n_sentences=60, hidden=4)
    same = estimate(x, x, sentences, rng=rng)
    assert same.value == pytest.approx(1)
    assert same.low == pytest.approx(1, abs=1e-6)


@ESTIMATES
def test_one_sentence_has_a_figure_and_no_interval(
    estimate: Callable[..., Estimate], rng: np.random.Generator
) -> None:
    x, y = rng.normal(size=(2, 20, 3))
    single = estimate(x, y, np.zeros(20, dtype=int), rng=rng)
    assert math.isfinite(single.value)
    assert single.status == "no interval: 1 sentences, and it takes at least 5"


def test_an_estimate_without_an_interval_stays_as_it_is() -> None:
    figures = np.linspace(0, 1, 10)
    without = interval(0.5, figures, sentence_ids=np.zeros(4, dtype=int))
    assert unless_biased(without, figures) == without
    steady = interval(0.5, figures, sentence_ids=np.arange(40))
    assert unless_biased(steady, figures) == steady


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    x = rng.normal(size=(9, 2))
    for variance in (0, 1.01, math.nan):
        for measure in (svcca, canonical_correlations):
            with pytest.raises(InputError, match="variance is no share"):
                measure(x, x, variance=variance)
        with pytest.raises(InputError, match="variance is no share"):
            directions_kept(x, variance=variance)
        with pytest.raises(InputError, match="variance is no share"):
            svcca_estimate(x, x, np.arange(9), variance=variance, rng=rng)
    for measure in (svcca, pwcca, canonical_correlations):
        with pytest.raises(InputError, match="different numbers of rows"):
            measure(x, x[:8])
        with pytest.raises(InputError, match="at least 2 examples"):
            measure(x[:1], x[:1])
    for estimate in (svcca_estimate, pwcca_estimate):
        with pytest.raises(InputError, match="n_resamples is too small"):
            estimate(x, x, np.arange(9), n_resamples=9, rng=rng)
