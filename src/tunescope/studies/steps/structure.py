"""Steps of structural probes: what a model's vectors tell of syntax, and the paired difference after fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tunescope._core.hashing import hash_value
from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.measures.probing.structural_baselines import linear_chain_scores
from tunescope.measures.probing.structural_probe import fit_structural_probe
from tunescope.measures.probing.structural_scores import (
    StructuralScores,
    evaluate_structural_probe,
    structural_difference,
)
from tunescope.measures.probing.structural_sentences import SentenceScores
from tunescope.models.encoder import Encoder
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.plan import Content
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import encoder_of, task_of
from tunescope.studies.steps.models import VECTORS
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.tasks.dependency_trees_reader import ParsedText, read_trees
from tunescope.tasks.example import TargetKind

__all__ = ["compare_structure", "probe_structure", "trees_input"]

_SCORES = ("uuas", "dspr", "nspr", "root_accuracy")
_KINDS: tuple[Literal["distance"], Literal["depth"]] = ("distance", "depth")
_SENTENCES = "sentences.npz"


def trees_input(trees: Mapping[str, str], folder: Path) -> Content:
    """Return what steps are given of parsed sentences.

    Args:
        trees: The paths of CoNLL-U files to train probes on and to test them: ``train`` and ``test``.
        folder: What relative paths start from.

    Raises:
        InputError: They cannot be read, or hold a tree that is none.
    """
    texts = {split: _read(folder, path) for split, path in trees.items()}
    identity = hash_value({split: text.fingerprint for split, text in texts.items()})
    return Content({"paths": dict(trees), "folder": str(folder), "content": identity}, identity)


@step_function(memory_gigabytes=4, gpu=True)
def probe_structure(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path | None,
    tuned_task: dict[str, Any],
    trees: dict[str, Any],
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Train structural probes of distance and depth on every layer, and score them beside a chain of words.

    Args:
        folder: Where the scores go.
        model: The pre-trained model.
        tuned: The step that fine-tuned it; ``None`` for the model as it was.
        tuned_task: The task that it was tuned on, or any where it was not.
        trees: Parsed sentences, from :func:`trees_input`.
        device: Where to run the model and to train the probes.
        seed: Of the probes and of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """
    encoder = encoder_of(model, tuned, None, task_of(tuned_task), device)
    train, test = (
        _parsed(encoder, _read(Path(trees["folder"]), trees["paths"][split]), folder, split)
        for split in ("train", "test")
    )
    own_seed = derive_seed(seed, "structural probe")
    distance, depth = (
        fit_structural_probe(train, kind=kind, seed=own_seed, device=device) for kind in _KINDS
    )
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    scores = evaluate_structural_probe(distance, depth, test, rng=_rng(seed), **options)
    rows = list(_rows(scores, ""))
    chain = linear_chain_scores(test, rng=_rng(seed), **options)
    rows += [row for row in _rows(chain, "_linear_chain") if row.layer == 0]
    notes = [
        f"The structural probe of {probe.kind} at layer {layer}: {status}."
        for probe in (distance, depth)
        for layer, status in enumerate(probe.status)
        if status != "ok"
    ]
    if scores.sentences is not None:
        np.savez(folder / _SENTENCES, **vars(scores.sentences))
    write_rows(folder, rows, notes)


@step_function()
def compare_structure(
    folder: Path, *, before: Path, after: Path, seed: int, n_resamples: int, level: float
) -> None:
    """Subtract the structural scores before from those after, paired over sentences."""
    found = [SentenceScores(**np.load(path / _SENTENCES)) for path in (before, after)]
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    write_rows(folder, _rows(structural_difference(*found, rng=_rng(seed), **options), "_gain"))


def _rows(scores: StructuralScores, suffix: str) -> Iterator[Row]:
    for measure in _SCORES:
        for layer, estimate in enumerate(getattr(scores, measure)):
            yield Row(measure=f"{measure}{suffix}", split="test", layer=layer, estimate=estimate)


def _parsed(encoder: Encoder, text: ParsedText, folder: Path, split: str) -> ParsedSentences:
    store = write_representations(
        encoder, text.examples, TargetKind.TOKEN, folder / f"{VECTORS}-{split}", task="trees", split=split
    )
    vectors = np.stack([store.layer(layer) for layer in store.info.layers])
    return ParsedSentences(vectors, text.heads, text.lengths, text.scored)


def _read(folder: Path, path: str) -> ParsedText:
    return read_trees(folder / path)


def _rng(seed: int) -> np.random.Generator:
    return make_rng(seed, "structural probe", "resampling")
