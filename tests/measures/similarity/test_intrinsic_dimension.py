from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.similarity.centring import centred
from tunescope.measures.similarity.intrinsic_dimension import (
    _log_ratios,
    _neighbours,
    participation_ratio,
    participation_ratio_estimate,
    two_nn,
    two_nn_estimate,
)

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_log_ratios(x: np.ndarray) -> np.ndarray:
    ratios = []
    for i, row in enumerate(x):
        distances = sorted(float(np.linalg.norm(row - other)) for j, other in enumerate(x) if j != i)
        ratios.append(math.log(distances[1] / distances[0]))
    return np.array(ratios)


def naive_two_nn(x: np.ndarray, discarded: float = 0.1) -> float:
    ratios = np.sort(naive_log_ratios(x))
    kept = round(len(x) * (1 - discarded))
    heights = [-math.log(1 - i / len(x)) for i in range(1, kept + 1)]
    return float(np.linalg.lstsq(ratios[:kept, None], np.array(heights), rcond=None)[0][0])


def test_two_nn_is_the_definition(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, _ = draw_pair(rng)
    assert two_nn(x) == pytest.approx(naive_two_nn(x), rel=1e-8)
    assert two_nn(x, discarded=0.5) == pytest.approx(naive_two_nn(x, 0.5), rel=1e-8)


def test_two_nn_with_the_neighbours_of_scikit_learn(rng: np.random.Generator) -> None:
    """All ratios: the line's slope is Σ log μ · −log(1 − i / n) over Σ log² μ, the largest ratio left out."""
    x = rng.normal(size=(300, 5))
    distances = NearestNeighbors(n_neighbors=2).fit(x).kneighbors()[0]
    ratios = np.sort(np.log(distances[:, 1] / distances[:, 0]))[:-1]
    heights = -np.log(1 - np.arange(1, 300) / 300)
    assert two_nn(x, discarded=0) == pytest.approx(ratios @ heights / (ratios @ ratios), rel=1e-8)


def test_more_rows_than_a_block_and_subsets_that_the_lists_do_not_reach(rng: np.random.Generator) -> None:
    """Of rows in two far clumps, halves may hold one row of a clump only, whose listed neighbours are all gone."""
    x = rng.normal(size=(700, 3))
    assert two_nn(x) == pytest.approx(naive_two_nn(x), rel=1e-8)
    rows = centred(np.concatenate([x[:80], x[80:200] + 1e3]))
    neighbours = _neighbours(rows)
    chosen = np.zeros(200, dtype=bool)
    chosen[[3, *range(80, 200, 7)]] = True
    for subset in (chosen, *half_samples(np.arange(200), 3, rng)):
        expected = naive_log_ratios(rows[subset])
        assert _log_ratios(rows, neighbours, subset) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("dimension", "low", "high"), [(1, 0.9, 1.15), (2, 1.8, 2.15), (3, 2.6, 3.1), (5, 4.1, 5.0)]
)
def test_a_cube_in_many_columns_has_its_own_dimension(
    dimension: int, low: float, high: float, rng: np.random.Generator
) -> None:
    cube = rng.uniform(size=(1500, dimension))
    rotation = np.linalg.qr(rng.normal(size=(60, 60)))[0][:dimension]
    assert low < two_nn(cube @ rotation) < high


def test_gaussian_vectors_of_many_dimensions_come_out_too_low_as_documented(rng: np.random.Generator) -> None:
    assert 3.7 < two_nn(rng.normal(size=(1600, 4))) < 4.3
    few, many = (np.mean([two_nn(rng.normal(size=(n, 20))) for _ in range(2)]) for n in (200, 1600))
    assert 13 < few < many < 18


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-100, 100))
def test_invariance(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 4))
    moved = scale * x[rng.permutation(30)] @ np.linalg.qr(rng.normal(size=(4, 4)))[0] + shift
    assert two_nn(moved) == pytest.approx(two_nn(x), rel=1e-6)
    assert participation_ratio(moved) == pytest.approx(participation_ratio(x), rel=1e-8)
    assert 1 <= participation_ratio(x) <= 4
    debiased = participation_ratio(x, debiased=True)
    assert participation_ratio(moved, debiased=True) == pytest.approx(debiased, rel=1e-7)


