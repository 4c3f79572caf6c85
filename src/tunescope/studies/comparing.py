"""The steps of a comparison: vectors, measures, and their gathering into one result."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
from pydantic import Field

from tunescope._core.files import write_atomically
from tunescope._core.provenance import collect_provenance
from tunescope._core.records import Record
from tunescope.measures.geometry.centroids import centroid_path
from tunescope.representations.store import Representations, open_representations
from tunescope.representations.writing import write_representations
from tunescope.runs import Run, Step
from tunescope.studies.comparison import (
    ChangedPrediction,
    Comparison,
    DataInfo,
    Measurement,
    ModelInfo,
    PathPoint,
)
from tunescope.studies.measuring.changes import changed_predictions, count_changes
from tunescope.studies.measuring.clusters import Model, cluster_measurements, division_measurements
from tunescope.studies.measuring.scores import Scorer, score_models
from tunescope.studies.measuring.similarity import centroid_measurements, similarity_measurements
from tunescope.studies.measuring.vectors import LabelledVectors, random_partition, sample_sentences
from tunescope.studies.measuring.weights import weight_measurements
from tunescope.studies.models import ComparedModels
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Task, fingerprint

__all__ = ["Comparing"]

_PART = "part.json"


class Part(Record):
    """What one step of a comparison found."""

    measurements: tuple[Measurement, ...] = ()
    changed: tuple[ChangedPrediction, ...] = ()
    n_changed: dict[str, int] = Field(default_factory=dict)
    models: tuple[ModelInfo, ...] = ()
    centroid_path: tuple[PathPoint, ...] = ()
    path_variance: float = float("nan")
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparing:
    """A comparison under way in a run folder.

    Attributes:
        run: Where the steps are kept.
        task: What is measured on.
        settings: How.
        models: The models by role: ``"base"``, ``"tuned"``, perhaps ``"control"``, and ``"step-000020"`` ….
        steps: Training steps of the snapshots, rising.
    """

    run: Run
    task: Task
    settings: CompareSettings
    models: ComparedModels
    steps: tuple[int, ...]

    def result(self) -> Comparison:
        """Perform every step that is not there yet, and gather the results."""
        measured = ["train", *self._evaluated]
        parts = [self._weights()]
        parts += [self._similarity(split) for split in measured]
        if self.task.label is LabelKind.CLASS:
            parts += [self._centroids(), self._clusters(), self._random_split_clusters()]
        parts += [self._scores(), self._random_split_scores()]
        if "control" in self.models:
            parts.append(self._random_split_similarity())
        parts += [self._snapshot(step) for step in self.steps]
        if self.steps and self.task.label is LabelKind.CLASS:
            parts.append(self._centroid_path())
        path = parts[-1]
        return Comparison(
            base=parts[0].models[0],
            tuned=parts[0].models[1],
            task=self.task.name,
            target=self.task.target,
            label_kind=self.task.label,
            metric=self.task.metric,
            data=tuple(self._data_info(split) for split in measured),
            n_layers=parts[0].models[0].n_layers,
            steps=self.steps,
            measurements=tuple(m for part in parts for m in part.measurements),
            changed=tuple(change for part in parts for change in part.changed),
            n_changed={kind: n for part in parts for kind, n in part.n_changed.items()},
            centroid_path=path.centroid_path,
            path_variance=path.path_variance,
            notes=(*self._notes(), *(note for part in parts for note in part.notes)),
            settings=self.settings.model_dump(),
            provenance=collect_provenance().without_time(),
        )

    @property
    def _evaluated(self) -> list[str]:
        return ["test", *self.task.out_of_domain]

    # Vectors and predictions.

    def _representations(self, role: str, split: str, task: Task | None = None) -> Representations:
        task = task or self.task
        step = Step(
            name=f"vectors-{role}-{split}",
            inputs={
                "state": self.models.hash_of(role),
                "examples": fingerprint(task.all_sets[split]),
                "target": task.target,
                "long_sentences": self.settings.long_sentences,
                "storage": self.settings.storage,
            },
            compute=lambda folder: self._extract(role, task, split, folder),
            resumable=True,
        )
        return open_representations(self.run.perform(step))

    def _extract(self, role: str, task: Task, split: str, folder: Path) -> None:
        write_representations(
            self.models.load(role).encoder,
            task.all_sets[split],
            task.target,
            folder,
            task=task.name,
            split=split,
            storage=self.settings.storage,
            long_sentences=self.settings.long_sentences,
        )

    def _vectors(self, role: str, split: str) -> LabelledVectors:
        return LabelledVectors.whole(self._representations(role, split))

    def _own_predictions(self, role: str, split: str, task: Task | None = None) -> np.ndarray | None:
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

    # Measures.

    def _measure(self, name: str, compute: Callable[[], Part], **inputs: object) -> Part:
        """Perform a step whose result is a :class:`Part`; it depends on the settings and on ``inputs``."""

        def write(folder: Path) -> None:
            write_atomically(folder / _PART, compute().model_dump_json())

        step = Step(name=name, inputs={"settings": self.settings.model_dump(), **inputs}, compute=write)
        return Part.model_validate_json((self.run.perform(step) / _PART).read_bytes())

    def _keys(
        self,
        train: Mapping[str, LabelledVectors],
        evaluated: Mapping[str, Mapping[str, LabelledVectors]],
        own: Mapping[str, np.ndarray],
    ) -> dict[str, object]:
        """Return what scores depend on, as inputs of a step."""
        return {
            "metric": self.task.metric,
            "train": {role: vectors.key for role, vectors in train.items()},
            "evaluated": {
                split: {role: vectors.key for role, vectors in by_role.items()}
                for split, by_role in evaluated.items()
            },
            "own": {split: predicted.tolist() for split, predicted in own.items()},
        }

    def _weights(self) -> Part:
        def compute() -> Part:
            base, tuned = self.models.load("base"), self.models.load("tuned")
            return Part(
                measurements=weight_measurements(base.encoder, tuned.encoder),
                models=(self.models.info("base"), self.models.info("tuned")),
                notes=tuned.notes,
            )

        roles = {role: self.models.hash_of(role) for role in ("base", "tuned")}
        return self._measure("weights", compute, labels=list(self.task.labels), **roles)

    def _similarity(self, split: str) -> Part:
        base, tuned = self._vectors("base", split), self._vectors("tuned", split)
        return self._measure(
            f"similarity-{split}",
            lambda: Part(measurements=similarity_measurements(base, tuned, self.settings, split=split)),
            base=base.key,
            tuned=tuned.key,
        )

    def _centroids(self) -> Part:
        base, tuned = self._vectors("base", "test"), self._vectors("tuned", "test")
        return self._measure(
            "centroids",
            lambda: Part(measurements=centroid_measurements(base, tuned, self.settings, split="test")),
            base=base.key,
            tuned=tuned.key,
        )

    def _clusters(self) -> Part:
        models: tuple[Model, ...] = ("base", "tuned")
        train = {model: self._vectors(model, "train") for model in models}
        test = {model: self._vectors(model, "test") for model in models}
        return self._measure(
            "clusters",
            lambda: Part(measurements=cluster_measurements(train, test, self.settings)),
            train={model: vectors.key for model, vectors in train.items()},
            test={model: vectors.key for model, vectors in test.items()},
        )

    def _random_split_clusters(self) -> Part:
        """Compare train and test of the random division, of the base model and of the control if there is one."""
        divided: dict[Model, tuple[LabelledVectors, LabelledVectors]] = {"base": self._random_split("base")}
        if "control" in self.models:
            divided["tuned"] = self._random_split("control")

        def compute() -> Part:
            found = [division_measurements(*pair, model, self.settings) for model, pair in divided.items()]
            return Part(measurements=tuple(itertools.chain.from_iterable(found)))

        keys = {model: [vectors.key for vectors in pair] for model, pair in divided.items()}
        return self._measure("clusters-random-split", compute, **keys)

    def _scores(self) -> Part:
        train = {role: self._vectors(role, "train") for role in ("base", "tuned")}
        evaluated = {
            split: {role: self._vectors(role, split) for role in ("base", "tuned")}
            for split in self._evaluated
        }
        predicted = {split: self._own_predictions("tuned", split) for split in self._evaluated}
        own = {split: labels for split, labels in predicted.items() if labels is not None}

        def compute() -> Part:
            scores = score_models(train, evaluated, own, self._scorer)
            changed: tuple[ChangedPrediction, ...] = ()
            counts: dict[str, int] = {}
            if self.task.label is LabelKind.CLASS:
                top = train["base"].layers[-1]
                before = scores.predictions["test", "base", top]
                after = own.get("test", scores.predictions["test", "tuned", top])
                changed = changed_predictions(self.task.splits["test"], before, after, self.settings)
                counts = count_changes(evaluated["test"]["base"].labels, before, after)
            return Part(
                measurements=tuple(scores.measurements),
                changed=changed,
                n_changed=counts,
                notes=tuple(scores.notes),
            )

        return self._measure("scores", compute, **self._keys(train, evaluated, own))

    def _random_split_scores(self) -> Part:
        """Score the base model, and the control if there is one, on the random division of train and test."""
        roles = ["base"] + ["control"] * ("control" in self.models)
        divided = {role: tuple(self._random_split(role)) for role in roles}
        names = {"base": "base", "control": "tuned"}
        train = {names[role]: pair[0] for role, pair in divided.items()}
        evaluated = {"test": {names[role]: pair[1] for role, pair in divided.items()}}
        own = {}
        if "control" in self.models:
            predicted = self._random_split_predictions()
            own = {} if predicted is None else {"test": predicted}

        def compute() -> Part:
            scores = score_models(train, evaluated, own, self._scorer, partition="random")
            return Part(measurements=tuple(scores.measurements), notes=tuple(scores.notes))

        return self._measure("scores-random-split", compute, **self._keys(train, evaluated, own))

    def _random_split_similarity(self) -> Part:
        base, control = self._random_split("base"), self._random_split("control")

        def compute() -> Part:
            found: list[Measurement] = []
            for split, before, after in zip(("train", "test"), base, control, strict=True):
                found += similarity_measurements(
                    before, after, self.settings, split=split, partition="random"
                )
            return Part(measurements=tuple(found), notes=self.models.load("control").notes)

        keys = {"base": [v.key for v in base], "control": [v.key for v in control]}
        return self._measure("similarity-random-split", compute, **keys)

    def _random_split(self, role: str) -> tuple[LabelledVectors, LabelledVectors]:
        train, test = self._vectors(role, "train"), self._vectors(role, "test")
        return random_partition(train, test, self.task, self.settings.seed)

    def _random_split_predictions(self) -> np.ndarray | None:
        """Return the control's own predictions for the targets of the random test set."""
        return self._own_predictions("control", "test", self.models.control_task)

    # Snapshots.

    @cached_property
    def _path_task(self) -> Task:
        """The task with a sample of its test sentences, on which the snapshots are measured."""
        examples = self.task.splits["test"]
        ids = np.repeat(np.arange(len(examples)), [len(example.targets) for example in examples])
        keep = np.unique(ids[sample_sentences(ids, self.settings.path_targets, self.settings.seed)])
        sample = tuple(examples[i] for i in keep)
        return replace(self.task, splits={"train": self.task.splits["train"], "test": sample})

    def _path_vectors(self, role: str) -> LabelledVectors:
        return LabelledVectors.whole(self._representations(role, "test", self._path_task))

    def _snapshot(self, step: int) -> Part:
        role = self.models.snapshot_role(step)
        base, tuned = self._path_vectors("base"), self._path_vectors(role)
        predicted = self._own_predictions(role, "test", self._path_task)

        def compute() -> Part:
            found = list(
                similarity_measurements(
                    base, tuned, self.settings, split="test", step=step, measures=("rsa", "cka")
                )
            )
            found += weight_measurements(
                self.models.load("base").encoder, self.models.load(role).encoder, step=step
            )
            if predicted is not None:
                estimate = self._scorer.estimate(tuned.labels, predicted, tuned.sentence_ids)
                measure = f"head_{self.task.metric}"
                found.append(
                    Measurement(measure=measure, subject="tuned", split="test", step=step, estimate=estimate)
                )
            return Part(measurements=tuple(found))

        return self._measure(role, compute, metric=self.task.metric, base=base.key, tuned=tuned.key)

    def _centroid_path(self) -> Part:
        roles = [self.models.snapshot_role(step) for step in self.steps]
        vectors = [self._path_vectors(role) for role in roles]

        def compute() -> Part:
            top = vectors[0].layers[-1]
            path = centroid_path([v.layer(top) for v in vectors], vectors[0].labels)
            points = tuple(
                PathPoint(label=label, step=step, x=float(x), y=float(y))
                for i, label in enumerate(path.labels)
                for step, (x, y) in zip(self.steps, path.coordinates[:, i], strict=True)
            )
            return Part(centroid_path=points, path_variance=path.variance_explained)

        return self._measure("centroid-path", compute, vectors=[v.key for v in vectors])

    # What a reader must know.

    @property
    def _scorer(self) -> Scorer:
        return Scorer(self.task.metric, self.settings)

    def _data_info(self, split: str) -> DataInfo:
        vectors = self._vectors("base", split)
        return DataInfo(
            split=split,
            domain="out" if split in self.task.out_of_domain else "in",
            n_sentences=len(self.task.all_sets[split]),
            n_targets=len(vectors),
            n_labels=len(np.unique(vectors.labels)) if self.task.labels else None,
            left_out=self.task.left_out.get(split, 0),
            n_measured=len(vectors.sampled(self.settings.max_targets, self.settings.seed)),
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.models.checkpoints["base"].is_sentence_transformer:
            notes.append(
                "The base model was saved by sentence-transformers: it was already tuned once, for sentence similarity."
            )
        notes += [
            f"{n} targets of {split} were left out: their label does not occur in training."
            for split, n in self.task.left_out.items()
        ]
        if "control" not in self.models:
            notes.append(
                "The random-split control covers the base model only: for the tuned model it needs a second one, "
                "tuned on the random split (tunescope finetune --random-split, compare --control)."
            )
        return notes
