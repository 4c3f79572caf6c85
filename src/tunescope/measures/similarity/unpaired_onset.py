"""From which layer on two states of a model differ, told from the vectors of different sentences.

A layer whose weights are as they were does the same with what it is given, whichever sentences these are, so that what
cannot be foretold from the layer below is alike on average.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.linalg import cholesky, solve, solve_triangular

from tunescope._core.errors import InputError
from tunescope.measures.intervals import MIN_SENTENCES
from tunescope.measures.shapes import AnyVectors, SentenceIds, Vectors
from tunescope.measures.similarity.centring import centred, why_constant
from tunescope.measures.similarity.onset import LayerEvidence, Layers, Onset, OtherLayers, check_states
from tunescope.measures.validation import check_resampling, number_sentences

__all__ = ["onset_layer_unpaired"]

RIDGE = 0.1
"""Penalty on the linear map from layer to layer, and share of equal variances in the covariance of what it leaves, both
in units of a mean eigenvalue: so that few sentences, fewer than dimensions, leave something to compare."""

Divisions = Bool[np.ndarray, "division sentence"]
Shifts = Float[np.ndarray, " division"]
OtherSentenceIds = Shaped[np.ndarray, " other_example"]


def onset_layer_unpaired(
    before: Layers,
    after: OtherLayers,
    before_sentence_ids: SentenceIds,
    after_sentence_ids: OtherSentenceIds,
    *,
    n_permutations: int = 999,
    level: float = 0.99,
    rng: np.random.Generator,
) -> Onset:
    """Return the lowest layer that does something else with what it is given, judged from different sentences.

    The vectors of a layer are foretold from those of the layer below by one linear map for both samples (ridge
    regression, penalty 0.1 mean eigenvalues; the embeddings by their mean). With m and m′ the means of what is left in
    the two samples and C the covariance over sentences of its sums, the statistic is Δ'(C + 0.1 tr(C)/d · I)⁻¹Δ with
    Δ = m − m′, Hotelling's with shrinkage (Chen et al. 2011). Where two states have the same weights up to a
    layer, it matters not which sentences were given to which: the statistic is compared with those of random divisions
    of the sentences, standardised by their mean and deviation, at each layer with the largest over all layers (Westfall
    and Young 1993). So in at most a share 1 − ``level`` of comparisons a layer below the change is named, whatever the
    distribution of the vectors; the same holds for models without any change.

    What is left of the layer below is little, and so a small change of a layer's own weights shows; those above it are
    given other vectors, but do the same with them, so the figure falls off again. With 400 + 400 sentences, a change of
    a layer's weights by 3 % of their size is found in a BERT of 6 layers; figures that need no common coordinates
    (lengths, cosines of consecutive layers) need 10 to 30 %. The same sentences show changes 10,000 times smaller: take
    :func:`~tunescope.measures.similarity.onset.onset_layer` where they can be had. Power is lost with few sentences,
    where a change leaves the means as they were, and at a layer that the one below foretells poorly.

    Args:
        before: For each layer, 0 for the embeddings, shape (example, hidden), finite.
        after: The same of the other state, of other sentences: as many layers and columns. The coordinates must be
            the same, so one has to be a fine-tuned state of the other.
        before_sentence_ids: The sentence of each row of ``before``.
        after_sentence_ids: The sentence of each row of ``after``. No sentence may be in both samples, and both must be
            random ones of the same kind of text: another kind differs at layer 0 already.
        n_permutations: Random divisions; default 999.
        level: Confidence of all layers together, in (0, 1); default 0.99: at 0.95, one in twenty models that did not
            change would be said to have.
        rng: Source of randomness.

    Returns:
        The layer, or ``None``; no layer is ever said to be the same. With fewer than five sentences in a sample, or too
        few for the level, ``None`` with a status.

    Raises:
        InputError: A side has no layer, the numbers of layers or columns differ, a vector is not finite, the ids do not
            fit, or the level is out of range or cannot be reached with so few permutations.

    >>> rng = np.random.default_rng(0)
    >>> x, y = np.abs(rng.normal(size=(2, 120, 6)))
    >>> weights, other = rng.normal(size=(2, 6, 6))
    >>> before, after = [x, np.tanh(x @ weights)], [y, np.tanh(y @ (weights + 0.3 * other))]
    >>> onset = onset_layer_unpaired(before, after, np.arange(120), np.arange(120), rng=rng)
    >>> onset.layer, onset.layers[1].p_value
    (1, 0.001)
    """
    first, second = check_states(before, after, same_rows=False)
    _check_permutations(n_permutations, level)
    samples = _sampled(
        number_sentences(before_sentence_ids, len(first[0])),
        number_sentences(after_sentence_ids, len(second[0])),
    )
    status = _why_too_few(samples, level)
    shifts = np.full((len(first), n_permutations + 1), math.nan)
    if status == "ok":
        divisions = _divide(samples, n_permutations, rng)
        pooled = [np.concatenate(pair) for pair in zip(first, second, strict=True)]
        for layer, vectors in enumerate(pooled):
            rest = _unforetold(pooled[layer - 1] if layer else None, vectors)
            if rest is not None:
                shifts[layer] = _standardised(_shifts(rest, samples, divisions))
        if np.isnan(shifts).all():
            status = "undefined: the vectors of every layer are all equal"
    p_values = _p_values(shifts)
    layers = tuple(
        LayerEvidence(
            layer=layer,
            verdict="differs" if p_value <= 1 - level + 1e-12 else "unclear",
            shift=float(shift),
            p_value=float(p_value),
        )
        for layer, (shift, p_value) in enumerate(zip(shifts[:, 0], p_values, strict=True))
    )
    onset = next((each.layer for each in layers if each.verdict == "differs"), None)
    return Onset(layer=onset, layers=layers, paired=False, level=level, status=status)


class _Samples(NamedTuple):
    """The sentence of each row of both samples, one after the other, and how many sentences each has."""

    sentences: Int[np.ndarray, " row"]
    n_before: int
    n_after: int


def _check_permutations(n_permutations: int, level: float) -> None:
    check_resampling(99, level)  # for the level: how many permutations are enough depends on it
    if (n_permutations + 1) * (1 - level) < 1 - 1e-9:
        raise InputError(
            "n_permutations is too small for the level.",
            expected=f"at least {math.ceil(1 / (1 - level) - 1e-9) - 1} for level {level:g}",
            got=n_permutations,
        )


def _sampled(before: Int[np.ndarray, " _"], after: Int[np.ndarray, " _"]) -> _Samples:
    n_before, n_after = (int(each.max(initial=-1)) + 1 for each in (before, after))
    return _Samples(np.concatenate([before, n_before + after]), n_before, n_after)


def _why_too_few(samples: _Samples, level: float) -> str:
    fewest = min(samples.n_before, samples.n_after)
    if fewest < MIN_SENTENCES:
        return f"a sample has {fewest} sentences, and it takes at least {MIN_SENTENCES}"
    ways = math.comb(samples.n_before + samples.n_after, fewest)
    if samples.n_before == samples.n_after:
        ways //= 2  # a division and its mirror image differ equally
    if ways < 1 / (1 - level) - 1e-9:
        return f"so few sentences can be divided in {ways} ways only, which cannot reach the level {level:g}"
    return "ok"


def _divide(samples: _Samples, n_permutations: int, rng: np.random.Generator) -> Divisions:
    """Return which sentences are in the first sample: as they are, in row 0, then at random."""
    n_sentences = samples.n_before + samples.n_after
    order = rng.random((n_permutations, n_sentences)).argsort(axis=1).argsort(axis=1)
    return np.concatenate([np.arange(n_sentences)[None], order]) < samples.n_before


def _unforetold(below: AnyVectors | None, vectors: AnyVectors) -> AnyVectors | None:
    """Return what a linear map from the layer below leaves of the vectors, None if they are all equal."""
    if why_constant(vectors=vectors):
        return None
    rows = centred(vectors)
    if below is None or why_constant(below=below):
        return rows
    given = centred(below)
    products = given.T @ given
    products[np.diag_indices_from(products)] += RIDGE * np.trace(products) / len(products)
    rest: AnyVectors = rows - given @ solve(products, given.T @ rows, assume_a="pos")
    return rest


def _shifts(rest: Vectors, samples: _Samples, divisions: Divisions) -> Shifts:
    """Return for each division of the sentences how far apart the means of the two parts are."""
    order = np.argsort(samples.sentences, kind="stable")
    counts = np.bincount(samples.sentences)
    sums = np.add.reduceat(rest[order], np.cumsum(counts) - counts, axis=0)
    covariance = sums.T @ sums / len(sums)
    covariance[np.diag_indices_from(covariance)] += RIDGE * np.trace(covariance) / len(covariance)
    white = solve_triangular(cholesky(covariance, lower=True), sums.T, lower=True).T
    inside = divisions.astype(np.float64)
    sizes = (inside @ counts)[:, None]
    of_first = inside @ white
    difference = of_first / sizes - (white.sum(axis=0) - of_first) / (counts.sum() - sizes)
    figures: Shifts = np.einsum("dh,dh->d", difference, difference)
    return figures


def _standardised(figures: Shifts) -> Shifts:
    spread = float(figures.std())
    if spread <= 1e-12 * float(figures.mean()):
        return np.full(len(figures), math.nan)
    standard: Shifts = (figures - figures.mean()) / spread
    return standard


def _p_values(
    shifts: Float[np.ndarray, "layer division"],
) -> Float[np.ndarray, " layer"]:
    """Return for each layer the share of divisions whose largest figure is no smaller, NaN where it has none."""
    defined = ~np.isnan(shifts[:, 0])
    if not defined.any():
        return np.full(len(shifts), math.nan)
    largest = shifts[defined].max(axis=0)
    largest[0] = math.inf  # the sentences as they are count as one division
    shares = (largest >= shifts[:, :1] - 1e-9).mean(axis=1)
    return np.where(defined, shares, math.nan)
