"""Steps that look at the loss landscape around trainings: pieces of a grid, the whole grid, the way through it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.landscapes.curvature_intervals import estimate_over_batches, trace_estimate
from tunescope.landscapes.eager_attention import eager_attention
from tunescope.landscapes.example_losses import Measured
from tunescope.landscapes.hessian_products import HessianProducts
from tunescope.landscapes.loss_surface import measure_surface
from tunescope.landscapes.moved_weights import MovedWeights
from tunescope.landscapes.plane import (
    Plane,
    line_of_training,
    line_to_other_end,
    plane_of_path,
    plane_with_other_task,
    random_plane,
)
from tunescope.landscapes.sharpness import (
    TopEigenvalues,
    curvature_per_batch,
    hessian_trace,
    top_eigenvalues,
)
from tunescope.landscapes.trajectory import measure_trajectory, snapshot_losses
from tunescope.landscapes.tuned_run import TunedRun
from tunescope.measures.estimate import Estimate
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.studies.steps.trained_runs import BOUNDS, SETS, mean_over_examples, open_run, sets_of_run

__all__ = [
    "follow_path",
    "measure_part",
    "measure_sharpness",
    "open_part",
    "trace_losses",
]

_POINTS, _SURFACE = "points", "surface.npz"
_BASIS = 12
"""Vectors as long as the weights that are kept in memory."""
_UNCERTAIN = 0.01
"""Of the largest eigenvalue: the residual from which the lowest one is said to be uncertain."""


@step_function(resumable=True, memory_gigabytes=4, gpu=True)
def measure_part(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path,
    other: Path | None,
    task: dict[str, Any],
    kind: str,
    layers: list[int] | None,
    direction_seed: int,
    axes: list[list[float]],
    n_examples: int,
    sample_seed: int,
    bf16: bool,
    device: str,
) -> None:
    """Measure the losses at the points of a part of a line's or a plane's grid.

    Args:
        folder: Where they go; points that are there are not measured again.
        model: The pre-trained model.
        tuned: The step that trained it, with snapshots.
        other: The step of another training that the plane needs: on another task, or with another seed.
        task: The task.
        kind: ``"training"`` for the line from start to end, ``"other end"`` for that to the other training's end,
            ``"random line"``, or one of the planes ``"path"``, ``"other task"`` and ``"random plane"``.
        layers: Which layers move on the line from start to end; ``None`` for all weights.
        direction_seed: Of random directions.
        axes: The coordinates of this part.
        n_examples: Most examples of the training set and of the test set each.
        sample_seed: Which ones.
        bf16: Whether to compute in bfloat16.
        device: Where.
    """
    run = open_run(model, tuned, device)
    plane = plane_of(
        run, kind, layers, direction_seed, None if other is None else open_run(model, other, device)
    )
    n_fixed = min(layers) - 1 if layers else -1
    surfaces = measure_surface(
        plane.weights,
        plane.origin,
        plane.directions,
        [np.array(axis) for axis in axes],
        sets_of_run(run, task, n_examples, sample_seed, n_fixed=n_fixed, bf16=bf16),
        partial=folder / _POINTS,
    )
    np.savez(
        folder / _SURFACE,
        **{
            f"{name} {what}": getattr(surface, what)
            for name, surface in surfaces.items()
            for what in ("losses", "wrong", "sentence_ids")
        },
    )


def open_part(folder: Path) -> dict[str, np.ndarray]:
    """Return what :func:`measure_part` found, by set and kind, such as ``"train losses"``; shape (point, …, row)."""
    with np.load(folder / _SURFACE) as arrays:
        found = dict(arrays)
    for name in SETS:  # points that were measured before this was so at once
        found[f"{name} wrong"] = np.where(np.isnan(found[f"{name} losses"]), math.nan, found[f"{name} wrong"])
    return found


def plane_of(run: TunedRun, kind: str, layers: list[int] | None, seed: int, other: TunedRun | None) -> Plane:
    """Return a line or plane by its kind, as :func:`measure_part` names them."""
    if kind == "training":
        return line_of_training(run, layers=layers)
    if kind.startswith("random"):
        return random_plane(run, seed=seed, n_directions=1 if kind == "random line" else 2)
    if kind == "path":
        return plane_of_path(run)
    if other is None:
        raise ValueError(f"{kind!r} takes another training")
    return line_to_other_end(run, other) if kind == "other end" else plane_with_other_task(run, other)


@step_function(version=2, memory_gigabytes=4, gpu=True)
def follow_path(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path,
    other: Path | None,
    task: dict[str, Any],
    kind: str,
    n_examples: int,
    sample_seed: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Project the snapshots onto a plane, with the loss there and each one's own."""
    run = open_run(model, tuned, device)
    plane = plane_of(run, kind, None, 0, None if other is None else open_run(model, other, device))
    sets = sets_of_run(run, task, n_examples, sample_seed)
    found = measure_trajectory(run, plane, sets)
    options: dict[str, Any] = {"seed": seed, "n_resamples": n_resamples, "level": level}
    rows = []
    for number, step in enumerate(found.steps.tolist()):
        projection = found.projection
        status = projection.statuses[number]
        for name, places in (("", projection.least_squares), ("_by_angle", projection.by_angle)):
            for axis, value in zip(("alpha", "beta"), places[number], strict=True):
                rows.append(Row(measure=f"{axis}{name}", step=step, estimate=Estimate(value=value)))
        explained = Estimate(value=projection.variance_explained[number], status=status)
        rows.append(Row(measure="variance_explained", step=step, estimate=explained))
        for name, examples in sets.items():
            own, there = found.own[name][number], found.projected[name][number]
            for measure, values, what in (
                ("own_loss", own, "loss"),
                ("projected_loss", there, "loss"),
                ("own_minus_projected", own - there, "loss_change"),
            ):
                estimate = mean_over_examples(values, examples.sentence_ids, bounds=BOUNDS[what], **options)
                rows.append(Row(measure=measure, split=name, step=step, estimate=estimate))
    overall = Estimate(value=found.projection.overall)
    write_rows(folder, [*rows, Row(measure="variance_explained", estimate=overall)])


