import itertools
import math
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tunescope.tasks.maximum_spanning_tree import maximum_spanning_tree
from tunescope.tasks.tree_fault import find_tree_fault

SCORES = st.integers(1, 6).flatmap(
    lambda n: arrays(np.float64, (n + 1, n + 1), elements=st.integers(-5, 5).map(float))
)


@cache
def all_trees(n_words):
    """The heads of all trees with one root, a row for each: there are n^(n−1) of them."""
    found = []
    for root in range(1, n_words + 1):
        choices = [
            [0] if word == root else [head for head in range(1, n_words + 1) if head != word]
            for word in range(1, n_words + 1)
        ]
        found += itertools.product(*choices)
    heads = np.array(found)
    head_of = np.pad(heads, ((0, 0), (1, 0)))
    ancestors = heads
    for _ in range(n_words):
        ancestors = np.take_along_axis(head_of, ancestors, axis=1)
    return heads[(ancestors == 0).all(axis=1)]


def score(scores, heads):
    return scores[heads, np.arange(1, len(scores))].sum(axis=-1)


def best_score(scores):
    return score(scores, all_trees(len(scores) - 1)).max()


def draw_scores(rng, kind, n_words):
    shape = (n_words + 1, n_words + 1)
    if kind == "ties":
        return rng.integers(0, 3, shape).astype(float)
    if kind == "roots":  # every word for itself would take the root
        return rng.normal(size=shape) + 5 * (np.arange(n_words + 1) == 0)[:, None]
    scores = rng.normal(size=shape)
    if kind == "forbidden":
        scores[rng.random(shape) < 0.4] = -math.inf
    return scores


def test_the_reference_knows_how_many_trees_there_are():
    assert [len(all_trees(n)) for n in range(1, 8)] == [n ** (n - 1) for n in range(1, 8)]


@pytest.mark.parametrize("kind", ["normal", "ties", "roots", "forbidden"])
def test_no_tree_scores_higher(kind, refusal):
    rng = np.random.default_rng([ord(letter) for letter in kind])
    n_refused = 0
    for _ in range(125):
        scores = draw_scores(rng, kind, int(rng.integers(1, 8)))
        expected = best_score(scores)
        if expected == -math.inf:
            assert "No tree with one root" in refusal(maximum_spanning_tree, scores)
            n_refused += 1
            continue
        heads = maximum_spanning_tree(scores)
        assert find_tree_fault(heads) is None
        assert score(scores, heads) == pytest.approx(expected, abs=1e-12)
    assert (0 < n_refused < 60) if kind == "forbidden" else n_refused == 0


def test_longer_sentences_against_networkx():
    """Networkx knows no single root: it decodes once for each word that may be the root, with only that arc."""
    networkx = pytest.importorskip("networkx")
    rng = np.random.default_rng(2)
    for _ in range(5):
        n_words = 14
        scores = draw_scores(rng, "roots", n_words)
        best = -math.inf
        for root in range(1, n_words + 1):
            graph = networkx.DiGraph()
            graph.add_edge(0, root, weight=scores[0, root])
            for head, dependent in itertools.permutations(range(1, n_words + 1), 2):
                graph.add_edge(head, dependent, weight=scores[head, dependent])
            tree = networkx.maximum_spanning_arborescence(graph)
            best = max(best, tree.size(weight="weight"))
        assert score(scores, maximum_spanning_tree(scores)) == pytest.approx(best, abs=1e-9)


def test_a_known_answer():
    """The best head of each word: 1 and 2 take each other, 3 takes 2; breaking the circle at 2 costs least."""
    scores = np.zeros((4, 4))
    scores[2, 1], scores[1, 2], scores[2, 3] = 10, 8, 5
    scores[0, 1:] = 1, 3, 4
    assert maximum_spanning_tree(scores).tolist() == [2, 0, 2]


def test_one_word():
    assert maximum_spanning_tree(np.array([[0.0, -7.0], [0.0, 99.0]])).tolist() == [0]


def test_the_same_tree_of_several_best_ones():
    scores = np.zeros((6, 6))
    heads = maximum_spanning_tree(scores)
    assert find_tree_fault(heads) is None
    assert all(np.array_equal(maximum_spanning_tree(scores), heads) for _ in range(3))


def test_what_is_not_read_may_be_anything():
    scores = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0], [0.0, 4.0, 0.0]])
    expected = maximum_spanning_tree(scores)
    scores[:, 0] = math.nan
    np.fill_diagonal(scores, math.inf)
    assert np.array_equal(maximum_spanning_tree(scores), expected)


@given(SCORES)
@settings(max_examples=60)
def test_invariances(scores):
    """A constant for all arcs into a word, or for all from the root, changes all trees alike; so does renaming."""
    n_words = len(scores) - 1
    rng = np.random.default_rng(0)
    best = score(scores, maximum_spanning_tree(scores))
    shifts = rng.integers(-9, 9, n_words + 1).astype(float)
    assert score(scores, maximum_spanning_tree(scores + shifts)) == best
    shifted = scores.copy()
    shifted[0] += 50
    assert score(scores, maximum_spanning_tree(shifted)) == best
    order = np.concatenate([[0], 1 + rng.permutation(n_words)])
    renamed = scores[np.ix_(order, order)]
    assert score(renamed, maximum_spanning_tree(renamed)) == best
    assert score(scores, maximum_spanning_tree((4 * scores).astype(np.float32))) == best


def test_large_scores_hide_no_small_difference():
    """A penalty that rules out a second root under such scores would leave no digits for differences of 1."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        scores = (rng.integers(0, 4, (6, 6)) + 2**49 * rng.integers(0, 2, (6, 6))).astype(float)
        assert score(scores, maximum_spanning_tree(scores)) == best_score(scores)


@pytest.mark.parametrize(
    ("scores", "what"),
    [
        (np.zeros((2, 3)), "shape (2, 3)"),
        (np.zeros(4), "shape (4,)"),
        (np.zeros((1, 1)), "shape (1, 1)"),
        (np.array([[0.0, 1.0], [0.0, 0.0]]) * math.nan, "scores[0, 1]"),
        (np.array([[0.0, math.inf], [0.0, 0.0]]), "scores[0, 1]"),
        (np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 2e300], [0.0, 0.0, 0.0]]), "scores[1, 2]"),
        (np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, -2e300, 0.0]]), "scores[2, 1]"),
        (np.full((3, 3), -math.inf), "got: 0 such arcs between 2 words"),
        (np.array([[0, 1.0, 1.0], [0, 0, -math.inf], [0, -math.inf, 0]]), "got: 2 such arcs between 2 words"),
    ],
    ids=["oblong", "flat", "no word", "nan", "inf", "too large", "too small", "no arc", "two roots only"],
)
def test_refusals(scores, what, refusal):
    assert what in refusal(maximum_spanning_tree, scores)


def test_forty_words_take_less_than_a_millisecond():
    rng = np.random.default_rng(0)
    sentences = rng.normal(size=(20, 41, 41))
    seconds = []
    for _ in range(8):
        start = time.process_time()
        for scores in sentences:
            maximum_spanning_tree(scores)
        seconds.append((time.process_time() - start) / len(sentences))
    assert min(seconds) < 1e-3
