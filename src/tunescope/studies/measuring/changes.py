"""Examples on which the two models differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.studies.comparison import ChangedPrediction
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.example import Example, Target
from tunescope.tasks.task import Examples

__all__ = ["changed_predictions", "count_changes"]


def changed_predictions(
    examples: Examples, before: np.ndarray, after: np.ndarray, settings: CompareSettings
) -> tuple[ChangedPrediction, ...]:
    """Return a sample of the targets whose predicted class changed, in corpus order.

    Each kind of change (fixed, broken, wrong in another way) gives at most ``settings.n_examples_shown``.

    Args:
        examples: The examples, in the order of the predictions.
        before: The base model's predicted class per target.
        after: The tuned model's.
    """
    pairs = [(example, target) for example in examples for target in example.targets]
    gold = np.array([target.label for _, target in pairs])
    changed = before != after
    rng = make_rng(settings.seed, "changed predictions")
    chosen: list[int] = []
    for kind in (after == gold, before == gold, (after != gold) & (before != gold)):
        candidates = np.flatnonzero(changed & kind)
        n = min(len(candidates), settings.n_examples_shown)
        chosen += rng.choice(candidates, n, replace=False).tolist()
    return tuple(_describe(*pairs[i], before[i], after[i]) for i in sorted(chosen))


def count_changes(gold: np.ndarray, before: np.ndarray, after: np.ndarray) -> dict[str, int]:
    """Return how many targets were fixed, broken, and changed from one wrong class to another."""
    changed = before != after
    fixed, broken = changed & (after == gold), changed & (before == gold)
    other = changed & ~fixed & ~broken
    return {"fixed": int(fixed.sum()), "broken": int(broken.sum()), "other": int(other.sum())}


def _describe(example: Example, target: Target, before: Any, after: Any) -> ChangedPrediction:
    texts = [text for text in (example.text, example.second_text) if text is not None]
    readable = [text if isinstance(text, str) else " ".join(text) for text in texts]
    return ChangedPrediction(
        sentence_id=example.sentence_id,
        text=" ‖ ".join(readable),
        target=" → ".join(example.words_of(span) for span in target.spans),
        gold=str(target.label),
        before=str(before),
        after=str(after),
    )
