"""Isotropy: do the vectors use all directions alike? By the partition function, and by the covariance (IsoScore)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval
from tunescope.measures.resampling_bias import unless_biased
from tunescope.measures.shapes import SentenceIds, SentenceNumbers, Vectors
from tunescope.measures.similarity.intrinsic_dimension import (
    participation_ratio,
    participation_ratio_estimate,
)
from tunescope.measures.validation import check_resampling, check_vectors, number_sentences

__all__ = ["iso_score", "iso_score_estimate", "isotropy", "isotropy_estimate"]

FEWEST_SENTENCES = 30
"""With fewer sentences behind a partition function, its spread is not seen in the sample."""


class _Isotropy(NamedTuple):
    """The logarithm of the isotropy, and how many sentences carry the smaller of the two sums that it rests on."""

    logarithm: float
    n_carrying: float


def isotropy(x: Vectors) -> float:
    """Return the isotropy of the vectors by their partition function.

    min Z(c) / max Z(c) with Z(c) = Σᵢ exp(c'xᵢ), over the eigenvectors c of X'X (Mu and Viswanath 2018, eq. 7). The
    sign of an eigenvector is arbitrary, so both are taken, c and −c: the definition that this approximates is over all
    unit vectors, and the figure is then the same from every solver. Published figures, with one sign of each, can be
    as high as the root of this one where the mean is large.

    Args:
        x: Shape (example, hidden), finite, at least 1 row.

    Returns:
        A figure in [0, 1]; higher means more alike in all directions, 1 isotropic. It depends on no rotation, but on
        the origin and on the scale: longer vectors count as less isotropic, so compare states of one model only. A mean
        of length m brings it near exp(−2m). Where eigenvalues are equal, the eigenvectors within their space are
        arbitrary, and the figure with them. With few examples it is too low, for the extremes are over noisy sums.

    Raises:
        InputError: ``x`` is no finite matrix with a row.

    >>> round(isotropy(np.array([[1.0, 0.0], [-1.0, 0.0]])), 6) == round(2 / (np.e + 1 / np.e), 6)
    True
    """
    return math.exp(_isotropy(check_vectors(x, "x"), np.arange(len(x))).logarithm)


def isotropy_estimate(
    x: Vectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 50,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`isotropy` with its interval over sentences, where enough sentences carry it.

    Of long vectors a few targets make up Z, so that the spread over samples is not seen in one of them: with vectors of
    standard deviation 3 in one direction, 95 % intervals cover 75 %. There is no interval, with a status, if fewer than
    30 sentences carry one of the two sums (their inverse Simpson index), or if the figure is biased by too much, see
    :func:`~tunescope.measures.resampling_bias.unless_biased`.

    Args:
        x: Shape (example, hidden), finite, at least 1 row.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 50, for each needs an eigendecomposition.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`isotropy`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> estimate = isotropy_estimate(rng.normal(0.5, 0.3, size=(300, 4)), np.arange(300) // 3, rng=rng)
    >>> estimate.low < estimate.value < estimate.high
    True
    """
    vectors = check_vectors(x, "x")
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(vectors))
    halves = half_samples(sentences, n_resamples, rng)
    whole = _isotropy(vectors, sentences)
    logarithms = np.array([_isotropy(vectors[half], sentences[half]).logarithm for half in halves])
    on_logarithms = interval(whole.logarithm, logarithms, sentence_ids=sentences, level=level)
    estimate = on_logarithms.model_copy(
        update={
            "value": math.exp(whole.logarithm),
            "low": math.exp(on_logarithms.low),
            "high": min(1.0, math.exp(on_logarithms.high)),
        }
    )
    if estimate.has_interval and whole.n_carrying < FEWEST_SENTENCES:
        reason = f"no interval: {whole.n_carrying:.0f} sentences make up a partition function"
        return estimate.model_copy(update={"low": math.nan, "high": math.nan, "status": reason})
    return unless_biased(estimate, np.exp(logarithms))


def iso_score(x: Vectors) -> float:
    """Return how evenly the variance spreads over all directions (IsoScore).

    With λ the eigenvalues of the covariance over d dimensions, scaled to norm √d, the defect is
    δ = ‖λ − 1‖ / √(2 (d − √d)), the share of dimensions used φ = (d − δ² (d − √d))² / d², and the score
    (d φ − 1) / (d − 1) (Rudman et al. 2022, algorithm 1). This is (r − 1) / (d − 1) with r the
    :func:`~tunescope.measures.similarity.intrinsic_dimension.participation_ratio`, by which it is computed.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.

    Returns:
        A figure in [0, 1]; higher means more isotropic: 0 if one direction has all variance, 1 if all have the same,
        about (k − 1) / (d − 1) if k have the same and the others none. It depends on no translation, rotation and
        uniform scale. Few examples make it too low: of n isotropic ones it is about n / (n + d). NaN if all rows are
        equal, or the hidden size is 1.

    Raises:
        InputError: ``x`` is no finite matrix of at least two rows.

    >>> iso_score(np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0]]))
    0.5
    """
    ratio = participation_ratio(x)
    return _score(ratio, np.shape(x)[1])


def iso_score_estimate(
    x: Vectors,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return :func:`iso_score` with its interval over sentences, where its bias leaves room for one.

    It is that of the participation ratio on another scale; where it has none, the debiased participation ratio often
    has one: :func:`~tunescope.measures.similarity.intrinsic_dimension.participation_ratio_estimate`.

    Args:
        x: Shape (example, hidden), finite, at least 2 rows.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Raises:
        InputError: As :func:`iso_score`, or the ids do not fit, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(600, 3)) * [3.0, 1.0, 0.5]
    >>> estimate = iso_score_estimate(x, np.arange(600) // 3, rng=rng)
    >>> 0 < estimate.low < estimate.value < estimate.high < 1
    True
    """
    ratio = participation_ratio_estimate(x, sentence_ids, n_resamples=n_resamples, level=level, rng=rng)
    size = np.shape(x)[1]
    status = ratio.status
    if size == 1 and status == "ok":
        status = "undefined: vectors of size 1 have one direction only"
    figures = {name: _score(getattr(ratio, name), size) for name in ("value", "low", "high")}
    return ratio.model_copy(update={**figures, "status": status})


def _score(ratio: float, hidden_size: int) -> float:
    return (ratio - 1) / (hidden_size - 1) if hidden_size > 1 else math.nan


def _isotropy(x: Vectors, sentences: SentenceNumbers) -> _Isotropy:
    if not len(x):
        return _Isotropy(math.nan, 0.0)
    rows = x.astype(np.float64, copy=False)
    unit = rows / (float(np.abs(rows).max()) or 1.0)  # so that squares neither overflow nor vanish
    along = rows @ np.linalg.eigh(unit.T @ unit)[1]
    exponents = np.concatenate([along, -along], axis=1)
    largest = exponents.max(axis=0)
    shares = np.exp(exponents - largest)
    logarithms = largest + np.log(shares.sum(axis=0))
    ends = int(logarithms.argmin()), int(logarithms.argmax())
    return _Isotropy(
        float(logarithms[ends[0]] - logarithms[ends[1]]),
        min(_number_carrying(np.bincount(sentences, shares[:, end])) for end in ends),
    )


def _number_carrying(sums: np.ndarray) -> float:
    """Return the inverse Simpson index: how many equal sums would spread as these do."""
    return float(sums.sum() ** 2 / (sums @ sums))
