"""Planted features: what a head must find is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tunescope.finetuning.frozen.features import FrozenFeatures

Planted = Callable[..., FrozenFeatures]


@pytest.fixture
def one_layer_tells() -> Planted:
    """Return a function that draws noise with the label at one layer alone: the sign of its first direction."""

    def draw(
        layer: int, *, seed: int = 0, n: int = 600, n_layers: int = 4, numbers: bool = False
    ) -> FrozenFeatures:
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(n_layers, n, 8))
        labels: np.ndarray = vectors[layer, :, 0] * 3 + 10
        if not numbers:
            vectors[layer, :, 0] *= 3
            labels = np.where(vectors[layer, :, 0] > 0, "plus", "minus")
        return FrozenFeatures.of_arrays(vectors, labels, np.arange(n) // 3)

    return draw


@pytest.fixture
def neighbour_tells() -> Planted:
    """Return a function that draws sentences in which the word before decides the label of a word."""

    def draw(*, seed: int = 0, n_sentences: int = 150, sequences: bool = True) -> FrozenFeatures:
        rng = np.random.default_rng(seed)
        sentences = np.repeat(np.arange(n_sentences), rng.integers(1, 9, n_sentences))
        vectors = rng.normal(size=(2, len(sentences), 6))
        before = np.concatenate([[-1.0], vectors[1, :-1, 0]])
        first = np.concatenate([[True], sentences[1:] != sentences[:-1]])
        labels = np.where(~first & (before > 0), "B-x", "O")
        return FrozenFeatures.of_arrays(vectors, labels, sentences, sequences=sequences)

    return draw
