from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.landscape.surface_agreement import surface_agreement, surface_agreement_estimate

AXIS = np.linspace(-1, 1, 7)
A, B = np.meshgrid(AXIS, AXIS, indexing="ij")
SHAPES = np.stack([A, B, A**2, B**2, A * B, np.sin(3 * A), np.cos(3 * B)], axis=-1)
TRAIN = np.array([0.2, 0.1, 1.0, 1.0, 0.1, 0.1, 0.0])
UNSEEN = TRAIN + np.array([0.3, -0.5, 0.2, -0.4, 0.5, 0.3, 0.2])


def _draw(rng: np.random.Generator, n_examples: int, mean: np.ndarray, noise: float) -> np.ndarray:
    """Surfaces of examples that differ from the mean surface in the same shapes that it is made of."""
    values: np.ndarray = SHAPES @ (mean[:, None] + noise * rng.normal(size=(len(mean), n_examples)))
    return values


def test_the_correlations_are_those_of_numpy_and_scipy(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(2, 5, 6)).round(1)  # with ties
    found = surface_agreement(first, second)
    assert found.pearson == pytest.approx(np.corrcoef(first.ravel(), second.ravel())[0, 1])
    assert found.spearman == pytest.approx(spearmanr(first.ravel(), second.ravel()).statistic)
    assert (found.n_points, found.status) == (30, "ok")


def test_a_line_is_a_surface_too() -> None:
    found = surface_agreement(AXIS**2, -3 * AXIS**2)
    assert (found.pearson, found.spearman) == (pytest.approx(-1), pytest.approx(-1))


def test_points_that_are_finite_in_both_count(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(2, 4, 4))
    first[0, 1], second[2, 2], second[0, 1] = np.nan, np.inf, np.nan
    kept = np.isfinite(first) & np.isfinite(second)
    found = surface_agreement(first, second)
    assert found.n_points == 14
    assert found.pearson == pytest.approx(np.corrcoef(first[kept], second[kept])[0, 1])


@settings(max_examples=40)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-100, 100))
def test_invariances(seed: int, scale: float, constant: float) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, 3, 4))
    found = surface_agreement(first, second)
    moved = surface_agreement(scale * first + constant, second)
    assert moved.pearson == pytest.approx(found.pearson, abs=1e-9)
    assert moved.spearman == pytest.approx(found.spearman)
    turned = surface_agreement(second.T, first.T)
    assert (turned.pearson, turned.spearman) == pytest.approx((found.pearson, found.spearman))
    assert surface_agreement(-first, second).pearson == pytest.approx(-found.pearson)
    assert surface_agreement(np.exp(first), second).spearman == pytest.approx(found.spearman)
    assert -1 <= found.pearson <= 1


def test_rounding_does_not_order_equal_values() -> None:
    first = np.array([0.1 + 0.2, 0.3, 0.3, 0.9, 1.0, 0.0])
    second = np.array([0.3, 0.3, 0.1 + 0.2, 0.9, 1.0, 0.0])
    assert surface_agreement(first, second).spearman == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (
            np.arange(4.0),
            np.arange(4.0),
            "undefined: 4 grid points are finite in both surfaces, and it takes 5",
        ),
        (np.full(6, np.nan), np.arange(6.0), "undefined: 0 grid points"),
        (np.arange(6.0), 3 + 1e-9 * np.arange(6.0), "undefined: the second surface is flat"),
        (np.zeros(6), np.arange(6.0), "undefined: the first surface is flat"),
    ],
)
def test_undefined_correlations_are_nan_with_a_status(
    first: np.ndarray, second: np.ndarray, status: str, rng: np.random.Generator
) -> None:
    found = surface_agreement(first, second)
    assert math.isnan(found.pearson)
    assert math.isnan(found.spearman)
    assert found.status.startswith(status)
    examples = [np.tile(each[:, None], 8) for each in (first, second)]
    estimates = surface_agreement_estimate(*examples, np.arange(8), np.arange(8), rng=rng)
    assert estimates.plain.status == found.status
    for estimate in estimates[:2]:
        assert math.isnan(estimate.value)
        assert (estimate.has_interval, estimate.status) == (False, found.status)


def naive_corrected(first: np.ndarray, second: np.ndarray, halves: tuple[np.ndarray, np.ndarray]) -> float:
    """The formula of the docstring for all examples, surface by surface and half by half."""
    means, signals = [], []
    for values, drawn in ((first, halves[0]), (second, halves[1])):
        whole = values.mean(axis=-1).ravel()
        whole = whole - whole.mean()
        noises = []
        for half in drawn:
            part = values[..., half].mean(axis=-1).ravel()
            noises.append(np.sum((part - part.mean() - whole) ** 2))
        n, b = drawn.shape[1], int(drawn[0].sum())
        means.append(whole)
        signals.append(np.sum(whole**2) - np.mean(noises) * b / (n - b))
    return float(means[0] @ means[1] / math.sqrt(signals[0] * signals[1]))


@pytest.mark.parametrize("n_other", [40, 31])
def test_the_correction_is_that_of_the_formula(n_other: int, rng: np.random.Generator) -> None:
    first, second = _draw(rng, 60, TRAIN, 1.0), _draw(rng, n_other, UNSEEN, 1.0)
    ids = np.arange(60), np.arange(n_other)
    found = surface_agreement_estimate(first, second, *ids, rng=np.random.default_rng(5))
    again = np.random.default_rng(5)
    halves = half_samples(ids[0], 200, again), half_samples(ids[1], 200, again)
    assert found.pearson.value == pytest.approx(naive_corrected(first, second, halves))
    assert found == surface_agreement_estimate(first, second, *ids, rng=np.random.default_rng(5))
    plain = surface_agreement(first.mean(axis=-1), second.mean(axis=-1))
    assert found.plain.pearson == pytest.approx(plain.pearson)
    assert (found.plain.spearman, found.plain.n_points) == (pytest.approx(plain.spearman), 49)
    assert found.plain.pearson < found.pearson.value
    assert found.pearson.low < found.pearson.value < found.pearson.high
    assert (found.pearson.n_examples, found.pearson.n_sentences) == (n_other, n_other)


