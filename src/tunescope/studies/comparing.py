"""The steps of a comparison: vectors, measures, and their gathering into one result."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tunescope._core.provenance import collect_provenance
from tunescope.measures.geometry.centroids import centroid_path
from tunescope.studies.comparison import (
    ChangedPrediction,
    Comparison,
    DataInfo,
    Measurement,
    PathPoint,
)
from tunescope.studies.materials import Materials, Part
from tunescope.studies.measuring.changes import changed_predictions, count_changes
from tunescope.studies.measuring.clusters import Model, cluster_measurements, division_measurements
from tunescope.studies.measuring.scores import Scorer, score_models
from tunescope.studies.measuring.similarity import centroid_measurements, similarity_measurements
from tunescope.studies.measuring.vectors import LabelledVectors
from tunescope.studies.measuring.weights import weight_measurements
from tunescope.studies.models import ComparedModels
from tunescope.studies.probing import Probing, Trees
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Task

__all__ = ["Comparing"]


@dataclass(frozen=True)
class Comparing:
    """A comparison under way in a run folder.

    Attributes:
        materials: Vectors, predictions and results.
        steps: Training steps of the snapshots, rising.
        trees: Parsed sentences for structural probes, if there are any.
    """

    materials: Materials
    steps: tuple[int, ...]
    trees: Trees | None = None

    def result(self) -> Comparison:
        """Perform every step that is not there yet, and gather the results."""
        measured = ["train", *self._evaluated]
        parts = [self._weights()]
        parts += [self._similarity(split) for split in measured]
        if self._task.label is LabelKind.CLASS:
            parts += [self._centroids(), self._clusters(), self._random_split_clusters()]
        parts += [self._scores(), self._random_split_scores()]
        if "control" in self._models:
            parts.append(self._random_split_similarity())
        parts += Probing(self.materials, self.trees).parts()
        parts += [self._snapshot(step) for step in self.steps]
        if self.steps and self._task.label is LabelKind.CLASS:
            parts.append(self._centroid_path())
        path = parts[-1]
        return Comparison(
            base=parts[0].models[0],
            tuned=parts[0].models[1],
            task=self._task.name,
            target=self._task.target,
            label_kind=self._task.label,
            metric=self._task.metric,
            data=tuple(self._data_info(split) for split in measured),
            n_layers=parts[0].models[0].n_layers,
            steps=self.steps,
            measurements=tuple(m for part in parts for m in part.measurements),
            changed=tuple(change for part in parts for change in part.changed),
            n_changed={kind: n for part in parts for kind, n in part.n_changed.items()},
            centroid_path=path.centroid_path,
            path_variance=path.path_variance,
            trees=tuple(tree for part in parts for tree in part.trees),
            notes=(*self._notes(), *(note for part in parts for note in part.notes)),
            settings=self._settings.model_dump() | ({} if self.trees is None else self.trees.described()),
            provenance=collect_provenance().without_time(),
        )

    @property
    def _task(self) -> Task:
        return self.materials.task

    @property
    def _settings(self) -> CompareSettings:
        return self.materials.settings

    @property
    def _models(self) -> ComparedModels:
        return self.materials.models

    @property
    def _evaluated(self) -> list[str]:
        return ["test", *self._task.out_of_domain]

    # Measures.

    def _keys(
        self,
        train: Mapping[str, LabelledVectors],
        evaluated: Mapping[str, Mapping[str, LabelledVectors]],
        own: Mapping[str, np.ndarray],
    ) -> dict[str, object]:
        """Return what scores depend on, as inputs of a step."""
        return {
            "metric": self._task.metric,
            "train": {role: vectors.key for role, vectors in train.items()},
            "evaluated": {
                split: {role: vectors.key for role, vectors in by_role.items()}
                for split, by_role in evaluated.items()
            },
            "own": {split: predicted.tolist() for split, predicted in own.items()},
        }

    def _weights(self) -> Part:
        def compute() -> Part:
            base, tuned = self._models.load("base"), self._models.load("tuned")
            return Part(
                measurements=weight_measurements(base.encoder, tuned.encoder),
                models=(self._models.info("base"), self._models.info("tuned")),
                notes=tuned.notes,
            )

        roles = {role: self._models.hash_of(role) for role in ("base", "tuned")}
        return self.materials.measure("weights", compute, labels=list(self._task.labels), **roles)

    def _similarity(self, split: str) -> Part:
        base, tuned = self.materials.vectors("base", split), self.materials.vectors("tuned", split)
        return self.materials.measure(
            f"similarity-{split}",
            lambda: Part(measurements=similarity_measurements(base, tuned, self._settings, split=split)),
            base=base.key,
            tuned=tuned.key,
        )

    def _centroids(self) -> Part:
        base, tuned = self.materials.vectors("base", "test"), self.materials.vectors("tuned", "test")
        return self.materials.measure(
            "centroids",
            lambda: Part(measurements=centroid_measurements(base, tuned, self._settings, split="test")),
            base=base.key,
            tuned=tuned.key,
        )

    def _clusters(self) -> Part:
        models: tuple[Model, ...] = ("base", "tuned")
        train = {model: self.materials.vectors(model, "train") for model in models}
        test = {model: self.materials.vectors(model, "test") for model in models}
        return self.materials.measure(
            "clusters",
            lambda: Part(measurements=cluster_measurements(train, test, self._settings)),
            train={model: vectors.key for model, vectors in train.items()},
            test={model: vectors.key for model, vectors in test.items()},
        )

    def _random_split_clusters(self) -> Part:
        """Compare train and test of the random division, of the base model and of the control if there is one."""
        divided: dict[Model, tuple[LabelledVectors, LabelledVectors]] = {
            "base": self.materials.random_split("base")
        }
        if "control" in self._models:
            divided["tuned"] = self.materials.random_split("control")

        def compute() -> Part:
            found = [division_measurements(*pair, model, self._settings) for model, pair in divided.items()]
            return Part(measurements=tuple(itertools.chain.from_iterable(found)))

        keys = {model: [vectors.key for vectors in pair] for model, pair in divided.items()}
        return self.materials.measure("clusters-random-split", compute, **keys)

    def _scores(self) -> Part:
        train = {role: self.materials.vectors(role, "train") for role in ("base", "tuned")}
        evaluated = {
            split: {role: self.materials.vectors(role, split) for role in ("base", "tuned")}
            for split in self._evaluated
        }
        predicted = {split: self.materials.own_predictions("tuned", split) for split in self._evaluated}
        own = {split: labels for split, labels in predicted.items() if labels is not None}

        def compute() -> Part:
            scores = score_models(train, evaluated, own, self._scorer)
            changed: tuple[ChangedPrediction, ...] = ()
            counts: dict[str, int] = {}
            if self._task.label is LabelKind.CLASS:
                top = train["base"].layers[-1]
                before = scores.predictions["test", "base", top]
                after = own.get("test", scores.predictions["test", "tuned", top])
                changed = changed_predictions(self._task.splits["test"], before, after, self._settings)
                counts = count_changes(evaluated["test"]["base"].labels, before, after)
            return Part(
                measurements=tuple(scores.measurements),
                changed=changed,
                n_changed=counts,
                notes=tuple(scores.notes),
            )

        return self.materials.measure("scores", compute, **self._keys(train, evaluated, own))

    def _random_split_scores(self) -> Part:
        """Score the base model, and the control if there is one, on the random division of train and test."""
        roles = ["base"] + ["control"] * ("control" in self._models)
        divided = {role: tuple(self.materials.random_split(role)) for role in roles}
        names = {"base": "base", "control": "tuned"}
        train = {names[role]: pair[0] for role, pair in divided.items()}
        evaluated = {"test": {names[role]: pair[1] for role, pair in divided.items()}}
        own = {}
        if "control" in self._models:
            predicted = self.materials.random_split_predictions()
            own = {} if predicted is None else {"test": predicted}

        def compute() -> Part:
            scores = score_models(train, evaluated, own, self._scorer, partition="random")
            return Part(measurements=tuple(scores.measurements), notes=tuple(scores.notes))

        return self.materials.measure("scores-random-split", compute, **self._keys(train, evaluated, own))

    def _random_split_similarity(self) -> Part:
        base, control = self.materials.random_split("base"), self.materials.random_split("control")

        def compute() -> Part:
            found: list[Measurement] = []
            for split, before, after in zip(("train", "test"), base, control, strict=True):
                found += similarity_measurements(
                    before, after, self._settings, split=split, partition="random"
                )
            return Part(measurements=tuple(found), notes=self._models.load("control").notes)

        keys = {"base": [v.key for v in base], "control": [v.key for v in control]}
        return self.materials.measure("similarity-random-split", compute, **keys)

    # Snapshots.

    def _snapshot(self, step: int) -> Part:
        role = self._models.snapshot_role(step)
        base, tuned = self.materials.path_vectors("base"), self.materials.path_vectors(role)
        predicted = self.materials.own_predictions(role, "test", self.materials.path_task)

        def compute() -> Part:
            found = list(
                similarity_measurements(
                    base, tuned, self._settings, split="test", step=step, measures=("rsa", "cka")
                )
            )
            found += weight_measurements(
                self._models.load("base").encoder, self._models.load(role).encoder, step=step
            )
            if predicted is not None:
                estimate = self._scorer.estimate(tuned.labels, predicted, tuned.sentence_ids)
                measure = f"head_{self._task.metric}"
                found.append(
                    Measurement(measure=measure, subject="tuned", split="test", step=step, estimate=estimate)
                )
            return Part(measurements=tuple(found))

        return self.materials.measure(role, compute, metric=self._task.metric, base=base.key, tuned=tuned.key)

    def _centroid_path(self) -> Part:
        roles = [self._models.snapshot_role(step) for step in self.steps]
        vectors = [self.materials.path_vectors(role) for role in roles]

        def compute() -> Part:
            top = vectors[0].layers[-1]
            path = centroid_path([v.layer(top) for v in vectors], vectors[0].labels)
            points = tuple(
                PathPoint(label=label, step=step, x=float(x), y=float(y))
                for i, label in enumerate(path.labels)
                for step, (x, y) in zip(self.steps, path.coordinates[:, i], strict=True)
            )
            return Part(centroid_path=points, path_variance=path.variance_explained)

        return self.materials.measure("centroid-path", compute, vectors=[v.key for v in vectors])

    # What a reader must know.

    @property
    def _scorer(self) -> Scorer:
        return Scorer(self._task.metric, self._settings)

    def _data_info(self, split: str) -> DataInfo:
        vectors = self.materials.vectors("base", split)
        return DataInfo(
            split=split,
            domain="out" if split in self._task.out_of_domain else "in",
            n_sentences=len(self._task.all_sets[split]),
            n_targets=len(vectors),
            n_labels=len(np.unique(vectors.labels)) if self._task.labels else None,
            left_out=self._task.left_out.get(split, 0),
            n_measured=len(vectors.sampled(self._settings.max_targets, self._settings.seed)),
        )

    def _notes(self) -> list[str]:
        notes = []
        if self._models.checkpoints["base"].is_sentence_transformer:
            notes.append(
                "The base model was saved by sentence-transformers: it was already tuned once, for sentence similarity."
            )
        notes += [
            f"{n} targets of {split} were left out: their label does not occur in training."
            for split, n in self._task.left_out.items()
        ]
        if "control" not in self._models:
            notes.append(
                "The random-split control covers the base model only: for the tuned model it needs a second one, "
                "tuned on the random split (tunescope finetune --random-split, compare --control)."
            )
        return notes
