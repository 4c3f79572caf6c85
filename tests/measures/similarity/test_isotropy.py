from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.similarity.intrinsic_dimension import participation_ratio_estimate
from tunescope.measures.similarity.isotropy import (
    iso_score,
    iso_score_estimate,
    isotropy,
    isotropy_estimate,
)

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_isotropy(x: np.ndarray) -> float:
    _, _, directions = np.linalg.svd(x)
    sums = [np.exp(x @ (sign * c)).sum() for c in directions for sign in (1, -1)]
    return float(min(sums) / max(sums))


def naive_iso_score(x: np.ndarray) -> float:
    """Algorithm 1 of Rudman et al. (2022), step by step."""
    n = x.shape[1]
    axes = np.linalg.eigh(np.cov(x.T))[1]
    variances = np.diag(np.cov((x @ axes).T))
    normalised = math.sqrt(n) * variances / np.linalg.norm(variances)
    defect = np.linalg.norm(normalised - 1) / math.sqrt(2 * (n - math.sqrt(n)))
    used = (n - defect**2 * (n - math.sqrt(n))) ** 2 / n**2
    return float((n * used - 1) / (n - 1))


@pytest.mark.parametrize(("rows", "columns"), [(120, 16), (10, 16), (120, 2)])
def test_the_definitions(rows: int, columns: int, draw_pair: Draw, rng: np.random.Generator) -> None:
    x = draw_pair(rng)[0][:rows, :columns]
    assert isotropy(x) == pytest.approx(naive_isotropy(x), rel=1e-9)
    assert iso_score(x) == pytest.approx(naive_iso_score(x), abs=1e-10)


def test_known_isotropies() -> None:
    """Two opposite pairs, of lengths 1 and 2: the sums are 2 + 2 cosh 1 and 2 + 2 cosh 2."""
    x = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    assert isotropy(x) == pytest.approx((1 + math.cosh(1)) / (1 + math.cosh(2)))
    assert isotropy(np.full((5, 3), 2.0)) == pytest.approx(math.exp(-2 * math.sqrt(12)))
    assert isotropy(np.zeros((4, 3))) == 1
    assert isotropy(np.array([[1.0, 0, 0]])) == pytest.approx(math.exp(-2))


def test_known_iso_scores(rng: np.random.Generator) -> None:
    corners = np.concatenate([np.eye(5), -np.eye(5)])
    for used in range(1, 6):
        assert iso_score(corners * (np.arange(5) < used)) == pytest.approx((used - 1) / 4, abs=1e-12)
    assert iso_score(corners * [1, 1, 1, 1, 0.1]) < iso_score(corners)
    few = [iso_score(rng.normal(size=(100, 100))) for _ in range(5)]
    assert np.mean(few) == pytest.approx(0.5, abs=0.02)  # n / (n + d)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-3, 3))
def test_invariance_and_range(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(25, 4)) * [4, 2, 1, 0.5] + 0.3
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    order = rng.permutation(25)
    assert 0 <= isotropy(x) <= 1
    assert 0 <= iso_score(x) <= 1
    assert isotropy(x[order] @ rotation) == pytest.approx(isotropy(x), rel=1e-6)
    assert isotropy(-x) == pytest.approx(isotropy(x), rel=1e-9)
    assert iso_score(scale * x[order] @ rotation + shift) == pytest.approx(iso_score(x), abs=1e-9)


def test_longer_vectors_and_a_mean_count_as_less_isotropic(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2000, 4)) * [1.2, 1, 0.9, 0.8]
    assert isotropy(2 * x) < isotropy(x) < isotropy(x / 4)
    mean = np.array([3.0, 0, 0, 0])
    assert math.log(isotropy(x / 4 + mean)) == pytest.approx(-6, abs=0.2)  # exp(-2 · length of the mean)


def test_large_vectors_neither_overflow_nor_warn() -> None:
    x = np.array([[1e170, 0.0], [0.0, 3e170], [1.0, 1.0]])
    assert isotropy(x) == 0
    assert isotropy(x * 1e-300) == pytest.approx(1)
    assert iso_score(x) == pytest.approx(iso_score(x * 1e-170))


def test_the_isotropy_s_estimate_agrees_with_the_function_and_the_seed(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, _, sentences = draw_pair(rng, n_sentences=100)
    first, again = (isotropy_estimate(x, sentences, rng=np.random.default_rng(7)) for _ in range(2))
    assert first == again
    assert first.value == isotropy(x)
    assert 0 < first.low < first.value < first.high < 1
    assert (first.n_examples, first.n_sentences, first.status) == (400, 100, "ok")


def test_a_sum_that_few_sentences_carry_has_no_interval(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, _, sentences = draw_pair(rng, n_sentences=100)
    estimate = isotropy_estimate(4 * x, sentences, rng=rng)
    assert math.isfinite(estimate.value)
    assert not estimate.has_interval
    assert "sentences make up a partition function" in estimate.status


def test_one_sentence_has_a_figure_and_no_interval(rng: np.random.Generator) -> None:
    estimate = isotropy_estimate(rng.normal(size=(9, 3)), np.zeros(9, dtype=int), rng=rng)
    assert math.isfinite(estimate.value)
    assert estimate.status == "no interval: 1 sentences, and it takes at least 5"


def test_the_iso_score_s_estimate_is_that_of_the_participation_ratio(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, _, sentences = draw_pair(rng, n_sentences=200, hidden=4)
    score = iso_score_estimate(x, sentences, rng=np.random.default_rng(1))
    ratio = participation_ratio_estimate(x, sentences, rng=np.random.default_rng(1))
    assert score.value == pytest.approx(iso_score(x), abs=1e-12)
    assert [3 * end + 1 for end in (score.low, score.high)] == pytest.approx([ratio.low, ratio.high])
    assert (score.n_examples, score.status) == (800, "ok")


def test_degenerate_vectors_have_no_score(rng: np.random.Generator) -> None:
    assert math.isnan(iso_score(np.ones((5, 3))))
    constant = iso_score_estimate(np.ones((12, 3)), np.arange(12), rng=rng)
    assert math.isnan(constant.value)
    assert constant.status == "undefined: all rows of x are equal"
    column = rng.normal(size=(40, 1))
    assert math.isnan(iso_score(column))
    narrow = iso_score_estimate(column, np.arange(40), rng=rng)
    assert math.isnan(narrow.value)
    assert not narrow.has_interval
    assert narrow.status == "undefined: vectors of size 1 have one direction only"


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    x = rng.normal(size=(9, 2))
    with pytest.raises(InputError, match="at least 1 examples"):
        isotropy(x[:0])
    with pytest.raises(InputError, match="at least 2 examples"):
        iso_score(x[:1])
    for estimate in (isotropy_estimate, iso_score_estimate):
        with pytest.raises(InputError, match="n_resamples is too small"):
            estimate(x, np.arange(9), n_resamples=9, rng=rng)
        with pytest.raises(InputError, match="sentence_ids has the wrong shape"):
            estimate(x, np.arange(8), rng=rng)
