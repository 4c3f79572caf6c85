"""What a task head reads and what it predicts; saved beside the encoder."""

from __future__ import annotations

from tunescope._core.records import Record
from tunescope.models.alignment import Pooling
from tunescope.tasks.example import LabelKind, TargetKind

__all__ = ["HeadInfo"]


class HeadInfo(Record):
    """What a head reads and what it predicts.

    Attributes:
        task: Name of the task that it was trained on.
        target: What in an example carries a label.
        label: What a label is.
        pooling: Which subwords a target's vector is the mean of.
        labels: The classes in the order of the outputs, of a parser the relations; empty for numbers and answers.
        offset: A number is predicted as ``offset + scale · output``: the mean of the training labels.
        scale: Standard deviation of the training labels; 1 for classes.
    """

    schema_version: int = 1
    task: str
    target: TargetKind
    label: LabelKind
    pooling: Pooling
    labels: tuple[str, ...] = ()
    offset: float = 0.0
    scale: float = 1.0

    @property
    def n_outputs(self) -> int:
        """Number of outputs of a linear head: one per class, or one for a number."""
        return len(self.labels) or 1

    @property
    def n_parts(self) -> int:
        """How many vectors are concatenated: two for a pair, else one."""
        return 2 if self.target is TargetKind.PAIR else 1
