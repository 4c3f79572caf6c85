"""The tables of weights: how far they moved, along how many directions, and how alike in two runs."""

from __future__ import annotations

from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["weight_tables"]

_DIRECTIONS = {
    "update_stable_rank": "stable rank",
    "update_effective_rank": "effective rank",
    "update_top_share": "top 10 directions",
    "intruder_dimensions": "intruders",
    "leading_dimensions": "of",
}


def weight_tables(frame: Frame, places: list[Place]) -> tuple[StudyTable, ...]:
    """Return the tables."""
    return _weights(frame, places), _updates(frame, places)


def _weights(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        directions = {
            title: frame.by_layer(place, kind="weights", measure=measure)
            for measure, title in _DIRECTIONS.items()
        }
        for layer, figure in frame.by_layer(place, kind="weights", measure="weight_change").items():
            rows.append(
                {
                    "model": place.model,
                    "task": place.task,
                    "layer": layer,
                    "relative update": figure.value,
                    "sd": figure.spread,
                    **{
                        title: found[layer].value if layer in found else None
                        for title, found in directions.items()
                    },
                    "seeds": figure.n_seeds,
                }
            )
    return StudyTable.of(
        "weights",
        "How far the weights moved, and along how many directions",
        rows,
        note=(
            "Relative update: norm of the update over that of the weights; layer 0 are the embeddings. Ranks of the"
            " matrices' updates, and the share of their squared norm in ten directions, are means over the layer's"
            " matrices. Intruders: of the ten leading singular vectors of each tuned matrix, those that are like none"
            " of the original. Means over seeds."
        ),
        decimals={
            "relative update": 4,
            "sd": 4,
            "stable rank": 1,
            "effective rank": 0,
            "top 10 directions": 2,
            "intruders": 1,
            "of": 0,
        },
    )


def _updates(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for seed, other in frame.other_runs(place):
            where = {"kind": "updates", "measure": "update_cosine", "seed": seed, "domain": other}
            total = frame.select(model=place.model, task=place.task, layer=None, **where)
            layers = frame.by_layer(place, **where)
            rows += [
                {
                    "model": place.model,
                    "task": place.task,
                    "seed": seed,
                    "other run": other,
                    "layer": layer,
                    "cosine": value,
                }
                for layer, value in (
                    ("all", float(total["value"].iloc[0])),
                    *((str(layer), figure.value) for layer, figure in layers.items()),
                )
            ]
    return StudyTable.of(
        "updates",
        "Did two trainings move the weights the same way?",
        rows,
        note=(
            "Cosine between the updates of two runs from the same model: another seed, or another task with the same"
            " seed. 1: the same direction; about 0: neither says anything about the other."
        ),
        decimals=3,
    )
