"""What trees that know nothing of the vectors score: a chain of the words, and a tree at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tunescope._core.errors import InputError
from tunescope.measures.probing.dependency_trees import (
    linear_chain,
    random_tree,
    tree_depths,
    tree_distances,
)
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_scores import StructuralScores, estimate_scores
from tunescope.measures.probing.structural_sentences import score_sentences

__all__ = ["linear_chain_scores", "random_tree_scores"]


def linear_chain_scores(
    test: ParsedSentences, *, n_resamples: int = 200, level: float = 0.95, rng: np.random.Generator
) -> StructuralScores:
    """Return the scores of the chain in which each word's head is the word before it, and the first word is the root.

    For UUAS it is the chain of the words that are scored. The other parameters, the result, of a single layer, and the
    errors are those of :func:`~tunescope.measures.probing.structural_scores.evaluate_structural_probe`.

    Args:
        test: Test sentences; their vectors are not looked at.

    >>> test = ParsedSentences(np.zeros((1, 3, 1)), np.array([0, 1, 1]), np.array([3]), np.ones(3, bool))
    >>> linear_chain_scores(test, rng=np.random.default_rng(0)).uuas[0].value
    0.5
    """
    chains = [linear_chain(int(length)) for length in test.lengths]
    scores = score_sentences(
        test,
        lambda sentence, _: tree_distances(chains[sentence]),
        lambda sentence, _: tree_depths(chains[sentence]),
        n_layers=1,
    )
    return estimate_scores(scores, n_resamples=n_resamples, level=level, rng=rng)


def random_tree_scores(
    test: ParsedSentences,
    *,
    n_draws: int = 5,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> StructuralScores:
    """Return the scores to be expected of a random tree over as many words, each tree and each root equally likely.

    A random tree over m scored words has any one of their edges with probability 2 / m, and its root is any one word
    with probability 1 / m: UUAS and root accuracy are exact. The correlations are means over trees that are drawn. The
    other parameters, the result, of a single layer, and the errors are those of
    :func:`~tunescope.measures.probing.structural_scores.evaluate_structural_probe`.

    Args:
        test: Test sentences; their vectors are not looked at.
        n_draws: Trees to draw for each sentence, at least 1; default 5.

    Raises:
        InputError: ``n_draws`` is below 1, or the resampling settings are out of range.

    >>> test = ParsedSentences(np.zeros((1, 4, 1)), np.array([0, 1, 1, 1]), np.array([4]), np.ones(4, bool))
    >>> scores = random_tree_scores(test, rng=np.random.default_rng(0))
    >>> scores.uuas[0].value, scores.root_accuracy[0].value
    (0.5, 0.25)
    """
    if n_draws < 1:
        raise InputError("n_draws is too small.", expected="at least 1", got=n_draws)
    trees = [[random_tree(int(length), rng) for length in test.lengths] for _ in range(n_draws)]
    drawn = score_sentences(
        test,
        lambda sentence, draw: tree_distances(trees[draw][sentence]),
        lambda sentence, draw: tree_depths(trees[draw][sentence]),
        n_layers=n_draws,
    )
    n_scored = np.add.reduceat(test.scored, test.starts, dtype=np.int64)
    root_scored = np.logical_or.reduceat(test.scored & (test.heads == 0), test.starts)
    competing = np.where(n_scored > 0, n_scored, test.lengths)
    expected = replace(
        drawn,
        recovered=np.where(drawn.n_edges > 0, 2 * drawn.n_edges / competing, np.nan)[None],
        root_found=(np.where(root_scored | (n_scored == 0), 1.0, 0.0) / competing)[None],
        distance_spearman=drawn.distance_spearman.mean(axis=0, keepdims=True),
        depth_spearman=drawn.depth_spearman.mean(axis=0, keepdims=True),
    )
    return estimate_scores(expected, n_resamples=n_resamples, level=level, rng=rng)
