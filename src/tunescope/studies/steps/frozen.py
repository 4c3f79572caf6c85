"""Steps that train heads on the frozen vectors of a model, and tell what that costs, reading the vectors included."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tunescope.finetuning.cost import measure_cost
from tunescope.finetuning.frozen.features import FrozenFeatures, covers_every_word
from tunescope.finetuning.frozen.head import FrozenHead, HeadKind
from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.finetuning.frozen.training import train_frozen_head
from tunescope.models.alignment import Pooling
from tunescope.models.encoder import load_encoder
from tunescope.representations.store import Representations
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.costs import cost_rows, read_cost, write_cost
from tunescope.studies.steps.inputs import checkpoint_of, task_of
from tunescope.studies.steps.models import open_vectors
from tunescope.studies.steps.operations import linear_head_operations, reading_operations
from tunescope.studies.steps.predictions import write_predictions
from tunescope.studies.steps.rows import write_rows
from tunescope.studies.steps.subsets import examples_in_any, subset_of

__all__ = ["extract_subsets", "train_frozen"]

_VECTORS = "vectors"


@step_function(version=2, memory_gigabytes=3, gpu=True)
def extract_subsets(
    folder: Path,
    *,
    model: dict[str, str],
    task: dict[str, Any],
    split: str,
    size: int | None,
    seeds: list[int],
    pooling: str | None,
    device: str,
) -> None:
    """Write the vectors of the pre-trained model for the sentences of subsets, and what that cost.

    It does not go on where it was killed, so that the time is that of the whole.

    Args:
        folder: Where they go.
        model: The pre-trained model.
        task: The task.
        split: Of which set.
        size: Sentences of a subset; ``None`` for all.
        seeds: The seeds of the subsets.
        pooling: Which subwords a vector is the mean of; ``None`` for the usual.
        device: Where to run the model.
    """
    data = task_of(task)
    examples = examples_in_any(data.splits[split], size, seeds)
    encoder = load_encoder(checkpoint_of(model), device=device)
    with measure_cost(device=str(encoder.device)) as meter:
        write_representations(
            encoder,
            examples,
            data.target,
            folder / _VECTORS,
            task=data.name,
            split=split,
            pooling=None if pooling is None else Pooling(pooling),
        )
    operations = reading_operations(encoder, examples, data.target)
    write_cost(folder, meter.cost.model_copy(update={"operations": operations}), n_sentences=len(examples))


@step_function(memory_gigabytes=4, gpu=True)
def train_frozen(
    folder: Path,
    *,
    train: Path,
    test: Path,
    task: dict[str, Any],
    size: int | None,
    subset_seed: int,
    test_size: int | None,
    test_seed: int,
    layers: list[int],
    kind: HeadKind,
    settings: dict[str, Any],
    device: str,
) -> None:
    """Train a head on frozen vectors of a subset of the training sentences, and predict these and the test set.

    Args:
        folder: Where predictions and costs go.
        train: Vectors of at least these training sentences.
        test: Vectors of the test sentences.
        task: The task.
        size: How many training sentences; ``None`` for all.
        subset_seed: Which ones.
        test_size: How many test sentences; ``None`` for all.
        test_seed: Which ones.
        layers: The layers that are mixed; a linear head reads the last.
        kind: Of the head.
        settings: Of its training.
        device: Where to train.
    """
    data = task_of(task)
    chosen = {
        "train": subset_of(data.splits["train"], size, subset_seed),
        "test": subset_of(data.splits["test"], test_size, test_seed),
    }
    sequences = all(covers_every_word(data.splits[split]) for split in chosen)
    vectors = {"train": open_vectors(train), "test": open_vectors(test)}
    head_settings = FrozenHeadSettings(**settings)
    with measure_cost(device=device) as meter:
        known = FrozenFeatures.of_store(
            _Chosen.of(vectors["train"], chosen["train"], layers), sequences=sequences
        )
        head = train_frozen_head(known, kind, head_settings, device=device)
    unseen = FrozenFeatures.of_store(_Chosen.of(vectors["test"], chosen["test"], layers), sequences=sequences)
    for split, features in (("train", known), ("test", unseen)):
        write_predictions(folder, split, chosen[split], head.predict(features, device=device))
    own = meter.cost.model_copy(update={"operations": _operations(head, known, device)})
    reading, n_read = read_cost(train)
    write_rows(
        folder,
        cost_rows(own, reading, len(chosen["train"]) / n_read),
        () if head.info.status == "ok" else (head.info.status,),
    )


def _operations(head: FrozenHead, known: FrozenFeatures, device: str) -> float:
    """Return the operations of the head's training; of a mixing head, one epoch is counted."""
    if head.info.kind == "linear":
        return linear_head_operations(head.info)
    once = head.info.settings.model_copy(update={"max_epochs": 1})
    n_epochs = max(len(head.info.held_out), 1)
    with measure_cost(device=device) as meter, meter.counting(times=n_epochs):
        train_frozen_head(known, "mix", once, device=device)
    return meter.cost.operations


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Some targets of a store at some layers, as :class:`FrozenFeatures` reads them."""

    store: Representations
    rows: np.ndarray
    layers: tuple[int, ...]

    @classmethod
    def of(cls, store: Representations, examples: Any, layers: list[int]) -> _Chosen:
        names = {example.sentence_id for example in examples}
        rows = np.flatnonzero(store.targets["sentence_id"].isin(names).to_numpy())
        return cls(store, rows, tuple(layers))

    @property
    def info(self) -> _Chosen:
        """What the vectors are."""
        return self

    @property
    def hidden_size(self) -> int:
        """Length of a vector."""
        return self.store.info.hidden_size

    @property
    def labels(self) -> np.ndarray:
        """The label of each target."""
        labels: np.ndarray = self.store.labels[self.rows]
        return labels

    @property
    def sentence_ids(self) -> np.ndarray:
        """The sentence of each target."""
        sentences: np.ndarray = self.store.sentence_ids[self.rows]
        return sentences

    def layer(self, layer: int, examples: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the vectors of one layer."""
        return self.store.layer(layer, self.rows[examples])
