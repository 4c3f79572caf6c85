"""The tables of what happens to a model's layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from tunescope.studies.metric_names import METRICS
from tunescope.studies.recipes.what_happens.ablating import BESIDE
from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.recipes.what_happens.knowledge_tables import knowledge_tables
from tunescope.studies.recipes.what_happens.points import OVER_SEEDS, points
from tunescope.studies.recipes.what_happens.savings import Kind, ablations
from tunescope.studies.recipes.what_happens.vector_tables import vector_tables
from tunescope.studies.recipes.what_happens.weight_tables import weight_tables
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["what_happens_tables"]

_WHAT = {"freeze": "frozen", "truncate": "kept"}


def what_happens_tables(frame: Frame) -> tuple[StudyTable, ...]:
    """Return the tables; those without rows are left out."""
    places = list(frame.places())
    tables = (
        _ablations(frame, places),
        _beside(frame, places),
        _rollback(frame, places),
        *vector_tables(frame, places),
        *knowledge_tables(frame, places),
        *weight_tables(frame, places),
    )
    return tuple(table for table in tables if table.rows)


def _ablations(frame: Frame, places: list[Place]) -> StudyTable:
    rows = [row for place in places for kind in get_args(Kind) for row in _ablation_rows(frame, place, kind)]
    return StudyTable.of(
        "ablations",
        "Training with layers frozen or left out",
        rows,
        note=(
            "Score on the test set, and its change against training all layers, paired over sentences, in points"
            " (hundredths of the metric). −1 frozen layers is nothing, 0 the embeddings alone. The gain is that of"
            " training all layers over training the head alone. Time counts one pass through the frozen layers, whose"
            f" vectors are read again in every epoch. {OVER_SEEDS} sd is the standard deviation over seeds."
        ),
        decimals={
            "score": 1,
            "low": 1,
            "high": 1,
            "sd": 1,
            "change": 1,
            "change low": 1,
            "change high": 1,
            "% of the gain": 0,
            "times as fast": 2,
            "% of the operations": 0,
            "% at inference": 0,
        },
    )


def _ablation_rows(frame: Frame, place: Place, kind: Kind) -> Iterator[dict[str, Cell]]:
    for each in ablations(frame, place, kind):
        yield {
            "model": place.model,
            "task": place.task,
            "metric": METRICS[place.metric],
            "layers": each.n_layers,
            "are": _WHAT[kind],
            "seeds": each.score.n_seeds,
            **points(each.score, "score", "low", "high"),
            "sd": 100 * each.score.spread,
            **points(each.change, "change", "change low", "change high"),
            "% of the gain": 100 * each.share_of_gain,
            "times as fast": each.speed_up,
            "% of the operations": 100 * each.operations,
            "% at inference": 100 * each.inference_operations,
        }


def _beside(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = [
        {
            "model": place.model,
            "task": place.task,
            "metric": METRICS[metric],
            "layers": n_layers,
            "are": _WHAT[kind],
            "seeds": score.n_seeds,
            **points(score, "score", "low", "high"),
        }
        for place in places
        for metric in BESIDE.get(place.metric, ())
        for kind in get_args(Kind)
        for n_layers, score in frame.ablations(
            place, f"{kind} beside", "score", "test", domain=metric
        ).items()
    ]
    return StudyTable.of(
        "beside",
        "The same trainings by the other metric of their task",
        rows,
        note=f"Score on the test set, in points. −1 frozen layers is nothing, 0 the embeddings alone. {OVER_SEEDS}",
        decimals=1,
    )


def _rollback(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for variant in frame.variants(place):
            where = {"kind": "rollback", "label": variant}
            rows.append(
                {
                    "model": place.model,
                    "task": place.task,
                    "rolled back": variant,
                    **points(frame.at(place, measure="score", **where), "score", "low", "high"),
                    **points(
                        frame.at(place, measure="change", **where), "change", "change low", "change high"
                    ),
                }
            )
    return StudyTable.of(
        "rollback",
        "Layers of the fine-tuned model with their pre-trained weights again",
        rows,
        note=(
            "Nothing is trained. Layer 0 are the embeddings; “lower” layers include these. In points, against the"
            f" fine-tuned model. {OVER_SEEDS}"
        ),
        decimals=1,
    )
