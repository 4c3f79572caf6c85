"""The tables of what happens to a model's layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from tunescope.studies.metric_names import METRICS
from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.recipes.what_happens.savings import Kind, ablations
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["what_happens_tables"]

_OVER_SEEDS = (
    "Figures are means over seeds; an interval reaches from the lowest to the highest end of the seeds' intervals over"
    " sentences."
)
_WHAT = {"freeze": "frozen", "truncate": "kept"}


def what_happens_tables(frame: Frame) -> tuple[StudyTable, ...]:
    """Return the tables; those without rows are left out."""
    places = list(frame.places())
    tables = (
        _ablations(frame, places),
        _rollback(frame, places),
        _similarity(frame, places),
        _structure(frame, places),
        _weights(frame, places),
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
            f" vectors are read again in every epoch. {_OVER_SEEDS} sd is the standard deviation over seeds."
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
            **_points(each.score, "score", "low", "high"),
            "sd": 100 * each.score.spread,
            **_points(each.change, "change", "change low", "change high"),
            "% of the gain": 100 * each.share_of_gain,
            "times as fast": each.speed_up,
            "% of the operations": 100 * each.operations,
            "% at inference": 100 * each.inference_operations,
        }


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
                    **_points(frame.at(place, measure="score", **where), "score", "low", "high"),
                    **_points(
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
            f" fine-tuned model. {_OVER_SEEDS}"
        ),
        decimals=1,
    )


def _similarity(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for domain in frame.domains(place):
            where = {"kind": "similarity", "domain": domain}
            found = frame.select(model=place.model, task=place.task, **where)
            for measure in found["measure"].drop_duplicates():
                for layer, figure in frame.by_layer(place, measure=measure, **where).items():
                    rows.append(
                        {
                            "model": place.model,
                            "task": place.task,
                            "text": domain,
                            "measure": str(measure).replace("_", " "),
                            "layer": layer,
                            "value": figure.value,
                            "low": figure.low,
                            "high": figure.high,
                            "seeds": figure.n_seeds,
                        }
                    )
    return StudyTable.of(
        "similarity",
        "Vectors of words before and after",
        rows,
        note=(
            "Own minus other: similarity on the task's own text minus that on another; below 0, fine-tuning changed the"
            f" vectors of its own text more. {_OVER_SEEDS}"
        ),
        decimals=3,
    )


def _structure(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for measure in ("uuas", "dspr"):
            before = frame.by_layer(place, kind="structure before", measure=measure)
            after = frame.by_layer(place, kind="structure after", measure=measure)
            gain = frame.by_layer(place, kind="structure gain", measure=f"{measure}_gain")
            for layer in gain:
                rows.append(
                    {
                        "model": place.model,
                        "task": place.task,
                        "score": {"uuas": "UUAS", "dspr": "DSpr"}[measure],
                        "layer": layer,
                        **_points(before.get(layer), "before", "before low", "before high"),
                        **_points(after.get(layer), "after", "after low", "after high"),
                        **_points(gain[layer], "change", "change low", "change high"),
                    }
                )
    return StudyTable.of(
        "structure",
        "What structural probes read, before and after",
        rows,
        note=f"In hundredths; the change is paired over sentences. {_OVER_SEEDS}",
        decimals=1,
    )


def _weights(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for layer, figure in frame.by_layer(place, kind="weights", measure="weight_change").items():
            rows.append(
                {
                    "model": place.model,
                    "task": place.task,
                    "layer": layer,
                    "relative update": figure.value,
                    "sd": figure.spread,
                    "seeds": figure.n_seeds,
                }
            )
    return StudyTable.of(
        "weights",
        "How far the weights moved",
        rows,
        note="Norm of the update over that of the weights, by layer; layer 0 are the embeddings. Means over seeds.",
        decimals=4,
    )


def _points(figure: OverSeeds | None, *titles: str) -> dict[str, Cell]:
    if figure is None:
        return dict.fromkeys(titles)
    return dict(zip(titles, (100 * figure.value, 100 * figure.low, 100 * figure.high), strict=True))
