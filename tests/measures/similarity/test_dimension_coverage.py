"""Do the 95 % intervals of dimensions, isotropy and canonical correlations cover, where they are given?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tunescope.measures.estimate import Estimate
from tunescope.measures.similarity.canonical_correlation import pwcca, pwcca_estimate, svcca_estimate
from tunescope.measures.similarity.intrinsic_dimension import participation_ratio_estimate, two_nn_estimate
from tunescope.measures.similarity.isotropy import iso_score_estimate, isotropy, isotropy_estimate

Sample = tuple[np.ndarray, np.ndarray]
SPREAD = np.arange(1, 17) ** -0.7


def _draw(
    rng: np.random.Generator,
    n_sentences: int,
    scales: np.ndarray,
    *,
    per_sentence: int = 4,
    mean: float = 0.0,
) -> Sample:
    """Gaussian vectors, a fifth of whose variance the targets of a sentence share."""
    sentences = np.repeat(np.arange(n_sentences), per_sentence)
    shared = rng.standard_normal((n_sentences, len(scales)))[sentences]
    own = rng.standard_normal((len(sentences), len(scales)))
    return (np.sqrt(0.2) * shared + np.sqrt(0.8) * own) * scales + mean, sentences


def _given_and_covered(estimates: list[Estimate], truth: float) -> tuple[float, float]:
    """Return the share of samples with an interval, and the share of these intervals that cover."""
    given = [estimate for estimate in estimates if estimate.has_interval]
    covered = [estimate.low <= truth <= estimate.high for estimate in given]
    return len(given) / len(estimates), float(np.mean(covered)) if given else np.nan


def _two_nn_coverage(
    draw: Callable[[], Sample],
    rng: np.random.Generator,
    *,
    repeats: int = 400,
    n_resamples: int = 100,
    truth: float | None = None,
) -> float:
    """Return the coverage of ``truth``, by default the mean (of logarithms) of the figure itself."""
    estimates = [two_nn_estimate(*draw(), n_resamples=n_resamples, rng=rng) for _ in range(repeats)]
    expected = float(np.exp(np.mean(np.log([estimate.value for estimate in estimates]))))
    given, covered = _given_and_covered(estimates, expected if truth is None else truth)
    assert given == 1
    return covered


def test_two_nn(rng: np.random.Generator) -> None:
    coverage = _two_nn_coverage(lambda: _draw(rng, 15, np.ones(3)), rng, repeats=250, n_resamples=50, truth=3)
    assert 0.92 <= coverage <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [10, 31, 150])
@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_two_nn_of_few_dimensions(dimension: int, n_sentences: int, rng: np.random.Generator) -> None:
    coverage = _two_nn_coverage(lambda: _draw(rng, n_sentences, np.ones(dimension)), rng, truth=dimension)
    assert 0.92 <= coverage <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [10, 100])
@pytest.mark.parametrize("scales", [np.ones(10), SPREAD, np.ones(40)], ids=["10", "spread", "40"])
def test_two_nn_of_many_dimensions_covers_the_figure_of_as_many_examples(
    scales: np.ndarray, n_sentences: int, rng: np.random.Generator
) -> None:
    assert 0.92 <= _two_nn_coverage(lambda: _draw(rng, n_sentences, scales), rng) <= 0.98


def _ratio(scales: np.ndarray) -> float:
    return float((scales**2).sum() ** 2 / (scales**4).sum())


def test_participation_ratio(rng: np.random.Generator) -> None:
    estimates = [
        participation_ratio_estimate(*_draw(rng, 60, SPREAD), debiased=True, n_resamples=60, rng=rng)
        for _ in range(200)
    ]
    given, covered = _given_and_covered(estimates, _ratio(SPREAD))
    assert given > 0.75
    assert 0.91 <= covered <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize(("n_sentences", "debiased"), [(200, False), (40, True), (200, True)])
def test_participation_ratio_with_many_repeats(
    n_sentences: int, debiased: bool, rng: np.random.Generator
) -> None:
    estimates = [
        participation_ratio_estimate(*_draw(rng, n_sentences, SPREAD), debiased=debiased, rng=rng)
        for _ in range(400)
    ]
    given, covered = _given_and_covered(estimates, _ratio(SPREAD))
    assert given > 0.8
    assert 0.91 <= covered <= 0.98


def test_the_plain_participation_ratio_of_many_dimensions_has_no_interval_that_misses(
    rng: np.random.Generator,
) -> None:
    scales = np.arange(1, 65) ** -0.3
    estimates = [
        participation_ratio_estimate(*_draw(rng, 100, scales), n_resamples=50, rng=rng) for _ in range(50)
    ]
    assert not any(estimate.has_interval for estimate in estimates)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "mean"), [(0.3, 0.3), (2.0, 2.0)])
def test_isotropy_of_vectors_with_a_mean(scale: float, mean: float, rng: np.random.Generator) -> None:
    truth = isotropy(_draw(rng, 100_000, scale * SPREAD, per_sentence=1, mean=mean)[0])
    estimates = [isotropy_estimate(*_draw(rng, 120, scale * SPREAD, mean=mean), rng=rng) for _ in range(500)]
    given, covered = _given_and_covered(estimates, truth)
    assert given > 0.8
    assert 0.91 <= covered <= 0.98


@pytest.mark.slow
def test_iso_score(rng: np.random.Generator) -> None:
    estimates = [iso_score_estimate(*_draw(rng, 200, SPREAD), n_resamples=100, rng=rng) for _ in range(400)]
    given, covered = _given_and_covered(estimates, (_ratio(SPREAD) - 1) / (len(SPREAD) - 1))
    assert given > 0.8
    assert 0.92 <= covered <= 0.98


def _draw_pair(
    rng: np.random.Generator, n_sentences: int, correlations: np.ndarray, per_sentence: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two representations with these canonical correlations, each in columns of its own."""
    unit = np.ones(len(correlations))
    x, sentences = _draw(rng, n_sentences, unit, per_sentence=per_sentence)
    y = (
        correlations * x
        + np.sqrt(1 - correlations**2) * _draw(rng, n_sentences, unit, per_sentence=per_sentence)[0]
    )
    fixed = np.random.default_rng(0)
    first, second = (np.linalg.qr(fixed.normal(size=(len(unit), len(unit))))[0] for _ in range(2))
    return x * np.linspace(1, 2, len(unit)) @ first, y @ second, sentences


