"""The tables of a study of loss landscapes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.plan import GROUPS
from tunescope.studies.recipes.visualizing.widths import widths
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["visualizing_tables"]

_OVER_SEEDS = (
    "Means over seeds; an interval reaches from the lowest to the highest end of the seeds' intervals."
)


def visualizing_tables(frame: Frame) -> tuple[StudyTable, ...]:
    """Return the tables; those without rows are left out."""
    places = list(frame.places())
    kinds = (_trainings, _optima, _groups, _layers, _travel, _ways)
    tables = [kind(frame, places) for kind in kinds]
    return tuple(table for table in tables if table.rows)


def _trainings(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for start in frame.starts(place):
            for seed in frame.seeds(place, start):
                train, unseen = (
                    frame.trace(place, start, seed, "loss", split) for split in ("train", "unseen")
                )
                error = frame.trace(place, start, seed, "error", "unseen")
                if error.empty:
                    continue
                rise = frame.trace(place, start, seed, "error_rise", "unseen")
                best = frame.at(error, float(rise.index[0]))
                rows.append(
                    {
                        "model": place.model,
                        "task": place.task,
                        "from": start,
                        "seed": seed,
                        "updates": int(error.index[-1]),
                        "train loss": float(train["value"].iloc[-1]),
                        "unseen loss": float(unseen["value"].iloc[-1]),
                        **_error(error.iloc[-1], "unseen error", "low", "high"),
                        **_error(best, "least error", "least low", "least high"),
                        "at update": int(rise.index[0]),
                        **_error(rise.iloc[0], "rise", "rise low", "rise high"),
                    }
                )
    return StudyTable.of(
        "trainings",
        "How the trainings ended",
        rows,
        note=(
            "Losses in nats, on samples of the training and of the test set; errors are shares of wrong predictions, in"
            " per cent. The least error is over the snapshots, and so a little too low; the rise is that of the same"
            " examples from there to the end."
        ),
        decimals={
            "train loss": 3,
            "unseen loss": 3,
            **dict.fromkeys(("unseen error", "low", "high", "least error", "least low", "least high"), 1),
            **dict.fromkeys(("rise", "rise low", "rise high"), 1),
        },
    )


def _optima(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for start in frame.starts(place):
            for title, found in _of_optimum(frame, place, start):
                if found.empty:
                    continue
                figure = OverSeeds.of(found)
                status = [str(each) for each in found["status"] if each != "ok"]
                rows.append(
                    {
                        "model": place.model,
                        "task": place.task,
                        "from": start,
                        "figure": title,
                        "value": figure.value,
                        "low": figure.low,
                        "high": figure.high,
                        "seeds": found[found["value"].notna()]["seed"].nunique(),
                        "remark": status[0] if status else "",
                    }
                )
    return StudyTable.of(
        "optima",
        "How wide and how sharp the ends of training are",
        rows,
        note=(
            "Widths in units of the way from start to end, or of random directions whose filters are as long as those"
            " of the weights, or as distances in weight space: how far the training loss stays within the stated rise."
            " Those at random are means over directions, too, and their intervals reach over all of these; distances"
            " count all filters, also those of words that do not occur. Eigenvalue and trace are those of the Hessian"
            " of the training loss; higher is sharper. A barrier is how far the loss rises above the straight line"
            " between two ends. The last is a correlation along the line from start to end."
            f" {_OVER_SEEDS}"
        ),
        decimals=3,
    )


def _of_optimum(frame: Frame, place: Place, start: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what is told of the end of a training, with its rows."""
    line: dict[str, str | None] = {"kind": "training", "group": None}
    yield "width towards the start", widths(frame, place, start, "way")
    yield "width at random", widths(frame, place, start, "filters")
    yield "width at random, as a distance", widths(frame, place, start, "distance")
    yield "area at random", frame.of(place, start, kind="random plane", measure="area", split="train")
    yield "largest eigenvalue", frame.of(place, start, kind="sharpness", measure="top_eigenvalue")
    yield "trace", frame.of(place, start, kind="sharpness", measure="hessian_trace")
    yield (
        "barrier on the way from the start",
        frame.of(place, start, **line, measure="barrier", split="train"),
    )
    yield (
        "barrier to another seed",
        frame.of(place, start, kind="other end", measure="barrier", split="train"),
    )
    yield "loss like unseen error", frame.of(place, start, **line, measure="agreement_with_error")


