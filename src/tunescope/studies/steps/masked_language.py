"""Steps that tell how well a model still guesses masked words, and how much worse after fine-tuning."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tunescope._core.errors import InputError
from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.models.masked_language import (
    MaskedLanguageLosses,
    can_be_masked,
    load_masked_language_model,
    masked_language_losses,
)
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.domains import sentences_of_words
from tunescope.studies.steps.inputs import checkpoint_of, encoder_of, task_of
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.studies.steps.subsets import subset_of

__all__ = ["compare_masked_language", "measure_masked_language", "read_masked_language"]

_LOSSES = "masked_language.npz"


@step_function(memory_gigabytes=4, gpu=True)
def measure_masked_language(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path | None,
    tuned_task: dict[str, Any],
    text: dict[str, Any],
    text_set: str,
    n_sentences: int,
    sample_seed: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Measure the loss of the pre-trained masked-language head on some sentences, before or after fine-tuning.

    ``masked_language_loss`` is in nats per masked subword: the sum over all sentences by how many are masked, so that
    a long sentence weighs more; lower is better. Each sentence's share is kept for comparisons. Sentences without a
    word that the tokenizer knows are left out, and a note says how many.

    Args:
        folder: Where the figures go.
        model: The pre-trained model, which gives the head.
        tuned: The step that fine-tuned it; ``None`` for the model as it was.
        tuned_task: The task that it was tuned on, or any where it was not.
        text: A task that holds the text; each text of a pair is a sentence of its own.
        text_set: Which of its sets is the text.
        n_sentences: Most sentences, a random sample.
        sample_seed: Which ones.
        device: Where to run the model.
        seed: Of the masks and of resampling; states to compare need the same one.
        n_resamples: Half-samples behind the interval.
        level: Coverage of the interval.

    Raises:
        ModelError: The pre-trained model has no masked-language head, or no mask token.
        InputError: No sentence has a word that the tokenizer knows, or one is too long.
    """
    examples = subset_of(sentences_of_words(task_of(text).all_sets[text_set]), n_sentences, sample_seed)
    encoder = encoder_of(model, tuned, None, task_of(tuned_task), device)
    network = load_masked_language_model(checkpoint_of(model), encoder)
    sentences = [example.text for example in examples]
    usable = can_be_masked(encoder.tokenizer, sentences)
    known = [sentence for sentence, keep in zip(sentences, usable, strict=True) if keep]
    found = masked_language_losses(network, known, seed=seed)
    np.savez(folder / _LOSSES, **vars(found))
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    estimate = _mean_per_subword(found.losses, found.n_masked, seed, bounds=(0.0, math.inf), **options)
    n_left_out = len(sentences) - len(known)
    note = (
        f"Sentences without a word that the tokenizer knows are left out: {n_left_out} of {len(sentences)}."
    )
    write_rows(folder, [Row(measure="masked_language_loss", estimate=estimate)], [note] if n_left_out else [])


def read_masked_language(folder: Path) -> MaskedLanguageLosses:
    """Read each sentence's losses, as :func:`measure_masked_language` kept them."""
    with np.load(folder / _LOSSES, allow_pickle=False) as file:
        return MaskedLanguageLosses(**{name: file[name] for name in file.files})


@step_function()
def compare_masked_language(
    folder: Path, *, before: Path, after: Path, seed: int, n_resamples: int, level: float
) -> None:
    """Subtract the loss before from that after, paired over sentences; above 0 means that knowledge was lost.

    Raises:
        InputError: The two did not guess the same subwords of the same sentences.
    """
    base, tuned = (read_masked_language(path) for path in (before, after))
    for name in ("n_masked", "positions", "subwords"):
        if not np.array_equal(getattr(base, name), getattr(tuned, name)):
            raise InputError(
                "The losses before and after are of other masked words.",
                where=name,
                expected=f"the same {len(base.positions)} subwords of {len(base.losses)} sentences",
                got=f"{len(tuned.positions)} subwords of {len(tuned.losses)} sentences",
                fix="measure both on the same sentences with the same tokenizer and seed",
            )
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    change = _mean_per_subword(tuned.losses - base.losses, base.n_masked, seed, **options)
    write_rows(folder, [Row(measure="masked_language_loss_change", estimate=change)])


def _mean_per_subword(sums: np.ndarray, counts: np.ndarray, seed: int, **options: Any) -> Estimate:
    """Return Σ sums / Σ counts with an interval over sentences.

    It is the mean over subwords to each of which its sentence's mean is given, also in every half of the sentences.
    """
    return mean_estimate(
        np.repeat(sums / counts, counts),
        np.repeat(np.arange(len(counts)), counts),
        rng=make_rng(seed, "masked language model", "resampling"),
        **options,
    )
