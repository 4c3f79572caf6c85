"""Structural probes before and after: how far the vectors lie as the words do in their trees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.probing.dependency_trees import tree_edges
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_baselines import linear_chain_scores, random_tree_scores
from tunescope.measures.probing.structural_probe import (
    StructuralProbe,
    fit_structural_probe,
    reconstructed_tree,
)
from tunescope.measures.probing.structural_scores import (
    StructuralScores,
    evaluate_structural_probe,
    structural_difference,
)
from tunescope.studies.comparison import DrawnTree, Measurement, Subject
from tunescope.studies.measuring.clusters import Model
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.task import Examples

__all__ = ["tree_measurements"]

_SCORES = ("uuas", "dspr", "nspr", "root_accuracy")
_DRAWN_LENGTHS = (7, 16)
_N_DRAWN = 2


def tree_measurements(
    train: Mapping[Model, ParsedSentences],
    test: Mapping[Model, ParsedSentences],
    examples: Examples,
    settings: CompareSettings,
    *,
    device: str,
) -> tuple[tuple[Measurement, ...], tuple[DrawnTree, ...], tuple[str, ...]]:
    """Return scores of structural probes by layer beside baselines, a few trees to draw, and notes.

    Args:
        train: Training sentences by model, the same in each.
        test: Test sentences by model.
        examples: The test sentences' words.
        settings: Resampling and seed.
        device: Where the probes are trained.
    """
    seed = derive_seed(settings.seed, "structural probe")
    probes = {
        model: (
            fit_structural_probe(sentences, kind="distance", seed=seed, device=device),
            fit_structural_probe(sentences, kind="depth", seed=seed, device=device),
        )
        for model, sentences in train.items()
    }
    scores = {
        model: evaluate_structural_probe(*pair, test[model], **_options(settings))
        for model, pair in probes.items()
    }
    found = [m for model, own in scores.items() for m in _measurements(own, model)]
    before, after = scores["base"].sentences, scores["tuned"].sentences
    if before is not None and after is not None:
        found += _measurements(structural_difference(before, after, **_options(settings)), "difference")
    found += _baselines(test["base"], settings)
    trees = _drawn({model: pair[0] for model, pair in probes.items()}, test, scores, examples)
    notes = [
        f"Structural probe of {probe.kind} of the {model} model at layer {layer}: {status}."
        for model, pair in probes.items()
        for probe in pair
        for layer, status in enumerate(probe.status)
        if status != "ok"
    ]
    return tuple(found), trees, tuple(notes)


def _measurements(scores: StructuralScores, subject: Subject) -> Iterator[Measurement]:
    for measure in _SCORES:
        for layer, estimate in enumerate(getattr(scores, measure)):
            yield Measurement(measure=measure, subject=subject, layer=layer, estimate=estimate)


def _baselines(test: ParsedSentences, settings: CompareSettings) -> Iterator[Measurement]:
    for name, baseline in (("linear_chain", linear_chain_scores), ("random_tree", random_tree_scores)):
        scores = baseline(test, **_options(settings))
        for measure in _SCORES:
            estimate = getattr(scores, measure)[0]
            yield Measurement(measure=f"{measure}_{name}", subject="baseline", estimate=estimate)


def _drawn(
    probes: Mapping[Model, StructuralProbe],
    test: Mapping[Model, ParsedSentences],
    scores: Mapping[Model, StructuralScores],
    examples: Examples,
) -> tuple[DrawnTree, ...]:
    """Return the first test sentences short enough to draw, at the layer where the base model's trees are the best."""
    sentences, uuas = test["base"], [estimate.value for estimate in scores["base"].uuas]
    if not np.isfinite(uuas).any():
        return ()
    layer = int(np.nanargmax(uuas))
    short, long = _DRAWN_LENGTHS
    chosen = [i for i, n in enumerate(sentences.lengths) if short <= n <= long][:_N_DRAWN]
    trees = []
    for i in chosen:
        scored = sentences.scored_of(i)
        read = {
            model: _pairs(reconstructed_tree(probe, test[model].vectors_of(i, layer), layer, scored))
            for model, probe in probes.items()
        }
        trees.append(
            DrawnTree(
                sentence_id=examples[i].sentence_id,
                words=tuple(examples[i].text),
                layer=layer,
                gold=_pairs(tree_edges(sentences.heads_of(i), scored)),
                base=read["base"],
                tuned=read["tuned"],
            )
        )
    return tuple(trees)


def _pairs(edges: Sequence[Sequence[int]] | np.ndarray) -> tuple[tuple[int, int], ...]:
    return tuple((int(a), int(b)) for a, b in edges)


def _options(settings: CompareSettings) -> dict[str, Any]:
    rng = make_rng(settings.seed, "structural probe", "resampling")
    return {"n_resamples": settings.n_resamples, "level": settings.level, "rng": rng}
