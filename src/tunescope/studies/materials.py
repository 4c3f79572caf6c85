"""What the steps of a comparison work on: vectors and predictions, made once and kept, and a place for results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
from pydantic import Field

from tunescope._core.files import write_atomically
from tunescope._core.records import Record
from tunescope.representations.store import Representations, open_representations
from tunescope.representations.writing import write_representations
from tunescope.runs import Run, Step
from tunescope.studies.comparison import ChangedPrediction, DrawnTree, Measurement, ModelInfo, PathPoint
from tunescope.studies.measuring.vectors import LabelledVectors, random_partition, sample_sentences
from tunescope.studies.models import ComparedModels
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.example import TargetKind
from tunescope.tasks.task import Examples, Task, fingerprint

__all__ = ["Materials", "Part"]

_PART = "part.json"


class Part(Record):
    """What one step of a comparison found."""

    measurements: tuple[Measurement, ...] = ()
    changed: tuple[ChangedPrediction, ...] = ()
    n_changed: dict[str, int] = Field(default_factory=dict)
    models: tuple[ModelInfo, ...] = ()
    centroid_path: tuple[PathPoint, ...] = ()
    path_variance: float = float("nan")
    trees: tuple[DrawnTree, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Materials:
    """Vectors, predictions and results in a run folder, by the role of the model.

    Attributes:
        run: Where the steps are kept.
        task: What is measured on.
        settings: How.
        models: The models by role: ``"base"``, ``"tuned"``, perhaps ``"control"``, and ``"step-000020"`` ….
    """

    run: Run
    task: Task
    settings: CompareSettings
    models: ComparedModels

    def vectors(self, role: str, split: str, task: Task | None = None) -> LabelledVectors:
        """Return the targets of a split, with a model's vectors."""
        task = task or self.task
        return LabelledVectors.whole(self.store(role, task.all_sets[split], task.target, split))

    def store(self, role: str, examples: Examples, target: TargetKind, split: str) -> Representations:
        """Return a model's vectors of the targets of any examples."""

        def extract(folder: Path) -> None:
            write_representations(
                self.models.load(role).encoder,
                examples,
                target,
                folder,
                task=self.task.name,
                split=split,
                storage=self.settings.storage,
                long_sentences=self.settings.long_sentences,
            )

        step = Step(
            name=f"vectors-{role}-{split}",
            inputs={
                "state": self.models.hash_of(role),
                "examples": fingerprint(examples),
                "target": target,
                "long_sentences": self.settings.long_sentences,
                "storage": self.settings.storage,
            },
            compute=extract,
            resumable=True,
        )
        return open_representations(self.run.perform(step))

    def own_predictions(self, role: str, split: str, task: Task | None = None) -> np.ndarray | None:
        """Return what the model's own head predicts for each target of a split, ``None`` without a head."""
        task = task or self.task
        examples = task.all_sets[split]

        def compute(folder: Path) -> None:
            predict = self.models.load(role).predict
            buffer = BytesIO()
            np.save(buffer, np.empty(0) if predict is None else predict(examples))
            write_atomically(folder / "predicted.npy", buffer.getvalue())

        step = Step(
            name=f"predictions-{role}-{split}",
            inputs={
                "state": self.models.hash_of(role),
                "examples": fingerprint(examples),
                "labels": list(task.labels),
                "long_sentences": self.settings.long_sentences,
            },
            compute=compute,
        )
        predicted: np.ndarray = np.load(self.run.perform(step) / "predicted.npy", allow_pickle=False)
        return predicted if len(predicted) else None

    def random_split(self, role: str) -> tuple[LabelledVectors, LabelledVectors]:
        """Return the targets of train and test of the random division, with a model's vectors."""
        train, test = self.vectors(role, "train"), self.vectors(role, "test")
        return random_partition(train, test, self.task, self.settings.seed)

    def random_split_predictions(self) -> np.ndarray | None:
        """Return the control's own predictions for the targets of the random test set."""
        return self.own_predictions("control", "test", self.models.control_task)

    @cached_property
    def path_task(self) -> Task:
        """The task with a sample of its test sentences, on which the snapshots are measured."""
        examples = self.task.splits["test"]
        ids = np.repeat(np.arange(len(examples)), [len(example.targets) for example in examples])
        keep = np.unique(ids[sample_sentences(ids, self.settings.path_targets, self.settings.seed)])
        sample = tuple(examples[i] for i in keep)
        return replace(self.task, splits={"train": self.task.splits["train"], "test": sample})

    def path_vectors(self, role: str) -> LabelledVectors:
        """Return the test targets on which the snapshots are measured, with a model's vectors."""
        return self.vectors(role, "test", self.path_task)

    def measure(self, name: str, compute: Callable[[], Part], **inputs: object) -> Part:
        """Perform a step whose result is a :class:`Part`; it depends on the settings and on ``inputs``."""

        def write(folder: Path) -> None:
            write_atomically(folder / _PART, compute().model_dump_json())

        step = Step(name=name, inputs={"settings": self.settings.model_dump(), **inputs}, compute=write)
        return Part.model_validate_json((self.run.perform(step) / _PART).read_bytes())
