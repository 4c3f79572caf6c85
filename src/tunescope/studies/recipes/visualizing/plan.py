"""The steps of a study of loss landscapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tunescope.finetuning.rollback import thirds
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.studies.engine.plan import Cost, Plan, PlannedStep
from tunescope.studies.files.problems import Problem, refuse
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.planning.planned_model import PlannedModel
from tunescope.studies.planning.planned_task import PlannedTask
from tunescope.studies.recipes.visualizing.settings import PlaneKind, VisualizingSettings
from tunescope.studies.recipes.visualizing.starts import PRETRAINED, SCRATCH, Start
from tunescope.studies.steps.landscapes import follow_path, measure_part, measure_sharpness, trace_losses
from tunescope.studies.steps.models import tune
from tunescope.studies.steps.surfaces import gather_line, gather_plane
from tunescope.studies.steps.trained_layers import measure_travel, put_layers_back
from tunescope.tasks.example import LabelKind

__all__ = ["GROUPS", "plan_visualizing"]

GROUPS = ("low", "middle", "high")
"""Thirds of the layers after the embeddings."""

_SECONDS_PER_WORD = {"train": 1.8e-3, "read": 4.2e-4, "hessian": 2.8e-3}
"""On one core, of a model of 6 layers of 384 dimensions."""
_HESSIAN_PRODUCTS = 40
_COPIES = {"train": 4, "read": 8, "hessian": 20}
"""How many vectors as long as the weights are in memory: gradients and AdamW's moments, a plane's, a Krylov basis."""
_SECONDS_PER_STEP = 3
"""To load a model and the states of a training."""
_MEMORY_BESIDE = 2.5
"""Gigabytes of the libraries and of a batch."""
_FEW_SNAPSHOTS = 6


def plan_visualizing(file: StudyFile, device: str) -> Plan:
    """Return the steps: models × tasks × starts × seeds, each with its lines and planes.

    Raises:
        InputError: A task has numbers as labels, or the study is expected to take longer than the file allows.
    """
    settings = cast(VisualizingSettings, file.settings)
    plan = Plan(settings.threads_per_step)
    tasks = [PlannedTask(file, number) for number in range(len(settings.tasks))]
    for task in tasks:
        task.check_labels(
            set(LabelKind) - {LabelKind.NUMBER},
            "Errors are shares of wrong predictions, but a number is never quite right.",
            "a task of classes, arcs or answers",
            "cut the numbers into classes, or take another task",
        )
    starts: tuple[Start, ...] = (PRETRAINED, SCRATCH) if settings.compare_scratch else (PRETRAINED,)
    for entry in settings.models:
        model = _ModelOfStudy(entry, file, plan, device)
        for start in starts:
            runs = {
                (task.name, seed): model.train(task, start, seed) for task in tasks for seed in settings.seeds
            }
            for number, task in enumerate(tasks):
                for seed in settings.seeds:
                    model.look_at(runs[task.name, seed])
                    if seed != settings.seeds[0]:
                        model.join(runs[task.name, settings.seeds[0]], runs[task.name, seed])
                other = tasks[(number + 1) % len(tasks)]
                model.span(runs[task.name, settings.seeds[0]], runs[other.name, settings.seeds[0]])
    _check_cost(file, plan, settings)
    return plan


@dataclass(frozen=True, eq=False)
class _Run:
    """A planned training."""

    task: PlannedTask
    start: Start
    seed: int
    step: PlannedStep

    @property
    def title(self) -> str:
        return f"{self.task.name}, {self.start}, seed {self.seed}"


class _ModelOfStudy(PlannedModel):
    """A model, and the steps that look at its landscapes."""

    @property
    def settings(self) -> VisualizingSettings:
        """What the study file says."""
        return cast(VisualizingSettings, self.file.settings)

    def train(self, task: PlannedTask, start: Start, seed: int) -> _Run:
        """Plan a training with snapshots."""
        how = self._how(start, seed)
        n = len(task.task.splits["train"])
        snapshots = self._snapshots(task, start, seed)
        step = self.plan.add(
            tune,
            title=f"training of {self.name} on {task.name}, {start}, seed {seed}",
            cost=Cost(
                _SECONDS_PER_STEP + n * how.epochs * self._seconds_per_example("train", task),
                self.gigabytes_of_weights * (1 + len(snapshots)),
                self._memory("train"),
            ),
            model=self.content,
            task=task.content,
            settings=how.model_dump(),
            snapshots=snapshots,
            device=self.device_argument,
        )
        return _Run(task, start, seed, step)

    def look_at(self, run: _Run) -> None:
        """Plan the losses of a training's snapshots, the lines through its end, and how sharp it is there."""
        n_snapshots = len(cast(list[int], run.step.arguments["snapshots"]))
        traced = self._add(trace_losses, run, "losses along the training", n_snapshots, **self.resampling)
        self._read(traced, run, "trace")
        self._line(run, "training", self.settings.line_axis, at=1.0, ends=[0.0, 1.0])
        for direction in range(1, self.settings.random_lines + 1):
            self._line(run, "random line", self.settings.random_axis, at=0.0, direction=direction)
        self._look_at_layers(run)
        if self.settings.groups:
            for group, layers in thirds(self.n_layers).items():
                self._line(
                    run, "training", self.settings.line_axis, at=1.0, group=group, layers=sorted(layers)
                )
        if self.settings.sharpness:
            products = _HESSIAN_PRODUCTS + self.settings.probes
            seconds = products * self.settings.n_examples * self._seconds_per_example("hessian", run.task)
            sharp = self._add(
                measure_sharpness,
                run,
                "sharpness",
                0,
                seconds,
                n_probes=self.settings.probes,
                **self.resampling,
            )
            self._read(sharp, run, "sharpness")

    def _look_at_layers(self, run: _Run) -> None:
        travel = self.plan.add(
            measure_travel,
            title=f"distance travelled by {self.name}, {run.title}",
            model=self.content,
            tuned=run.step,
        )
        self._read(travel, run, "travel")
        if self.settings.groups:
            put_back = self._add(
                put_layers_back, run, "layers put back one by one", self.n_layers + 2, **self.resampling
            )
            self._read(put_back, run, "layers")

    def join(self, run: _Run, other: _Run) -> None:
        """Plan the line between the ends of two seeds' trainings."""
        self._line(other, "other end", self.settings.line_axis, at=0.0, ends=[0.0, 1.0], other=run)

    def span(self, run: _Run, other: _Run) -> None:
        """Plan the planes of a training; that with another task's takes one."""
        for kind in self.settings.planes:
            second = other if kind == "other task" else None
            if second is not None and second.task.name == run.task.name:
                continue
            self._plane(run, kind, second)
            if kind != "random plane":
                way = self._add(
                    follow_path,
                    run,
                    f"way through the plane of {_of(kind, second)}",
                    3 * self.settings.snapshots,  # to read them takes as long as a measurement
                    kind=kind,
                    other=None if second is None else second.step,
                    **self.resampling,
                )
                self._read(way, run, f"way: {kind}")

    def _plane(self, run: _Run, kind: PlaneKind, other: _Run | None) -> None:
        axis = self.settings.plane_axis(kind)
        parts = [
            self._part(run, kind, [list(map(float, part)), axis], _of(kind, other), other=other)
            for part in np.array_split(np.array(axis), min(self.settings.parts, len(axis)))
        ]
        at = [1.0, 0.0] if kind == "other task" else [0.0, 0.0]
        step = self.plan.add(
            gather_plane,
            title=f"plane of {_of(kind, other)} of {self.name}, {run.title}",
            parts=parts,
            axes=[axis, axis],
            at=at,
            rise=self.settings.rise,
            **self.resampling,
        )
        self._read(step, run, kind, other=None if other is None else other.task.name)

    def _line(
        self,
        run: _Run,
        kind: str,
        axis: list[float],
        *,
        at: float,
        ends: list[float] | None = None,
        group: str | None = None,
        layers: list[int] | None = None,
        other: _Run | None = None,
        direction: int | None = None,
    ) -> None:
        what = _of(kind, other, group, direction)
        step = self.plan.add(
            gather_line,
            title=f"line of {what} of {self.name}, {run.title}",
            parts=[self._part(run, kind, [axis], what, layers=layers, other=other, direction=direction)],
            axis=axis,
            at=at,
            rise=self.settings.rise,
            ends=ends,
            **self.resampling,
        )
        self._read(step, run, kind, group=group, direction=direction)

    def _part(
        self,
        run: _Run,
        kind: str,
        axes: Sequence[list[float]],
        what: str,
        *,
        layers: list[int] | None = None,
        other: _Run | None = None,
        direction: int | None = None,
    ) -> PlannedStep:
        first = axes[0]
        return self._add(
            measure_part,
            run,
            f"losses on {what} from {first[0]:g} to {first[-1]:g}",
            math.prod(map(len, axes)),
            other=None if other is None else other.step,
            kind=kind,
            layers=layers,
            direction_seed=self.settings.analysis_seed + (0 if direction is None else direction - 1),
            axes=list(axes),
            bf16=self.settings.bf16,
        )

    def _add(
        self, function: Any, run: _Run, what: str, n_points: int, seconds: float = 0.0, **arguments: Any
    ) -> PlannedStep:
        """Plan a step that measures losses of a training."""
        per_point = 2 * self.settings.n_examples * self._seconds_per_example("read", run.task)
        return self.plan.add(
            function,
            title=f"{what} of {self.name}, {run.title}",
            cost=Cost(
                _SECONDS_PER_STEP + max(seconds, n_points * per_point),
                memory_gigabytes=self._memory("hessian" if seconds else "read"),
            ),
            model=self.content,
            tuned=run.step,
            task=run.task.content,
            n_examples=self.settings.n_examples,
            sample_seed=self.settings.analysis_seed,
            device=self.device_argument,
            **arguments,
        )

    def _memory(self, what: str) -> float:
        return _MEMORY_BESIDE + _COPIES[what] * self.gigabytes_of_weights

    def _seconds_per_example(self, what: str, task: PlannedTask) -> float:
        return _SECONDS_PER_WORD[what] * task.words_per_example * self.work_per_word

    def _how(self, start: Start, seed: int) -> FinetuneSettings:
        entry = self.settings.finetune
        if start == SCRATCH and self.settings.scratch is not None:
            entry = self.settings.scratch
        how = entry.settings(n_layers=self.n_layers, seed=seed)
        return how.model_copy(update={"from_scratch": start == SCRATCH})

    def _snapshots(self, task: PlannedTask, start: Start, seed: int) -> list[int]:
        """Return after which updates a snapshot is taken; from scratch also where there is a pre-trained one."""
        ends: list[int] = []
        for each in (PRETRAINED, start):
            how = self._how(each, seed)
            ends.append(math.ceil(len(task.task.splits["train"]) / how.batch_size) * how.epochs)
        shared, own = (self._close_at_first(n_steps, seed) for n_steps in ends)
        return sorted({*own, *(step for step in shared if step < ends[-1])})

    def _close_at_first(self, n_steps: int, seed: int) -> list[int]:
        """Return updates, close together at first, as most happens there."""
        n = (
            self.settings.snapshots
            if seed == self.settings.seeds[0]
            else min(self.settings.snapshots, _FEW_SNAPSHOTS)
        )
        steps = np.round(np.linspace(0, 1, n) ** 2 * n_steps).astype(int)
        return sorted({*steps.tolist(), 0, n_steps})

    def _read(self, step: PlannedStep, run: _Run, kind: str, **more: str | int | None) -> None:
        place: dict[str, str | int | None] = {
            "model": self.name,
            "task": run.task.name,
            "start": run.start,
            "seed": run.seed,
            "kind": kind,
            "group": None,
            "other": None,
            "direction": None,
            **more,
        }
        self.plan.read(step, **place)


def _of(kind: str, other: _Run | None, group: str | None = None, direction: int | None = None) -> str:
    """Return what a line or plane is called in titles."""
    if other is not None:
        return (
            f"{kind} {other.task.name}, seed {other.seed},"
            if kind == "other end"
            else f"{kind} {other.task.name}"
        )
    if direction is not None:
        return f"{kind} {direction}"
    return kind if group is None else f"{kind}, {group} layers"


def _check_cost(file: StudyFile, plan: Plan, settings: VisualizingSettings) -> None:
    hours = sum(step.cost.seconds for step in plan) / 3600
    if hours > settings.most_hours:
        problem = Problem(
            ("most_hours",) if "most_hours" in settings.model_fields_set else ("study",),
            "The study would take too long.",
            f"at most {settings.most_hours:g} hours of one core (most_hours)",
            f"about {hours:.2g} hours: {len(plan)} steps",
            "take fewer points or examples, or allow more hours",
        )
        raise refuse(file.source, [problem])
