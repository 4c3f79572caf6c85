"""How unlike two texts are: the Jensen–Shannon divergence of their term distributions.

The measure by which Ruder and Plank (2017), "Learning to select data for transfer learning with Bayesian
Optimization", and many after them tell how far apart two domains lie.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Int
from scipy.sparse import csr_array
from scipy.spatial.distance import jensenshannon

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval

__all__ = ["term_divergence", "text_divergence"]


def term_divergence(first: Int[np.ndarray, " term"], second: Int[np.ndarray, " term"]) -> float:
    """Return the Jensen–Shannon divergence of two term distributions, in bits.

    JSD(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = ½ (p + q), from 0 for equal distributions to 1 for texts without a
    common term; symmetric, and not changed by multiplying all counts of a side.

    Args:
        first: Shape (term,); how often each term occurs in one text.
        second: Shape (term,); the same of the other.

    Returns:
        The divergence; NaN where a text has no term.

    >>> term_divergence(np.array([2, 2, 0]), np.array([5, 5, 0]))
    0.0
    >>> term_divergence(np.array([3, 0]), np.array([0, 1]))
    1.0
    """
    if not (first.sum() and second.sum()):
        return math.nan
    distance = float(jensenshannon(first, second, base=2))
    return 0.0 if math.isnan(distance) else distance**2  # scipy takes the root of rounding below 0


def text_divergence(
    first: Int[np.ndarray, "sentence term"] | csr_array,
    second: Int[np.ndarray, " term"],
    *,
    rng: np.random.Generator,
    n_resamples: int = 200,
    level: float = 0.95,
) -> Estimate:
    """Return the divergence of a text from another that is taken as it is, with an interval over sentences.

    Small texts lie apart by chance: compare texts of equal size, and with what two parts of one text give.

    Args:
        first: Shape (sentence, term); how often each term occurs in each sentence of the text.
        second: Shape (term,); how often each occurs in the other text.
        rng: Source of randomness.
        n_resamples: Half-samples behind the interval.
        level: Coverage of the interval.

    Returns:
        The divergence in bits, see :func:`term_divergence`.

    Raises:
        InputError: The texts do not count the same terms.

    >>> text_divergence(np.eye(6, dtype=int), np.ones(6, dtype=int), rng=np.random.default_rng(0)).value
    0.0
    """
    counts = csr_array(first)
    if counts.shape[1] != len(second):
        raise InputError(
            "The texts do not count the same terms.",
            expected=f"{counts.shape[1]:,} terms",
            got=f"{len(second):,} terms",
        )
    sentences = np.arange(counts.shape[0])
    value = term_divergence(counts.sum(axis=0), second)
    halves = half_samples(sentences, n_resamples, rng)
    resampled = np.array([term_divergence(half @ counts, second) for half in halves.astype(np.int64)])
    return interval(
        value,
        resampled,
        sentence_ids=sentences,
        level=level,
        bounds=(0.0, 1.0),
        status="ok" if math.isfinite(value) else "undefined: a text has no term",
    )
