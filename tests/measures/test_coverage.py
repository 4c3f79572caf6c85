"""Do the 95 % intervals cover the population's figure in 95 % of samples, where tokens share sentence effects?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from tunescope.measures.estimate import Estimate
from tunescope.measures.geometry.centroids import centroid_shift_estimates
from tunescope.measures.scores import accuracy_difference, accuracy_estimate
from tunescope.measures.similarity.anisotropy import mean_cosine, mean_cosine_estimate
from tunescope.measures.similarity.cka import cka, cka_estimate
from tunescope.measures.similarity.rbf_cka import rbf_cka, rbf_cka_estimate
from tunescope.measures.similarity.rsa import rsa, rsa_estimate


def _covered(estimates: list[Estimate], truth: float) -> float:
    return float(np.mean([estimate.low <= truth <= estimate.high for estimate in estimates]))


def _accuracies(rng: np.random.Generator, n_sentences: int, truth: float, repeats: int) -> list[Estimate]:
    estimates = []
    for _ in range(repeats):
        ease = rng.beta(truth * 9, (1 - truth) * 9, n_sentences)
        sentences = np.repeat(np.arange(n_sentences), 1 + rng.poisson(7, n_sentences))
        right = rng.random(len(sentences)) < ease[sentences]
        gold = np.ones(len(sentences), dtype=int)
        estimates.append(accuracy_estimate(gold, right.astype(int), sentences, rng=rng))
    return estimates


@pytest.mark.parametrize(("n_sentences", "truth"), [(20, 0.7), (60, 0.9), (120, 0.97)])
def test_accuracy(n_sentences: int, truth: float, rng: np.random.Generator) -> None:
    assert 0.92 <= _covered(_accuracies(rng, n_sentences, truth, repeats=800), truth) <= 0.98


def test_paired_accuracy_difference(rng: np.random.Generator) -> None:
    estimates = []
    for _ in range(800):
        sentences = np.repeat(np.arange(40), 1 + rng.poisson(7, 40))
        before = rng.random(len(sentences)) < rng.beta(6, 3, 40)[sentences]
        flips = rng.random(len(sentences)) < rng.beta(1, 9, 40)[sentences]
        after = np.where(flips, rng.random(len(sentences)) < 0.75, before)
        gold = np.ones(len(sentences), dtype=int)
        estimates.append(accuracy_difference(gold, before.astype(int), after.astype(int), sentences, rng=rng))
    assert 0.92 <= _covered(estimates, 0.1 * (0.75 - 2 / 3)) <= 0.98


PAIR_MEASURES = pytest.mark.parametrize(
    ("figure", "estimate"),
    [
        pytest.param(partial(figure, **options), partial(estimate, **options), id=name)
        for name, figure, estimate, options in (
            ("rsa", rsa, rsa_estimate, {}),
            ("rsa-correlation", rsa, rsa_estimate, {"similarity": "correlation"}),
            ("rsa-euclidean", rsa, rsa_estimate, {"similarity": "euclidean"}),
            ("rsa-cosine-ranks", rsa, rsa_estimate, {"compare": "spearman"}),
            ("rsa-distance-ranks", rsa, rsa_estimate, {"similarity": "euclidean", "compare": "spearman"}),
            ("cka", cka, cka_estimate, {}),
            ("rbf-cka", rbf_cka, rbf_cka_estimate, {}),
            ("rbf-cka-narrow", rbf_cka, rbf_cka_estimate, {"bandwidth": 0.5}),
        )
    ],
)


def _pair_coverage(
    figure: Callable[..., float],
    estimate: Callable[..., Estimate],
    draw: Callable[[int, int], tuple[np.ndarray, ...]],
    rng: np.random.Generator,
    *,
    n_sentences: int,
    repeats: int,
) -> float:
    truth = figure(*draw(4000, 1)[:2])
    return _covered([estimate(*draw(n_sentences, 3), rng=rng) for _ in range(repeats)], truth)


@PAIR_MEASURES
def test_pair_measures(
    figure: Callable[..., float],
    estimate: Callable[..., Estimate],
    draw_pair: Callable[..., tuple[np.ndarray, ...]],
    rng: np.random.Generator,
) -> None:
    def draw(n_sentences: int, per_sentence: int) -> tuple[np.ndarray, ...]:
        return draw_pair(rng, n_sentences, per_sentence)

    assert 0.92 <= _pair_coverage(figure, estimate, draw, rng, n_sentences=30, repeats=400) <= 0.98


@pytest.mark.slow
@PAIR_MEASURES
@pytest.mark.parametrize("noise", [0.3, 1.0])
@pytest.mark.parametrize("n_sentences", [15, 60])
def test_pair_measures_with_many_repeats(
    figure: Callable[..., float],
    estimate: Callable[..., Estimate],
    noise: float,
    n_sentences: int,
    draw_pair: Callable[..., tuple[np.ndarray, ...]],
    rng: np.random.Generator,
) -> None:
    def draw(n_sentences: int, per_sentence: int) -> tuple[np.ndarray, ...]:
        return draw_pair(rng, n_sentences, per_sentence, noise=noise)

    assert 0.92 <= _pair_coverage(figure, estimate, draw, rng, n_sentences=n_sentences, repeats=1500) <= 0.98


def test_mean_cosine(draw_pair: Callable[..., tuple[np.ndarray, ...]], rng: np.random.Generator) -> None:
    truth = mean_cosine(draw_pair(rng, n_sentences=50_000, per_sentence=1, shared=0.1)[0])
    estimates = []
    for _ in range(800):
        x, _, sentences = draw_pair(rng, n_sentences=50, shared=0.1)
        estimates.append(mean_cosine_estimate(x, sentences, rng=rng))
    assert 0.92 <= _covered(estimates, truth) <= 0.98


@pytest.mark.parametrize(("shift", "least"), [(0.0, 0.97), (0.05, 0.95), (1.0, 0.92)])
def test_centroid_shift(shift: float, least: float, rng: np.random.Generator) -> None:
    """Small shifts are covered too often rather than too rarely: noise only lengthens the way."""
    estimates = []
    for _ in range(300):
        sentences = np.repeat(np.arange(30), 4)

        def vectors(sentences: np.ndarray = sentences) -> np.ndarray:
            return 0.5 * rng.standard_normal((30, 16))[sentences] + rng.standard_normal((len(sentences), 16))

        base = vectors()
        labels = np.full(len(sentences), "noun")
        shifts = centroid_shift_estimates(base, base + shift + 0.4 * vectors(), labels, sentences, rng=rng)
        estimates.append(shifts["noun"])
    assert least <= _covered(estimates, shift * 4 / np.sqrt(1.25 * 16))


@pytest.mark.slow
@pytest.mark.parametrize("n_sentences", [8, 15, 40, 150])
@pytest.mark.parametrize("truth", [0.6, 0.85, 0.95])
def test_accuracy_with_many_repeats(n_sentences: int, truth: float, rng: np.random.Generator) -> None:
    assert 0.93 <= _covered(_accuracies(rng, n_sentences, truth, repeats=4000), truth) <= 0.995
