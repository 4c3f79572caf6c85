"""Steps about texts of several domains: vectors of their words, and how alike these are before and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.independent_difference import independent_difference
from tunescope.measures.similarity.anisotropy import mean_cosine_estimate
from tunescope.measures.similarity.cka import cka_estimate
from tunescope.measures.similarity.neighbourhoods import neighbourhood_overlap_estimate
from tunescope.measures.similarity.rsa import rsa_estimate
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.steps.inputs import encoder_of, task_of
from tunescope.studies.steps.models import VECTORS, open_vectors
from tunescope.studies.steps.rows import Row, read_rows, write_rows
from tunescope.studies.steps.subsets import subset_of
from tunescope.tasks.example import Example, Span, Target, TargetKind
from tunescope.tasks.task import Examples

__all__ = ["SimilarityName", "compare_domains", "compare_words", "extract_words", "sentences_of_words"]

SimilarityName = Literal["rsa", "cka", "neighbourhood_overlap"]

_SIMILARITIES = {
    "rsa": rsa_estimate,
    "cka": cka_estimate,
    "neighbourhood_overlap": neighbourhood_overlap_estimate,
}


@step_function(resumable=True, memory_gigabytes=3, gpu=True)
def extract_words(
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
) -> None:
    """Write the vectors of the words of some sentences at all layers, of a model before or after fine-tuning.

    Args:
        folder: Where they go.
        model: The pre-trained model.
        tuned: The step that fine-tuned it; ``None`` for the model as it was.
        tuned_task: The task that it was tuned on, or any where it was not.
        text: A task that holds the text; each text of a pair is a sentence of its own.
        text_set: Which of its sets is the text.
        n_sentences: Most sentences, a random sample.
        sample_seed: Which ones.
        device: Where to run the model.
    """
    sentences = sentences_of_words(task_of(text).all_sets[text_set])
    encoder = encoder_of(model, tuned, None, task_of(tuned_task), device)
    write_representations(
        encoder,
        subset_of(sentences, n_sentences, sample_seed),
        TargetKind.TOKEN,
        folder / VECTORS,
        task="words",
        split=text_set,
    )


def sentences_of_words(examples: Examples) -> Examples:
    """Return each distinct text as a sentence whose words are all targets.

    >>> pair = Example("p1", "A dog runs.", (Target("neutral"),), second_text="It is wet.")
    >>> [sentence.text for sentence in sentences_of_words((pair,))]
    [('A', 'dog', 'runs.'), ('It', 'is', 'wet.')]
    """
    texts = dict.fromkeys(_texts(examples))
    return tuple(
        Example(f"s{number}", words, tuple(Target("word", (Span(i, i + 1),)) for i in range(len(words))))
        for number, words in enumerate(texts)
    )


def _texts(examples: Examples) -> Iterator[tuple[str, ...]]:
    for example in examples:
        for text in (example.text, example.second_text):
            words = tuple(text.split()) if isinstance(text, str) else text
            if words:
                yield words


@step_function()
def compare_words(
    folder: Path,
    *,
    before: Path,
    after: Path,
    layers: list[int],
    measures: list[SimilarityName],
    max_targets: int,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Compare the vectors of words before and after, layer by layer."""
    base, tuned = (
        LabelledVectors.whole(open_vectors(path)).sampled(max_targets, seed) for path in (before, after)
    )
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    rows = []
    for layer in layers:
        x, y = base.layer(layer), tuned.layer(layer)
        found: dict[str, Estimate] = {
            name: _SIMILARITIES[name](
                x, y, base.sentence_ids, rng=make_rng(seed, "study", "resampling"), **options
            )
            for name in measures
        }
        for name, vectors in (("mean_cosine_before", x), ("mean_cosine_after", y)):
            rng = make_rng(seed, "study", "resampling")
            found[name] = mean_cosine_estimate(vectors, base.sentence_ids, rng=rng, **options)
        rows += [Row(measure=name, layer=layer, estimate=estimate) for name, estimate in found.items()]
    write_rows(folder, rows)


@step_function()
def compare_domains(folder: Path, *, inside: Path, outside: Path, measures: list[SimilarityName]) -> None:
    """Subtract the similarities in another domain from those in the model's own, which rest on other sentences."""
    theirs = {(row.measure, row.layer): row.estimate for row in read_rows(outside).rows}
    rows = [
        Row(
            measure=f"{row.measure}_own_minus_other",
            layer=row.layer,
            estimate=independent_difference(row.estimate, theirs[row.measure, row.layer]),
        )
        for row in read_rows(inside).rows
        if row.measure in measures
    ]
    write_rows(folder, rows)