def _groups(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for start in frame.starts(place):
            for group in GROUPS:
                for seed in frame.seeds(place, start):
                    line = frame.line(place, start, seed, "training", "error", "unseen", group)
                    losses = frame.line(place, start, seed, "training", "loss", "train", group)
                    if line.empty:
                        continue
                    rows.append(
                        {
                            "model": place.model,
                            "task": place.task,
                            "from": start,
                            "layers": group,
                            "seed": seed,
                            **_error(frame.at(line, 0.0), "error, group as at the start", "low", "high"),
                            **_error(frame.at(line, 1.0), "error at the end", "end low", "end high"),
                            "train loss, group as at the start": float(frame.at(losses, 0.0)["value"]),
                            "train loss at the end": float(frame.at(losses, 1.0)["value"]),
                        }
                    )
    return StudyTable.of(
        "groups",
        "Layers moved alone: what their training brought",
        rows,
        note=(
            "The other weights are those of the end of training. Errors on unseen examples, in per cent, with intervals"
            " over examples; losses in nats."
        ),
        decimals=dict.fromkeys(
            ("error, group as at the start", "low", "high", "error at the end", "end low", "end high"), 1
        )
        | dict.fromkeys(("train loss, group as at the start", "train loss at the end"), 3),
    )


def _layers(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for start in frame.starts(place):
            for seed in frame.seeds(place, start):
                errors = frame.by_layer(place, start, seed, "layers", "error_change", "unseen")
                losses = frame.by_layer(place, start, seed, "layers", "loss_change", "train")
                rows += [
                    {
                        "model": place.model,
                        "task": place.task,
                        "from": start,
                        "seed": seed,
                        "layer": layer,
                        **_error(errors.loc[layer], "error rises by", "low", "high"),
                        "train loss rises by": float(losses.loc[layer, "value"]),
                    }
                    for layer in errors.index
                ]
    return StudyTable.of(
        "layers",
        "Single layers put back: what each one's training brought",
        rows,
        note=(
            "One layer has its weights from before the training, all others those of its end. Rises of the error on"
            " unseen examples in points, with paired intervals over examples; of the loss in nats. Layer 0: the"
            " embeddings."
        ),
        decimals=dict.fromkeys(("error rises by", "low", "high"), 1) | {"train loss rises by": 3},
    )


def _travel(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for start in frame.starts(place):
            for seed in frame.seeds(place, start):
                found = {
                    title: frame.of(place, start, seed=seed, kind="travel", measure=measure)
                    for title, measure in (
                        ("path", "path_length"),
                        ("start to end", "net_distance"),
                        ("directness", "directness"),
                        ("path, relative", "relative_path_length"),
                        ("start to end, relative", "relative_net_distance"),
                    )
                }
                rows += [
                    {
                        "model": place.model,
                        "task": place.task,
                        "from": start,
                        "seed": seed,
                        "layer": "all" if pd.isna(layer) else str(int(layer)),
                        **{title: float(each["value"].iloc[number]) for title, each in found.items()},
                    }
                    for number, layer in enumerate(found["path"]["layer"])
                ]
    return StudyTable.of(
        "travel",
        "How far the weights travelled",
        rows,
        note=(
            "Lengths of the encoder's weight vectors: the path from snapshot to snapshot, the straight way from start"
            " to end, and their ratio; relative to the length of the weights at the start. With fewer snapshots, as"
            " for later seeds or where one training is shorter, a path looks shorter and more direct. Layer 0: the"
            " embeddings."
        ),
        decimals=3,
    )


def _ways(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for start in frame.starts(place):
            for kind in ("path", "other task"):
                own = frame.way(place, start, kind, "own_loss", "train")
                columns = {
                    title: frame.way(place, start, kind, measure, split)
                    for title, measure, split in (
                        ("α", "alpha", None),
                        ("β", "beta", None),
                        ("α by angle", "alpha_by_angle", None),
                        ("β by angle", "beta_by_angle", None),
                        ("explained", "variance_explained", None),
                        ("loss there", "projected_loss", "train"),
                        ("own minus there", "own_minus_projected", "train"),
                    )
                }
                rows += [
                    {
                        "model": place.model,
                        "task": place.task,
                        "from": start,
                        "plane": kind,
                        "update": step,
                        **{title: found.get(step, math.nan) for title, found in columns.items()},
                        "own loss": loss,
                    }
                    for step, loss in own.items()
                ]
    return StudyTable.of(
        "ways",
        "Where the snapshots fall in the planes",
        rows,
        note=(
            "By least squares, and by the angle with the first direction. Explained: the share of the squared distance"
            " from the plane's origin that lies in the plane. Where it is low, the training loss at the projection is"
            " not the snapshot's own."
        ),
        decimals=3,
    )


def _error(row: pd.Series, *titles: str) -> dict[str, Cell]:
    values = (100 * float(row[name]) for name in ("value", "low", "high"))
    return dict(zip(titles, values, strict=True))
