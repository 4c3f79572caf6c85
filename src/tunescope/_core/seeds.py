"""Random generators that depend on a seed and a purpose, never on the order in which work is done."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["derive_seed", "make_rng"]


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return a 32-bit seed for one purpose, so that parts of a study draw independent random numbers.

    Args:
        seed: The seed that the user gave.
        purpose: Words and numbers that name the part, such as ``"rsa", "test"``.

    >>> derive_seed(0, "rsa") == derive_seed(0, "rsa")
    True
    >>> derive_seed(0, "rsa") == derive_seed(1, "rsa")
    False
    """
    text = "\0".join([str(seed), *map(str, purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def make_rng(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return numpy's generator seeded by :func:`derive_seed`."""
    return np.random.default_rng(derive_seed(seed, *purpose))