def test_extreme_scales_cost_nothing(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, _ = draw_pair(rng)
    for scale in (1e-170, 1e170):
        assert two_nn(scale * x) == pytest.approx(two_nn(x))
        assert participation_ratio(scale * x) == pytest.approx(participation_ratio(x))


def test_equal_rows_count_once_and_are_counted(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, sentences = draw_pair(rng)
    again = np.concatenate([x, x[:50], x[:20]])
    assert two_nn(again) == pytest.approx(two_nn(x), rel=0.02)  # the mean, and so the rounding, moves
    rounded = np.concatenate([x, x[:50] + 1e-7 * rng.normal(size=(50, 16))])
    assert two_nn(rounded) == pytest.approx(two_nn(x), rel=1e-6)
    ids = np.concatenate([sentences, np.repeat(99, 70)])
    estimate = two_nn_estimate(again, ids, rng=rng)
    assert (estimate.n_examples, estimate.n_sentences, estimate.status) == (120, 30, "ok")
    assert estimate.value == pytest.approx(two_nn(x), rel=1e-6)
    assert estimate.has_interval


def test_the_two_nn_estimate_agrees_with_the_function_and_the_seed(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, _, sentences = draw_pair(rng)
    first, again = (two_nn_estimate(x, sentences, rng=np.random.default_rng(3)) for _ in range(2))
    assert first == again
    assert first.value == two_nn(x)
    assert 0 < first.low < first.value < first.high
    other = two_nn_estimate(x, sentences, discarded=0.3, rng=rng)
    assert other.value == two_nn(x, discarded=0.3)


def test_degenerate_rows_have_no_dimension(rng: np.random.Generator) -> None:
    grid = np.array([[float(i), float(j)] for i in range(6) for j in range(6)])
    cases = {
        "undefined: all rows of x are equal": np.ones((36, 2)),
        "undefined: 2 distinct rows, and it takes at least 3": np.repeat([[0.0, 0], [1, 1]], 18, axis=0),
        "undefined: the two nearest neighbours are equally near everywhere": grid,
    }
    for status, x in cases.items():
        assert math.isnan(two_nn(x))
        estimate = two_nn_estimate(x, np.arange(36), rng=rng)
        assert math.isnan(estimate.value)
        assert not estimate.has_interval
        assert estimate.status == status


def test_few_sentences_have_a_dimension_and_no_interval(rng: np.random.Generator) -> None:
    x = rng.normal(size=(12, 3))
    for ids, reason in ((np.zeros(12, dtype=int), "1 sentences"), (np.arange(12) // 3, "4 sentences")):
        estimate = two_nn_estimate(x, ids, rng=rng)
        assert math.isfinite(estimate.value)
        assert reason in estimate.status


def naive_participation_ratio(x: np.ndarray) -> float:
    values = np.linalg.eigvalsh(np.cov(x.T))
    return float(values.sum() ** 2 / (values**2).sum())


@pytest.mark.parametrize(("rows", "columns"), [(120, 16), (10, 16), (120, 2)])
def test_the_participation_ratio_is_the_formula(
    rows: int, columns: int, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x = draw_pair(rng)[0][:rows, :columns]
    assert participation_ratio(x) == pytest.approx(naive_participation_ratio(x), rel=1e-10)
    shares = PCA().fit(x).explained_variance_ratio_
    assert participation_ratio(x) == pytest.approx(1 / (shares @ shares), rel=1e-10)


def test_the_debiased_ratio_is_that_of_the_means_over_four_examples(rng: np.random.Generator) -> None:
    x = rng.exponential(size=(8, 5)) * [3, 2, 1, 1, 1]
    square = trace = 0.0
    for a, b, c, d in permutations(x, 4):
        square += ((a - b) @ (c - d)) ** 2
        trace += ((a - b) @ (a - b)) * ((c - d) @ (c - d))
    assert participation_ratio(x, debiased=True) == pytest.approx(trace / square, rel=1e-10)


def test_known_participation_ratios(rng: np.random.Generator) -> None:
    corners = np.concatenate([np.eye(5), -np.eye(5)])
    assert participation_ratio(corners) == pytest.approx(5)
    assert participation_ratio(corners * [1, 1, 0, 0, 0]) == pytest.approx(2)
    assert participation_ratio(np.array([[0.0, 0], [1, 1]])) == pytest.approx(1)


@pytest.mark.parametrize("n", [60, 240])
def test_few_examples_lower_the_plain_ratio_as_documented_and_not_the_debiased(
    n: int, rng: np.random.Generator
) -> None:
    samples = [rng.normal(size=(n, 40)) for _ in range(20)]
    assert np.mean([participation_ratio(x) for x in samples]) == pytest.approx(n * 40 / (n + 40), rel=0.03)
    assert np.mean([participation_ratio(x, debiased=True) for x in samples]) == pytest.approx(40, rel=0.03)


@pytest.mark.parametrize("debiased", [False, True])
def test_the_ratio_s_estimate_agrees_with_the_function(
    debiased: bool, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, _, sentences = draw_pair(rng, n_sentences=150, hidden=4)
    estimate = participation_ratio_estimate(x, sentences, debiased=debiased, rng=rng)
    assert estimate.value == participation_ratio(x, debiased=debiased)
    assert 1 < estimate.low < estimate.value < estimate.high < 4
    assert (estimate.n_examples, estimate.status) == (600, "ok")


def test_the_interval_of_the_plain_ratio_stays_in_its_range(rng: np.random.Generator) -> None:
    x = np.outer(rng.normal(size=40), [1.0, 2.0, 3.0]) + 1e-3 * rng.normal(size=(40, 3))
    estimate = participation_ratio_estimate(x, np.arange(40), rng=rng)
    assert 1 <= estimate.low <= estimate.value <= estimate.high <= 3


def test_a_biased_ratio_has_no_interval_and_the_debiased_one_has(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, _, sentences = draw_pair(rng, n_sentences=60, hidden=64, shared=0.0)
    plain = participation_ratio_estimate(x, sentences, rng=np.random.default_rng(0))
    assert not plain.has_interval
    assert plain.status.startswith(
        "no interval: with 240 examples the participation ratio is biased by about -"
    )
    assert participation_ratio_estimate(
        x, sentences, debiased=True, rng=np.random.default_rng(0)
    ).has_interval


def test_degenerate_rows_have_no_participation_ratio(rng: np.random.Generator) -> None:
    assert math.isnan(participation_ratio(np.ones((5, 3))))
    constant = participation_ratio_estimate(np.ones((12, 3)), np.arange(12), rng=rng)
    assert math.isnan(constant.value)
    assert constant.status == "undefined: all rows of x are equal"
    unlike = participation_ratio_estimate(np.eye(8), np.arange(8), debiased=True, rng=rng)
    assert math.isnan(unlike.value)
    assert unlike.status == "undefined: too few examples to tell the squared variances from 0"


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    x = rng.normal(size=(9, 2))
    for discarded in (-0.1, 1.0, math.nan):
        with pytest.raises(InputError, match="discarded is no share"):
            two_nn(x, discarded=discarded)
        with pytest.raises(InputError, match="discarded is no share"):
            two_nn_estimate(x, np.arange(9), discarded=discarded, rng=rng)
    with pytest.raises(InputError, match="at least 3 examples"):
        two_nn(x[:2])
    with pytest.raises(InputError, match="at least 2 examples"):
        participation_ratio(x[:1])
    with pytest.raises(InputError, match="at least 4 examples"):
        participation_ratio(x[:3], debiased=True)
    for estimate in (two_nn_estimate, participation_ratio_estimate):
        with pytest.raises(InputError, match="n_resamples is too small"):
            estimate(x, np.arange(9), n_resamples=5, rng=rng)
        with pytest.raises(InputError, match="sentence_ids has the wrong shape"):
            estimate(x, np.arange(8), rng=rng)
