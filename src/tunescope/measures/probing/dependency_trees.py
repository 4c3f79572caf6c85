"""Dependency trees as arrays of heads: distances, depths, spanning trees, and two trees that know nothing."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np
from jaxtyping import Bool, Int, Real
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree

from tunescope._core.errors import InputError
from tunescope.tasks.tree_fault import find_tree_fault

__all__ = [
    "Edges",
    "Heads",
    "check_tree",
    "linear_chain",
    "random_tree",
    "spanning_tree_edges",
    "tree_depths",
    "tree_distances",
    "tree_edges",
]

Heads = Int[np.ndarray, " word"]
"""The head of each word, counted from 1, and 0 for the root, as in CoNLL-U."""

Edges = Int[np.ndarray, "edge 2"]
"""Two words per edge, counted from 0, the smaller first; the edges are sorted."""


def check_tree(heads: Heads, where: object = None) -> None:
    """Refuse heads that make no tree.

    Args:
        heads: Shape (word,); the head of each word, counted from 1, and 0 for the root.
        where: The sentence's name, for the message.

    Raises:
        InputError: There is no word, no root, more than one, a head outside the sentence, or a cycle.
    """
    fault = find_tree_fault(heads)
    if fault is not None:
        raise InputError(
            fault.what,
            where=where,
            expected="for each word the number of its head, from 1, and 0 for the one root",
            got=f"{', '.join(map(str, heads[:20]))}{' …' if len(heads) > 20 else ''}"
            f" (see word {fault.word + 1})"
            if len(heads)
            else "no heads",
        )


def tree_depths(heads: Heads) -> Int[np.ndarray, " word"]:
    """Return how many edges lie between each word and the root.

    Args:
        heads: Shape (word,); the heads of a tree.

    Raises:
        InputError: The heads make no tree.

    >>> tree_depths(np.array([2, 0, 4, 2])).tolist()
    [1, 0, 2, 1]
    """
    check_tree(heads)
    head_of = np.concatenate([[0], heads])
    depths, ancestor = np.zeros(len(heads), dtype=np.int64), heads
    while ancestor.any():
        depths += ancestor > 0
        ancestor = head_of[ancestor]
    return depths


def tree_distances(heads: Heads) -> Int[np.ndarray, "word word"]:
    """Return how many edges lie on the path between every two words.

    Args:
        heads: Shape (word,); the heads of a tree.

    Raises:
        InputError: The heads make no tree.

    >>> tree_distances(np.array([2, 0, 4, 2])).tolist()
    [[0, 1, 3, 2], [1, 0, 2, 1], [3, 2, 0, 1], [2, 1, 1, 0]]
    """
    order = np.argsort(tree_depths(heads), kind="stable")
    distances = np.zeros((len(heads), len(heads)), dtype=np.int64)
    for n_known, word in enumerate(order[1:], start=1):
        known = order[:n_known]  # the head is among them, for it is less deep
        distances[word, known] = distances[known, word] = distances[heads[word] - 1, known] + 1
    return distances


def tree_edges(heads: Heads, keep: Bool[np.ndarray, " word"] | None = None) -> Edges:
    """Return the edges of a tree, without direction.

    Args:
        heads: Shape (word,); the heads of a tree.
        keep: Shape (word,); words whose edges with one another are wanted; all by default.

    Raises:
        InputError: The heads make no tree.

    >>> tree_edges(np.array([2, 0, 4, 2])).tolist()
    [[0, 1], [1, 3], [2, 3]]
    >>> tree_edges(np.array([2, 0, 4, 2]), np.array([True, True, True, False])).tolist()
    [[0, 1]]
    """
    check_tree(heads)
    words = np.flatnonzero(heads)
    edges = _sorted(np.stack([words, heads[words] - 1], axis=1))
    return edges if keep is None else edges[keep[edges].all(axis=1)]


def spanning_tree_edges(
    distances: Real[np.ndarray, "word word"], keep: Bool[np.ndarray, " word"] | None = None
) -> Edges:
    """Return the edges of the minimum spanning tree.

    Of equal distances, the one between earlier words comes first, so that the tree is always the same one.

    Args:
        distances: Shape (word, word), symmetric, no NaN; only the upper triangle is read.
        keep: Shape (word,); words that the tree spans; all by default.

    Returns:
        Shape (edge, 2), one edge fewer than words kept, or none.

    >>> spanning_tree_edges(np.array([[0.0, 0.0, 5.0], [0.0, 0.0, 1.0], [5.0, 1.0, 0.0]])).tolist()
    [[0, 1], [1, 2]]
    """
    words = np.arange(len(distances)) if keep is None else np.flatnonzero(keep)
    if len(words) < 2:
        return np.empty((0, 2), dtype=np.int64)
    first, second = np.triu_indices(len(words), 1)
    order = np.argsort(distances[words[first], words[second]], kind="stable")
    # Ranks have the same minimum spanning tree as the distances, but no ties, and no 0, which means "no edge".
    rank = np.empty(len(order), dtype=np.float64)
    rank[order] = np.arange(1, len(order) + 1)
    graph = csr_array((rank, (first, second)), shape=(len(words), len(words)))
    return _sorted(np.stack(minimum_spanning_tree(graph).nonzero(), axis=1).astype(np.int64), words)


def linear_chain(n_words: int) -> Heads:
    """Return the heads of the tree in which each word's head is the word before it.

    >>> linear_chain(4).tolist()
    [0, 1, 2, 3]
    """
    return np.arange(n_words)


def random_tree(n_words: int, rng: np.random.Generator) -> Heads:
    """Draw a tree, each tree over so many words and each of its roots being equally likely.

    A random Prüfer sequence is decoded (Prüfer 1918), and the words are put in random order.

    Args:
        n_words: At least 1.
        rng: Source of randomness.

    >>> random_tree(4, np.random.default_rng(0)).tolist()
    [2, 0, 1, 2]
    """
    sequence = rng.integers(0, n_words, max(n_words - 2, 0)).tolist()
    n_edges = np.bincount(np.array(sequence, dtype=np.int64), minlength=n_words) + 1
    leaves = np.flatnonzero(n_edges == 1).tolist()
    heapify(leaves)
    names = rng.permutation(n_words)
    heads = np.zeros(n_words, dtype=np.int64)
    for parent in [*sequence, n_words - 1][
        : n_words - 1
    ]:  # the last word is never cut off, so it is the root
        heads[names[heappop(leaves)]] = names[parent] + 1
        n_edges[parent] -= 1
        if n_edges[parent] == 1 and parent != n_words - 1:
            heappush(leaves, parent)
    return heads


def _sorted(edges: Edges, names: Int[np.ndarray, " word"] | None = None) -> Edges:
    named = np.sort(edges if names is None else names[edges], axis=1)
    return named[np.lexsort((named[:, 1], named[:, 0]))]
