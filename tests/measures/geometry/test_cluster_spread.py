from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.geometry.cluster_spread import ClusterSpread, cluster_spread


def naive_spread(points: np.ndarray) -> tuple[float, float]:
    distances = [
        float(np.linalg.norm(points[i] - points[j]))
        for i in range(len(points))
        for j in range(i + 1, len(points))
    ]
    return float(np.mean(distances)), max(distances)


def figures(spread: ClusterSpread) -> np.ndarray:
    return np.array([spread.mean_distance, spread.largest_distance])


@pytest.mark.parametrize("max_memory", [8, 9 * 8, 100 * 8, 2**28])
def test_the_formula_for_every_size_of_tile(max_memory: int, rng: np.random.Generator) -> None:
    points, clusters = rng.normal(size=(60, 5)) + 1000, rng.choice(["a", "b", "c"], 60, p=[0.6, 0.3, 0.1])
    spread = cluster_spread(points, clusters, max_memory=max_memory)
    assert spread.clusters.tolist() == ["a", "b", "c"]
    for row, name in enumerate(spread.clusters):
        own = points[clusters == name]
        assert figures(spread)[:, row] == pytest.approx(naive_spread(own), rel=1e-9)
        assert spread.n_points[row] == len(own)


def test_a_known_answer() -> None:
    """The unit square: four sides of 1 and two diagonals."""
    square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    spread = cluster_spread(square, np.zeros(4, int))
    assert spread.mean_distance == pytest.approx([(4 + 2 * np.sqrt(2)) / 6])
    assert spread.largest_distance == pytest.approx([np.sqrt(2)])


@given(st.integers(0, 1000), st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_invariances(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points, clusters = rng.normal(size=(20, 4)), rng.integers(0, 3, 20)
    rotation, order = np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.permutation(20)
    moved = cluster_spread((scale * points @ rotation + shift)[order], clusters[order])
    assert figures(moved) == pytest.approx(
        scale * figures(cluster_spread(points, clusters)), rel=1e-6, nan_ok=True
    )


def test_a_large_offset_and_extreme_scales_lose_nothing(rng: np.random.Generator) -> None:
    points = rng.integers(-8, 8, size=(50, 3)).astype(float)  # exact with the offset
    expected = naive_spread(points)
    assert figures(cluster_spread(points + 2.0**40, np.zeros(50)))[:, 0] == pytest.approx(expected)
    for scale in (1e-200, 1e200):
        found = figures(cluster_spread(scale * points, np.zeros(50)))[:, 0] / scale
        assert found == pytest.approx(expected)


def test_single_and_equal_points() -> None:
    points = np.array([[0.1, 0.7], [0.3, 0.1], [0.3, 0.1], [0.3, 0.1]])
    spread = cluster_spread(points, np.array([0, 1, 1, 1]))
    assert np.isnan(figures(spread)[:, 0]).all()
    assert (figures(spread)[:, 1] == 0).all()
    assert spread.n_points.tolist() == [1, 3]


def test_the_memory_stays_within_its_bound(rng: np.random.Generator) -> None:
    points, bound = rng.normal(size=(3000, 4)).astype(np.float32), 2**20
    tracemalloc.start()
    try:
        cluster_spread(points, np.zeros(3000, int), max_memory=bound)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * bound  # the distances of all pairs would take 72 MB


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match="clusters has the wrong shape"):
        cluster_spread(np.ones((3, 2)), np.zeros(2))
    with pytest.raises(InputError, match="max_memory"):
        cluster_spread(np.ones((3, 2)), np.zeros(3), max_memory=7)
