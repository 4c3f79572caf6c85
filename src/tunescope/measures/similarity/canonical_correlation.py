"""Canonical correlations: how far the directions of two representations can be mapped onto each other linearly.

Any invertible linear map of one representation leaves its canonical correlations as they are, so they ask for less than
CKA or Procrustes, and therefore need far more examples. Of n examples, two centred representations with d₁ and d₂
directions span subspaces of n − 1 dimensions, which share d₁ + d₂ − n + 1 of them whatever the vectors are: from
d₁ + d₂ = n on, some correlations are 1 by construction, and the figures here are NaN. Below that they are still too
high: for independent Gaussian vectors the root mean square of the correlations is √(max(d₁, d₂) / (n − 1)), so that
0.3 takes eleven examples for each direction, and 0.1 a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.linalg import svd, svdvals

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.resampling_bias import unless_biased
from tunescope.measures.shapes import AnyVectors, OtherVectors, SentenceIds, Vectors
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.validation import check_pair, check_resampling, check_vectors, number_sentences

__all__ = [
    "canonical_correlations",
    "directions_kept",
    "pwcca",
    "pwcca_estimate",
    "svcca",
    "svcca_estimate",
]

SMALLEST_SHARE = 1e-6
"""A singular value that is a smaller share of the largest is the rounding of float32 vectors."""

Basis = Float[np.ndarray, "_ _"]
Correlations = Float[np.ndarray, " direction"]


def canonical_correlations(x: Vectors, y: OtherVectors, *, variance: float = 1.0) -> Correlations:
    """Return the canonical correlations of two representations of the same targets, the largest first.

    The singular values of U'V, where the columns of U and V are orthonormal bases of what the centred columns of X and
    Y span (Hotelling 1936; Björck and Golub 1973).

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        variance: Share of each one's variance that its kept principal directions explain, in (0, 1]; default 1, all
            directions but those whose spread is below a millionth of the largest.

    Returns:
        Figures in [0, 1], as many as the smaller number of directions; higher means more alike. NaN where the two
        numbers of directions sum to the number of examples or more, or the rows of one representation are all equal.

    Raises:
        InputError: The matrices are not finite, have fewer than two rows, or different numbers of rows; or
            ``variance`` is out of range.

    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> canonical_correlations(x, x @ [[1.0, 2.0], [0.0, 5.0]] + 3).round(9)
    array([1., 1.])
    """
    first, second, status = _bases(*check_pair(x, y), _check_variance(variance))
    if status:
        return np.full(max(1, min(first.shape[1], second.shape[1])), math.nan)
    return _correlations(first, second)


def svcca(x: Vectors, y: OtherVectors, *, variance: float = 0.99) -> float:
    """Return the mean canonical correlation of the principal directions of two representations.

    Each representation is first cut down to the fewest principal directions that explain ``variance`` of its variance
    (Raghu et al. 2017); the mean is over the smaller number of directions, see :func:`directions_kept`.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        variance: Share of the variance that is kept, in (0, 1]; default 0.99.

    Returns:
        A figure in [0, 1]; higher means more alike. It does not depend on translation, rotation and uniform scale of
        either; with ``variance=1`` on no invertible linear map. It is too high where examples are few for the
        directions kept, see the head of this module; compare figures of equally many examples and directions only.
        NaN where the two numbers of directions sum to the number of examples or more, so that correlations of 1 are
        certain, or the rows of one representation are all equal.

    Raises:
        InputError: The matrices are not finite, have fewer than two rows, or different numbers of rows; or
            ``variance`` is out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(1000, 3))
    >>> round(svcca(x, 2 - x[:, ::-1]), 9), svcca(x, rng.normal(size=(1000, 3))) < 0.1
    (1.0, True)
    """
    return _svcca(*check_pair(x, y), _check_variance(variance))


def svcca_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    variance: float = 0.99,
    n_resamples: int = 50,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`svcca` with its interval over sentences, where there are examples enough for one.

    Around a figure that is biased by more than its noise no interval covers what it should, and this one often is:
    :func:`~tunescope.measures.resampling_bias.unless_biased` then takes the interval away. In simulations with
    sentence effects, correlations 0.95 · 0.7ⁱ and 5 directions, 95 % intervals covered the population's figure in
    90–97 % of the samples that had one, a third of those of 120 examples and nine tenths of those of 1,200 and
    more. With 20 directions and correlations 0.95 · 0.9ⁱ 4,000 examples were still too few for an interval, and it
    would have covered 82 %; with unrelated directions among the related, none.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        variance: Share of the variance that is kept, in (0, 1]; default 0.99.
        n_resamples: Half-samples, at least 10; default 50, for each needs singular value decompositions.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`svcca`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(2, 600, 2))
    >>> estimate = svcca_estimate(x, x + noise, np.arange(600) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    first, second = check_pair(x, y)
    share = _check_variance(variance)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)

    def figure(a: Vectors, b: OtherVectors) -> float:
        return _svcca(a, b, share)

    status = _bases(first, second, share)[2]
    return _estimate(figure, first, second, halves, sentences, level, status)


def pwcca(x: Vectors, y: OtherVectors) -> float:
    """Return the mean canonical correlation of two representations, weighted by what each direction says about X.

    Σ αᵢ ρᵢ / Σ αᵢ with αᵢ = Σⱼ |hᵢ'xⱼ|, where ρᵢ are the canonical correlations, hᵢ the canonical variates of X (unit
    vectors over the examples) and xⱼ the centred columns of X (Morcos, Raghu and Bengio 2018). The weights
    come from ``x`` always, also where ``y`` has fewer directions; ``pwcca(y, x)`` is another figure.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows; the representation that gives the weights, such as the
            base model's.
        y: Shape (example, other hidden), finite, the same examples in the same order.

    Returns:
        A figure in [0, 1]; higher means more alike. It depends on no translation and no invertible linear map of
        ``y``, and on no translation and uniform scale of ``x``; a rotation of ``x`` makes other columns and so other
        weights. Where several correlations are equal, but not all, their weights are arbitrary within the space that
        they share. All directions count, and the figure is too high where examples are few for them, see the head of
        this module. NaN where the numbers of directions sum to the number of examples or more, so that correlations
        of 1 are certain, or the rows of one representation are all equal.

    Raises:
        InputError: The matrices are not finite, have fewer than two rows, or different numbers of rows.

    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> round(pwcca(x, x @ [[1.0, 2.0, 0.0], [0.0, 5.0, 0.0], [1.0, 0.0, 1.0]]), 9)
    1.0
    """
    return _pwcca(*check_pair(x, y))


def pwcca_estimate(
    x: Vectors,
    y: OtherVectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 50,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`pwcca` with its interval over sentences, where there are examples enough for one.

    See :func:`~tunescope.measures.resampling_bias.unless_biased` for when there is none, and why.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows; the representation that gives the weights.
        y: Shape (example, other hidden), finite, the same examples in the same order.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 50, for each needs singular value decompositions.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`pwcca`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 20))
    >>> pwcca_estimate(x, x + rng.normal(size=(60, 20)), np.arange(60) // 3, rng=rng).status
    'no interval: the figure is undefined on 100% of the half-samples'
    """
    first, second = check_pair(x, y)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first))
    halves = half_samples(sentences, n_resamples, rng)
    return _estimate(_pwcca, first, second, halves, sentences, level, _bases(first, second, 1.0)[2])


