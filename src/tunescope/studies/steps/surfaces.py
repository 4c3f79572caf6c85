"""Steps that put the parts of a grid together, and measure widths, barriers and agreement on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tunescope._core.seeds import make_rng
from tunescope.measures.estimate import Estimate
from tunescope.measures.landscape.barrier import barrier_estimate
from tunescope.measures.landscape.basin_area import basin_area_estimate
from tunescope.measures.landscape.surface_agreement import surface_agreement_estimate
from tunescope.measures.landscape.width import width_estimate
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.landscapes import open_part
from tunescope.studies.steps.rows import Row, write_rows
from tunescope.studies.steps.trained_runs import BOUNDS, SETS, mean_over_examples

__all__ = ["gather_line", "gather_plane", "place_text"]


@step_function(version=4)
def gather_line(
    folder: Path,
    *,
    parts: list[Path],
    axis: list[float],
    at: float,
    rise: float,
    ends: list[float] | None,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Put the parts of a line together; measure its width around a point, and the barrier between two.

    Around the second of the two, the end of a training, the width towards the first is told, too.

    Args:
        folder: Where the figures go.
        parts: The steps that measured the parts, in their order.
        axis: The coordinates of all parts.
        at: Around which coordinate the width is measured.
        rise: Up to how much more loss, in nats.
        ends: The coordinates of the two ends of a barrier; ``None`` for none.
        seed: Of resampling.
        n_resamples: Half-samples behind each interval.
        level: Coverage of the intervals.
    """
    found, alphas = _joined(parts), np.array(axis)
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    rows = list(_points(found, [axis], seed, with_intervals=True, **options))
    for name in SETS:
        losses, ids = found[f"{name} losses"], found[f"{name} sentence_ids"]
        width = width_estimate(alphas, losses, ids, at=at, rise=rise, rng=_rng(seed), **options)
        rows.append(Row(measure="width", split=name, estimate=width))
        if ends is not None and at == ends[1]:
            towards_start = width_estimate(
                alphas, losses, ids, at=at, rise=rise, side="left", rng=_rng(seed), **options
            )
            rows.append(Row(measure="width_towards_start", split=name, estimate=towards_start))
        if ends is not None:
            height = barrier_estimate(
                alphas, losses, ids, between=(ends[0], ends[1]), rng=_rng(seed), **options
            )
            rows.append(Row(measure="barrier", split=name, estimate=height))
    write_rows(folder, [*rows, *_agreement(found, seed, **options)])


@step_function(version=3)
def gather_plane(
    folder: Path,
    *,
    parts: list[Path],
    axes: list[list[float]],
    at: list[float],
    rise: float,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Put the parts of a plane together; measure the area around a point in which the loss is low."""
    found, (alphas, betas) = _joined(parts), (np.array(axis) for axis in axes)
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    rows = list(_points(found, axes, seed, with_intervals=False, **options))
    for name in SETS:
        area = basin_area_estimate(
            alphas,
            betas,
            found[f"{name} losses"],
            found[f"{name} sentence_ids"],
            at=(at[0], at[1]),
            rise=rise,
            rng=_rng(seed),
            **options,
        )
        rows.append(Row(measure="area", split=name, estimate=area))
    write_rows(folder, [*rows, *_agreement(found, seed, **options)])


def place_text(place: tuple[float, ...]) -> str:
    """Return what identifies a point in a table: its coordinates.

    >>> place_text((0.5, -1.0))
    '0.5 -1'
    """
    return " ".join(f"{each:.6g}" for each in place)


def _joined(parts: list[Path]) -> dict[str, np.ndarray]:
    """Return the arrays of all parts, one after another along the first axis."""
    found = [open_part(part) for part in parts]
    return {
        name: first if name.endswith("sentence_ids") else np.concatenate([each[name] for each in found])
        for name, first in found[0].items()
    }


def _points(
    found: dict[str, np.ndarray], axes: list[list[float]], seed: int, *, with_intervals: bool, **options: Any
) -> Iterator[Row]:
    """Yield the mean loss and error of each point; a loss that is not finite stays what it is."""
    for name in SETS:
        for measure, what in (("loss", "losses"), ("error", "wrong")):
            values = found[f"{name} {what}"].reshape(-1, len(found[f"{name} sentence_ids"]))
            for place, row in zip(product(*axes), values, strict=True):
                if with_intervals:
                    ids = found[f"{name} sentence_ids"]
                    estimate = mean_over_examples(row, ids, bounds=BOUNDS[measure], seed=seed, **options)
                else:
                    estimate = Estimate(value=float(row.mean()), n_examples=len(row))
                yield Row(measure=measure, split=name, label=place_text(place), estimate=estimate)


def _agreement(found: dict[str, np.ndarray], seed: int, **options: Any) -> Iterator[Row]:
    """Yield how alike the surface of the training loss is to those of unseen examples."""
    for other, name in (("unseen losses", "agreement_of_losses"), ("unseen wrong", "agreement_with_error")):
        estimates = surface_agreement_estimate(
            found["train losses"],
            found[other],
            found["train sentence_ids"],
            found["unseen sentence_ids"],
            rng=_rng(seed),
            **options,
        )
        yield Row(measure=name, estimate=estimates.pearson)
        yield Row(measure=f"{name}_by_rank", estimate=estimates.spearman)


def _rng(seed: int) -> np.random.Generator:
    return make_rng(seed, "landscape", "resampling")
