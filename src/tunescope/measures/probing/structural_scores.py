"""How well a structural probe rebuilds trees: UUAS, DSpr, NSpr and root accuracy (Hewitt and Manning 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Shaped

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import divide, half_samples, interval, resampling_weights
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_probe import StructuralProbe
from tunescope.measures.probing.structural_sentences import SentenceScores, score_sentences
from tunescope.measures.validation import check_resampling

__all__ = [
    "StructuralScores",
    "estimate_scores",
    "evaluate_structural_probe",
    "structural_difference",
]

_SHORTEST, _LONGEST = 5, 50
"""Correlations are averaged over sentences of so many words."""

_BOUNDS = {"uuas": (0.0, 1.0), "dspr": (-1.0, 1.0), "nspr": (-1.0, 1.0), "root_accuracy": (0.0, 1.0)}
_COUNTS = ("uuas", "root_accuracy")
"""Those that are shares of successes; the others are correlations."""

_WHY_UNDEFINED = {
    "uuas": "no tree has an edge between words that are scored",
    "dspr": f"no sentence of {_SHORTEST} to {_LONGEST} words has distances to correlate",
    "nspr": f"no sentence of {_SHORTEST} to {_LONGEST} words has depths to correlate",
    "root_accuracy": "no sentence has a predicted root",
}


@dataclass(frozen=True)
class StructuralScores:
    """The scores of each layer, or their differences; higher is better.

    Attributes:
        uuas: Unlabelled, undirected attachment score: the share of the trees' edges that the spanning trees have.
        dspr: Spearman correlation of distances.
        nspr: Spearman correlation of depths ("norms").
        root_accuracy: The share of sentences whose root is found.
        sentences: What each sentence contributes, for differences; None for differences themselves.
    """

    uuas: tuple[Estimate, ...]
    dspr: tuple[Estimate, ...]
    nspr: tuple[Estimate, ...]
    root_accuracy: tuple[Estimate, ...]
    sentences: SentenceScores | None = None


def evaluate_structural_probe(
    distance_probe: StructuralProbe,
    depth_probe: StructuralProbe,
    test: ParsedSentences,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> StructuralScores:
    """Return how well a probe of distances and one of depths rebuild the trees of test sentences, at each layer.

    As in the paper and its program:

    - UUAS: the minimum spanning tree of the predicted distances of the words that are scored; how many of the true
      edges between such words it has, over all sentences. (The program takes the spanning tree of the true distances,
      which is the same unless punctuation is the head of something.)
    - DSpr: for each word, the Spearman correlation of its predicted and true distances to all words; averaged over the
      words of a sentence, then over the sentences of each length, then over the lengths from 5 to 50.
    - NSpr: the Spearman correlation of a sentence's predicted and true depths, averaged in the same way.
    - Root accuracy: whether the word of least predicted depth is the root. Punctuation does not compete, unless the
      sentence has nothing else.

    A correlation is undefined where all predictions are equal; such sentences are left out of its averages.

    Args:
        distance_probe: A probe of distances.
        depth_probe: A probe of depths, of the same layers.
        test: Test sentences, with the layers that the probes were fitted on.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        For each layer the four scores: UUAS and root accuracy in [0, 1], DSpr and NSpr in [-1, 1]. Where a score has
        no sentence to rest on, it is NaN, with a status.

    Raises:
        InputError: A probe is of the wrong kind, its layers or hidden size are others, or the resampling settings are
            out of range.

    >>> line = np.array([[[0.0], [1.0], [2.0], [3.0], [4.0]] * 6])
    >>> test = ParsedSentences(line**0.5, np.tile([0, 1, 2, 3, 4], 6), np.full(6, 5), np.ones(30, bool))
    >>> fit = dict(maps=np.ones((1, 1, 1)), n_train=1, n_dev=1, dev_loss=np.zeros(1), n_epochs=np.ones(1, int),
    ...            converged=np.ones(1, bool))
    >>> probes = StructuralProbe(kind="distance", **fit), StructuralProbe(kind="depth", **fit)
    >>> scores = evaluate_structural_probe(*probes, test, rng=np.random.default_rng(0))
    >>> scores.uuas[0].value, scores.root_accuracy[0].value, round(scores.nspr[0].value, 9)
    (1.0, 1.0, 1.0)
    """
    for probe in (distance_probe, depth_probe):
        if len(probe.maps) != len(test.vectors):
            raise InputError(
                "The probe was fitted on another number of layers.",
                expected=f"{len(test.vectors)} layers, as in test",
                got=f"{len(probe.maps)} for the probe of kind {probe.kind!r}",
            )

    def distances(sentence: int, layer: int) -> np.ndarray:
        return distance_probe.predict_distances(test.vectors_of(sentence, layer), layer)

    def depths(sentence: int, layer: int) -> np.ndarray:
        return depth_probe.predict_depths(test.vectors_of(sentence, layer), layer)

    scores = score_sentences(test, distances, depths, n_layers=len(test.vectors))
    return estimate_scores(scores, n_resamples=n_resamples, level=level, rng=rng)


def estimate_scores(
    sentences: SentenceScores, *, n_resamples: int = 200, level: float = 0.95, rng: np.random.Generator
) -> StructuralScores:
    """Return the scores that sentences add up to, with intervals over sentences.

    The other parameters, the result and the errors are those of :func:`evaluate_structural_probe`.

    Args:
        sentences: What each sentence contributes.

    >>> one, five = np.ones((1, 6)), np.full(6, 5)
    >>> sentences = SentenceScores(five, five - 1, np.arange(6), 2 * one, 0.5 * one, one, one)
    >>> estimate_scores(sentences, rng=np.random.default_rng(0)).uuas[0].value
    0.5
    """
    layers = [[part] for part in _parts_by_layer(sentences)]
    estimates = _estimates(layers, sentences.sentence_ids, n_resamples, level, rng)
    return replace(estimates, sentences=sentences)


def structural_difference(
    before: SentenceScores,
    after: SentenceScores,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> StructuralScores:
    """Return the scores after minus those before on the same sentences, with paired intervals.

    Both are scored on the same half-samples, so what makes a sentence hard for both cancels. A sentence that is
    undefined in one of them is left out of both.

    Args:
        before: What each sentence contributes before, such as with probes of the base model.
        after: What it contributes after, such as with probes of the tuned model.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        For each layer four differences; above 0 means that trees are easier to read after.

    Raises:
        InputError: The sentences or the numbers of layers differ, or the resampling settings are out of range.

    >>> one, five = np.ones((1, 6)), np.full(6, 5)
    >>> before = SentenceScores(five, five - 1, np.arange(6), 2 * one, 0.5 * one, one, 0 * one)
    >>> after = SentenceScores(five, five - 1, np.arange(6), 3 * one, 0.5 * one, one, one)
    >>> difference = structural_difference(before, after, rng=np.random.default_rng(0))
    >>> difference.uuas[0].value, difference.root_accuracy[0].value
    (0.25, 1.0)
    """
    for name in ("lengths", "n_edges", "sentence_ids"):
        if not np.array_equal(getattr(before, name), getattr(after, name)):
            raise InputError(
                "before and after are scores of different sentences.",
                where=name,
                expected="the same test sentences, in the same order",
            )
    if len(before.recovered) != len(after.recovered):
        raise InputError(
            "before and after have different numbers of layers.",
            expected="the same layers of two states of one model",
            got=f"{len(before.recovered)} and {len(after.recovered)}",
        )
    layers = [list(pair) for pair in zip(_parts_by_layer(before), _parts_by_layer(after), strict=True)]
    return _estimates(layers, before.sentence_ids, n_resamples, level, rng)


@dataclass(frozen=True)
class _Part:
    """What sentences contribute to one score: a ratio of sums within each group, averaged over the groups."""

    above: Float[np.ndarray, " sentence"]
    below: Float[np.ndarray, " sentence"]
    group: Shaped[np.ndarray, " sentence"]

    @property
    def used(self) -> Bool[np.ndarray, " sentence"]:
        used: Bool[np.ndarray, " sentence"] = np.isfinite(self.above) & (self.below > 0)
        return used


_Parts = dict[str, _Part]


def _parts_by_layer(sentences: SentenceScores) -> list[_Parts]:
    lengths = sentences.lengths
    together = np.zeros_like(lengths)
    counted = ((lengths >= _SHORTEST) & (lengths <= _LONGEST)).astype(np.float64)
    each, n_edges = np.ones(len(lengths)), sentences.n_edges.astype(np.float64)
    return [
        {
            "uuas": _Part(sentences.recovered[layer], n_edges, together),
            "dspr": _Part(sentences.distance_spearman[layer], counted, lengths),
            "nspr": _Part(sentences.depth_spearman[layer], counted, lengths),
            "root_accuracy": _Part(sentences.root_found[layer], each, together),
        }
        for layer in range(len(sentences.recovered))
    ]


def _estimates(
    layers: Sequence[Sequence[_Parts]],
    sentence_ids: Shaped[np.ndarray, " sentence"],
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> StructuralScores:
    """Return the scores by layer: of one set of parts, or the second's minus the first's."""
    check_resampling(n_resamples, level)

    def estimate(name: str, parts: Sequence[_Part]) -> Estimate:
        used = np.logical_and.reduce([part.used for part in parts])
        if not used.any():
            return Estimate(value=np.nan, level=level, status=_WHY_UNDEFINED[name])
        halves = half_samples(sentence_ids[used], n_resamples, rng)
        weights = resampling_weights(halves).T
        values = [_mean_of_groups(part, used, weights) for part in parts]
        figures = values[0] if len(values) == 1 else values[1] - values[0]
        low, high = _BOUNDS[name]
        found = interval(
            float(figures[0]),
            figures[1:],
            sentence_ids=sentence_ids[used],
            level=level,
            bounds=(low, high) if len(values) == 1 else (low - high, high - low),
            counts=name in _COUNTS,
        )
        return found.model_copy(update={"n_examples": int(parts[0].below[used].sum())})

    found = {name: tuple(estimate(name, [p[name] for p in layer]) for layer in layers) for name in _BOUNDS}
    return StructuralScores(found["uuas"], found["dspr"], found["nspr"], found["root_accuracy"])


def _mean_of_groups(
    part: _Part, used: np.ndarray, weights: Float[np.ndarray, "sample used"]
) -> Float[np.ndarray, " sample"]:
    group = part.group[used]
    members = (group[:, None] == np.unique(group)).astype(np.float64)
    ratios = divide(
        weights @ (part.above[used][:, None] * members), weights @ (part.below[used][:, None] * members)
    )
    present = np.isfinite(ratios)
    return divide(np.where(present, ratios, 0.0).sum(axis=1), present.sum(axis=1))