def directions_kept(x: Vectors, *, variance: float = 0.99) -> int:
    """Return how many principal directions :func:`svcca` keeps of a representation.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        variance: Share of the variance that is kept, in (0, 1]; default 0.99.

    Returns:
        A whole number; 0 if all rows are equal.

    Raises:
        InputError: ``x`` is no finite matrix of at least two rows, or ``variance`` is out of range.

    >>> directions_kept(np.array([[10.0, 0.0], [-10.0, 0.0], [0.0, 0.1], [0.0, -0.1]]))
    1
    """
    return int(_basis(check_vectors(x, "x", min_examples=2), _check_variance(variance)).shape[1])


def _check_variance(variance: float) -> float:
    if not 0 < variance <= 1:
        raise InputError(
            "variance is no share.", expected="a number above 0 and up to 1; 0.99 by default", got=variance
        )
    return variance


def _basis(vectors: AnyVectors, variance: float) -> Basis:
    """Return an orthonormal basis of the principal directions that are kept, over the examples."""
    if why_constant(x=vectors):
        return np.zeros((len(vectors), 0))
    left, sizes, _ = svd(centred(vectors), full_matrices=False, check_finite=False)
    explained = np.cumsum(sizes**2) / np.sum(sizes**2)
    enough = int(np.searchsorted(explained, variance - 1e-12)) + 1
    kept: Basis = left[:, : min(enough, int(np.count_nonzero(sizes > SMALLEST_SHARE * sizes[0])))]
    return kept


def _bases(x: Vectors, y: OtherVectors, variance: float) -> tuple[Basis, Basis, str | None]:
    """Return the bases of both, and why their correlations are undefined or ``None``."""
    first, second = _basis(x, variance), _basis(y, variance)
    sizes = first.shape[1], second.shape[1]
    status = why_constant(x=x, y=y)
    if status is None and sum(sizes) >= len(x):
        status = (
            f"undefined: with {len(x)} examples for {sizes[0]} and {sizes[1]} directions, "
            "correlations of 1 are certain"
        )
    return first, second, status


def _correlations(first: Basis, second: Basis) -> Correlations:
    correlations: Correlations = svdvals(first.T @ second, check_finite=False)
    np.minimum(correlations, 1, out=correlations)
    return correlations


def _svcca(x: Vectors, y: OtherVectors, variance: float) -> float:
    first, second, status = _bases(x, y, variance)
    return math.nan if status else float(_correlations(first, second).mean())


def _pwcca(x: Vectors, y: OtherVectors) -> float:
    first, second, status = _bases(x, y, 1.0)
    if status:
        return math.nan
    rotation, sizes, _ = svd(first.T @ second, full_matrices=False, check_finite=False)
    weights = np.abs((first @ rotation).T @ centred(x)).sum(axis=1)
    return float(weights @ np.clip(sizes, 0, 1) / weights.sum())


def _estimate(
    figure: Callable[[Vectors, OtherVectors], float],
    x: Vectors,
    y: OtherVectors,
    halves: np.ndarray,
    sentences: np.ndarray,
    level: float,
    status: str | None,
) -> Estimate:
    value, resampled = math.nan, np.full(len(halves), math.nan)
    if status is None:
        value = figure(x, y)
        enough = np.count_nonzero(halves, axis=1) >= 2
        resampled[enough] = [figure(x[half], y[half]) for half in halves[enough]]
    estimate = interval(
        value, resampled, sentence_ids=sentences, level=level, bounds=(0.0, 1.0), status=status or "ok"
    )
    return unless_biased(estimate, resampled)
