"""Surfaces in relief: the same values and tones as their contours, holes, and paths that lie on them."""

from __future__ import annotations

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
from tests.report.study.factory import make_surface, make_surface_figure, make_surface_figures, make_way

from tunescope.report.study.figures import study_screen_figure
from tunescope.report.study.reliefs import relief_alternative, study_relief_figure, surface_heights
from tunescope.report.study.surface_points import surface_levels
from tunescope.studies.study_result import StudyFigure, Surface


def make_tilted() -> Surface:
    """Return a surface that is bilinear, so that interpolation gives its values everywhere."""
    x, y = np.meshgrid([0.0, 0.5, 2.0], [-1.0, 0.0, 3.0, 4.0])
    values = tuple(map(tuple, (1 + 2 * x - y + 0.5 * x * y).tolist()))
    return Surface(columns=(0.0, 0.5, 2.0), rows=(-1.0, 0.0, 3.0, 4.0), values=values, value_title="loss")


def relief_of(figure: StudyFigure) -> go.Surface:
    (relief,) = study_relief_figure(figure).select_traces({"type": "surface"})
    return relief


def test_heights_are_those_of_the_surface_between_its_points() -> None:
    surface = make_tilted()
    points = np.random.default_rng(0).uniform((0, -1), (2, 4), (200, 2))
    heights = surface_heights(surface, np.array(surface.values), [tuple(point) for point in points])
    x, y = points.T
    np.testing.assert_allclose(heights, 1 + 2 * x - y + 0.5 * x * y)


def test_heights_at_the_grid_are_its_values_up_to_its_edges() -> None:
    surface = make_tilted()
    points = [(x, y) for y in surface.rows for x in surface.columns]
    heights = surface_heights(surface, np.array(surface.values), points)
    np.testing.assert_allclose(heights, np.array(surface.values).ravel())


def test_there_is_no_height_outside_nor_beside_an_undefined_point() -> None:
    surface, values = make_tilted(), np.array(make_tilted().values)
    values[1, 1] = math.nan
    points = [(-0.1, 0.0), (0.2, 4.1), (math.nan, 0.0), (0.4, -0.5), (1.0, 1.0), (1.0, 3.5), (2.0, 0.0)]
    heights = surface_heights(surface, values, points)
    assert np.isnan(heights[:5]).all()
    assert np.isfinite(heights[5:]).all()


@pytest.mark.parametrize("figure", make_surface_figures(), ids=lambda figure: figure.key)
def test_relief_and_contours_show_the_same(figure: StudyFigure) -> None:
    (contour,) = study_screen_figure(figure).select_traces({"type": "contour"})
    relief, levels = relief_of(figure), surface_levels(figure)
    for name in ("x", "y", "z"):
        shown, expected = (np.array(getattr(trace, name), dtype=float) for trace in (relief, contour))
        np.testing.assert_array_equal(shown, expected)
    assert [list(row) for row in relief.hovertext] == [list(row) for row in contour.hovertext]
    assert relief.connectgaps is False
    lines = relief.contours.z
    assert (lines.start, lines.end, lines.size) == (1, levels.n_bands - 1, 1)
    assert (relief.cmin, relief.cmax) == (0, levels.n_bands)
    assert len(relief.colorscale) == 2 * levels.n_bands
    scene = study_relief_figure(figure).layout.scene
    assert list(scene.zaxis.tickvals) == list(range(levels.n_bands + 1))
    screen = study_screen_figure(figure).layout
    assert (scene.xaxis.range, scene.yaxis.range) == (screen.xaxis.range, screen.yaxis.range)


def test_a_path_lies_on_the_surface_and_over_its_hills() -> None:
    figure = make_surface_figure(make_surface(), make_way(x=(-1.2, 1.2, *(0.0,) * 18), y=(0.0,) * 20))
    casing, way, marks = study_relief_figure(figure).select_traces({"type": "scatter3d"})
    levels, relief = surface_levels(figure), relief_of(figure)
    surface = make_surface()
    places = np.array([list(row) for row in relief.z], dtype=float)
    for trace in (casing, way, marks):
        under = surface_heights(surface, places, list(zip(trace.x, trace.y, strict=True)))
        above = np.array(trace.z) - under
        assert above.min() == pytest.approx(above.max(), abs=1e-3)
        assert 0 < above.max() < 0.1 * levels.n_bands
    assert len(way.x) > 7 * len(marks.x)
    assert np.ptp(np.array(way.z[:9])) > 1
    assert casing.line.width > way.line.width
    assert marks.marker.symbol[0] == "circle-open"
    assert marks.hovertext[0].startswith("training<br>update 0")


def test_a_path_is_left_out_where_the_surface_has_no_height() -> None:
    figure = make_surface_figure(make_surface(), make_way(x=(0.0, 5.0, 0.5, *(math.nan,) * 17)))
    _, way, marks = study_relief_figure(figure).select_traces({"type": "scatter3d"})
    assert [place is None for place in marks.x[:4]] == [False, True, False, True]
    assert None in way.z
    assert way.connectgaps is False
    holed = make_surface_figures()[1]
    *_, marks = study_relief_figure(holed).select_traces({"type": "scatter3d"})
    assert marks.z[6] is None


def test_the_relief_is_json_without_numbers_that_json_lacks() -> None:
    for figure in make_surface_figures():
        json.dumps(json.loads(study_relief_figure(figure).to_json()), allow_nan=False)


def test_a_relief_is_told_to_those_who_cannot_see_it() -> None:
    assert relief_alternative(make_surface_figures()[2]) == (
        "The error around the training. The same surface in relief, unseen error as height."
    )
