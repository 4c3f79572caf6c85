"""Surfaces: contours alike on the page and in print, holes that stay holes, paths over them, and all of it in words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure as PrintFigure
from matplotlib.path import Path as Outline
from tests.report.reader import page_text, read_csv
from tests.report.study.factory import (
    make_figures,
    make_surface,
    make_surface_figure,
    make_surface_figures,
    make_way,
)

from tunescope.report.canvas import print_bytes
from tunescope.report.study.drawn_series import is_drawable
from tunescope.report.study.figures import (
    alternative_text,
    marks_text,
    study_print_figure,
    study_screen_figure,
)
from tunescope.report.study.legend import legend_entries
from tunescope.report.study.page import render_study_page
from tunescope.report.study.surface_points import surface_levels, surface_of, view_of
from tunescope.report.study.tables import page_points, points_table
from tunescope.studies.study_result import Series, StudyFigure, StudyResult, Surface

HOLE = ((0.25, 0.5, 0.75), (1.0, math.nan, 1.25), (1.5, 1.75, 2.0))


def make_figure(*values: tuple[float, ...], paths: tuple[Series, ...] = (), **fields: Any) -> StudyFigure:
    """Return a surface over the whole numbers from 0; fields of the surface go to the surface."""
    own = {name: fields.pop(name) for name in set(fields) & set(Surface.model_fields)}
    given = {"columns": range(len(values[0])), "rows": range(len(values)), "value_title": "loss"}
    return make_surface_figure(
        Surface.model_validate(given | {"values": values} | own), *paths, **({"tab": ""} | fields)
    )


def contour_of(figure: StudyFigure) -> go.Contour:
    (contour,) = study_screen_figure(figure).select_traces({"type": "contour"})
    return contour


def bands_of(printed: PrintFigure) -> QuadContourSet:
    """Return what is filled; the lines between the bands come after it."""
    contours = [each for each in printed.axes[0].collections if isinstance(each, QuadContourSet)]
    assert contours[0].filled
    return contours[0]


def band_at(printed: PrintFigure, x: float, y: float) -> list[int]:
    """Return the bands in which a point is printed: one, or none in a hole."""
    around = [
        sum(Outline(outline).contains_point((x, y)) for outline in path.to_polygons())
        for path in bands_of(printed).get_paths()
    ]
    return [band for band, count in enumerate(around) if count % 2]


def text_of(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("figure", make_surface_figures(), ids=lambda figure: figure.key)
def test_page_and_print_show_the_same_contours(figure: StudyFigure) -> None:
    surface, levels = surface_of(figure), surface_levels(figure)
    contour, printed = contour_of(figure), study_print_figure(figure)
    assert (tuple(contour.x), tuple(contour.y)) == (surface.columns, surface.rows)
    places = levels.places(surface.values)
    expected = [[None if math.isnan(place) else place for place in row] for row in places.tolist()]
    assert [list(row) for row in contour.z] == expected
    lines = contour.contours
    assert (lines.start, lines.end, lines.size) == (1, levels.n_bands - 1, 1)
    assert list(bands_of(printed).levels) == list(range(levels.n_bands + 1))
    axes, scale = printed.axes
    colours = study_screen_figure(figure).layout.coloraxis
    assert list(colours.colorbar.tickvals) == list(scale.get_yticks())
    assert [text.get_text() for text in scale.get_yticklabels()] == list(levels.texts())
    assert scale.get_ylabel() == surface.value_title
    assert (axes.get_xlim(), axes.get_ylim()) == view_of(figure)
    screen = study_screen_figure(figure).layout
    assert (tuple(screen.xaxis.range), tuple(screen.yaxis.range)) == view_of(figure)


def test_every_point_is_printed_in_the_band_between_its_levels() -> None:
    figure = make_surface_figures()[0]
    surface, printed = surface_of(figure), study_print_figure(figure)
    numbers = surface_levels(figure).numbers
    for y, row in list(zip(surface.rows, surface.values, strict=True))[1:-1]:
        for x, value in list(zip(surface.columns, row, strict=True))[1:-1]:
            expected = sum(number <= value for number in numbers) - 1
            assert band_at(printed, x, y) == [expected]


def test_low_is_dark_and_high_is_light_from_end_to_end_of_the_tones() -> None:
    figure = make_surface_figures()[0]
    first, *_, last = bands_of(study_print_figure(figure)).get_facecolors()
    np.testing.assert_allclose(first[:3], (0, 34 / 255, 78 / 255), atol=0.02)
    np.testing.assert_allclose(last[:3], (253 / 255, 231 / 255, 55 / 255), atol=0.03)
    assert study_screen_figure(figure).layout.coloraxis.colorscale[0][1] == "#00224e"


def test_an_undefined_point_is_a_hole_that_nothing_fills() -> None:
    figure = make_figure(*HOLE)
    contour = contour_of(figure)
    assert contour.z[1][1] is None
    assert contour.connectgaps is False
    assert contour.hoverongaps is False
    printed = study_print_figure(figure)
    assert band_at(printed, 1, 1) == band_at(printed, 0.9, 1.1) == []
    assert len(band_at(printed, 0.2, 0.2)) == len(band_at(printed, 1.8, 1.7)) == 1
    assert "1 place is not defined and left open." in marks_text(figure)


def test_lines_are_not_smoothed() -> None:
    assert contour_of(make_figure(*HOLE)).line.smoothing == 0


@pytest.mark.parametrize("value", [0.0, 0.7, -3.0])
def test_a_flat_surface_is_one_band_without_lines(value: float) -> None:
    figure = make_figure(*((value,) * 3,) * 3)
    printed = study_print_figure(figure)
    assert band_at(printed, 1, 1) == [0]
    assert text_of(printed.axes[0]) == []
    assert print_bytes(printed, "png").startswith(b"\x89PNG")
    assert {place for row in contour_of(figure).z for place in row} == {0}


def test_the_smallest_surface_is_drawn() -> None:
    figure = make_figure((0.1, 0.9), (0.9, 0.1))
    assert print_bytes(study_print_figure(figure), "svg").startswith(b"<?xml")
    assert len(contour_of(figure).z) == 2


def test_a_huge_range_has_a_logarithmic_scale_that_parts_the_low_values_too() -> None:
    values = tuple(tuple(10.0 ** (x + y - 3) for x in range(4)) for y in range(4))
    figure = make_figure(*values)
    assert surface_levels(figure).log
    assert "lines at the numbers of the scale, whose steps are those of a logarithmic scale." in marks_text(
        figure
    )
    places = np.array([list(row) for row in contour_of(figure).z])
    assert len(np.unique(places[places > 0].round(6))) >= 4
    zero = make_figure((0.0, 0.5), (1.0, 2.0))
    assert surface_levels(zero).numbers == surface_levels(make_figure((0.5, 0.5), (1.0, 2.0))).numbers
    assert contour_of(zero).z[0][0] == 0


def test_figures_with_one_range_share_their_levels_whatever_their_values() -> None:
    ends = (0.02, 3.0)
    one, other = make_figure(*HOLE, value_range=ends), make_figure((0.5, 9.0), (0.001, 1.0), value_range=ends)
    assert surface_levels(one) == surface_levels(other)
    assert contour_of(other).z[0][1] == surface_levels(other).n_bands
    assert contour_of(other).z[1][0] == 0
    assert "2 places are beyond the scale, with the tone of its end." in marks_text(other)
    assert "beyond" not in marks_text(one)


def test_shares_are_read_in_per_cent_and_coordinates_are_not() -> None:
    figure = make_figure((0.1, 0.2), (0.3, 0.5), paths=(make_way(),), percent=True)
    scale = study_screen_figure(figure).layout.coloraxis.colorbar
    assert scale.ticktext[0] == "10\u202f%"
    assert contour_of(figure).hovertext[1][0] == "loss: 30.0 %<br>β: 0<br>α: 1"
    path = study_screen_figure(figure).data[-1]
    assert "%" not in path.hovertext[0]
    assert page_points(figure).rows[0][4] == ""
    assert page_points(figure).rows[-1] == ("surface", "", "1", "1", "50.0\u202f%")


def test_a_path_has_an_open_mark_at_its_start_and_a_filled_one_at_its_end() -> None:
    figure = make_surface_figure(make_surface(), make_way())
    _, casing, path = study_screen_figure(figure).data
    assert list(path.x) == list(make_way().x)
    assert (path.marker.color[0], path.marker.color[-1]) == ("white", "#d55e00")
    assert path.marker.size[0] == path.marker.size[-1] > max(path.marker.size[1:-1])
    assert casing.line.color == "white"
    assert casing.line.width > path.line.width
    line, start, end = study_print_figure(figure).axes[0].lines
    assert list(line.get_xdata()) == list(path.x)
    assert start.get_markerfacecolor() == "white"
    assert end.get_markerfacecolor() == "#d55e00"
    assert "Open mark: where a path starts; large filled mark: where it ends." in marks_text(figure)


def test_undefined_points_of_a_path_are_left_out() -> None:
    way = make_way(x=(math.nan, *make_way().x[1:]), y=(*make_way().y[:-1], math.nan))
    figure = make_surface_figure(make_surface(), way)
    path = study_screen_figure(figure).data[-1]
    assert path.y[0] is None
    assert path.y[-1] is None
    assert path.connectgaps is False
    assert path.marker.color[1] == "white"
    assert "2 points are not defined and left out." in marks_text(figure)
    _, start, _ = study_print_figure(figure).axes[0].lines
    assert start.get_xdata() == pytest.approx([way.x[1]])
    nowhere = make_surface_figure(make_surface(), make_way(y=(math.nan,) * 20))
    assert len(study_screen_figure(nowhere).data) == 1
    assert "path" not in marks_text(nowhere)


def test_the_view_holds_the_surface_and_paths_that_are_near_it() -> None:
    surface = make_surface()
    inside = make_surface_figure(surface, make_way(x=(0.0,) * 20, y=(1.0,) * 20))
    assert view_of(inside) == ((-1.2, 1.2), (-1.0, 1.0))
    beside = make_surface_figure(surface, make_way(x=(0.0, *(2.0,) * 19), y=(-1.5, *(0.0,) * 19)))
    view = view_of(beside)
    assert view.x == pytest.approx((-1.2, 2.0 + 0.04 * 2.4))
    assert view.y == pytest.approx((-1.5 - 0.04 * 2.0, 1.0))
    assert "outside" not in marks_text(beside)
    far = make_surface_figure(surface, make_way(x=(0.0, *(1e6,) * 19), y=(0.0,) * 20))
    assert view_of(far).x == pytest.approx((-1.2, 1.2 + 2.4))
    assert "19 points are outside of what is shown." in marks_text(far)
    for figure in (beside, far):
        assert print_bytes(study_print_figure(figure), "png").startswith(b"\x89PNG")


def test_many_paths_have_looks_of_their_own_and_the_rest_is_thin() -> None:
    figure = make_surface_figure(make_surface(), *(make_way(f"seed {n}", role="") for n in range(14)))
    traces = study_screen_figure(figure).data
    assert len(traces) == 1 + 2 + 2 * 12
    assert {trace.zorder for trace in traces} == {0}
    assert len(legend_entries(figure)) == 13
    assert legend_entries(make_surface_figure(make_surface(), make_way())) == ()
    assert "2 paths of 14 are thin and grey: point at one for its name." in marks_text(figure)


def test_points_tell_what_they_are() -> None:
    contour = contour_of(make_figure((0.125, 1000.0), (-2.0, math.nan)))
    assert [list(row) for row in contour.hovertext] == [
        ["loss: 0.125<br>β: 0<br>α: 0", "loss: 1,000<br>β: 1<br>α: 0"],
        ["loss: −2<br>β: 0<br>α: 1", "loss: not defined<br>β: 1<br>α: 1"],
    ]
    untitled = make_figure((0.0, 1.0), (0.0, 1.0), x_title="", y_title="", value_title="")
    assert contour_of(untitled).hovertext[0][1] == "value: 1<br>x: 1<br>y: 0"


def test_phones_have_fewer_texts_along_the_scale_and_a_lower_figure() -> None:
    meta = study_screen_figure(make_surface_figures()[0]).layout.meta
    texts = {
        width: list(filter(None, meta[width]["coloraxis.colorbar.ticktext"])) for width in ("wide", "narrow")
    }
    assert len(texts["narrow"]) < len(texts["wide"])
    assert set(texts["narrow"]) <= set(texts["wide"])
    assert meta["heights"]["narrow"] < meta["heights"]["wide"]
    assert "xaxis.title.text" in meta["narrow"]


def test_a_surface_tells_its_extremes_to_those_who_cannot_see_it() -> None:
    figure = make_figure(*HOLE, title="A way down", paths=(make_way("seed 0"), make_way("seed 1")))
    assert alternative_text(figure) == (
        "A way down. Contours of loss over β and α: lowest 0.25 at (0, 0), highest 2 at (2, 2). Over it 2 paths: seed 0"
        " and seed 1. The numbers are in the table below."
    )
    assert "Over it" not in alternative_text(make_figure(*HOLE))


def test_points_survive_the_round_trip(study_reports: dict[str, Path]) -> None:
    figure = make_surface_figures()[1]
    columns, *rows = read_csv(study_reports["rich"] / "tables" / "plane-scratch.csv")
    assert columns == ["series", "label", "x", "y", "value"]
    assert len(rows) == 20 + 11 * 11
    assert rows[0][:2] == ["training", "update 0: own loss 2.000"]
    assert rows[6][3:] == ["nan", ""]
    assert {row[0] for row in rows[20:]} == {"surface"}
    read = np.array([[float(cell) for cell in row[2:]] for row in rows[20:]])
    surface = surface_of(figure)
    x, y = np.meshgrid(surface.columns, surface.rows)
    np.testing.assert_array_equal(read, np.stack([x, y, surface.values], axis=-1).reshape(-1, 3))


def test_the_numbers_of_a_surface_are_on_the_page(study_reports: dict[str, Path]) -> None:
    shown = page_points(make_surface_figures()[1])
    assert shown.columns == ("series", "point", "β", "α", "training loss (nats)")
    assert shown.numeric == (False, False, True, True, True)
    assert shown.rows[-1] == ("surface", "", "1.2", "1", "not defined")
    assert page_points(make_surface_figures()[2]).columns == ("series", "β", "α", "unseen error")
    page = page_text(study_reports["rich"])
    assert '<div class="plot surface" data-figure="plane"' in page
    assert 'aria-pressed="false" aria-controls="relief-plane-scratch" hidden>Turn it in 3-D</button>' in page
    assert (
        '<div class="relief" id="relief-plane" data-relief="plane" role="img" aria-label="The surface' in page
    )


def test_a_surface_without_a_defined_point_says_so() -> None:
    figure = make_figure((math.nan, math.inf), (-math.inf, math.nan), paths=(make_way(),))
    assert not is_drawable(figure)
    page = render_study_page(StudyResult(study="s", name="n", question="q", source="", figures=(figure,)))
    assert "<bdi>no point of it is defined</bdi>." in page
    assert 'href="tables/plane.csv"' in page
    assert len(points_table(figure).rows) == 24


def test_the_same_surface_gives_the_same_picture() -> None:
    one, other = (print_bytes(study_print_figure(make_surface_figures()[0]), "svg") for _ in range(2))
    assert one == other


def test_a_figure_of_lines_has_no_surface_to_draw() -> None:
    with pytest.raises(ValueError, match="'probe-pos' of the kind 'curves' has no surface to draw"):
        surface_of(make_figures()[0])
