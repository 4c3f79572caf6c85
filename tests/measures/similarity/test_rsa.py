from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tunescope._core.errors import InputError
from tunescope.measures.intervals import half_samples
from tunescope.measures.similarity.rsa import _correlations, rsa, rsa_estimate

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def naive_rsa(x: np.ndarray, y: np.ndarray) -> float:
    def cosines(v: np.ndarray) -> list[float]:
        return [
            float(v[i] @ v[j] / np.linalg.norm(v[i]) / np.linalg.norm(v[j]))
            for i in range(len(v))
            for j in range(i + 1, len(v))
        ]

    return float(np.corrcoef(cosines(x), cosines(y))[0, 1])


def test_the_formula(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert rsa(x, y) == pytest.approx(naive_rsa(x, y), abs=1e-12)
    assert rsa(x, y[:, :5]) == pytest.approx(naive_rsa(x, y[:, :5]), abs=1e-12)


@pytest.mark.parametrize("compare", ["pearson", "spearman"])
@pytest.mark.parametrize("similarity", ["cosine", "correlation", "euclidean"])
def test_rsatoolbox_agrees(similarity: Any, compare: Any, draw_pair: Draw, rng: np.random.Generator) -> None:
    """Its Euclidean distances are squared: linear in the cosine for unit vectors, and else to be rooted."""
    data = pytest.importorskip("rsatoolbox.data", reason="rsatoolbox, no dependency, is not installed")
    rdm = pytest.importorskip("rsatoolbox.rdm", reason="rsatoolbox, no dependency, is not installed")
    x, y, _ = draw_pair(rng)

    def theirs(v: np.ndarray) -> Any:
        if similarity == "cosine":
            v = v / np.linalg.norm(v, axis=1, keepdims=True)
        method = "correlation" if similarity == "correlation" else "euclidean"
        found = rdm.calc_rdm(data.Dataset(v), method=method)
        return rdm.RDMs(np.sqrt(found.get_vectors())) if similarity == "euclidean" else found

    expected = rdm.compare(theirs(x), theirs(y), method={"pearson": "corr"}.get(compare, compare))
    assert rsa(x, y, similarity=similarity, compare=compare) == pytest.approx(expected.item(), abs=1e-6)


def test_a_known_answer() -> None:
    """Cosines 0, −1, 0 against 0, 0, −1: Pearson's r is −1/2."""
    x, y = np.array([[1.0, 0], [0, 1], [-1, 0]]), np.array([[1.0, 0], [0, 1], [0, -1]])
    assert rsa(x, y) == pytest.approx(-0.5)


def test_the_figures_of_all_subsets_equal_recomputation(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, sentences = draw_pair(rng, n_sentences=300)  # more rows than one block of the products
    halves = half_samples(sentences, 8, rng)
    together = _correlations(x, y, halves.T.astype(float))
    assert together == pytest.approx([rsa(x[half], y[half]) for half in halves], abs=1e-10)


def test_the_estimate_agrees_with_the_function_and_the_seed(
    draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    first, again = (rsa_estimate(x, y, sentences, rng=np.random.default_rng(5)) for _ in range(2))
    assert first == again
    assert first.value == pytest.approx(rsa(x, y), abs=1e-12)
    assert (first.n_examples, first.n_sentences, first.status) == (120, 30, "ok")


@given(
    arrays(np.float64, (8, 3), elements=st.floats(-10, 10).map(lambda v: round(v, 3))),
    arrays(np.float64, (8, 4), elements=st.floats(-10, 10).map(lambda v: round(v, 3))),
    st.floats(0.01, 100),
)
def test_invariance_and_range(x: np.ndarray, y: np.ndarray, scale: float) -> None:
    figure = rsa(x, y)
    assert math.isnan(figure) or -1 <= figure <= 1
    rng = np.random.default_rng(0)
    if math.isnan(figure) or min(np.std(np.corrcoef(v + 1e-9)) for v in (x, y)) < 1e-3:
        return
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    order = rng.permutation(8)
    assert rsa(scale * x @ rotation, y) == pytest.approx(figure, abs=1e-6)
    assert rsa(x[order], y[order]) == pytest.approx(figure, abs=1e-6)
    assert rsa(y, x) == pytest.approx(figure, abs=1e-9)
    assert rsa(x, x) == pytest.approx(1)


def test_every_row_may_have_its_own_scale(draw_pair: Draw, rng: np.random.Generator) -> None:
    x, y, _ = draw_pair(rng)
    assert rsa(x * rng.uniform(1e-150, 1e150, size=(len(x), 1)), y) == pytest.approx(rsa(x, y))


@pytest.mark.parametrize("bad", ["zero", "constant"])
def test_degenerate_vectors_are_nan_with_a_status(
    bad: str, draw_pair: Draw, rng: np.random.Generator
) -> None:
    x, y, sentences = draw_pair(rng)
    if bad == "zero":
        y[7] = 0
    else:
        y[:] = y[0]
    assert math.isnan(rsa(x, y))
    estimate = rsa_estimate(x, y, sentences, rng=rng)
    assert math.isnan(estimate.value)
    assert not estimate.has_interval
    assert ("row 7 of y" if bad == "zero" else "all cosines") in estimate.status


def test_a_target_per_sentence_and_few_sentences_have_a_figure_at_least(rng: np.random.Generator) -> None:
    x = rng.normal(size=(5, 4))
    estimate = rsa_estimate(x, x + rng.normal(size=(5, 4)), np.arange(5), rng=rng)
    assert math.isfinite(estimate.value)
    assert not estimate.has_interval
    assert "half-samples" in estimate.status


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="at least 3 examples"):
        rsa(np.eye(2), np.eye(2))
