from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.similarity.rsa import _correlations, rsa, rsa_estimate

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]

SIMILARITIES = ("cosine", "correlation", "euclidean")
VARIANTS = [(similarity, compare) for similarity in SIMILARITIES for compare in ("pearson", "spearman")]
ALL = pytest.mark.parametrize(("similarity", "compare"), VARIANTS)


def naive(x: np.ndarray, y: np.ndarray, similarity: str, compare: str) -> float:
    correlate = pearsonr if compare == "pearson" else spearmanr
    return float(correlate(-pdist(x, similarity), -pdist(y, similarity)).statistic)


@ALL
def test_the_formulas(similarity: Any, compare: Any, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng, n_sentences=150)  # more rows than one block
    for pair in ((x, y), (x[:7], y[:7, :3]), (x.astype(np.float32), y[:, :5])):
        expected = naive(pair[0].astype(float), pair[1].astype(float), similarity, compare)
        assert rsa(*pair, similarity=similarity, compare=compare) == pytest.approx(expected, abs=1e-9)


def test_the_defaults_are_cosine_and_pearson(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert rsa(x, y) == rsa(x, y, similarity="cosine", compare="pearson")


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_equal_similarities_are_ties(similarity: Any, rng: np.random.Generator) -> None:
    """Vectors of zeros and ones have a few similarities each, which rounding must not tell apart."""
    x, y = (rng.random((2, 60, 6)) < 0.5).astype(float)
    x[:, 0], y[:, 0], x[:, 1], y[:, 1] = 1, 1, 0, 0
    x[30:] = x[:30]
    ranks = [np.round(pdist(each, similarity), 10) for each in (x, y)]
    figure = rsa(x, y, similarity=similarity, compare="spearman")
    assert figure == pytest.approx(spearmanr(*ranks).statistic, abs=1e-9)


def test_known_answers() -> None:
    """Distances 1, 2, 3 against 1, 4, 5: the same order, and Pearson's r is 4 / √(2 · 26/3)."""
    x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [1.0], [5.0]])
    assert rsa(x, y, similarity="euclidean", compare="spearman") == pytest.approx(1)
    assert rsa(x, y, similarity="euclidean") == pytest.approx(4 / math.sqrt(2 * 26 / 3))


