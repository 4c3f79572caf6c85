"""The ranks of a pair matrix's values among all pairs, for rank correlations.

A pair takes at most 45 bytes while it is ranked and 4 once it is: ranking all pairs of 4,000 targets takes 0.4 GB, of
10,000 targets 2.2 GB.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int32

from tunescope._core.errors import InputError
from tunescope.measures.similarity.pair_sums import FillRows
from tunescope.measures.similarity.pair_values import Values, above_diagonal, first_pair, pair_values

__all__ = ["pair_ranks"]

MOST_EXAMPLES = 65_536
"""Of more, the ranks of all pairs do not fit into 32 bits (nor the pairs into most memories)."""

N_BINS = 2**20
"""Bins between the smallest and the largest value; a table of them is looked up in faster than values are sorted."""

MOST_LOST = 1e-8
"""What ties in bins may change in Spearman's correlation."""

RESOLUTION = 1e12
"""Values are told apart to one part in this of the largest; finer differences are rounding, and count as ties."""

Ranks = Int32[np.ndarray, " pair"]


def pair_ranks(values: FillRows, n_examples: int, *, largest: float) -> FillRows:
    """Return what writes rows of the ranks of a symmetric matrix's values among the pairs i < j, ties averaged.

    The ranks come centred and scaled to [−1, 1], which no correlation notices. Those of more than a million pairs come
    from counting in a million narrow bins, as long as that changes Spearman's correlation by less than 1e-8.

    Args:
        values: Writes rows of the matrix.
        n_examples: Its size, at most 65,536.
        largest: A bound on the absolute values; those that differ by less than 1e-12 of it count as equal.

    Raises:
        InputError: There are too many examples.

    >>> def fill(start: int, stop: int, out: np.ndarray) -> None:
    ...     out[:] = np.array([[0, 5, 7], [5, 0, 5], [7, 5, 0]])[start:stop, start:]
    >>> block = np.empty((3, 3))
    >>> pair_ranks(fill, 3, largest=7.0)(0, 3, block)
    >>> block[above_diagonal(0, 3, 3)].round(3)
    array([-0.333,  0.667, -0.333])
    """
    if n_examples > MOST_EXAMPLES:
        raise InputError(
            "There are too many examples to rank all their pairs.",
            expected=f"at most {MOST_EXAMPLES:,}",
            got=f"{n_examples:,}",
            fix="sample the examples, or compare by Pearson's correlation",
        )
    found = pair_values(values, n_examples)
    counted = _ranks_by_counting(found) if len(found) > N_BINS else None
    ranks = _ranks_by_sorting(found, largest) if counted is None else counted
    del found

    def fill(start: int, stop: int, out: np.ndarray) -> None:
        out[:] = 0
        here = slice(first_pair(start, n_examples), first_pair(stop, n_examples))
        out[above_diagonal(start, stop, n_examples)] = ranks[here]
        out /= len(ranks)

    return fill


def _ranks_by_counting(values: Values) -> Ranks | None:
    """Return the ranks that :func:`_ranks_by_sorting` does, but for ties in narrow bins, where that changes nothing.

    Of bins of c values each, Spearman's correlation loses about Σ (c³ − c) / p³ for p pairs: a part of a billion for
    values that are spread out, but not if most of them crowd in a small part of their range.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return None
    scaled = values - low
    scaled *= (N_BINS - 1) / (high - low)
    bins = scaled.astype(np.intp)
    del scaled
    counts = np.bincount(bins, minlength=N_BINS)
    share = counts / len(values)
    if np.sum(share**3) - np.sum(share) / len(values) ** 2 > MOST_LOST:
        return None
    ranks = 2 * np.cumsum(counts) - counts - len(values)
    return ranks.astype(np.int32)[bins]


def _ranks_by_sorting(values: Values, largest: float) -> Ranks:
    """Return twice the rank of each value less the mean rank, which is a whole number also where ties are averaged."""
    n_values = len(values)
    values *= RESOLUTION / largest
    np.rint(values, out=values)
    order = np.argsort(values)
    in_order = values[order]
    first = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    del in_order
    n_equal = np.diff(first, append=n_values)
    first *= 2
    first += n_equal
    first -= n_values
    ranks = np.empty(n_values, dtype=np.int32)
    ranks[order] = np.repeat(first, n_equal)
    return ranks
