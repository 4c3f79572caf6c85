"""Records of what a study found: what they refuse, and that older ones are still read."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import ValidationError

from tunescope.studies.study_result import Grid, Series, StudyFigure, StudyResult, Surface


def make_grid(**fields: Any) -> Grid:
    given: dict[str, Any] = {
        "columns": ("0", "1", "2"),
        "rows": ("0", "1"),
        "values": ((1.0, 0.5, math.nan), (0.5, 1.0, 0.25)),
        "value_title": "CKA",
    }
    return Grid.model_validate(given | fields)


def make_figure(**fields: Any) -> StudyFigure:
    given = {"key": "alike", "title": "", "how_to_read": "", "kind": "grid", "grid": make_grid()}
    return StudyFigure.model_validate(given | fields)


def test_a_grid_survives_the_round_trip() -> None:
    ends = ((0.0, 0.25, math.nan), (0.25, 0.5, 0.0))
    figure = make_figure(grid=make_grid(low=ends, high=ends, value_range=(0.0, 1.0), low_is_strong=True))
    read = StudyFigure.model_validate_json(figure.model_dump_json())
    assert read.grid is not None
    assert math.isnan(read.grid.values[0][2])
    assert read.model_dump_json() == figure.model_dump_json()


def test_results_from_before_there_were_grids_and_surfaces_are_read() -> None:
    line = Series(name="line", x=(0.0, 1.0), y=(1.0, math.nan))
    figure = StudyFigure(key="old", title="", how_to_read="", series=(line,))
    result = StudyResult(study="s", name="n", question="q", source="", figures=(figure,))
    stored = json.loads(result.model_dump_json())
    for kind in ("grid", "surface"):
        del stored["figures"][0][kind]
    read = StudyResult.model_validate_json(json.dumps(stored))
    assert read.figures[0].grid is None
    assert read.model_dump_json() == result.model_dump_json()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"columns": ()}, "no column or no row"),
        ({"rows": (), "values": ()}, "no column or no row"),
        ({"values": ((1.0, 1.0, 1.0),)}, "names 2 rows and 3 columns, but 'values' has 1 rows of 3; give"),
        ({"values": ((1.0,), (1.0, 1.0))}, "'values' has 2 rows of 1 or 2; give"),
        ({"values": ()}, "'values' has 0 rows; give"),
        ({"low": ((0.0,) * 3,) * 2}, "'high' has 0 rows"),
        ({"high": ((0.0,) * 3,) * 2}, "'low' has 0 rows"),
        ({"low": ((0.0,) * 3,) * 2, "high": ((0.0,) * 2,) * 2}, "'high' has 2 rows of 2"),
        ({"value_range": (1.0, 0.0)}, "has a scale from 1 to 0; give two finite ends, the lower first"),
        ({"value_range": (1.0, 1.0)}, "has a scale from 1 to 1"),
        ({"value_range": (0.0, math.inf)}, "has a scale from 0 to inf"),
        ({"value_range": (math.nan, 1.0)}, "has a scale from nan to 1"),
    ],
)
def test_a_grid_has_a_number_for_each_cell_and_a_scale_with_two_ends(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=f"the grid of 'CKA'.*{message}"):
        make_grid(**fields)


def test_only_a_figure_of_the_kind_grid_has_cells() -> None:
    with pytest.raises(ValidationError, match="'alike' has a grid, but is of the kind 'curves'"):
        make_figure(kind="curves")
    with pytest.raises(ValidationError, match="'alike' is a grid without cells"):
        make_figure(grid=None)
    assert make_figure(grid=None, missing="no step has found it").grid is None


@pytest.mark.parametrize(
    "fields", [{"series": (Series(name="line", x=(1.0,), y=(1.0,)),)}, {"x_log": True}, {"x_ticks": ("a",)}]
)
def test_a_grid_has_its_own_names_and_no_lines(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="'alike' is a grid, which names its own columns"):
        make_figure(**fields)


def make_surface(**fields: Any) -> Surface:
    given: dict[str, Any] = {
        "columns": (-1.0, 0.0, 2.0),
        "rows": (0.0, 1.0),
        "values": ((1.0, 0.5, math.nan), (0.5, 1.0, 0.25)),
        "value_title": "loss",
    }
    return Surface.model_validate(given | fields)


def make_surface_figure(**fields: Any) -> StudyFigure:
    given = {
        "key": "plane",
        "title": "",
        "how_to_read": "",
        "kind": "surface",
        "surface": make_surface(),
        "series": (Series(name="path", x=(0.0, math.nan), y=(5.0, 1.0), labels=("update 0", "update 3")),),
    }
    return StudyFigure.model_validate(given | fields)


def test_a_surface_survives_the_round_trip() -> None:
    figure = make_surface_figure(surface=make_surface(value_range=(0.0, 1.0)), percent=True)
    read = StudyFigure.model_validate_json(figure.model_dump_json())
    assert read.surface is not None
    assert math.isnan(read.surface.values[0][2])
    assert math.isnan(read.series[0].x[1])
    assert read.model_dump_json() == figure.model_dump_json()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"columns": (), "values": ((), ())},
            "has columns at no place; give at least two finite coordinates",
        ),
        ({"rows": (1.0,), "values": ((1.0,) * 3,)}, "has rows at 1; give at least two"),
        ({"columns": (0.0, 2.0, 1.0)}, "has columns at 0, 2, 1; give .* each above the one before"),
        ({"columns": (0.0, 1.0, 1.0)}, "has columns at 0, 1, 1"),
        ({"rows": (0.0, math.nan)}, "has rows at 0, nan"),
        ({"rows": (0.0, math.inf)}, "has rows at 0, inf"),
        ({"rows": (-math.inf, 0.0)}, "has rows at -inf, 0"),
        ({"values": ((1.0,) * 3,)}, "has 2 rows and 3 columns, but 'values' has 1 rows of 3; give"),
        ({"values": ((1.0,), (1.0, 1.0))}, "'values' has 2 rows of 1 or 2; give"),
        ({"value_range": (1.0, 0.0)}, "has a scale from 1 to 0; give two finite ends, the lower first"),
        ({"value_range": (0.0, math.inf)}, "has a scale from 0 to inf"),
    ],
)
def test_a_surface_has_rising_coordinates_and_a_number_for_each_point(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=f"the surface of 'loss'.*{message}"):
        make_surface(**fields)


def test_only_a_figure_of_the_kind_surface_has_a_surface() -> None:
    with pytest.raises(ValidationError, match="'plane' has a surface, but is of the kind 'paths'"):
        make_surface_figure(kind="paths")
    with pytest.raises(ValidationError, match="'plane' has a grid, but is of the kind 'surface'"):
        make_surface_figure(grid=make_grid())
    with pytest.raises(
        ValidationError, match="'plane' is a surface without values: give its surface, or why"
    ):
        make_surface_figure(surface=None)
    assert make_surface_figure(surface=None, missing="no step has found it").surface is None


@pytest.mark.parametrize("fields", [{"x_log": True}, {"x_ticks": ("a",)}])
def test_a_surface_lies_over_a_plane_of_numbers(fields: dict[str, Any]) -> None:
    line = Series(name="line", x=(1.0,), y=(1.0,))
    with pytest.raises(ValidationError, match="'plane' is a surface over a plane: no x_log, no x_ticks"):
        make_surface_figure(series=(line,), **fields)
