from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.similarity.neighbourhoods import (
    neighbourhood_overlap,
    neighbourhood_overlap_estimate,
    neighbourhood_overlaps,
)

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_overlaps(x: np.ndarray, y: np.ndarray, k: int) -> list[float]:
    def nearest(v: np.ndarray, i: int) -> set[int]:
        cosines = v @ v[i] / np.linalg.norm(v, axis=1)
        return {int(j) for j in [j for j in np.argsort(-cosines, kind="stable") if j != i][:k]}

    pairs = [(nearest(x, i), nearest(y, i)) for i in range(len(x))]
    return [len(a & b) / len(a | b) for a, b in pairs]


@pytest.mark.parametrize("k", [1, 10])
def test_the_definition(k: int, draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng, n_sentences=150)
    assert neighbourhood_overlaps(x, y, k=k) == pytest.approx(naive_overlaps(x, y, k))


def test_scikit_learn_agrees(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    fitted = [NearestNeighbors(n_neighbors=10, metric="cosine").fit(each) for each in (x, y)]
    first, second = (each.kneighbors_graph().toarray() > 0 for each in fitted)
    expected = (first & second).sum(axis=1) / (first | second).sum(axis=1)
    assert neighbourhood_overlaps(x, y) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_invariance_and_range(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 30, 6))
    overlap = neighbourhood_overlap(x, y, k=4)
    assert 0 <= overlap <= 1
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    order = rng.permutation(30)
    assert neighbourhood_overlap(scale * x @ rotation, y, k=4) == pytest.approx(overlap)
    assert neighbourhood_overlap(x[order], y[order], k=4) == pytest.approx(overlap)
    assert neighbourhood_overlap(x, x @ rotation, k=4) == 1


def test_copies_of_a_vector_are_the_same_neighbours_before_and_after_a_rotation(
    rng: np.random.Generator,
) -> None:
    """Equal cosines that rounding tells apart must not look like a change."""
    x = np.repeat(rng.normal(size=(6, 40)), 10, axis=0)
    rotation = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    assert neighbourhood_overlap(x, x @ rotation, k=5) == 1


def test_unrelated_vectors_overlap_as_by_chance(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 1500, 50))
    assert neighbourhood_overlap(x, y) == pytest.approx(10 / (2 * 1500 - 10), abs=0.003)


def test_the_estimate_agrees_with_the_function(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng)
    estimate = neighbourhood_overlap_estimate(x, y, sentences, rng=rng)
    assert estimate.value == pytest.approx(neighbourhood_overlap(x, y))
    assert 0 < estimate.low < estimate.value < estimate.high < 1


@pytest.mark.parametrize("k", [2, 10])
def test_the_interval_rests_on_halves_searched_anew(
    k: int, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    found = neighbourhood_overlap_estimate(x, y, sentences, k=k, n_resamples=40, rng=np.random.default_rng(3))
    value = neighbourhood_overlap(x, y, k=k)
    n = len(np.unique(sentences))
    halves = half_samples(sentences, 40, np.random.default_rng(3))
    pairs = [[neighbourhood_overlap(x[each], y[each], k=k) for each in (half, ~half)] for half in halves]
    differences = np.log([(a / (1 - a)) / (b / (1 - b)) for a, b in pairs])
    logit = np.log(value / (1 - value))
    expected = interval(logit, logit + (1 - n // 2 / n) * differences, sentence_ids=sentences)
    assert found.value == value
    assert np.log(found.low / (1 - found.low)) == pytest.approx(expected.low)
    assert np.log(found.high / (1 - found.high)) == pytest.approx(expected.high)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.3, 0.7])
@pytest.mark.parametrize("n_sentences", [15, 60])
def test_intervals_cover_the_figure_of_as_many_examples(
    n_sentences: int, noise: float, draw_pair: Draw, rng: np.random.Generator
) -> None:
    """More examples have nearer neighbours, so the figure aimed at is the mean over samples of this size."""
    found = [
        neighbourhood_overlap_estimate(*draw_pair(rng, n_sentences, 3, noise=noise), rng=rng)
        for _ in range(400)
    ]
    truth = np.mean([each.value for each in found])
    assert 0.92 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.98


def test_empty_by_construction_or_undefined_is_nan_with_a_status(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    few = neighbourhood_overlap_estimate(x[:11], y[:11], sentences[:11], rng=rng)
    assert math.isnan(few.value)
    assert few.status.startswith("empty by construction")
    x[3] = 0
    assert math.isnan(neighbourhood_overlap(x, y))
    assert "row 3 of x" in neighbourhood_overlap_estimate(x, y, sentences, rng=rng).status


def test_k_is_at_least_one() -> None:
    with pytest.raises(InputError, match="k is too small"):
        neighbourhood_overlap(np.eye(4), np.eye(4), k=0)