def test_without_noise_the_correction_is_none() -> None:
    first, second = (np.tile((SHAPES @ each)[..., None], 12) for each in (TRAIN, UNSEEN))
    rng = np.random.default_rng(0)
    found = surface_agreement_estimate(first, second, np.arange(12), np.arange(12), rng=rng)
    assert found.pearson.value == pytest.approx(found.plain.pearson)
    assert found.spearman.value == pytest.approx(found.plain.spearman)
    assert found.pearson.low == pytest.approx(found.pearson.high)


def test_no_figure_leaves_the_range(rng: np.random.Generator) -> None:
    first, second = _draw(rng, 30, TRAIN, 1.0), _draw(rng, 30, TRAIN, 1.0)
    found = surface_agreement_estimate(first, second, np.arange(30), np.arange(30), rng=rng)
    for estimate in found[:2]:
        assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_examples_of_a_sentence_stay_together(rng: np.random.Generator) -> None:
    """Every example four times over tells no more than once."""
    first, second = _draw(rng, 30, TRAIN, 0.5), _draw(rng, 30, UNSEEN, 0.5)
    ids = np.arange(30)
    once = surface_agreement_estimate(first, second, ids, ids, rng=np.random.default_rng(1))
    often = surface_agreement_estimate(
        np.repeat(first, 4, axis=-1), np.repeat(second, 4, axis=-1), ids.repeat(4), ids.repeat(4),
        rng=np.random.default_rng(1),
    )  # fmt: skip
    assert often.pearson.value == pytest.approx(once.pearson.value)
    assert (often.pearson.low, often.pearson.high) == pytest.approx((once.pearson.low, once.pearson.high))
    assert (often.pearson.n_examples, often.pearson.n_sentences) == (120, 30)


def test_noise_alone_has_no_correlation(rng: np.random.Generator) -> None:
    statuses = []
    for _ in range(5):
        first, second = rng.normal(size=(2, 4, 4, 20))
        found = surface_agreement_estimate(first, second, np.arange(20), np.arange(20), rng=rng)
        assert not found.pearson.has_interval or found.pearson.high - found.pearson.low > 0.5
        statuses.append(found.pearson.status)
    assert any("noise makes up all" in status or "half-samples" in status for status in statuses)


def test_a_single_sentence_does_not_tell_the_noise(rng: np.random.Generator) -> None:
    first, second = _draw(rng, 30, TRAIN, 0.5), _draw(rng, 1, UNSEEN, 0.5)
    found = surface_agreement_estimate(first, second, np.arange(30), np.arange(1), rng=rng)
    assert math.isnan(found.pearson.value)
    assert "a single sentence" in found.pearson.status
    assert math.isfinite(found.plain.pearson)


def _covered(rng: np.random.Generator, noise: float, sizes: tuple[int, int], repeats: int) -> list[float]:
    means = (SHAPES @ TRAIN).ravel(), (SHAPES @ UNSEEN).ravel()
    truths = np.corrcoef(*means)[0, 1], np.corrcoef(*(rankdata(each) for each in means))[0, 1]
    hits: list[list[bool]] = [[], []]
    for _ in range(repeats):
        drawn = [_draw(rng, n, mean, noise) for n, mean in zip(sizes, (TRAIN, UNSEEN), strict=True)]
        ids = [np.arange(n) for n in sizes]
        found = surface_agreement_estimate(*drawn, *ids, n_resamples=100, rng=rng)
        for place, truth in enumerate(truths):
            estimate = found[place]
            if estimate.has_interval:
                hits[place].append(estimate.low <= truth <= estimate.high)
    assert min(len(each) for each in hits) > 0.9 * repeats
    return [float(np.mean(each)) for each in hits]


def test_coverage(rng: np.random.Generator) -> None:
    assert all(0.9 <= share <= 1 for share in _covered(rng, 1.0, (100, 60), 200))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.3, 1.0])
@pytest.mark.parametrize("sizes", [(60, 60), (250, 250), (250, 61)])
def test_coverage_with_many_repeats(noise: float, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    assert all(0.92 <= share <= 0.99 for share in _covered(rng, noise, sizes, 1000))


def test_bad_input_is_refused(rng: np.random.Generator) -> None:
    first, second = _draw(rng, 10, TRAIN, 1.0), _draw(rng, 8, UNSEEN, 1.0)
    with pytest.raises(InputError, match=r"second has the wrong shape(.|\n)*\(7, 7\)"):
        surface_agreement(first[..., 0], second[1:, :, 0])
    with pytest.raises(InputError, match="does not hold numbers"):
        surface_agreement(np.array(["a"] * 9), np.arange(9.0))
    with pytest.raises(InputError, match="not over one grid"):
        surface_agreement_estimate(first, second[1:], np.arange(10), np.arange(8), rng=rng)
    with pytest.raises(InputError, match="not over one grid"):
        surface_agreement_estimate(np.ones(9), np.ones(9), np.arange(9), np.arange(9), rng=rng)
    with pytest.raises(InputError, match="sentence_ids"):
        surface_agreement_estimate(first, second, np.arange(10), np.arange(10), rng=rng)
    with pytest.raises(InputError, match="n_resamples"):
        surface_agreement_estimate(first, second, np.arange(10), np.arange(8), n_resamples=2, rng=rng)
