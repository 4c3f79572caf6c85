"""Steps about texts alone: how unlike a task's text is to a text of reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from transformers import PreTrainedTokenizerBase

from tunescope._core.seeds import make_rng
from tunescope.measures.text_divergence import text_divergence
from tunescope.models.tokenizers import load_tokenizer
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import checkpoint_of, task_of
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.tasks.example import Example
from tunescope.tasks.task import Examples

__all__ = ["compare_texts"]


@step_function(version=2)
def compare_texts(
    folder: Path,
    *,
    model: dict[str, str],
    task: dict[str, Any],
    reference: dict[str, Any],
    n_subwords: int,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Compare the subwords of a task's training sentences with those of a text of reference.

    All are cut to about the same number of subwords, for the divergence of small texts is larger by chance; what
    chance alone gives is that of one half of the reference from the other.

    Args:
        folder: Where the figures go.
        model: Whose tokenizer makes the subwords.
        task: The task.
        reference: A task whose training sentences are the text of reference.
        n_subwords: Most subwords of each text; fewer where a text, or half of the reference, has not so many.
        seed: Of the samples and of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """
    tokenizer = load_tokenizer(checkpoint_of(model))
    theirs = _shuffled(task_of(reference).splits["train"], seed)
    texts = [_shuffled(task_of(task).splits["train"], seed), theirs[0::2], theirs[1::2]]
    size = min(int(_counts(tokenizer, each, n_subwords).sum()) for each in texts)
    own, *halves = (_counts(tokenizer, each, size) for each in texts)
    rows = []
    for measure, counts in (("text_divergence", own), ("text_divergence_by_chance", halves[1])):
        rng = make_rng(seed, "study", "resampling", measure)
        estimate = text_divergence(
            counts, halves[0].sum(axis=0), rng=rng, n_resamples=n_resamples, level=level
        )
        rows.append(Row(measure=measure, split="train", estimate=estimate))
    write_rows(folder, rows)


def _shuffled(examples: Examples, seed: int) -> list[Example]:
    order = make_rng(seed, "study", "sample of texts").permutation(len(examples))
    return [examples[number] for number in order]


def _counts(tokenizer: PreTrainedTokenizerBase, examples: list[Example], most: int) -> csr_array:
    """Return how often each subword occurs in each text, of as many texts as it takes; shape (text, subword)."""
    indices: list[int] = []
    starts = [0]
    for text in _texts(examples):
        indices += tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        starts.append(len(indices))
        if len(indices) >= most:
            break
    ones = np.ones(len(indices), dtype=np.int64)
    return csr_array((ones, indices, starts), shape=(len(starts) - 1, len(tokenizer)))


def _texts(examples: list[Example]) -> Iterator[str]:
    for example in examples:
        texts = [text for text in (example.text, example.second_text) if text is not None]
        yield " ".join(text if isinstance(text, str) else " ".join(text) for text in texts)
