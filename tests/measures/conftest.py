"""Vectors with shared sentence effects, as the tokens of a text have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20220601)


@pytest.fixture(scope="session")
def draw_pair() -> Draw:
    """Return a function that draws two related representations and the sentence of each row."""

    def draw(
        rng: np.random.Generator,
        n_sentences: int = 30,
        per_sentence: int = 4,
        hidden: int = 16,
        noise: float = 0.7,
        shared: float = 0.2,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sentences = np.repeat(np.arange(n_sentences), per_sentence)
        spectrum = np.arange(1, hidden + 1) ** -0.7

        def effects() -> np.ndarray:
            own = rng.standard_normal((len(sentences), hidden))
            common = rng.standard_normal((n_sentences, hidden))[sentences]
            return (np.sqrt(shared) * common + np.sqrt(1 - shared) * own) * spectrum

        signal = effects()
        return signal + 0.5, signal + noise * effects() + 0.5, sentences

    return draw
