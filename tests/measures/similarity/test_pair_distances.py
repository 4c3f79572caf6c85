from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tunescope.measures.similarity.pair_distances import (
    MOST_EXACT,
    distances,
    median_distance,
    squared_distances,
)


def test_the_formula(rng: np.random.Generator) -> None:
    points = rng.normal(size=(40, 7))
    expected = squareform(pdist(points))
    for start, stop in ((0, 40), (0, 13), (13, 40), (39, 40)):
        out = np.empty((stop - start, 40 - start))
        distances(points, shift=2.0)(start, stop, out)
        assert np.triu(out + 2, 1) == pytest.approx(np.triu(expected[start:stop, start:], 1), abs=1e-12)
        squared_distances(points)(start, stop, out)
        assert out == pytest.approx(expected[start:stop, start:] ** 2, abs=1e-12)


def test_equal_points_are_next_to_nothing_apart(rng: np.random.Generator) -> None:
    out = np.empty((6, 6))
    distances(np.repeat(rng.normal(size=(1, 384)), 6, axis=0))(0, 6, out)
    assert 0 <= out.min() <= out.max() < 1e-6


@pytest.mark.parametrize("n", [2, 3, 100, 513])
def test_the_median_of_all_pairs(n: int, rng: np.random.Generator) -> None:
    points = rng.normal(size=(n, 3))
    assert median_distance(points) == pytest.approx(np.median(pdist(points)), abs=1e-12)


@pytest.mark.slow
def test_the_median_of_evenly_spaced_points(rng: np.random.Generator) -> None:
    points = rng.normal(size=(2 * MOST_EXACT, 2))
    assert median_distance(points) == pytest.approx(np.median(pdist(points[::2])), abs=1e-12)
    assert median_distance(points) == pytest.approx(np.median(pdist(points[:5000])), rel=0.02)
