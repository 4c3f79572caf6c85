"""The result of comparing a base model with its fine-tuned one: plain records, no computation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate

__all__ = [
    "ChangedPrediction",
    "Comparison",
    "DataInfo",
    "DrawnTree",
    "Measurement",
    "ModelInfo",
    "PathPoint",
    "Subject",
]

Subject = Literal["base", "tuned", "both", "difference", "baseline"]
Partition = Literal["given", "random"]


class Measurement(Record):
    """One figure of a comparison, with the place it belongs to; a comparison is a tidy table of these.

    Attributes:
        measure: Key of the measure in :data:`tunescope.measures.catalogue.MEASURES`, such as ``"rsa"``.
        subject: ``"base"`` or ``"tuned"`` for one model, ``"both"`` for a measure between the two,
            ``"difference"`` for tuned minus base, ``"baseline"`` for a yardstick that needs no model.
        split: The examples measured: ``"train"``, ``"dev"``, ``"test"``, or the name of an out-of-domain set.
        partition: ``"given"`` for the task's own splits, ``"random"`` for the control that divides the same
            sentences at random into splits of the same sizes.
        layer: 0 for the embeddings, then 1 … L; ``None`` where the figure belongs to no layer.
        step: Training step of the snapshot that takes the tuned model's place; ``None`` for the final model.
        label: The label concerned, where there is one figure per label.
        other_label: The other label, where there is one figure per pair of labels.
        part: The group of weights concerned, such as ``"embeddings"`` or ``"layer 3"``.
        estimate: The figure and its interval.
    """

    measure: str
    subject: Subject
    split: str | None = None
    partition: Partition = "given"
    layer: int | None = None
    step: int | None = None
    label: str | None = None
    other_label: str | None = None
    part: str | None = None
    estimate: Estimate


class ModelInfo(Record):
    """What a reader must know of a model: name for people, name as given, architecture, size, hash of its weights."""

    name: str
    source: str = ""
    architecture: str
    n_layers: int
    hidden_size: int
    n_parameters: int
    weights_sha256: str
    head: str | None = None
    adapter: str | None = None


class DataInfo(Record):
    """What a reader must know of the examples of one split.

    ``domain`` is ``"in"`` or ``"out"``; ``left_out`` counts the targets whose label the training set lacks.
    """

    split: str
    domain: Literal["in", "out"]
    n_sentences: int
    n_targets: int
    n_labels: int | None
    left_out: int = 0
    n_measured: int = 0


class ChangedPrediction(Record):
    """A test example that the two models predict differently; text comes from the user's data.

    ``before`` is the linear probe on the base model's top layer, ``after`` the tuned model.
    """

    sentence_id: str
    text: str
    target: str
    gold: str
    before: str
    after: str


class PathPoint(Record):
    """A label's centroid at a training step, in the plane of the first two principal components."""

    label: str
    step: int
    x: float
    y: float


class DrawnTree(Record):
    """A sentence with its dependency tree and with those that structural probes read from the two models' vectors.

    Edges are pairs of words, counted from 0, the earlier one first, without punctuation.
    """

    sentence_id: str
    words: tuple[str, ...]
    layer: int
    gold: tuple[tuple[int, int], ...]
    base: tuple[tuple[int, int], ...]
    tuned: tuple[tuple[int, int], ...]


class Comparison(Record):
    """What fine-tuning changed, as measured on one task.

    Attributes:
        schema_version: Version of this record.
        base: The model before.
        tuned: The model after.
        task: Name of the task.
        target: The task's target, such as ``"token"``.
        label_kind: The task's kind of label, such as ``"class"``.
        metric: The task's main metric, such as ``"accuracy"``.
        data: One entry per split that was measured.
        n_layers: Number of layers after the embeddings.
        steps: Training steps of the snapshots that were measured, rising.
        measurements: Every figure.
        changed: A sample of the examples on which the two models differ.
        n_changed: How many there are in all: ``"fixed"``, ``"broken"``, ``"other"``.
        centroid_path: Where the label centroids of the top layer went during training.
        trees: A few sentences with their trees, and what structural probes make of them.
        path_variance: Share of the centroids' variance that the plane of ``centroid_path`` shows, 0 to 1.
        notes: What a reader must know before trusting a figure: data left out, controls missing, fits that
            did not converge.
        settings: The settings of the comparison, as given and defaulted.
        provenance: Versions, platform and commit that it was computed with.
    """

    schema_version: int = 1
    base: ModelInfo
    tuned: ModelInfo
    task: str
    target: str
    label_kind: str
    metric: str
    data: tuple[DataInfo, ...]
    n_layers: int
    steps: tuple[int, ...] = ()
    measurements: tuple[Measurement, ...]
    changed: tuple[ChangedPrediction, ...] = ()
    n_changed: dict[str, int] = Field(default_factory=dict)
    centroid_path: tuple[PathPoint, ...] = ()
    path_variance: float = float("nan")
    trees: tuple[DrawnTree, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    provenance: dict[str, str] = Field(default_factory=dict)

    def select(self, **fields: object) -> tuple[Measurement, ...]:
        """Return the measurements whose attributes equal ``fields``, in their order.

        >>> comparison.select(measure="rsa", split="test", step=None)  # doctest: +SKIP
        """
        return tuple(m for m in self.measurements if all(getattr(m, k) == v for k, v in fields.items()))
