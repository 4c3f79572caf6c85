from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from tunescope._core.errors import InputError
from tunescope.measures.probing.dependency_trees import (
    check_tree,
    linear_chain,
    random_tree,
    spanning_tree_edges,
    tree_depths,
    tree_distances,
    tree_edges,
)


@st.composite
def trees(draw: st.DrawFn, most: int = 14) -> np.ndarray:
    return random_tree(draw(st.integers(1, most)), np.random.default_rng(draw(st.integers(0, 2**32 - 1))))


def naive_path(heads: np.ndarray, word: int) -> list[int]:
    """The word, its head, the head of that, … down to the root."""
    path = [word]
    while heads[path[-1]]:
        path.append(int(heads[path[-1]]) - 1)
    return path


def naive_distance(heads: np.ndarray, i: int, j: int) -> int:
    up, down = naive_path(heads, i), naive_path(heads, j)
    return min(a + b for a, word in enumerate(up) for b, other in enumerate(down) if word == other)


def naive_spanning_edges(distances: np.ndarray, keep: np.ndarray) -> list[list[int]]:
    """Kruskal's method, word by word."""
    part = {int(word): {int(word)} for word in np.flatnonzero(keep)}
    pairs = sorted((distances[i, j], i, j) for i in part for j in part if i < j)
    edges = []
    for _, i, j in pairs:
        if part[i] is not part[j]:
            edges.append([i, j])
            both = part[i] | part[j]
            part.update(dict.fromkeys(both, both))
    return sorted(edges)


@given(trees())
def test_distances_and_depths_follow_the_definition(heads: np.ndarray) -> None:
    distances, depths = tree_distances(heads), tree_depths(heads)
    for i in range(len(heads)):
        assert depths[i] == len(naive_path(heads, i)) - 1
        for j in range(len(heads)):
            assert distances[i, j] == naive_distance(heads, i, j)


@given(trees())
def test_the_spanning_tree_of_a_trees_distances_is_the_tree(heads: np.ndarray) -> None:
    edges = tree_edges(heads)
    assert len(edges) == len(heads) - 1
    assert np.array_equal(spanning_tree_edges(tree_distances(heads).astype(float)), edges)
    assert all(tree_distances(heads)[i, j] == 1 for i, j in edges)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_spanning_trees_with_ties_and_zeros_are_kruskals(n: int, n_values: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    distances = np.triu(rng.integers(0, n_values, (n, n)), 1).astype(float)
    distances += distances.T
    keep = rng.random(n) < 0.8
    assert spanning_tree_edges(distances, keep).tolist() == naive_spanning_edges(distances, keep)


def test_words_at_distance_zero_are_joined() -> None:
    assert spanning_tree_edges(np.zeros((4, 4))).tolist() == [[0, 1], [0, 2], [0, 3]]


def test_only_the_order_of_distances_matters(rng: np.random.Generator) -> None:
    distances = np.abs(np.subtract.outer(*[rng.normal(size=9)] * 2))
    assert np.array_equal(spanning_tree_edges(distances), spanning_tree_edges(np.exp(distances) - 1))


def test_too_few_words_have_no_edge() -> None:
    assert spanning_tree_edges(np.zeros((1, 1))).shape == (0, 2)
    assert spanning_tree_edges(np.ones((3, 3)), np.array([False, True, False])).shape == (0, 2)
    assert tree_edges(np.array([0])).shape == (0, 2)


def test_edges_with_a_word_that_is_not_kept_are_left_out() -> None:
    heads = np.array([2, 0, 4, 2, 2])
    assert tree_edges(heads, np.array([True, True, True, False, True])).tolist() == [[0, 1], [1, 4]]


def test_the_linear_chain() -> None:
    heads = linear_chain(5)
    assert tree_depths(heads).tolist() == [0, 1, 2, 3, 4]
    assert tree_distances(heads)[1].tolist() == [1, 0, 1, 2, 3]


def test_every_rooted_tree_is_equally_likely(rng: np.random.Generator) -> None:
    """There are 4² trees over four words, with four roots each."""
    counts = Counter(tuple(random_tree(4, rng).tolist()) for _ in range(6400))
    assert len(counts) == 64
    assert chisquare(list(counts.values())).pvalue > 1e-3


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_random_tree_is_a_tree_and_the_same_under_a_seed(n: int, seed: int) -> None:
    heads = random_tree(n, np.random.default_rng(seed))
    check_tree(heads)
    assert np.array_equal(heads, random_tree(n, np.random.default_rng(seed)))


@given(st.lists(st.integers(-1, 6), max_size=6))
def test_heads_are_refused_exactly_where_some_word_never_reaches_the_one_root(heads: list[int]) -> None:
    def reaches(word: int) -> bool:
        for _ in heads:
            if not 0 <= heads[word] <= len(heads):
                return False
            if heads[word] == 0:
                return True
            word = heads[word] - 1
        return False

    if heads.count(0) == 1 and all(map(reaches, range(len(heads)))):
        check_tree(np.array(heads))
    else:
        with pytest.raises(InputError):
            check_tree(np.array(heads, dtype=int))


@pytest.mark.parametrize(
    ("heads", "message", "word"),
    [
        ([], "A tree has no word", None),
        ([2, 1], "A tree has no root", 1),
        ([0, 1, 0], "A tree has more than one root", 3),
        ([0, 4, 1], "A head is no word of its sentence", 2),
        ([0, -1], "A head is no word of its sentence", 2),
        ([0, 3, 2], "Words are heads of one another in a circle", 2),
        ([0, 2], "Words are heads of one another in a circle", 2),
    ],
)
def test_what_is_no_tree_is_refused(heads: list[int], message: str, word: int | None) -> None:
    for function in (check_tree, tree_depths, tree_distances, tree_edges):
        with pytest.raises(InputError, match=message) as caught:
            function(np.array(heads, dtype=int))
        assert word is None or f"(see word {word})" in str(caught.value)
    with pytest.raises(InputError, match="where: sentence 7"):
        check_tree(np.array(heads, dtype=int), "sentence 7")
