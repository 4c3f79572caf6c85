"""Grids of tones: alike on the page and in print, with digits where there is room, and in words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure as PrintFigure
from matplotlib.image import AxesImage
from tests.report.reader import page_text, read_csv
from tests.report.study.factory import TASKS, make_figures, make_grid, make_grid_figure, make_grid_figures

from tunescope.report.canvas import print_bytes
from tunescope.report.study.drawn_series import is_drawable
from tunescope.report.study.figures import (
    alternative_text,
    marks_text,
    study_print_figure,
    study_screen_figure,
)
from tunescope.report.study.grid_cells import digit_texts, grid_of
from tunescope.report.study.grids import has_digits
from tunescope.report.study.legend import legend_entries
from tunescope.report.study.page import render_study_page
from tunescope.report.study.tables import page_points, points_table
from tunescope.studies.study_result import Grid, StudyFigure, StudyResult


def make_figure(*values: tuple[float, ...], **fields: Any) -> StudyFigure:
    """Return a small grid; fields of the grid go to the grid."""
    own = {name: fields.pop(name) for name in set(fields) & set(Grid.model_fields)}
    names = {"columns": "abcdefgh"[: len(values[0])], "rows": "stuvwxyz"[: len(values)]}
    given = {name: tuple(letters) for name, letters in names.items()}
    grid = Grid.model_validate(given | {"values": values, "value_title": "CKA"} | own)
    return make_grid_figure(grid, **({"x_title": "base", "y_title": "tuned"} | fields))


def image_of(printed: PrintFigure) -> AxesImage:
    (image,) = printed.axes[0].images
    return image


@pytest.mark.parametrize("figure", make_grid_figures(), ids=lambda figure: figure.key)
def test_page_and_print_show_the_same_cells(figure: StudyFigure) -> None:
    grid = grid_of(figure)
    screen, printed = study_screen_figure(figure), study_print_figure(figure)
    (heatmap,) = screen.data
    expected = [[None if math.isnan(value) else value for value in row] for row in grid.values]
    assert [list(row) for row in heatmap.z] == expected
    drawn = np.ma.filled(image_of(printed).get_array(), math.nan)
    np.testing.assert_array_equal(drawn, np.array(grid.values))
    assert image_of(printed).origin == "lower"
    axes, scale = printed.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == list(grid.rows)
    assert [text.get_text() for text in axes.get_xticklabels()] == list(grid.columns)
    assert axes.get_ylabel() == figure.y_title
    assert scale.get_ylabel() == heatmap.colorbar.title.text == grid.value_title


def test_the_scale_is_as_given_or_from_the_lowest_to_the_highest_value() -> None:
    free = make_figure((0.25, 0.5), (math.nan, 0.75))
    fixed = make_figure((0.25, 0.5), (math.nan, 0.75), value_range=(-1.0, 1.0))
    assert image_of(study_print_figure(free)).get_clim() == (0.25, 0.75)
    assert image_of(study_print_figure(fixed)).get_clim() == (-1.0, 1.0)
    heatmaps = [study_screen_figure(figure).data[0] for figure in (free, fixed)]
    assert [(heatmap.zmin, heatmap.zmax) for heatmap in heatmaps] == [(None, None), (-1.0, 1.0)]


@pytest.mark.parametrize("low_is_strong", [False, True])
def test_strong_tones_are_dark_on_the_page_and_in_print(low_is_strong: bool) -> None:
    figure = make_figure((0.0, 1.0), low_is_strong=low_is_strong)
    image = image_of(study_print_figure(figure))
    low, high = image.to_rgba(np.array([0.0, 1.0]))[:, :3].sum(axis=1)
    assert (low < high) == low_is_strong
    (heatmap,) = study_screen_figure(figure).data
    assert heatmap.colorscale[0][1] == "#00224e"
    assert heatmap.reversescale != low_is_strong
    assert marks_text(figure).startswith(
        "Dark: low; light: high." if low_is_strong else "Dark: high; light: low."
    )


@pytest.mark.parametrize("low_is_strong", [False, True])
def test_digits_stand_out_from_every_tone(low_is_strong: bool) -> None:
    values = tuple(np.linspace(0, 1, 8).tolist())
    figure = make_figure(values, low_is_strong=low_is_strong)
    printed = study_print_figure(figure)
    tones = image_of(printed).to_rgba(np.array(values))[:, :3]
    inks = [text.get_color() for text in printed.axes[0].texts]
    luminances = np.where(tones <= 0.04045, tones / 12.92, ((tones + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]
    for ink, luminance in zip(inks, luminances, strict=True):
        contrast = (luminance + 0.05) / 0.05 if ink == "black" else 1.05 / (luminance + 0.05)
        assert contrast > 4.5
    (heatmap,) = study_screen_figure(figure).data
    assert [text.split('"')[1] for text in heatmap.text[0]] == [f"color:{ink}" for ink in inks]


def test_one_value_throughout_is_drawn() -> None:
    figure = make_figure((0.5, 0.5))
    assert print_bytes(study_print_figure(figure), "png").startswith(b"\x89PNG")
    assert len(study_screen_figure(figure).data) == 1


def test_cells_tell_what_they_are() -> None:
    ends = {"low": ((0.25, math.nan),), "high": ((0.75, 1.0),)}
    (heatmap,) = study_screen_figure(make_figure((0.5, -0.125), **ends)).data
    assert list(map(list, heatmap.hovertext)) == [
        ["base: a<br>tuned: s<br>CKA: 0.5 (0.25 … 0.75)", "base: b<br>tuned: s<br>CKA: −0.125"]
    ]


def test_cells_without_titles_tell_what_they_are() -> None:
    figure = make_figure((0.5,), x_title="", y_title="", value_title="", percent=True)
    (heatmap,) = study_screen_figure(figure).data
    assert heatmap.hovertext[0][0].replace("\u202f", " ") == "column: a<br>row: s<br>value: 50.0 %"


@pytest.mark.parametrize(
    ("values", "percent", "texts"),
    [
        ((0.987, -0.004, math.nan), False, ("0.99", "0.00", "")),
        ((0.987, -0.5, math.inf), True, ("99", "−50", "")),
        ((0.0876, 0.01), True, ("8.8", "1.0")),
        ((9.87, -1.0), False, ("9.87", "−1.00")),
        ((98.76, 1.0), False, ("98.8", "1.0")),
        ((1234.5, 1.0), False, ("1,234", "1")),
        ((0.0123, 0.001), False, ("0.012", "0.001")),
        ((0.0, 0.0), False, ("0.00", "0.00")),
        ((math.nan,), False, ("",)),
    ],
)
def test_digits_are_short(values: tuple[float, ...], percent: bool, texts: tuple[str, ...]) -> None:
    assert digit_texts([values], percent=percent) == (texts,)


def test_digits_stand_in_cells_that_have_room() -> None:
    few, many, names = make_grid_figures()
    most = make_grid_figure(make_grid(25, 25))
    assert [has_digits(figure) for figure in (few, many, names, most)] == [True, True, True, False]
    plain = make_grid_figure(make_grid(7, 7, values=((0.5,) * 7,) * 7))
    assert [has_digits(figure, on_phones=True) for figure in (plain, few, many, names)] == [
        True,
        False,
        False,
        True,
    ]
    long_names = tuple(f"a layer with a long name {place}" for place in range(13))
    crowded = make_grid_figure(make_grid(13, 13, rows=long_names))
    assert not has_digits(crowded)
    for figure in (many, most, crowded):
        (heatmap,) = study_screen_figure(figure).data
        assert bool(heatmap.texttemplate) == has_digits(figure)
    assert len(study_print_figure(many).axes[0].texts) == 13 * 13 - 1
    assert len(study_print_figure(most).axes[0].texts) == 0


def test_cells_of_many_tones_are_low_and_of_few_high_enough_for_titles() -> None:
    heights = {
        n: study_screen_figure(make_grid_figure(make_grid(n, n))).layout.height for n in (2, 5, 16, 25)
    }
    assert heights[5] - heights[2] == 0
    assert heights[25] < 130 + 32 * 25
    inches = {n: study_print_figure(make_grid_figure(make_grid(n, n))).get_figheight() for n in (2, 5, 25)}
    assert inches[2] == inches[5]
    assert inches[25] < 7


def test_layers_along_the_first_axis_are_left_out_rather_than_turned() -> None:
    printed = study_print_figure(make_grid_figure(make_grid(25, 25)))
    labels = printed.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels][:4] == ["0", "", "2", ""]
    assert {label.get_rotation() for label in labels} == {0}


def test_names_are_shorter_on_a_phone() -> None:
    meta = study_screen_figure(make_grid_figures()[2]).layout.meta
    assert list(meta["wide"]["yaxis.ticktext"]) == list(TASKS)
    assert max(map(len, meta["narrow"]["yaxis.ticktext"])) <= 12
    assert len(set(meta["narrow"]["yaxis.ticktext"])) == len(TASKS)
    assert "xaxis.ticktext" in meta["narrow"]


def test_a_grid_tells_its_extremes_to_those_who_cannot_see_it() -> None:
    text = alternative_text(make_figure((0.5, -0.25), (math.nan, 0.75), title="Alike?"))
    assert text == (
        "Alike?. Grid of 2 columns (base) and 2 rows (tuned), CKA as tone: lowest −0.25 in column b, row s, highest"
        " 0.75 in column b, row t. The numbers are in the table below."
    )


def test_what_the_tones_do_not_tell_stands_beside_the_grid() -> None:
    ends = {"low": ((0.0, 0.0), (0.0, 0.0)), "high": ((1.0, 1.0), (1.0, 1.0))}
    figure = make_figure((0.5, -0.25), (math.nan, 2.0), value_range=(0.0, 1.0), **ends)
    assert marks_text(figure) == (
        "Dark: high; light: low. Point at a cell for its value and its interval. 1 cell is not defined and left"
        " empty. 2 cells are beyond the scale, with the tone of its end."
    )
    assert marks_text(make_figure((0.5, 0.25))) == "Dark: high; light: low. Point at a cell for its value."
    assert legend_entries(figure) == ()


def test_cells_survive_the_round_trip(study_reports: dict[str, Path]) -> None:
    grid = grid_of(make_grid_figures()[1])
    columns, *rows = read_csv(study_reports["rich"] / "tables" / "alike-13.csv")
    assert columns == ["column", "row", "value", "low", "high"]
    assert [row[:2] for row in rows[12:14]] == [["12", "0"], ["0", "1"]]
    assert [float(row[2]) for row in rows[13:]] == [value for row in grid.values[1:] for value in row]
    assert [float(row[4]) for row in rows] == [end for row in grid.high for end in row]
    assert rows[3][2] == "nan"
    _, *rows = read_csv(study_reports["rich"] / "tables" / "transfer.csv")
    assert rows[1] == ["dependency relations", "POS-tagging", "0.2", "", ""]


def test_the_numbers_of_a_grid_are_on_the_page(study_reports: dict[str, Path]) -> None:
    _, many, names = make_grid_figures()
    shown = page_points(many)
    assert shown.columns[:3] == ("layer of the base model", "layer of the tuned model", "debiased linear CKA")
    assert shown.columns[3:] == ("low", "high")
    assert shown.rows[3] == ("3", "0", "not defined", "", "")
    assert shown.numeric == (False, False, True, True, True)
    assert page_points(names).columns == ("tuned on", "tested on", "accuracy")
    assert '<div class="plot digits-if-wide" data-figure="alike-13"' in page_text(study_reports["rich"])
    assert '<div class="plot" data-figure="transfer"' in page_text(study_reports["rich"])


def test_a_grid_without_a_defined_cell_says_so() -> None:
    figure = make_figure((math.nan, math.inf))
    assert not is_drawable(figure)
    page = render_study_page(StudyResult(study="s", name="n", question="q", source="", figures=(figure,)))
    assert "<bdi>no cell of it is defined</bdi>." in page
    assert 'href="tables/alike-2.csv"' in page
    assert len(points_table(figure).rows) == 2


def test_a_figure_of_lines_has_no_grid_to_draw() -> None:
    with pytest.raises(ValueError, match="'probe-pos' of the kind 'curves' has no grid to draw"):
        grid_of(make_figures()[0])
