"""Looks of lines, names of files, and numbers for people."""

from __future__ import annotations

import math

import pytest
from tests.report.study.factory import make_figures, make_path, make_series

from tunescope.report.palette import SUBJECTS
from tunescope.report.study.drawn_series import MOST_LOOKS, drawn_series
from tunescope.report.study.figures import alternative_text, study_print_figure, study_screen_figure
from tunescope.report.study.legend import legend_entries
from tunescope.report.study.names import named_figures, named_tables
from tunescope.report.study.numbers import cell_text, number_text
from tunescope.report.study.settings import settings_texts
from tunescope.studies.study_result import Series, StudyFigure, StudyResult, StudyTable


def make_figure(*series: Series, **fields: object) -> StudyFigure:
    return StudyFigure.model_validate(
        {"key": "figure", "title": "Figure", "how_to_read": "", "series": series} | fields
    )


@pytest.mark.parametrize("roles", [("",) * MOST_LOOKS, ("base", "tuned") * 6, ("baseline", "", "tuned") * 4])
def test_a_dozen_lines_look_different(roles: tuple[str, ...]) -> None:
    lines = drawn_series(make_figure(*(make_series(f"line {i}", role=role) for i, role in enumerate(roles))))
    assert not any(line.thin for line in lines)
    assert len({line.look for line in lines}) == MOST_LOOKS
    assert len({(line.look.colour, line.look.dash) for line in lines}) == MOST_LOOKS or len(set(roles)) > 1


def test_lines_with_a_role_have_its_look_and_no_other_line_has_its_colour() -> None:
    others = [make_series(f"seed {i}") for i in range(20)]
    lines = drawn_series(
        make_figure(*others, make_series("base", role="base"), make_series("t", role="tuned"))
    )
    assert [line.look for line in lines[-2:]] == [SUBJECTS["base"], SUBJECTS["tuned"]]
    assert sum(not line.thin for line in lines) == MOST_LOOKS
    taken = {SUBJECTS["base"].colour, SUBJECTS["tuned"].colour}
    assert not taken & {line.look.colour for line in lines[:-2]}


def test_names_that_look_alike_are_told_apart() -> None:
    lines = drawn_series(make_figure(make_series("seed"), make_series("seed"), make_series("")))
    assert [line.name for line in lines] == ["seed", "seed (2)", "(empty)"]


def test_undefined_points_are_left_out() -> None:
    line = make_series("line", low=(), high=())
    y = (math.nan, math.inf, *line.y[2:])
    nowhere = make_series("nowhere", y=(math.nan,) * 13)
    figure = make_figure(line.model_copy(update={"y": y}), nowhere)
    (drawn,) = drawn_series(figure)
    assert [mark.value for mark in drawn.marks[:3]] == [None, None, line.y[2]]
    (trace,) = study_screen_figure(figure).data
    assert trace.y[:2] == (None, None)
    assert trace.connectgaps is False


def test_an_interval_needs_both_ends() -> None:
    line = make_series("line")
    cut = line.model_copy(update={"low": (math.nan, *line.low[1:])})
    (drawn,) = drawn_series(make_figure(cut))
    assert drawn.marks[0].low is None
    assert drawn.marks[0].high is None
    assert drawn.marks[1].low == line.low[1]


def test_marks_tell_what_they_are() -> None:
    line = Series(name="tuned", x=(3.0,), y=(-0.25,), low=(-0.5,), high=(0.0,), labels=("layer 3",))
    (drawn,) = drawn_series(make_figure(line, x_title="Layer", y_title="Change", percent=True))
    words = tuple(text.replace("\u202f", " ") for text in drawn.marks[0].text)
    assert words == ("tuned", "layer 3", "Change: −25.0 % (−50.0 % … 0.0 %)")


def test_marks_tell_their_place_where_the_label_does_not() -> None:
    line = Series(name="", x=(3.0, 0.1234), y=(1.0, 2.0), labels=("first", ""))
    (drawn,) = drawn_series(make_figure(line, x_title="Layer"))
    assert [mark.text for mark in drawn.marks] == [("first", "Layer: 3", "y: 1"), ("Layer: 0.1234", "y: 2")]


def test_a_path_starts_open_and_ends_filled_where_it_is_defined() -> None:
    path = make_path("NOUN", 0)
    cut = path.model_copy(update={"x": (math.nan, *path.x[1:])})
    (trace,) = study_screen_figure(make_figure(cut, kind="paths")).data
    assert trace.marker.symbol[1] == "circle-open"
    assert trace.marker.symbol[-1] == "circle"
    assert [size for size in trace.marker.size if size > 4] == [11, 11]


def test_planes_have_one_scale() -> None:
    figure = make_figure(make_path("NOUN", 0), kind="paths")
    assert study_screen_figure(figure).layout.yaxis.scaleanchor == "x"
    assert study_print_figure(figure).axes[0].get_aspect() == 1


def test_legends_name_every_look_and_count_the_others() -> None:
    entries = legend_entries(make_figures()[3])
    assert len(entries) == MOST_LOOKS + 1
    assert entries[-1].name == "18 others"
    assert legend_entries(make_figure(make_series("alone"))) == ()
    assert len(study_print_figure(make_figures()[3]).legends) == 1


def test_a_figure_tells_what_it_shows() -> None:
    text = alternative_text(make_figures()[0])
    assert "3 lines, Accuracy over Layer: base, tuned and majority class." in text


def test_names_of_files_are_safe_and_differ() -> None:
    table = StudyTable(key="../a b", title="", columns=(), rows=())
    result = StudyResult(
        study="s",
        name="n",
        question="q",
        source="",
        tables=(table, table.model_copy(update={"key": "A-B"})),
        figures=(make_figure(make_series("line"), key="a-b"), make_figure(make_series("line"), key="$")),
    )
    assert [name for name, _ in named_tables(result)] == ["a-b", "A-B-2"]
    assert [name for name, _ in named_figures(result)] == ["a-b-3", "item"]


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (-0.0004, 2, "0.00"),
        (-12.5, 1, "−12.5"),
        (3, 1, "3.0"),
        (-1234, None, "−1,234"),
        (1e-07, None, "1e−07"),
        (math.nan, 2, "not defined"),
        (-math.inf, 2, "−∞"),
        (None, 2, ""),
        ("-text", 2, "-text"),
    ],
)
def test_cells_are_read_as_numbers(value: float | str | None, decimals: int | None, shown: str) -> None:
    assert cell_text(value, decimals) == shown


def test_numbers_keep_four_digits() -> None:
    assert number_text(0.123456) == "0.1235"
    assert number_text(math.inf) == "∞"


def test_settings_are_flat_and_in_words() -> None:
    settings = {"a": {}, "b": [{"c": 1, "d": ()}], "e": "", "f": {"g": {"h": False}}}
    assert settings_texts(settings) == [
        ("a", "none"),
        ("b", "c 1, d none"),
        ("e", "(empty)"),
        ("f: g: h", "no"),
    ]
