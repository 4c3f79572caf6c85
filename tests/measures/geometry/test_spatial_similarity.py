from __future__ import annotations

import math
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.measures.geometry.distances import Distances
from tunescope.measures.geometry.label_distances import label_distances
from tunescope.measures.geometry.spatial_similarity import shared_pairs, spatial_similarity


def random_distances(rng: np.random.Generator, n: int, sizes: np.ndarray | None = None) -> Distances:
    matrix = np.abs(rng.normal(size=(n, n))) + 0.1
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, np.nan)
    return of_matrix(matrix, tuple(string.ascii_letters[:n]), sizes)


def of_matrix(matrix: np.ndarray, names: tuple[str, ...], sizes: np.ndarray | None = None) -> Distances:
    status = np.where(np.isnan(matrix), "", "disjoint")
    return Distances(names, matrix, matrix, status, np.full(len(names), 10) if sizes is None else sizes)


def reordered(distances: Distances, order: np.ndarray) -> Distances:
    grid = np.ix_(order, order)
    names = tuple(distances.names[i] for i in order)
    return Distances(
        names, distances.lower[grid], distances.upper[grid], distances.status[grid], distances.sizes[order]
    )


def naive_similarity(first: Distances, second: Distances, min_size: int = 1) -> tuple[float, int]:
    a, b = [], []
    for i, one in enumerate(first.names):
        for j, other in enumerate(first.names):
            if i < j and {one, other} <= set(second.names):
                k, m = second.names.index(one), second.names.index(other)
                sizes = first.sizes[i], first.sizes[j], second.sizes[k], second.sizes[m]
                pair = first.values[i, j], second.values[k, m]
                if min(sizes) >= min_size and not np.isnan(pair).any():
                    a.append(pair[0])
                    b.append(pair[1])
    return float(np.corrcoef(a, b)[0, 1]), len(a)


def test_the_formula_by_name_with_gaps_and_sizes(rng: np.random.Generator) -> None:
    first = random_distances(rng, 8, rng.integers(3, 12, 8))
    second = random_distances(rng, 8, rng.integers(3, 12, 8))
    second.upper[1, 5] = second.upper[5, 1] = np.nan
    second = reordered(second, np.array([6, 3, 5, 1, 0, 7]))
    for min_size in (1, 4):
        found = spatial_similarity(first, second, min_size=min_size)
        expected, n_pairs = naive_similarity(first, second, min_size)
        assert found.value == pytest.approx(expected, abs=1e-12)
        assert (found.n_pairs, found.status) == (n_pairs, "ok")


def test_a_known_answer() -> None:
    """Distances 1, 2, 3 against 1, 3, 2: Pearson's r is 1/2."""
    first = np.array([[np.nan, 1, 2], [1, np.nan, 3], [2, 3, np.nan]])
    second = np.array([[np.nan, 1, 3], [1, np.nan, 2], [3, 2, np.nan]])
    found = spatial_similarity(of_matrix(first, ("a", "b", "c")), of_matrix(second, ("a", "b", "c")))
    assert found.value == pytest.approx(0.5)
    assert (found.n_pairs, found.n_labels) == (3, 3)


@given(st.integers(0, 1000), st.integers(3, 9), st.floats(1e-6, 1e6))
def test_invariance_and_range(seed: int, n: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    first, second = random_distances(rng, n), random_distances(rng, n)
    figure = spatial_similarity(first, second).value
    assert -1 <= figure <= 1
    assert spatial_similarity(second, first).value == pytest.approx(figure, abs=1e-9)
    assert spatial_similarity(first, reordered(second, rng.permutation(n))).value == pytest.approx(
        figure, abs=1e-9
    )
    scaled = of_matrix(scale * first.values, first.names)
    assert spatial_similarity(scaled, second).value == pytest.approx(figure, abs=1e-9)
    assert spatial_similarity(scaled, first).value == pytest.approx(1)


def test_turning_and_scaling_the_vectors_changes_nothing(rng: np.random.Generator) -> None:
    labels = np.repeat(["a", "b", "c", "d"], 6)
    vectors = rng.normal(size=(24, 12)) + np.repeat(rng.normal(size=(4, 12)) * 5, 6, axis=0)
    turned = 3 * vectors @ np.linalg.qr(rng.normal(size=(12, 12)))[0] + 1
    found = spatial_similarity(label_distances(vectors, labels), label_distances(turned, labels))
    assert found.value == pytest.approx(1, abs=1e-9)
    assert found.n_pairs == 6


def test_small_labels_are_left_out_on_request(rng: np.random.Generator) -> None:
    first = random_distances(rng, 5, np.array([5, 6, 7, 8, 9]))
    second = random_distances(rng, 5, np.array([9, 9, 9, 9, 2]))
    shared = shared_pairs(first, second, min_size=6)
    assert shared.labels == ("b", "c", "d")
    assert shared.pairs == (("b", "c"), ("b", "d"), ("c", "d"))
    assert shared.first == pytest.approx(first.values[[1, 1, 2], [2, 3, 3]])
    assert shared.second == pytest.approx(second.values[[1, 1, 2], [2, 3, 3]])
    assert spatial_similarity(first, second, min_size=6).n_labels == 3


def test_too_few_pairs_and_constant_distances_are_nan_with_a_status(rng: np.random.Generator) -> None:
    first = random_distances(rng, 4)
    for other in (reordered(first, np.array([2, 1])), of_matrix(np.full((1, 1), np.nan), ("z",))):
        found = spatial_similarity(first, other)
        assert math.isnan(found.value)
        assert "at least 3" in found.status
    assert (found.n_pairs, found.n_labels) == (0, 0)
    for constant in (np.full((4, 4), 2.0), np.zeros((4, 4)), 2 + 1e-7 * rng.random((4, 4))):
        found = spatial_similarity(first, of_matrix(constant, first.names))
        assert math.isnan(found.value)
        assert found.status == "undefined: all distances of second are equal"


def test_clusters_and_wrong_sizes_are_refused(rng: np.random.Generator) -> None:
    first = random_distances(rng, 3)
    with pytest.raises(InputError, match="second has several rows of one name"):
        spatial_similarity(first, of_matrix(first.values, ("a", "b", "b")))
    with pytest.raises(InputError, match="min_size"):
        spatial_similarity(first, first, min_size=0)
