"""Steps about texts of several domains: vectors of their words, and how alike these are before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.independent_difference import independent_difference
from tunescope.measures.similarity.anisotropy import mean_cosine_estimate
from tunescope.measures.similarity.canonical_correlation import pwcca_estimate, svcca_estimate
from tunescope.measures.similarity.cka import cka_estimate
from tunescope.measures.similarity.cka_map import cka_map
from tunescope.measures.similarity.intrinsic_dimension import participation_ratio_estimate, two_nn_estimate
from tunescope.measures.similarity.isotropy import isotropy_estimate
from tunescope.measures.similarity.neighbourhoods import neighbourhood_overlap_estimate
from tunescope.measures.similarity.procrustes import procrustes_estimate
from tunescope.measures.similarity.rbf_cka import rbf_cka_estimate
from tunescope.measures.similarity.rsa import rsa_estimate
from tunescope.representations.pairing import shared_targets
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.measuring.vectors import LabelledVectors, sample_sentences
from tunescope.studies.steps.inputs import encoder_of, task_of
from tunescope.studies.steps.models import VECTORS, open_vectors
from tunescope.studies.steps.rows import Row, read_rows, write_rows
from tunescope.studies.steps.subsets import subset_of
from tunescope.tasks.example import Example, Span, Target, TargetKind
from tunescope.tasks.task import Examples

__all__ = [
    "SimilarityName",
    "compare_domains",
    "compare_words",
    "extract_words",
    "map_layers",
    "measure_shapes",
    "sentences_of_words",
]

SimilarityName = Literal[
    "rsa",
    "rsa_correlation",
    "rsa_euclidean",
    "rsa_spearman",
    "cka",
    "rbf_cka",
    "svcca",
    "pwcca",
    "procrustes_distance",
    "neighbourhood_overlap",
]

_SIMILARITIES: dict[SimilarityName, Callable[..., Estimate]] = {
    "rsa": rsa_estimate,
    "rsa_correlation": partial(rsa_estimate, similarity="correlation"),
    "rsa_euclidean": partial(rsa_estimate, similarity="euclidean"),
    "rsa_spearman": partial(rsa_estimate, compare="spearman"),
    "cka": cka_estimate,
    "rbf_cka": rbf_cka_estimate,
    "svcca": svcca_estimate,
    "pwcca": pwcca_estimate,
    "procrustes_distance": procrustes_estimate,
    "neighbourhood_overlap": neighbourhood_overlap_estimate,
}
_SHAPES: dict[str, Callable[..., Estimate]] = {
    "intrinsic_dimension": two_nn_estimate,
    "participation_ratio": partial(participation_ratio_estimate, debiased=True),
    "isotropy": isotropy_estimate,
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


@step_function(version=2)
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
    base, tuned = _shared(before, after, max_targets, seed)
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
def measure_shapes(
    folder: Path, *, words: Path, max_targets: int, seed: int, n_resamples: int, level: float
) -> None:
    """Measure, layer by layer, in how many directions the vectors of words lie, and how evenly."""
    vectors = LabelledVectors.whole(open_vectors(words)).sampled(max_targets, seed)
    rows = []
    for layer in vectors.layers:
        x = vectors.layer(layer)
        for name, measure in _SHAPES.items():
            rng = make_rng(seed, "study", "resampling")
            estimate = measure(x, vectors.sentence_ids, n_resamples=n_resamples, level=level, rng=rng)
            rows.append(Row(measure=name, layer=layer, estimate=estimate))
    write_rows(folder, rows)


@step_function(memory_gigabytes=2)
def map_layers(folder: Path, *, before: Path, after: Path, max_targets: int, seed: int) -> None:
    """Compare each layer before with each layer after by debiased CKA; the row's label is the layer after."""
    base, tuned = _shared(before, after, max_targets, seed)
    found = cka_map(*([each.layer(layer) for layer in each.layers] for each in (base, tuned)))
    rows = [
        Row(
            measure="cka_map",
            layer=layer,
            label=str(other),
            estimate=Estimate(value=float(value), n_examples=len(base)),
        )
        for layer, line in zip(base.layers, found, strict=True)
        for other, value in zip(tuned.layers, line, strict=True)
    ]
    write_rows(folder, rows)


def _shared(
    before: Path, after: Path, max_targets: int, seed: int
) -> tuple[LabelledVectors, LabelledVectors]:
    """Return the same targets, in the same order, of two steps that extracted words."""
    stores = (open_vectors(before), open_vectors(after))
    rows = shared_targets(*stores)
    base, tuned = (LabelledVectors(((store, own),)) for store, own in zip(stores, rows, strict=True))
    keep = sample_sentences(base.sentence_ids, max_targets, seed)
    return base.take(keep), tuned.take(keep)


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
