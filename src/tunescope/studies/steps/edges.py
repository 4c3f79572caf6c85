"""Steps of edge probes: what a model's vectors tell of labelled words, and whether fine-tuning made it forget it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.probing.edge_probe import EdgePrediction, fit_edge_probes
from tunescope.measures.probing.edge_scores import layer_scores
from tunescope.measures.probing.forgetting import forgetting
from tunescope.measures.probing.labelled_spans import LabelledSpans
from tunescope.measures.probing.micro_f1 import micro_f1_difference
from tunescope.models.encoder import Encoder
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import encoder_of, task_of
from tunescope.studies.steps.probed_examples import probed_examples
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.tasks.example import TargetKind
from tunescope.tasks.task import Examples
from tunescope.tasks.word_targets import word_targets

__all__ = ["compare_edges", "probe_edges"]

_FILE = "edges.npz"


@step_function(memory_gigabytes=4, gpu=True)
def probe_edges(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path | None,
    tuned_task: dict[str, Any],
    text: dict[str, Any],
    max_targets: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Train an edge probe on each layer, and score it.

    Args:
        folder: Where the figures go, and what the probes read.
        model: The pre-trained model.
        tuned: The step that fine-tuned it; ``None`` for the model as it was.
        tuned_task: The task that it was tuned on, or any where it was not.
        text: A task whose targets are words or pairs of words, with classes.
        max_targets: Most targets of each set, those of whole sentences.
        device: Where to run the model and to train the probes.
        seed: Of the samples, the probes and of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """
    train, test = probed_examples(task_of(text), max_targets, seed)
    encoder = encoder_of(model, tuned, None, task_of(tuned_task), device)
    own_seed = derive_seed(seed, "edge probe")
    probes = fit_edge_probes(_spans(encoder, train, folder), layers="each", seed=own_seed, device=device)
    scores = layer_scores(
        probes,
        _spans(encoder, test, folder),
        n_resamples=n_resamples,
        level=level,
        seed=own_seed,
        device=device,
    )
    labels = Counter(target.label for example in train for target in example.targets)
    read = _Read(
        gold=scores.labels,
        sentence_ids=scores.sentence_ids,
        most_frequent=np.array(labels.most_common(1)[0][0]),
        labels=probes.labels,
        assigned=np.stack([score.prediction.assigned for score in scores.each]),
        best=np.stack([score.prediction.best for score in scores.each]),
    )
    np.savez_compressed(folder / _FILE, **vars(read))
    rows = [
        Row(measure="edge_f1", split="test", layer=layer, estimate=score.micro_f1)
        for layer, score in enumerate(scores.each)
    ]
    notes = [
        f"The edge probe on layer {layer}: {score.probe.status}."
        for layer, score in enumerate(scores.each)
        if score.probe.status != "ok"
    ]
    write_rows(folder, rows, notes)


@step_function()
def compare_edges(
    folder: Path, *, before: Path, after: Path, seed: int, n_resamples: int, level: float
) -> None:
    """Subtract what edge probes read before from what they read after, and tell what became of it.

    The row ``share_left`` says how much is left of what the vectors gave beyond the most frequent label, and has as its
    label the verdict of :func:`tunescope.measures.probing.forgetting.forgetting`, corrected for the number of layers.
    """
    base, tuned = _Read.of(before), _Read.of(after)
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    rows = []
    for layer, (old, new) in enumerate(zip(base.predictions, tuned.predictions, strict=True)):
        gain = micro_f1_difference(old, new, base.gold, base.sentence_ids, rng=_rng(seed), **options)
        found = forgetting(
            base.gold,
            old.best,
            new.best,
            np.full(len(base.gold), base.most_frequent),
            base.sentence_ids,
            n_comparisons=len(base.best),
            rng=_rng(seed),
            **options,
        )
        place: dict[str, Any] = {"split": "test", "layer": layer}
        rows.append(Row(measure="edge_f1_gain", estimate=gain, **place))
        rows.append(Row(measure="share_left", label=found.verdict, estimate=found.share_left, **place))
    write_rows(folder, rows)


@dataclass(frozen=True, eq=False)
class _Read:
    """What the probes of all layers read from the test examples.

    Attributes:
        gold: Shape (example,); the right labels.
        sentence_ids: Shape (example,).
        most_frequent: The most frequent label of the training examples.
        labels: The classes.
        assigned: Shape (layer, example, label); see :class:`EdgePrediction`.
        best: Shape (layer, example).
    """

    gold: np.ndarray
    sentence_ids: np.ndarray
    most_frequent: np.ndarray
    labels: np.ndarray
    assigned: np.ndarray
    best: np.ndarray

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read what a step kept."""
        with np.load(folder / _FILE) as arrays:
            return cls(**arrays)

    @property
    def predictions(self) -> Sequence[EdgePrediction]:
        """What the probe of each layer read."""
        return [
            EdgePrediction(self.labels, assigned, best)
            for assigned, best in zip(self.assigned, self.best, strict=True)
        ]


def _spans(encoder: Encoder, examples: Examples, folder: Path) -> LabelledSpans:
    words = word_targets(examples, only_in_spans=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        store = write_representations(
            encoder, words.examples, TargetKind.TOKEN, Path(scratch) / "words", task="words", split="words"
        )
        vectors = np.stack([store.layer(layer) for layer in store.info.layers])
    return LabelledSpans(vectors, words.spans, words.labels, words.sentence_ids)


def _rng(seed: int) -> np.random.Generator:
    return make_rng(seed, "edge probe", "resampling")
