"""CKA of every layer of one model with every layer of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope._core.threads import in_threads, number_of_threads
from tunescope.measures.shapes import AnyVectors
from tunescope.measures.similarity.cka import SMALLEST_SHARE
from tunescope.measures.similarity.layer_hsic import Alignments, LayerMap, debiased_hsic, gram_products
from tunescope.measures.validation import check_vectors

__all__ = ["Layers", "centred_columns", "check_layers", "cka_map", "ratios"]

Layers = Sequence[AnyVectors] | Float[np.ndarray, "_ _ _"]
"""The vectors of the same examples at each layer, whose hidden sizes may differ, or an array of all."""


def cka_map(xs: Layers, ys: Layers, *, debiased: bool = True, n_jobs: int | None = None) -> LayerMap:
    """Return the linear CKA of all pairs of layers of two models.

    Each figure is that of :func:`~tunescope.measures.similarity.cka.cka`, or of ``plain_cka``, on the two layers; all
    of them together take a small part of the time (Nguyen, Raghu and Kornblith 2021 draw such maps). In memory are the
    layers in float64, 8 bytes × layers × examples × hidden size, and 2 MB per layer and thread. There are no
    intervals: :func:`~tunescope.measures.similarity.cka.cka_estimate` gives that of a pair. Where the examples are too
    many to hold, see :class:`~tunescope.measures.similarity.minibatch_cka.MinibatchCKA`.

    Args:
        xs: The layers of one model, each of shape (example, hidden), finite, at least 4 rows (2 if not
            ``debiased``).
        ys: The layers of the other, the same examples in the same order.
        debiased: Whether to debias, the default; the plain figure of independent vectors is far from 0 where
            examples are few for the hidden size.
        n_jobs: Threads; None or −1, the default, for all cores. The figures do not depend on it.

    Returns:
        Shape (layer of ``xs``, layer of ``ys``), at most 1; higher means more alike. NaN where the rows of a layer are
        all equal, or their inner products are.

    Raises:
        InputError: A side has no layer, a layer is not a finite matrix or has too few rows, or the layers have
            different numbers of rows.

    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0], [2.0, 2.0]])
    >>> cka_map([x, x**2], [7 - 2 * x[:, ::-1]]).round(3)
    array([[1.   ],
           [0.742]])
    """
    first, second = check_layers(xs, ys, min_examples=4 if debiased else 2)
    n_threads = number_of_threads(n_jobs)
    prepared = list(in_threads(_scaled, (*first, *second), n_threads))
    sides = prepared[: len(first)], prepared[len(first) :]
    if debiased:
        return ratios(*debiased_hsic(*sides, n_threads=n_threads))
    products = gram_products(*sides, n_threads=n_threads)
    return ratios(products, products)


def check_layers(
    xs: Layers, ys: Layers, *, names: tuple[str, str] = ("xs", "ys"), min_examples: int
) -> tuple[list[AnyVectors], list[AnyVectors]]:
    """Return the layers of two models as matrices.

    Raises:
        InputError: A side has no layer, a layer fails :func:`check_vectors`, or the numbers of rows differ.
    """
    sides: list[list[AnyVectors]] = []
    for layers, name in zip((xs, ys), names, strict=True):
        sides.append(
            [check_vectors(each, f"{name}[{i}]", min_examples=min_examples) for i, each in enumerate(layers)]
        )
        if not len(layers):
            raise InputError(f"{name} has no layers.", expected="a matrix for each layer", got="none")
    counts = {len(each) for side in sides for each in side}
    if len(counts) > 1:
        raise InputError(
            "The layers have different numbers of rows.",
            where=" and ".join(names),
            expected="one row for each example, in the same order",
            got=", ".join(map(str, sorted(counts))),
        )
    return sides[0], sides[1]


def centred_columns(vectors: AnyVectors) -> AnyVectors:
    """Return the rows less their mean, in float64, with few passes over memory; all zero where all are equal.

    >>> centred_columns(np.array([[1.0], [4.0]]))
    array([[-1.5],
           [ 1.5]])
    """
    rows: AnyVectors = np.subtract(vectors, vectors[0], dtype=np.float64)
    if _largest(rows) <= 4 * np.finfo(np.float64).eps * _largest(vectors):
        return np.zeros(rows.shape)
    rows -= rows.mean(axis=0)
    return rows


def _scaled(vectors: AnyVectors) -> AnyVectors:
    """Return centred rows, scaled so that squares of squares neither overflow nor vanish."""
    rows = centred_columns(vectors)
    rows /= _largest(rows) or 1.0
    return rows


def _largest(vectors: AnyVectors) -> float:
    return max(float(vectors.max()), -float(vectors.min()))


def ratios(products: Alignments, sizes: Alignments) -> LayerMap:
    """Return HSIC(x, y) / √(HSIC(x, x) HSIC(y, y)), at most 1; NaN where one of a layer with itself is rounding.

    >>> ones = np.ones(1)
    >>> ratios(Alignments(np.array([[0.5]]), ones, ones), Alignments(np.array([[1.0]]), ones, ones))
    array([[0.5]])
    """
    own = [
        np.where(each > SMALLEST_SHARE * size, each, np.nan)
        for each, size in ((products.x, sizes.x), (products.y, sizes.y))
    ]
    found: LayerMap = np.minimum(products.both / np.sqrt(np.outer(*own)), 1)
    return found
