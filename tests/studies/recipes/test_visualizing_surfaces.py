"""Surfaces of the study visualizing, made of a table of figures: values in their places, ways over them, one scale."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from tunescope.studies.recipes.visualizing.frame import Frame, Place
from tunescope.studies.recipes.visualizing.surfaces import SURFACES, visualizing_surfaces
from tunescope.studies.study_result import StudyFigure, Surface

PLACE = Place(model="tiny", task="questions")
ALPHAS, BETAS = (-1.0, 0.0, 1.0), (-0.5, 0.0, 0.5, 1.0)
STEPS = (0, 3, 10)


def make_row(start: str, kind: str, measure: str, value: float, **fields: Any) -> dict[str, Any]:
    given = {"model": "tiny", "task": "questions", "start": start, "seed": 0, "kind": kind}
    return given | {"measure": measure, "value": value} | fields


def make_plane(start: str, kind: str, shift: float = 0.0) -> list[dict[str, Any]]:
    """Return a plane whose loss is 1 + α + 10 β, and whose error a hundredth of it."""
    return [
        make_row(
            start,
            kind,
            measure,
            (1 + alpha + 10 * beta + shift) * factor,
            split=split,
            label=f"{alpha:g} {beta:g}",
            other="topics",
        )
        for alpha in ALPHAS
        for beta in BETAS
        for measure, split, factor in (("loss", "train", 1.0), ("error", "unseen", 0.01))
    ]


def make_way(start: str, kind: str) -> list[dict[str, Any]]:
    """Return a way whose snapshots stand in no order; the last is at the origin, where the share is undefined."""
    rows = [make_row(start, f"way: {kind}", "variance_explained", 0.875)]
    for step in (10, 0, 3):
        left = (10 - step) / 10
        figures = {
            "alpha": (left, None),
            "beta": (-left / 2, None),
            "variance_explained": (math.nan if step == 10 else 0.5 + left / 4, None),
            "own_loss": (2 + left, "train"),
            "projected_loss": (2 + 2 * left, "train"),
        }
        rows += [
            make_row(start, f"way: {kind}", name, value, split=split, step=step)
            for name, (value, split) in figures.items()
        ]
        if kind == "path":
            rows.append(make_row(start, "trace", "error", left / 4, split="unseen", step=step))
    return rows


@pytest.fixture(scope="module")
def figures() -> dict[str, StudyFigure]:
    rows = [
        *make_plane("pre-trained", "path"),
        *make_way("pre-trained", "path"),
        *make_plane("pre-trained", "random plane"),
        *make_plane("pre-trained", "other task"),
        *make_way("pre-trained", "other task"),
        *make_plane("scratch", "path", shift=50.0),
    ]
    frame = Frame(pd.DataFrame(rows))
    return {
        figure.key: figure for kind in SURFACES for figure in visualizing_surfaces(frame, PLACE, kind=kind)
    }


def surface_of(figure: StudyFigure) -> Surface:
    assert figure.surface is not None
    return figure.surface


def test_each_plane_that_was_measured_has_a_surface_of_losses_and_one_of_errors(
    figures: dict[str, StudyFigure],
) -> None:
    assert list(figures) == [
        "path-pre-trained-loss-questions-tiny",
        "path-pre-trained-error-questions-tiny",
        "path-scratch-loss-questions-tiny",
        "path-scratch-error-questions-tiny",
        "other-task-pre-trained-loss-questions-tiny",
        "other-task-pre-trained-error-questions-tiny",
        "random-plane-pre-trained-loss-questions-tiny",
        "random-plane-pre-trained-error-questions-tiny",
    ]
    assert {figure.kind for figure in figures.values()} == {"surface"}
    assert [figure.percent for figure in figures.values()] == [False, True] * 4


def test_columns_are_beta_and_rows_alpha(figures: dict[str, StudyFigure]) -> None:
    figure = figures["path-pre-trained-loss-questions-tiny"]
    surface = surface_of(figure)
    assert (surface.columns, surface.rows) == (BETAS, ALPHAS)
    assert surface.values == tuple(tuple(1 + alpha + 10 * beta for beta in BETAS) for alpha in ALPHAS)
    assert (figure.x_title, figure.y_title) == ("β", "α")
    assert surface.value_title == "training loss (nats)"


def test_all_starts_share_one_scale(figures: dict[str, StudyFigure]) -> None:
    for measure, factor in (("loss", 1.0), ("error", 0.01)):
        ranges = [
            surface_of(figures[f"path-{start}-{measure}-questions-tiny"]).value_range
            for start in ("pre-trained", "scratch")
        ]
        assert ranges[0] == ranges[1] == pytest.approx((-5 * factor, 62 * factor))
    assert surface_of(figures["random-plane-pre-trained-loss-questions-tiny"]).value_range == (-5.0, 12.0)


def test_a_value_that_is_not_finite_is_no_end_of_the_scale() -> None:
    rows = make_plane("pre-trained", "path")
    rows[0]["value"], rows[2]["value"] = math.inf, math.nan
    figure = next(visualizing_surfaces(Frame(pd.DataFrame(rows)), PLACE, kind="path"))
    surface = surface_of(figure)
    assert surface.value_range == (-4.0, 12.0)
    assert math.isinf(surface.values[0][0])
    assert math.isnan(surface.values[0][1])


def test_the_way_goes_by_updates_and_tells_own_losses(figures: dict[str, StudyFigure]) -> None:
    (way,) = figures["path-pre-trained-loss-questions-tiny"].series
    assert way.y == pytest.approx((1.0, 0.7, 0.0))
    assert way.x == pytest.approx((-0.5, -0.35, 0.0))
    assert way.labels == (
        "update 0: own loss 3.000, 4.000 at its place",
        "update 3: own loss 2.700, 3.400 at its place",
        "update 10: own loss 2.000, 2.000 at its place",
    )
    assert way.role == "tuned"
    (errors,) = figures["path-pre-trained-error-questions-tiny"].series
    assert errors.labels == (
        "update 0: own error 25.0%",
        "update 3: own error 17.5%",
        "update 10: own error 0.0%",
    )
    (elsewhere,) = figures["other-task-pre-trained-error-questions-tiny"].series
    assert elsewhere.labels == ("update 0", "update 3", "update 10")


def test_a_plane_without_a_way_has_no_line_and_says_nothing_of_one(figures: dict[str, StudyFigure]) -> None:
    for key in ("random-plane-pre-trained-loss-questions-tiny", "path-scratch-loss-questions-tiny"):
        assert figures[key].series == ()
        assert "way of the training" not in figures[key].how_to_read


def test_readers_are_told_what_a_plane_leaves_out(figures: dict[str, StudyFigure]) -> None:
    assert figures["path-pre-trained-loss-questions-tiny"].how_to_read == (
        "0, 0: the end of training, around which its snapshots lie between −1 and 1 along both axes. All starts share"
        " one scale. Here values go from -5 nats to 12 nats. The line is the way of the training, each snapshot at the"
        " nearest point of the plane. The losses are those at the points of the plane, off which a snapshot itself"
        " lies: the plane holds 88% of the squared distances of all from 0, 0, and at least 68% of each."
    )
    text = figures["other-task-pre-trained-error-questions-tiny"].how_to_read
    assert "β = 1: that of topics." in text
    assert "The errors are those at the points of the plane" in text
