"""Sentences whose words lie just so that squared distances are those of the tree, and squared lengths the depths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tunescope.measures.probing.dependency_trees import random_tree
from tunescope.measures.probing.parsed_sentences import ParsedSentences


def planted_sentences(
    n_sentences: int,
    *,
    seed: int,
    noise: float = 1.0,
    hidden: int = 16,
    longest: int = 8,
    shape: Callable[[int, np.random.Generator], np.ndarray] = random_tree,
) -> ParsedSentences:
    """A word is the sum of the directions of the edges above it; noise fills the directions that no edge has.

    The first layer holds that, turned at random; the second nothing but noise.
    """
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(np.random.default_rng(99).normal(size=(hidden, hidden)))[0]
    trees = [shape(int(n), rng) for n in rng.integers(2, longest + 1, n_sentences)]
    planted = [np.zeros((len(heads), hidden)) for heads in trees]
    for own, heads in zip(planted, trees, strict=True):
        for word in range(len(heads)):
            above = word
            while heads[above]:
                own[word, above] = 1
                above = heads[above] - 1
    words = np.concatenate(planted)
    words[:, longest:] += noise * rng.normal(size=(len(words), hidden - longest))
    return ParsedSentences(
        vectors=np.stack([words @ rotation, rng.normal(size=words.shape)]).astype(np.float32),
        heads=np.concatenate(trees),
        lengths=np.array([len(heads) for heads in trees]),
        scored=(rng.random(len(words)) < 0.9) | (np.concatenate(trees) == 0),
    )


def chain(n_words: int, rng: np.random.Generator) -> np.ndarray:
    """Return the heads of a tree in which each word hangs on its neighbour: few of its distances are alike."""
    if rng.random() < 0.5:
        return np.arange(n_words)
    return np.append(np.arange(2, n_words + 1), 0)
