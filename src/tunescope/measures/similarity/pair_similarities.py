"""How similar two targets of one representation are, for all pairs of them, in blocks of rows."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from tunescope.measures.shapes import AnyVectors, Vectors
from tunescope.measures.similarity.anisotropy import mean_cosine
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.similarity.cosine import unit_rows, why_no_cosine
from tunescope.measures.similarity.pair_distances import distances, squared_distances
from tunescope.measures.similarity.pair_ranks import pair_ranks
from tunescope.measures.similarity.pair_sums import FillRows, inner_products

__all__ = ["Similarity", "row_centred", "similarities", "similarity_ranks", "why_no_similarity"]

Similarity = Literal["cosine", "correlation", "euclidean"]
"""The cosine of two vectors, their correlation over the hidden dimensions, or how far they are apart."""


def similarities(vectors: Vectors, similarity: Similarity) -> FillRows:
    """Return what writes rows of the similarities, up to a positive linear map that puts their mean near 0.

    Of distances it writes the distances themselves: the sign is the same for all representations.

    >>> block = np.empty((1, 2))
    >>> similarities(np.array([[1.0, 2.0], [2.0, 4.0]]), "cosine")(0, 1, block)
    >>> block.round(12)  # the mean cosine is 1
    array([[0., 0.]])
    """
    if similarity == "euclidean":  # at mean squared length 1, the mean squared distance is about 2
        return distances(centred(vectors), shift=math.sqrt(2))
    directed = row_centred(vectors) if similarity == "correlation" else vectors
    return inner_products(unit_rows(directed), mean_cosine(directed))


def similarity_ranks(vectors: Vectors, similarity: Similarity) -> FillRows:
    """Return what writes rows of the ranks of the similarities among all pairs; see :func:`pair_ranks`.

    >>> block = np.empty((3, 3))
    >>> similarity_ranks(np.array([[0.0], [1.0], [3.0]]), "euclidean")(0, 3, block)
    >>> block.round(3)
    array([[ 0.   , -0.667,  0.667],
           [ 0.   ,  0.   ,  0.   ],
           [ 0.   ,  0.   ,  0.   ]])
    """
    if similarity == "euclidean":  # squares stand in the same order and, where they are small, are more exact
        points = centred(vectors)
        largest = 4 * float(np.einsum("eh,eh->e", points, points).max())
        return pair_ranks(squared_distances(points), len(points), largest=largest)
    directed = row_centred(vectors) if similarity == "correlation" else vectors
    return pair_ranks(inner_products(unit_rows(directed)), len(directed), largest=1.0)


def row_centred(vectors: Vectors) -> Vectors:
    """Return the rows less the mean of each, whose cosines are the rows' correlations; no row may be zero.

    >>> row_centred(np.array([[2.0, 4.0]]))
    array([[-0.25,  0.25]])
    """
    rows = vectors / np.abs(vectors).max(axis=1, keepdims=True)  # so that sums do not overflow
    differences: Vectors = rows - rows.mean(axis=1, keepdims=True)
    return differences


def why_no_similarity(similarity: Similarity, **vectors: AnyVectors) -> str | None:
    """Return the reason why similarities are undefined, naming the first matrix to blame, or ``None``.

    >>> why_no_similarity("correlation", x=np.array([[1.0, 0.0], [2.0, 2.0]]))
    'undefined: all entries of row 1 of x are equal, so that it correlates with nothing'
    """
    if similarity == "cosine":
        return why_no_cosine(**vectors)
    if similarity == "euclidean":
        return why_constant(**vectors)
    for name, rows in vectors.items():
        sizes = np.abs(rows).max(axis=1)
        constant = np.ptp(rows, axis=1) <= 4 * np.finfo(np.float64).eps * sizes
        if constant.any():
            place = int(np.argmax(constant))
            return f"undefined: all entries of row {place} of {name} are equal, so that it correlates with nothing"
    return None
