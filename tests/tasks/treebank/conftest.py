"""Fixtures of the generator's tests: the sentences of the default task."""

from __future__ import annotations

import pytest

from tunescope.tasks.treebank import TreebankSentence, generate_splits

DEFAULT_SIZES = {"train": 1200, "dev": 300, "test": 500, "reviews": 300}


@pytest.fixture(scope="session")
def splits() -> dict[str, tuple[TreebankSentence, ...]]:
    """Return the sentences of the default task."""
    return generate_splits(DEFAULT_SIZES, seed=0)