@pytest.mark.parametrize("estimate", [svcca_estimate, pwcca_estimate])
def test_unrelated_directions_leave_no_interval_that_misses(
    estimate: Callable[..., Estimate], rng: np.random.Generator
) -> None:
    correlations = np.array([0.95, 0, 0, 0, 0])
    estimates = [estimate(*_draw_pair(rng, 100, correlations), n_resamples=30, rng=rng) for _ in range(30)]
    assert np.mean([each.has_interval for each in estimates]) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [100, 800])
@pytest.mark.parametrize("estimate", [svcca_estimate, pwcca_estimate])
def test_canonical_correlations(
    estimate: Callable[..., Estimate], n_sentences: int, rng: np.random.Generator
) -> None:
    """Related directions; where intervals are rare, few of all samples may have one that misses."""
    correlations = 0.95 * 0.7 ** np.arange(5)
    truth = float(correlations.mean())
    if estimate is pwcca_estimate:
        truth = pwcca(*_draw_pair(rng, 200_000, correlations, per_sentence=1)[:2])
    estimates = [estimate(*_draw_pair(rng, n_sentences, correlations), rng=rng) for _ in range(400)]
    given, covered = _given_and_covered(estimates, truth)
    assert given * (1 - covered) <= 0.08
    if given > 0.75:
        assert 0.9 <= covered <= 0.98
