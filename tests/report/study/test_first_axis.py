"""First axes of figures: ticks at places, at round numbers and with names, alike on the page and in print."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError
from tests.report.study.factory import TASKS, make_log_figures, make_named_figures, make_path

from tunescope.report.study.drawn_series import drawn_series
from tunescope.report.study.figures import alternative_text, study_print_figure, study_screen_figure
from tunescope.report.study.first_axis import first_axis, place_text
from tunescope.studies.study_result import Series, StudyFigure


def make_figure(*x: float, **fields: object) -> StudyFigure:
    line = Series(name="line", x=x, y=(1.0,) * len(x))
    return StudyFigure.model_validate(
        {"key": "key", "title": "", "how_to_read": "", "series": (line,)} | fields
    )


def read_axis(figure: StudyFigure, **options: int) -> dict[float, str]:
    """Return what each tick says, in one line."""
    axis = first_axis(figure, **options)
    return {tick: " ".join(lines) for tick, lines in zip(axis.ticks, axis.texts, strict=True)}


@pytest.mark.parametrize(
    ("places", "ticks"),
    [
        ((100.0, 250.0, 500.0, 2000.0), {100: "100", 250: "250", 500: "500", 2000: "2,000"}),
        ((0.5, 50.0), {0.5: "0.5", 50: "50"}),
        ((8323.0,), {8323: "8,323"}),
        ((1e-5, 3e-5, 1e-4), {1e-5: "10⁻⁵", 3e-5: "3×10⁻⁵", 1e-4: "10⁻⁴"}),
        ((1.234e11, 5.678e14), {1e12: "10¹²", 1e13: "10¹³", 1e14: "10¹⁴"}),
        ((1.234e12, 5.678e12, 8.1e12), {2e12: "2×10¹²", 3e12: "3×10¹²", 4e12: "4×10¹²"}),
        ((1.234, 10.56), {2: "2", 5: "5", 10: "10"}),
        ((1.234, 1.456), {1.234: "1.234", 1.456: "1.456"}),
        ((2.345,), {2.345: "2.345"}),
        (tuple(map(float, range(1, 120))), {1: "1", 10: "10", 100: "100"}),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_read_with_ease(
    places: tuple[float, ...], ticks: dict[float, str]
) -> None:
    found = read_axis(make_figure(*places, x_log=True))
    assert {tick: found[tick] for tick in ticks} == ticks
    assert len(found) <= 10


def test_ticks_that_would_touch_say_nothing() -> None:
    figure = make_figure(1000.0, 1010.0, 2000.0, 9990.0, 10000.0, x_log=True)
    assert list(read_axis(figure).values()) == ["1,000", "", "2,000", "", "10,000"]
    sizes = make_log_figures()[0]
    assert "" not in read_axis(sizes).values()
    assert list(read_axis(sizes, letters=28).values()) == ["100", "250", "500", "", "2,000", "6,707"]


def test_undefined_points_have_no_tick() -> None:
    line = Series(name="line", x=(1.0, 5.0, math.nan, math.inf), y=(1.0, math.nan, 1.0, 1.0))
    assert first_axis(make_figure(x_log=True, series=(line,))).ticks == (1.0,)


@pytest.mark.parametrize(
    "figure", [*make_log_figures(), *make_named_figures()], ids=lambda figure: figure.key
)
def test_page_and_print_have_the_same_axis(figure: StudyFigure) -> None:
    axis = first_axis(figure)
    screen = study_screen_figure(figure).layout.xaxis
    (printed,) = study_print_figure(figure).axes
    assert screen.type == ("log" if figure.x_log else None)
    assert printed.get_xscale() == ("log" if figure.x_log else "linear")
    assert tuple(screen.tickvals) == tuple(printed.get_xticks()) == axis.ticks
    texts = [" ".join(lines) for lines in axis.texts]
    assert [text.replace("<br>", " ") for text in screen.ticktext] == texts
    assert [label.get_text().replace("\n", " ") for label in printed.get_xticklabels()] == texts
    assert printed.get_xticks(minor=True).size == 0
    assert screen.title.text.replace("\N{NO-BREAK SPACE}", " ") == printed.get_xlabel().replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert screen.title.text.endswith("(log\N{NO-BREAK SPACE}scale)") == figure.x_log


def test_points_are_drawn_where_they_are() -> None:
    sizes, _, rates = make_log_figures()
    for figure in (sizes, rates):
        line = study_screen_figure(figure).data[-1]
        assert tuple(line.x) == figure.series[-1].x
        (printed,) = study_print_figure(figure).axes
        assert tuple(printed.lines[-1].get_xdata()) == figure.series[-1].x


def test_names_have_one_place_each_and_points_their_names() -> None:
    by_task, by_label = make_named_figures()
    assert list(read_axis(by_task)) == [0, 1, 2, 3, 4]
    assert first_axis(by_task).texts[3] == ("supersense", "function")
    assert first_axis(by_task).range == (-0.5, 4.5)
    assert "Task: dependency relations" in drawn_series(by_task)[1].marks[1].text
    assert len(first_axis(by_label).texts[0]) == 1
    assert {label.get_rotation() for label in study_print_figure(by_label).axes[0].get_xticklabels()} == {40}
    assert {label.get_rotation() for label in study_print_figure(by_task).axes[0].get_xticklabels()} == {0}


def test_of_many_names_every_other_is_left_out_on_a_phone() -> None:
    by_label = make_named_figures()[1]
    assert "" not in read_axis(by_label).values()
    shown = list(read_axis(by_label, letters=28).values())
    assert shown[::2] == list(by_label.x_ticks[::2])
    assert set(shown[1::2]) == {""}


def test_the_page_has_texts_for_wide_and_narrow_views() -> None:
    figure = make_log_figures()[1]
    meta = study_screen_figure(figure).layout.meta
    assert "<br>" not in meta["wide"]["xaxis.title.text"]
    assert meta["narrow"]["xaxis.title.text"] == "floating-point operations<br>(log\N{NO-BREAK SPACE}scale)"
    assert meta["narrow"]["xaxis.ticktext"] == ["10¹²", "10¹³", "10¹⁴"]


def test_long_titles_of_the_second_axis_are_broken() -> None:
    title = "distance to the nearest label of all"
    figure = make_figure(1.0, y_title=title)
    assert study_screen_figure(figure).layout.yaxis.title.text == "distance to the nearest<br>label of all"
    assert study_print_figure(figure).axes[0].get_ylabel() == "distance to the nearest label of\nall"


def test_a_place_is_read_as_a_number_or_by_its_name() -> None:
    number = make_figure(1.0)
    assert place_text(number, 1_234_567.0) == "1,234,567"
    assert place_text(number, 0.123456, 4) == "0.1235"
    assert place_text(number, 1.37e13) == "1.37e+13"
    assert place_text(number, math.inf) == "∞"
    named = make_figure(1.0, x_ticks=TASKS)
    assert place_text(named, 3.4) == "supersense function"
    assert place_text(named, math.nan) == "not defined"


def test_the_alternative_text_tells_of_the_logarithm() -> None:
    assert "span F1 over training sentences, on a logarithmic axis: " in alternative_text(
        make_log_figures()[0]
    )


@pytest.mark.parametrize("place", [0.0, -2.0, -math.inf])
def test_a_logarithmic_axis_refuses_what_is_not_above_zero(place: float) -> None:
    with pytest.raises(
        ValidationError, match=rf"'key' has a logarithmic first axis.*'line' is at {place:g}; leave out"
    ):
        make_figure(1.0, place, x_log=True)


@pytest.mark.parametrize("place", [-0.5, 1.5, 7.0])
def test_an_axis_with_names_refuses_other_places(place: float) -> None:
    with pytest.raises(ValidationError, match=f"names the places 0 to 1 .*'line' is at {place:g}"):
        make_figure(place, x_ticks=("one", "two"))


def test_an_axis_is_of_one_kind() -> None:
    with pytest.raises(ValidationError, match="names that is logarithmic"):
        make_figure(1.0, x_log=True, x_ticks=("one", "two"))
    for fields in ({"x_log": True}, {"x_ticks": ("one",)}):
        with pytest.raises(ValidationError, match="whose axes have one scale"):
            make_figure(series=(make_path("NOUN", 0),), kind="paths", **fields)


def test_figures_survive_the_round_trip() -> None:
    for figure in (*make_log_figures(), *make_named_figures()):
        assert StudyFigure.model_validate_json(figure.model_dump_json()) == figure
