"""The best dependency tree under scores of arcs, with exactly one word attached to the root."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Complex, Float, Int

from tunescope._core.errors import InputError

__all__ = ["maximum_spanning_tree"]

Scores = Float[np.ndarray, "node node"]

_LARGEST = 1e300  # so that no sum over a sentence overflows


def maximum_spanning_tree(scores: Scores) -> Int[np.ndarray, " word"]:
    """Return the heads of the tree with the greatest sum of scores, in which exactly one word depends on the root.

    Chu–Liu/Edmonds: every word takes its best head; where that closes a circle, the circle becomes one node, whose
    arcs from outside count by what they gain over the arc in the circle that they replace. Arcs are compared by two
    figures in a row, first by how many arcs from the root (and impossible arcs) they mean, then by score. Any tree has
    at least one arc from the root, so the best of all trees is the best of those with one; a tree with one is found
    wherever there is one. Nothing is approximated, and no large number is added to the scores.

    Args:
        scores: Shape (word + 1, word + 1); ``scores[h, d]`` is the score of head h for dependent d, words are counted
            from 1 and 0 is the root. A score of −∞ forbids the arc. The first column and the diagonal are not read.

    Returns:
        Shape (word,); the head of each word, counted from 1, and 0 for the root. Of several best trees it is always
        the same one.

    Raises:
        InputError: The matrix is not square or holds no word, a score is NaN, +∞ or beyond ±1e300, or every tree with
            one root needs a forbidden arc.

    References:
        Chu and Liu 1965; Edmonds 1967, "Optimum branchings". Zmigrod, Vieira and Cotterell 2020, "Please Mind the Root:
        Decoding Arborescences for Dependency Parsing", on why the constraint matters; they enforce it by another
        algorithm (Gabow and Tarjan 1984), with the same result. Circles are contracted one by one along a path, as in
        Tarjan 1977, "Finding optimum branchings", in time O(word²).

    >>> scores = np.full((4, 4), 0.0)
    >>> scores[0, 1:] = 9.0  # every word for itself would depend on the root
    >>> scores[2, 1], scores[2, 3] = 5.0, 4.0
    >>> maximum_spanning_tree(scores).tolist()
    [2, 0, 2]
    """
    arcs = _checked(scores)
    forest = _Contraction(_weights(arcs))
    for word in range(1, len(arcs)):
        forest.attach(word)
    heads = forest.heads()
    chosen = arcs[heads, np.arange(1, len(arcs))]
    if np.count_nonzero(heads == 0) != 1 or not np.isfinite(chosen).all():
        raise InputError(
            "No tree with one root does without forbidden arcs.",
            where="scores",
            expected="arcs above −inf that lead from one word to all others, and one to it from the root",
            got=f"{np.isfinite(arcs).sum()} such arcs between {len(heads)} words and the root",
        )
    return heads


def _checked(scores: Scores) -> Scores:
    arcs = np.array(scores, dtype=np.float64)
    if arcs.ndim != 2 or arcs.shape[0] != arcs.shape[1] or len(arcs) < 2:
        raise InputError(
            "The scores are no square matrix of at least one word and the root.",
            where="scores",
            expected="shape (words + 1, words + 1)",
            got=f"shape {arcs.shape}",
        )
    arcs[:, 0] = -math.inf
    np.fill_diagonal(arcs, -math.inf)
    wrong = ~(arcs <= _LARGEST) | ((arcs < -_LARGEST) & (arcs != -math.inf))
    if wrong.any():
        head, dependent = np.argwhere(wrong)[0].tolist()
        raise InputError(
            "A score is no number that can be compared.",
            where=f"scores[{head}, {dependent}]",
            expected="a number from -1e300 to 1e300, or -inf for an arc that is impossible",
            got=arcs[head, dependent],
        )
    return arcs


def _weights(arcs: Scores) -> Complex[np.ndarray, "dependent head"]:
    """Return the arcs by dependent as complex numbers, which numpy orders by real part, then by imaginary part.

    The real part is minus the number of arcs from the root; a forbidden arc counts more than all of these together.
    """
    forbidden = np.isneginf(arcs.T)
    weights = np.zeros(forbidden.shape, dtype=np.complex128)
    weights.real[forbidden] = -len(arcs) - 1
    weights.real[:, 0] -= 1
    weights.imag[~forbidden] = arcs.T[~forbidden]
    np.fill_diagonal(weights, -math.inf)
    return weights


class _Contraction:
    """Circles of nodes contracted to one node each, and the best arc into every node.

    Nodes are numbered: the root, the words, then the contracted circles in the order in which they close. There are
    fewer circles than words, since each joins two nodes or more.

    Args:
        weights: The arcs between the words and the root, by dependent.
    """

    def __init__(self, weights: Complex[np.ndarray, "dependent head"]) -> None:
        self._n_nodes = len(weights)
        self._everywhere = np.arange(self._n_nodes)
        # what the best arc into each node from each word or the root gains over the arc chosen for the node, if any
        self._gains = np.empty((2 * self._n_nodes, self._n_nodes), dtype=np.complex128)
        self._gains[: self._n_nodes] = weights
        # the word in the node that this arc leads to
        self._entries = np.empty(self._gains.shape, dtype=np.intp)
        self._entries[: self._n_nodes] = self._everywhere[:, None]
        self._arcs: dict[
            int, tuple[int, int]
        ] = {}  # the head and the dependent of the arc chosen for each node
        self._parents = list(range(self._n_nodes))  # the node that each node is a part of, or itself
        self._tops = np.arange(self._n_nodes)  # the largest node that holds each word or the root
        self._finished = {0}  # nodes that an arc from the root leads to, directly or through others

    def attach(self, word: int) -> None:
        """Follow the best arcs backwards from a word until they come from the root, contracting every circle."""
        path = [self._tops.item(word)]
        while path[-1] not in self._finished:
            node = path[-1]
            gains = self._gains[node]
            head = int(gains.argmax())
            gains -= gains[head]
            self._arcs[node] = head, self._entries.item(node, head)
            before = self._tops.item(head)
            if before in path:
                start = path.index(before)
                path[start:] = [self._contract(path[start:])]
            else:
                path.append(before)
        self._finished.update(path)

    def heads(self) -> Int[np.ndarray, " word"]:
        """Return the head of each word, once all words are attached: an arc into a circle breaks it where it enters."""
        for node in reversed(range(self._n_nodes, len(self._parents))):
            arc = self._arcs[node]
            part = arc[1]
            while self._parents[part] != node:
                part = self._parents[part]
            self._arcs[part] = arc
        return np.array([self._arcs[word][0] for word in range(1, self._n_nodes)])

    def _contract(self, circle: list[int]) -> int:
        """Return the number of a new node in the place of a circle of nodes."""
        node = len(self._parents)
        parts = np.array(circle)
        best = parts[self._gains[parts].argmax(axis=0)]
        inside = (self._tops == parts[:, None]).any(axis=0)
        self._gains[node] = self._gains[best, self._everywhere]
        self._gains[node, inside] = -math.inf
        self._entries[node] = self._entries[best, self._everywhere]
        self._tops[inside] = node
        self._parents.append(node)
        for part in circle:
            self._parents[part] = node
        return node
