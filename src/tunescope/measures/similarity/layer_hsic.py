"""The Hilbert–Schmidt independence criterion of all pairs of layers of two models, with linear kernels.

Every layer's Gram matrix is needed for each layer of the other model. What HSIC takes of two of them is one number,
tr(KL) = ‖X'Y‖², which comes from products over the examples, pair by pair, or from tiles of the Gram matrices of all
layers, whose inner products are then one small product. The cheaper form is taken: the tiles, as long as there are
fewer examples than about hidden size times layers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from threadpoolctl import ThreadpoolController

from tunescope._core.threads import in_threads
from tunescope.measures.shapes import AnyVectors

__all__ = ["Alignments", "LayerMap", "debiased_hsic", "gram_products"]

LayerMap = Float[np.ndarray, "layer_x layer_y"]
"""A figure for each layer of one model with each of another."""

LARGEST_TILE = 512
"""Rows and columns of the Gram matrices' tiles; smaller ones are slower to multiply, larger ones to read again."""

SMALLEST_TILE = 128


class Alignments(NamedTuple):
    """A figure of two layers for each pair of layers, and for each layer with itself."""

    both: LayerMap
    x: Float[np.ndarray, " layer_x"]
    y: Float[np.ndarray, " layer_y"]


def debiased_hsic(
    xs: Sequence[AnyVectors], ys: Sequence[AnyVectors], *, n_threads: int = 1
) -> tuple[Alignments, Alignments]:
    """Return n (n − 3) HSIC₁ of all pairs of layers, and the size of the largest term of each.

    With centred columns, the rows of K sum to 0, and so those of K without its diagonal to −kᵢᵢ. Equation 5 of Song et
    al. (2012) is then tr(KL) − n / (n − 2) · Σ kᵢᵢ lᵢᵢ + Σ kᵢᵢ · Σ lᵢᵢ / ((n − 1)(n − 2)), with K and L entire.

    Args:
        xs: The layers of one model, each of shape (example, hidden), with centred columns, float64, at least 4 rows.
        ys: Those of the other, the same examples in the same order.
        n_threads: Threads to work in.

    >>> x = np.array([[-3.0], [-2.0], [1.0], [4.0]])
    >>> found, _ = debiased_hsic([x], [x])
    >>> found.both, found.x
    (array([[342.]]), array([342.]))
    """
    n = len(xs[0])
    products = gram_products(xs, ys, n_threads=n_threads)
    diagonals = [np.stack([np.einsum("eh,eh->e", each, each) for each in layers]) for layers in (xs, ys)]

    def hsic(traces: np.ndarray, crossed: np.ndarray, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        crossed, totals = crossed * n / (n - 2), totals / ((n - 1) * (n - 2))
        return traces - crossed + totals, np.maximum(traces, np.maximum(crossed, totals))

    first, second = diagonals
    both = hsic(products.both, first @ second.T, np.outer(first.sum(axis=1), second.sum(axis=1)))
    own = [
        hsic(traces, np.einsum("le,le->l", each, each), each.sum(axis=1) ** 2)
        for traces, each in ((products.x, first), (products.y, second))
    ]
    return Alignments(both[0], own[0][0], own[1][0]), Alignments(both[1], own[0][1], own[1][1])


def gram_products(xs: Sequence[AnyVectors], ys: Sequence[AnyVectors], *, n_threads: int = 1) -> Alignments:
    """Return tr(KL) for all pairs of layers, where K = XX' and L = YY'.

    The libraries multiply in one thread each, so that the figures do not depend on the number of threads.

    >>> gram_products([np.eye(2)], [np.eye(2), 2 * np.eye(2)]).both
    array([[2., 8.]])
    """
    by_tiles = _cost_of_tiles(xs, ys) <= _cost_of_pairs(xs, ys)
    with _blas().limit(limits=1, user_api="blas"):
        return (_from_tiles if by_tiles else _from_pairs)(xs, ys, n_threads)


def _cost_of_tiles(xs: Sequence[AnyVectors], ys: Sequence[AnyVectors]) -> float:
    """Return the multiplications that the upper halves of the Gram matrices take."""
    return len(xs[0]) ** 2 * (sum(_hidden_sizes(xs) + _hidden_sizes(ys)) + len(xs) * len(ys)) / 2


def _cost_of_pairs(xs: Sequence[AnyVectors], ys: Sequence[AnyVectors]) -> float:
    """Return the multiplications that X'Y takes for all pairs, and half of X'X and of Y'Y."""
    first, second = _hidden_sizes(xs), _hidden_sizes(ys)
    return len(xs[0]) * (sum(first) * sum(second) + sum(size**2 for size in first + second) / 2)


def _hidden_sizes(layers: Sequence[AnyVectors]) -> list[int]:
    return [int(each.shape[1]) for each in layers]


def _from_pairs(xs: Sequence[AnyVectors], ys: Sequence[AnyVectors], n_threads: int) -> Alignments:
    pairs: list[tuple[AnyVectors, AnyVectors]] = [
        *itertools.product(xs, ys),
        *((each, each) for each in (*xs, *ys)),
    ]

    def squared_norm(pair: tuple[AnyVectors, AnyVectors]) -> float:
        product = pair[0].T @ pair[1]
        return float(np.vdot(product, product))

    found = np.array(list(in_threads(squared_norm, pairs, n_threads)))
    both, x, y = np.split(found, [len(xs) * len(ys), len(xs) * (len(ys) + 1)])
    return Alignments(both.reshape(len(xs), len(ys)), x, y)


def _from_tiles(xs: Sequence[AnyVectors], ys: Sequence[AnyVectors], n_threads: int) -> Alignments:
    layers, n_first = (*xs, *ys), len(xs)
    edges = _tile_edges(len(xs[0]))
    tiles = list(itertools.combinations_with_replacement(itertools.pairwise(edges), 2))

    def of_tile(tile: tuple[tuple[int, int], tuple[int, int]]) -> Alignments:
        rows, columns = slice(*tile[0]), slice(*tile[1])
        shape = tile[0][1] - tile[0][0], tile[1][1] - tile[1][0]
        grams = np.empty((len(layers), shape[0] * shape[1]))
        for each, gram in zip(layers, grams, strict=True):
            np.matmul(each[rows], each[columns].T, out=gram.reshape(shape))
        weight = 1 if rows == columns else 2  # the tile beyond the diagonal is the same
        own = weight * np.einsum("lp,lp->l", grams, grams)
        return Alignments(weight * (grams[:n_first] @ grams[n_first:].T), own[:n_first], own[n_first:])

    both, x, y = np.zeros((n_first, len(ys))), np.zeros(n_first), np.zeros(len(ys))
    for found in in_threads(of_tile, tiles, n_threads):
        both += found.both
        x += found.x
        y += found.y
    return Alignments(both, x, y)


def _tile_edges(n_examples: int) -> list[int]:
    """Return where the tiles begin and end, which are about as large as one another."""
    size = min(max(n_examples // 4, SMALLEST_TILE), LARGEST_TILE)
    n_tiles = math.ceil(n_examples / size)
    return [n_examples * i // n_tiles for i in range(n_tiles + 1)]


@cache
def _blas() -> ThreadpoolController:
    """Return the control of numpy's library, which takes a while to find."""
    return ThreadpoolController()