@step_function(version=4, memory_gigabytes=4, gpu=True)
def trace_losses(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path,
    task: dict[str, Any],
    n_examples: int,
    sample_seed: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Measure loss and error of each snapshot on training and unseen examples, and the error's rise since its least."""
    run = open_run(model, tuned, device)
    sets = sets_of_run(run, task, n_examples, sample_seed)
    found = snapshot_losses(run, sets)
    options: dict[str, Any] = {"seed": seed, "n_resamples": n_resamples, "level": level}
    rows = [
        Row(
            measure=measure,
            split=name,
            step=step,
            estimate=mean_over_examples(values, sets[name].sentence_ids, bounds=BOUNDS[measure], **options),
        )
        for name, measured in found.items()
        for step, each in zip(run.states, measured, strict=True)
        for measure, values in (("loss", each.losses), ("error", each.wrong))
    ]
    for name, measured in found.items():
        errors = np.array([each.wrong.mean() for each in measured])
        best = int(np.argmin(np.where(np.isfinite(errors), errors, math.inf)))
        rise = mean_over_examples(
            measured[-1].wrong - measured[best].wrong,
            sets[name].sentence_ids,
            bounds=BOUNDS["error_change"],
            **options,
        )
        rows.append(Row(measure="error_rise", split=name, step=list(run.states)[best], estimate=rise))
    write_rows(folder, rows, _diverged(list(run.states), found))


@step_function(version=3, memory_gigabytes=6, gpu=True)
def measure_sharpness(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path,
    task: dict[str, Any],
    n_examples: int,
    sample_seed: int,
    n_probes: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Measure the largest eigenvalue and the trace of the training loss's Hessian at the end of training.

    Intervals are over small batches: of the curvature along the eigenvector of the whole loss, and of the trace, there
    over the random vectors, too.
    """
    run = open_run(model, tuned, device)
    sets = sets_of_run(run, task, n_examples, sample_seed, for_curvature=True)
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    with eager_attention(run.model):
        products = HessianProducts(MovedWeights.of(run.model).parameters.values(), sets["train"].batch_losses)
        found = top_eigenvalues(products, seed=seed, basis_size=_BASIS)
        trace = hessian_trace(products, n_samples=n_probes, seed=seed)
        curvatures = curvature_per_batch(products, found.vectors) if found.vectors else None

    def rng() -> np.random.Generator:
        return make_rng(seed, "landscape", "batches")

    top = Estimate(value=float(found.values[0]), status=found.status)
    if curvatures is not None:
        over_batches = estimate_over_batches(
            curvatures.values[:, 0], curvatures.n_examples, rng=rng(), **options
        )
        status = found.status if found.status != "ok" else over_batches.status
        ends = {"low": over_batches.low, "high": over_batches.high, "status": status}
        top = top.model_copy(update=ends)
    rows = [
        Row(measure="top_eigenvalue", split="train", estimate=top),
        Row(
            measure="lowest_eigenvalue",
            split="train",
            estimate=Estimate(value=found.lowest, status=_status_of_lowest(found)),
        ),
        Row(
            measure="hessian_trace",
            split="train",
            estimate=trace_estimate(trace, rng=rng(), **options),
        ),
    ]
    notes = [] if found.status == "ok" else [f"Sharpness: {found.status}."]
    write_rows(folder, rows, notes)


def _status_of_lowest(found: TopEigenvalues) -> str:
    if not found.lowest_residual > _UNCERTAIN * abs(found.largest_magnitude):
        return "ok" if math.isfinite(found.lowest) else found.status
    return f"uncertain: an eigenvalue lies within {found.lowest_residual:.2g} of it"


def _diverged(steps: list[int], found: dict[str, list[Measured]]) -> list[str]:
    """Return after which snapshot a training diverged, if it did, and what to do."""
    finite = [
        all(np.isfinite(measured.losses).all() for measured in sets)
        for sets in zip(*found.values(), strict=True)
    ]
    if finite[-1]:
        return []
    last = max((step for step, fine in zip(steps, finite, strict=True) if fine), default=None)
    when = "from its start" if last is None else f"after update {last}"
    return [f"Losses are not finite {when}: the training diverged. Lower its learning_rate."]