@ALL
def test_the_estimate_agrees_with_the_function_and_the_seed(
    similarity: Any, compare: Any, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    first, again = (
        rsa_estimate(x, y, sentences, similarity=similarity, compare=compare, rng=np.random.default_rng(5))
        for _ in range(2)
    )
    assert first == again
    assert first.value == pytest.approx(rsa(x, y, similarity=similarity, compare=compare), abs=1e-12)
    assert first.low < first.value < first.high


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_halves_equal_recomputation(similarity: Any, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng, n_sentences=150)
    halves = half_samples(sentences, 6, rng)
    together = _correlations(x, y, halves.T.astype(float), similarity)
    recomputed = [rsa(x[half], y[half], similarity=similarity) for half in halves]
    assert together == pytest.approx(recomputed, abs=1e-9)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_ranks_among_all_pairs_serve_for_halves(
    similarity: Any, noise: float, draw_pair: Draw, rng: np.random.Generator
) -> None:
    """Against ranks among the half's own pairs: the figures nearly, and the standard error to a tenth."""
    x, y, sentences = draw_pair(rng, noise=noise)
    halves = half_samples(sentences, 60, rng)
    together = _correlations(x, y, halves.T.astype(float), similarity, "spearman")
    anew = np.array([rsa(x[half], y[half], similarity=similarity, compare="spearman") for half in halves])
    assert np.abs(together - anew).max() < 0.02
    assert together.std() == pytest.approx(anew.std(), rel=0.1)


@pytest.mark.slow
def test_intervals_of_ranked_correlations_cover(draw_pair: Draw, rng: np.random.Generator) -> None:
    options: Any = {"similarity": "correlation", "compare": "spearman"}
    truth = rsa(*draw_pair(rng, 2000, 3)[:2], **options)
    found = [rsa_estimate(*draw_pair(rng, 30, 3), rng=rng, **options) for _ in range(400)]
    assert 0.92 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.98


@settings(max_examples=30)
@given(
    arrays(np.float64, (8, 3), elements=st.floats(-10, 10).map(lambda v: round(v, 2))), st.floats(0.01, 100)
)
def test_invariances(x: np.ndarray, scale: float) -> None:
    rng = np.random.default_rng(0)
    y = x @ rng.normal(size=(3, 4)) + rng.normal(size=(8, 4))
    rotation, order = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.permutation(8)
    for similarity, compare in VARIANTS:

        def figure(a: np.ndarray, b: np.ndarray, options: Any = (similarity, compare)) -> float:
            return rsa(a, b, similarity=options[0], compare=options[1])

        value = figure(x, y)
        assert math.isnan(value) or -1 <= value <= 1
        if math.isnan(value) or np.ptp(x, axis=1).min() < 0.1 or pdist(x).std() < 0.1:
            continue
        assert figure(y, x) == pytest.approx(value, abs=1e-9)
        assert figure(x, x) == pytest.approx(1)
        assert figure(x[order], y[order]) == pytest.approx(value, abs=1e-6)
        assert figure(scale * x, y) == pytest.approx(value, abs=1e-6)
        if similarity == "cosine":
            assert figure(x * rng.uniform(1, 9, (8, 1)) @ rotation, y) == pytest.approx(value, abs=1e-6)
        if similarity == "euclidean":
            assert figure(x @ rotation + 3, y) == pytest.approx(value, abs=1e-6)
        if similarity == "correlation":
            assert figure(x * rng.uniform(1, 9, (8, 1)) + 4, y) == pytest.approx(value, abs=1e-6)


def test_an_order_is_kept_by_any_growing_function(rng: np.random.Generator) -> None:
    """On a line, distances from both ends grow alike: cubes keep the order of neighbours' gaps here."""
    gaps = np.cumsum(2.0 ** np.arange(12))[:, None]
    figure = rsa(gaps, gaps * 3 - 7, similarity="euclidean", compare="spearman")
    assert figure == pytest.approx(1, abs=1e-12)
    assert rsa(gaps, gaps**1.5, similarity="euclidean", compare="spearman") > 0.99


def test_a_far_origin_and_any_size_cost_no_precision(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    for compare in ("pearson", "spearman"):
        options: Any = {"similarity": "euclidean", "compare": compare}
        expected = rsa(x, y, **options)
        assert rsa(x + 1e5, y, **options) == pytest.approx(expected, abs=1e-6)
        assert rsa(x * 1e-150, y * 1e150, **options) == pytest.approx(expected, abs=1e-9)


@ALL
def test_degenerate_vectors_are_nan_with_a_status(
    similarity: Any, compare: Any, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    options: Any = {"similarity": similarity, "compare": compare}
    flat = y.copy()
    flat[7] = 0 if similarity == "cosine" else 3
    flat[:] = 3 if similarity == "euclidean" else flat
    # A regular simplex: nothing is more alike than anything else.
    for bad, word in ((flat, "of y"), (np.eye(len(x)), "of one of the representations are equal")):
        assert math.isnan(rsa(x, bad, **options))
        estimate = rsa_estimate(x, bad, sentences, rng=rng, **options)
        assert math.isnan(estimate.value)
        assert not estimate.has_interval
        assert word in estimate.status


def test_unknown_choices_are_refused(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng)
    wrong: Any
    for wrong, name in (({"similarity": "angle"}, "similarity"), ({"compare": "kendall"}, "compare")):
        with pytest.raises(InputError, match=f"{name} is unknown"):
            rsa(x, y, **wrong)
        with pytest.raises(InputError, match=f"{name} is unknown"):
            rsa_estimate(x, y, sentences, rng=rng, **wrong)


def test_too_many_examples_to_rank_are_refused() -> None:
    x = np.ones((65_537, 1))
    x[::2] = -1
    with pytest.raises(InputError, match="too many examples to rank"):
        rsa(x, x, compare="spearman")
