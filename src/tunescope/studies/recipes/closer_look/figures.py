"""The figures of a closer look: layers before and after, and what happened during training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import pandas as pd

from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.study_result import Series, StudyFigure
from tunescope.studies.study_rows import StudyRows

__all__ = ["closer_look_figures"]

Role = Literal["base", "tuned", "baseline", ""]


def closer_look_figures(frame: Frame) -> tuple[StudyFigure, ...]:
    """Return the figures, those of one kind one after the other, a tab for each model and task."""
    places = list(frame.places())
    kinds = (_accuracy, _clusters, _train_test, _places_kept, _similarity, _distances, _paths)
    figures = [kind(frame, place) for kind in kinds for place in places]
    figures += [figure for place in places for figure in _differences(frame, place)]
    return tuple(figures)


def _accuracy(frame: Frame, place: Place) -> StudyFigure:
    return _by_layer(
        frame,
        place,
        measure="accuracy",
        key="accuracy",
        title="What a classifier reads from each layer",
        how_to_read=(
            "Accuracy on the test set. Below the top layer the classifier is linear; at the top it is the one that the"
            " study file asks for. Bands are intervals over sentences."
        ),
        y_title="accuracy",
        percent=True,
    )


def _clusters(frame: Frame, place: Place) -> StudyFigure:
    return _by_layer(
        frame,
        place,
        measure="clusters",
        key="clusters",
        title="Clusters of the labels, by layer",
        how_to_read="As many clusters as labels means that the labels can be told apart linearly. Training set.",
        y_title="clusters",
        split="train",
    )


def _train_test(frame: Frame, place: Place) -> StudyFigure:
    return _by_layer(
        frame,
        place,
        measure="train_test_similarity",
        key="train-test",
        title="Do training and test set lie alike? By layer",
        how_to_read="Correlation of the distances between labels in the training set and in the test set.",
        y_title="spatial similarity",
    )


def _by_layer(
    frame: Frame,
    place: Place,
    *,
    measure: str,
    key: str,
    title: str,
    how_to_read: str,
    y_title: str,
    percent: bool = False,
    split: str = "test",
) -> StudyFigure:
    states: tuple[tuple[str, Role, pd.DataFrame], ...] = (
        ("before", "base", frame.before(place, measure=measure, split=split)),
        ("after", "tuned", frame.after(place, measure=measure, split=split)),
    )
    series = [_line(name, found, "layer", role) for name, role, found in states]
    return _figure(
        f"{key}-{place.key}",
        title,
        place.title,
        how_to_read,
        series,
        x_title="layer",
        y_title=y_title,
        percent=percent,
    )


def _places_kept(frame: Frame, place: Place) -> StudyFigure:
    found = frame.after(place, measure="spatial_similarity")
    return _figure(
        f"places-{place.key}",
        "Do the labels keep their places? Layer by layer",
        place.title,
        "Correlation of the distances between labels before and after fine-tuning, on the training set (Figure 4 of the"
        " paper).",
        [_line("after", found, "layer", "tuned")],
        x_title="layer",
        y_title="spatial similarity",
    )


def _similarity(frame: Frame, place: Place) -> StudyFigure:
    found = frame.after(place, measure="rsa")
    series = [
        _line(f"layer {layer:.0f}", rows, "step", "") for layer, rows in found.groupby("layer", sort=True)
    ]
    return _figure(
        f"similarity-{place.key}",
        "Similarity to the original during training, layer by layer",
        place.title,
        "RSA between the original's vectors and those after each step, on a sample of the training set.",
        series,
        x_title="training step",
        y_title="RSA",
    )


def _distances(frame: Frame, place: Place) -> StudyFigure:
    found = frame.select(
        model=place.model,
        task=place.task,
        tuned_on=place.task,
        seed=place.seed,
        measure="minimum_distance",
    )
    during = found[found["after_step"].notna()]
    series = [_line(str(label), rows, "after_step", "") for label, rows in during.groupby("label", sort=True)]
    return _figure(
        f"distances-{place.key}",
        "How far each label lies from its nearest neighbour during training",
        place.title,
        "Smallest distance of each label's hulls to those of another label, top layer, a sample of the training set.",
        series,
        x_title="training step",
        y_title="smallest distance",
    )


def _paths(frame: Frame, place: Place) -> StudyFigure:
    found = frame.after(place)
    x, y = (
        found[found["measure"] == f"centroid_path_{axis}"].set_index(["label", "step"])["value"]
        for axis in ("x", "y")
    )
    labels = list(dict.fromkeys(x.index.get_level_values("label"))) if len(x) else []
    series = [
        Series(
            name=str(label),
            x=tuple(x.loc[label]),
            y=tuple(y.loc[label]),
            labels=tuple(f"step {step:.0f}" for step in x.loc[label].index),
        )
        for label in labels
    ]
    share = StudyRows(found).value(measure="centroid_path_variance")
    return _figure(
        f"paths-{place.key}",
        "Where the centroids of the labels went during training",
        place.title,
        f"Top layer, plane of the first two principal components, which shows {100 * share:.0f} % of the variance.",
        series,
        kind="paths",
    )


def _differences(frame: Frame, place: Place) -> Iterator[StudyFigure]:
    found = frame.after(place)
    moves = found[
        found["measure"].isin([f"difference_{end}_{axis}" for end in ("start", "end") for axis in "xy"])
    ]
    for layer, rows in moves.groupby("layer", sort=True):
        table = rows.pivot(index="label", columns="measure", values="value")
        series = [
            Series(
                name=str(label),
                x=(row["difference_start_x"], row["difference_end_x"]),
                y=(row["difference_start_y"], row["difference_end_y"]),
                labels=("before", "after"),
            )
            for label, row in table.iterrows()
        ]
        share = StudyRows(found[found["layer"] == layer]).value(measure="difference_variance")
        yield _figure(
            f"differences-{place.key}-layer-{layer:.0f}",
            f"From where to where fine-tuning moved the centroids: {place.title}",
            f"Layer {layer:.0f}",
            "Each label's centroid before and after, in the plane in which the movements differ most, which shows"
            f" {100 * share:.0f} % of how they differ.",
            series,
            kind="paths",
        )


def _figure(
    key: str,
    title: str,
    tab: str,
    how_to_read: str,
    series: Iterable[Series],
    *,
    kind: Literal["curves", "paths", "dots"] = "curves",
    x_title: str = "first component",
    y_title: str = "second component",
    percent: bool = False,
) -> StudyFigure:
    drawn = tuple(each for each in series if each.x)
    return StudyFigure(
        key=key,
        title=title,
        tab=tab,
        how_to_read=how_to_read,
        kind=kind,
        x_title=x_title,
        y_title=y_title,
        percent=percent,
        series=drawn,
        missing=None if drawn else "no step has found these figures",
    )


def _line(name: str, rows: pd.DataFrame, along: str, role: Role) -> Series:
    rising = rows.sort_values(along)
    bands = rising["low"].notna().any()
    return Series(
        name=name,
        x=tuple(map(float, rising[along])),
        y=tuple(map(float, rising["value"])),
        low=tuple(map(float, rising["low"])) if bands else (),
        high=tuple(map(float, rising["high"])) if bands else (),
        role=role,
    )
