"""What the file of a study of loss landscapes may say."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from tunescope.studies.files.common_settings import FinetuneEntry, StudySettings
from tunescope.studies.files.number_types import Count, Integer, PositiveNumber
from tunescope.studies.files.unique import check_unique

__all__ = ["PlaneKind", "VisualizingSettings"]

PlaneKind = Literal["path", "other task", "random plane"]


class VisualizingSettings(StudySettings):
    """Settings of the study visualizing.

    Attributes:
        tasks: Labelled data, its labels no numbers; with two tasks, the end of each spans a plane with the other's.
        finetune: How models are fine-tuned.
        scratch: How they are trained from scratch; as ``finetune`` where it is left out.
        compare_scratch: Whether the same architecture is trained from random weights, too.
        snapshots: How many states of the first seed's training are kept, close together at its beginning; those of
            other seeds are its start, its end and at most four between. A training from scratch that is longer or
            shorter has those of the pre-trained one, too.
        n_examples: Most training examples, and most test examples, that losses are measured on.
        line_points: Points of a line, at least; its two ends are always among them.
        random_lines: Along how many random directions the width of each end is measured.
        plane_points: Points along each side of a plane, likewise.
        planes: Which planes: ``path``, in which the snapshots lie most; ``other task``, through the ends of two tasks;
            ``random plane``.
        reach: How far lines, and planes with another task, reach beyond start and end, as a share of the way between
            them. Along random directions, and in planes of a path, −1 and 1 are far.
        rise: Up to how much more loss than at the end, in nats, belongs to the optimum when its width is measured.
        groups: Whether the low, middle and high layers are moved alone, and single layers are put back to their start.
        sharpness: Whether the largest eigenvalue and the trace of the Hessian are measured.
        probes: Random vectors for the trace.
        bf16: Compute the losses in bfloat16.
        parts: Into how many steps the grid of a plane is cut, which workers can share.
        most_hours: A study that is expected to take longer on one core is refused.
    """

    finetune: FinetuneEntry = FinetuneEntry()
    scratch: FinetuneEntry | None = None
    compare_scratch: bool = True
    snapshots: Integer = Field(default=20, ge=3)
    n_examples: Integer = Field(default=250, ge=20)
    line_points: Integer = Field(default=21, ge=5)
    random_lines: Integer = Field(default=3, ge=1)
    plane_points: Integer = Field(default=11, ge=3)
    planes: tuple[PlaneKind, ...] = ("path", "other task")
    reach: PositiveNumber = 0.5
    rise: PositiveNumber = 0.5
    groups: bool = True
    sharpness: bool = True
    probes: Integer = Field(default=8, ge=2)
    bf16: bool = False
    parts: Count = 2
    most_hours: PositiveNumber = 24

    @field_validator("planes")
    @classmethod
    def _check_each_once(cls, planes: tuple[PlaneKind, ...]) -> tuple[PlaneKind, ...]:
        check_unique(planes)
        return planes

    @property
    def line_axis(self) -> list[float]:
        """The coordinates of a line from a start at 0 to an end at 1."""
        return self._axis(-self.reach, 1 + self.reach, self.line_points, 0, 1)

    @property
    def random_axis(self) -> list[float]:
        """The coordinates of a line around a point at 0."""
        return self._axis(-1, 1, self.line_points, 0)

    def plane_axis(self, kind: PlaneKind) -> list[float]:
        """Return the coordinates along each side of a plane; a path lies between −1 and 1."""
        if kind == "other task":
            return self._axis(-self.reach, 1 + self.reach, self.plane_points, 0, 1)
        beyond = 1.2 if kind == "path" else 1.0
        return self._axis(-beyond, beyond, self.plane_points, 0)

    @staticmethod
    def _axis(low: float, high: float, n: int, *among: float) -> list[float]:
        points = np.round(np.linspace(low, high, n), 6).tolist()
        return sorted({*map(float, points), *map(float, among)})
