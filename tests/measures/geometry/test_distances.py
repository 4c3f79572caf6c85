from __future__ import annotations

import math

import numpy as np
import pytest

from tunescope.measures.geometry.distances import Distances


def distances(
    names: tuple[str, ...],
    matrix: np.ndarray,
    status: np.ndarray | None = None,
    lower: np.ndarray | None = None,
) -> Distances:
    if status is None:
        status = np.where(np.isnan(matrix), "", np.where(matrix > 0, "disjoint", "overlap"))
    return Distances(names, matrix if lower is None else lower, matrix, status, np.full(len(names), 10))


def symmetric(n: int, entries: dict[tuple[int, int], float]) -> np.ndarray:
    matrix = np.full((n, n), np.nan)
    for (i, j), value in entries.items():
        matrix[i, j] = matrix[j, i] = value
    return matrix


def test_the_minimum_is_the_smallest_distance_to_another_label(rng: np.random.Generator) -> None:
    points = rng.normal(size=(5, 2))
    matrix = np.array([[np.linalg.norm(p - q) if p is not q else np.nan for q in points] for p in points])
    names = ("a", "b", "c", "d", "e")
    expected = {
        name: min(np.linalg.norm(points[i] - points[j]) for j in range(5) if j != i)
        for i, name in enumerate(names)
    }
    assert distances(names, matrix).minimum() == pytest.approx(expected)


def test_an_overlap_is_a_distance_of_0_and_a_missing_one_does_not_count() -> None:
    found = distances(("a", "b", "c", "d"), symmetric(4, {(0, 1): 0.0, (0, 2): 3.0})).minimum()
    assert list(found) == ["a", "b", "c", "d"]
    assert (found["a"], found["b"], found["c"]) == (0, 0, 3)
    assert math.isnan(found["d"])
    assert math.isnan(distances(("alone",), np.full((1, 1), np.nan)).minimum()["alone"])


@pytest.mark.parametrize(("bound", "known"), [(0.0, False), (1.0, False), (2.0, True), (math.nan, False)])
def test_an_undecided_distance_hides_the_minimum_unless_its_bound_lies_above(
    bound: float, known: bool
) -> None:
    upper = symmetric(3, {(0, 1): 2.0, (0, 2): 9.0, (1, 2): 4.0})
    status = np.where(np.isnan(upper), "", "disjoint").astype("<U9")
    status[0, 2] = status[2, 0] = "undecided"
    lower = symmetric(3, {(0, 1): 2.0, (0, 2): bound, (1, 2): 4.0})
    found = distances(("a", "b", "c"), upper, status, lower).minimum()
    assert found["b"] == 2
    assert (found["a"] == 2) is known
    assert math.isnan(found["a"]) is not known


def test_clusters_of_one_label_count_together_and_not_against_each_other() -> None:
    matrix = symmetric(3, {(0, 1): 0.5, (0, 2): 7.0, (1, 2): 4.0})
    assert distances(("a", "a", "b"), matrix).minimum() == {"a": 4, "b": 4}
