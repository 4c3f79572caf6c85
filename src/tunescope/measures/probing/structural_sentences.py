"""What each sentence says about how well predicted distances and depths rebuild its tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Real, Shaped
from scipy.stats import rankdata

from tunescope.measures.intervals import divide
from tunescope.measures.probing.dependency_trees import (
    Edges,
    spanning_tree_edges,
    tree_depths,
    tree_distances,
    tree_edges,
)
from tunescope.measures.probing.parsed_sentences import ParsedSentences

__all__ = ["Predict", "SentenceScores", "mean_spearman", "score_sentences"]

PerSentence = Float[np.ndarray, "layer sentence"]

Predict = Callable[[int, int], np.ndarray]
"""What is predicted for a sentence at a layer: its distances, word × word, or its depths."""


@dataclass(frozen=True, eq=False)
class SentenceScores:
    """What each sentence contributes to the scores; NaN where it contributes nothing.

    Attributes:
        lengths: Shape (sentence,); how many words it has, punctuation included.
        n_edges: Shape (sentence,); how many edges its tree has between words that are scored.
        sentence_ids: Shape (sentence,); what intervals resample.
        recovered: Shape (layer, sentence); how many of these edges the spanning tree has.
        distance_spearman: Shape (layer, sentence); mean over the words of the correlation of their distances.
        depth_spearman: Shape (layer, sentence); the correlation of the depths.
        root_found: Shape (layer, sentence); 1 where the scored word of least depth is the root, otherwise 0.
    """

    lengths: Int[np.ndarray, " sentence"]
    n_edges: Int[np.ndarray, " sentence"]
    sentence_ids: Shaped[np.ndarray, " sentence"]
    recovered: PerSentence
    distance_spearman: PerSentence
    depth_spearman: PerSentence
    root_found: PerSentence


def score_sentences(
    test: ParsedSentences, distances: Predict, depths: Predict, *, n_layers: int
) -> SentenceScores:
    """Score what is predicted for each sentence at each layer.

    Args:
        test: Sentences; their vectors are not looked at.
        distances: Gives the predicted distances of a sentence's words at a layer.
        depths: Gives their predicted depths.
        n_layers: How many layers to ask for.

    >>> test = ParsedSentences(np.zeros((1, 3, 1)), np.array([0, 1, 2]), np.array([3]), np.ones(3, bool))
    >>> chain = lambda sentence, layer: np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    >>> score_sentences(test, chain, lambda sentence, layer: np.arange(3.0), n_layers=1).recovered
    array([[2.]])
    """
    every = range(test.n_sentences)
    kept = [test.scored_of(sentence) for sentence in every]
    edges = [tree_edges(test.heads_of(sentence), kept[sentence]) for sentence in every]
    true_distances = [tree_distances(test.heads_of(sentence)) for sentence in every]
    true_depths = [tree_depths(test.heads_of(sentence))[None] for sentence in every]
    recovered, roots, between_distances, between_depths = [], [], [], []
    for layer in range(n_layers):
        found = [distances(sentence, layer) for sentence in every]
        deep = [depths(sentence, layer) for sentence in every]
        recovered.append([_n_recovered(*pair) for pair in zip(edges, found, kept, strict=True)])
        roots.append([_finds_root(*pair) for pair in zip(true_depths, deep, kept, strict=True)])
        between_distances.append(mean_spearman(found, true_distances))
        between_depths.append(mean_spearman([row[None] for row in deep], true_depths))
    return SentenceScores(
        lengths=test.lengths,
        n_edges=np.array([len(own) for own in edges]),
        sentence_ids=np.arange(test.n_sentences) if test.sentence_ids is None else test.sentence_ids,
        recovered=np.array(recovered),
        distance_spearman=np.array(between_distances),
        depth_spearman=np.array(between_depths),
        root_found=np.array(roots),
    )


def mean_spearman(
    predicted: Sequence[Real[np.ndarray, "_ _"]], true: Sequence[Real[np.ndarray, "_ _"]]
) -> Float[np.ndarray, " sentence"]:
    """Return, for each sentence, Spearman's correlation of predicted and true rows, averaged over its rows.

    Ties get their mean rank.

    Args:
        predicted: Per sentence an array of shape (row, word).
        true: Per sentence an array of the same shape.

    Returns:
        Shape (sentence,), in [-1, 1]; higher is more alike; NaN where a row is constant in one of the two.

    >>> mean_spearman([np.array([[0.1, 0.2, 0.9]])], [np.array([[0, 1, 2]])]).round(9).tolist()
    [1.0]
    """
    means = np.full(len(true), np.nan)
    shapes = np.array([own.shape for own in true])
    for shape in np.unique(shapes, axis=0):
        alike = np.flatnonzero((shapes == shape).all(axis=1))
        x, y = (_centred_ranks([rows[number] for number in alike.tolist()]) for rows in (predicted, true))
        norms = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
        means[alike] = divide((x * y).sum(axis=-1), norms).mean(axis=-1)
    return means


def _centred_ranks(rows: Sequence[np.ndarray]) -> Float[np.ndarray, "sentence row word"]:
    ranks: Float[np.ndarray, "sentence row word"] = rankdata(np.stack(rows), axis=-1)
    ranks -= (ranks.shape[-1] + 1) / 2
    return ranks


def _n_recovered(edges: Edges, distances: np.ndarray, kept: Bool[np.ndarray, " word"]) -> float:
    """Return how many of the edges the spanning tree has; NaN where there are none."""
    if not len(edges):
        return np.nan
    spanning = spanning_tree_edges(distances, kept)
    return float((edges[:, None] == spanning).all(axis=2).any(axis=1).sum())


def _finds_root(true: np.ndarray, predicted: np.ndarray, kept: Bool[np.ndarray, " word"]) -> float:
    candidates = np.flatnonzero(kept) if kept.any() else np.arange(len(kept))
    return float(true[0, candidates[np.argmin(predicted[candidates])]] == 0)
