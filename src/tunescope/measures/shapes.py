"""The shapes of the arrays that the measures take and give, by name; the tests check them at run time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

__all__ = [
    "AnyVectors",
    "Figures",
    "HalfSamples",
    "Labels",
    "Numbers",
    "OtherVectors",
    "SentenceIds",
    "SentenceNumbers",
    "Vectors",
    "Weights",
    "WholeAndHalves",
]

Vectors = Float[np.ndarray, "example hidden"]
"""One row per example."""

AnyVectors = Float[np.ndarray, "_ _"]
"""One row per example, of any number and size."""

OtherVectors = Float[np.ndarray, "example other_hidden"]
"""The same examples in a representation of perhaps another size."""

Labels = Shaped[np.ndarray, " example"]
"""A label per example: a class (text or whole number) or a number."""

Numbers = Float[np.ndarray, " example"]
"""A figure per example."""

SentenceIds = Shaped[np.ndarray, " example"]
"""The sentence that each example comes from: text or whole numbers."""

SentenceNumbers = Int[np.ndarray, " example"]
"""The sentence that each example comes from, numbered from 0."""

HalfSamples = Bool[np.ndarray, "resample example"]
"""Which examples are in which half-sample."""

Weights = Float[np.ndarray, "example resample"]
"""1 where an example is in a resample, otherwise 0."""

WholeAndHalves = Float[np.ndarray, "example sample"]
"""1 in the first column; in the others 1 where an example is in a half-sample, otherwise 0."""

Figures = Float[np.ndarray, " resample"]
"""A figure per resample."""
