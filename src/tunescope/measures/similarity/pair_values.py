"""The values of a pair matrix at the pairs i < j, one after the other, row by row."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from tunescope.measures.similarity.pair_sums import BLOCK, FillRows

__all__ = ["Values", "above_diagonal", "first_pair", "pair_values"]

Values = Float[np.ndarray, " pair"]


def pair_values(matrix: FillRows, n_examples: int) -> Values:
    """Return the values at the pairs i < j; they take 8 bytes each, 64 MB for 4,000 examples.

    >>> def fill(start: int, stop: int, out: np.ndarray) -> None:
    ...     out[:] = np.array([[0, 5, 7], [5, 0, 6], [7, 6, 0]])[start:stop, start:]
    >>> pair_values(fill, 3)
    array([5., 7., 6.])
    """
    values = np.empty(first_pair(n_examples, n_examples))
    for start in range(0, n_examples, BLOCK):
        stop = min(start + BLOCK, n_examples)
        block = np.empty((stop - start, n_examples - start))
        matrix(start, stop, block)
        here = slice(first_pair(start, n_examples), first_pair(stop, n_examples))
        values[here] = block[above_diagonal(start, stop, n_examples)]
    return values


def first_pair(row: int, n_examples: int) -> int:
    """Return the place of a row's first pair.

    >>> [first_pair(row, 4) for row in range(4)]
    [0, 3, 5, 6]
    """
    return row * (2 * n_examples - row - 1) // 2


def above_diagonal(start: int, stop: int, n_examples: int) -> Bool[np.ndarray, "row column"]:
    """Return which entries of rows ``start`` to ``stop``, from column ``start`` on, lie above the diagonal.

    >>> above_diagonal(1, 3, 4)
    array([[False,  True,  True],
           [False, False,  True]])
    """
    above: np.ndarray = np.arange(start, n_examples) > np.arange(start, stop)[:, None]
    return above
