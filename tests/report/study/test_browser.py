"""The page of a study in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait
from tests.report.browser import DESKTOP, PHONE, open_page, problems, set_view
from tests.report.study.factory import TASKS

_IN_VIEW = """
const box = document.getElementById(arguments[0]).getBoundingClientRect();
return box.top >= 0 && box.top < innerHeight;
"""
_LOOKS = """
const plot = document.querySelector(`[data-figure="${arguments[0]}"]`);
return [plot.data.length, plot.layout.font.color];
"""
_TICKS = """
const plot = document.querySelector(`[data-figure="${arguments[0]}"]`);
return [...plot.querySelectorAll('.xtick text')].map((text) => {
  const { left, right } = text.getBoundingClientRect();
  return [text.textContent, left, right];
});
"""


_DIGITS = """
const plot = document.querySelector(`[data-figure="${arguments[0]}"]`);
return [...plot.querySelectorAll('.heatmap-label text')].map((text) => {
  const { left, right } = text.getBoundingClientRect();
  return [text.textContent, right - left];
});
"""
_CELL_WIDTH = """
const plot = document.querySelector(`[data-figure="${arguments[0]}"]`);
return plot.querySelector('.hm image').getBoundingClientRect().width / plot.data[0].x.length;
"""


def read_digits(driver: WebDriver, figure: str) -> list[str]:
    """Return the digits that are shown in the cells of a grid; fail where they are wider than a cell."""
    width = driver.execute_script(_CELL_WIDTH, figure)
    shown = [(text, taken) for text, taken in driver.execute_script(_DIGITS, figure) if taken]
    assert all(taken < width for _, taken in shown), (width, shown)
    return [text for text, _ in shown]


def read_ticks(driver: WebDriver, figure: str) -> list[str]:
    """Return what the first axis of a figure says; fail where two texts touch."""
    ticks = [(text, left, right) for text, left, right in driver.execute_script(_TICKS, figure) if text]
    for (_, _, right), (_, left, _) in pairwise(sorted(ticks, key=lambda tick: tick[1])):
        assert left > right + 2, ticks
    return [text for text, _, _ in ticks]


def _is_drawn_for_phones(driver: WebDriver, figure: str) -> bool:
    ticks = driver.execute_script(_TICKS, figure)
    return "1,000" not in [text for text, _, _ in ticks] and all(right <= PHONE[0] for *_, right in ticks)


@pytest.fixture(scope="module")
def rich(study_reports: dict[str, Path]) -> Iterator[WebDriver]:
    """One browser for the tests of single choices, which do not undo each other."""
    with open_page(study_reports["rich"] / "report.html") as driver:
        driver.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
        yield driver


def test_tabs_switch_by_keyboard(rich: WebDriver) -> None:
    rich.find_element(By.CSS_SELECTOR, '.tabs input[value="figure-probe-pos"]').send_keys(Keys.ARROW_RIGHT)
    assert rich.find_element(By.ID, "figure-probe-tasks").is_displayed()
    assert not rich.find_element(By.ID, "figure-probe-pos").is_displayed()
    rich.find_element(By.CSS_SELECTOR, '.tabs input[value="figure-probe-tasks"]').send_keys(Keys.ARROW_LEFT)
    assert rich.find_element(By.ID, "figure-probe-pos").is_displayed()


@pytest.mark.parametrize("place", ["table-scores-table", "figure-probe-tasks", "figure-probe-trec"])
def test_claims_lead_to_what_they_rest_on(rich: WebDriver, place: str) -> None:
    rich.find_element(By.CSS_SELECTOR, f'.claims a[href="#{place}"]').send_keys(Keys.ENTER)
    assert rich.find_element(By.ID, place).is_displayed()
    assert rich.execute_script(_IN_VIEW, place)


def test_wide_tables_scroll_in_their_box(rich: WebDriver) -> None:
    widths = "const box = document.querySelector('[aria-labelledby=table-wide].scroll'); return "
    assert rich.execute_script(f"{widths} box.scrollWidth > box.clientWidth")
    assert rich.execute_script(f"{widths} getComputedStyle(box).overflowX") == "auto"


def test_numbers_stand_on_the_right(rich: WebDriver) -> None:
    cell = rich.find_element(By.CSS_SELECTOR, "td.number")
    assert cell.value_of_css_property("text-align") == "right"


def test_the_numbers_of_a_figure_open_by_keyboard(rich: WebDriver) -> None:
    figure = rich.find_element(By.ID, "figure-seeds")
    figure.find_element(By.CSS_SELECTOR, ".numbers summary").send_keys(Keys.ENTER)
    assert figure.find_element(By.CSS_SELECTOR, ".numbers table").is_displayed()


def test_figures_take_the_colours_of_a_dark_page(rich: WebDriver) -> None:
    light = rich.execute_script(_LOOKS, "centroids")
    set_view(rich, DESKTOP, dark=True)
    WebDriverWait(rich, 10).until(lambda page: page.execute_script(_LOOKS, "centroids") != light)
    dark = rich.execute_script(_LOOKS, "centroids")
    set_view(rich, DESKTOP)
    assert light[0] == dark[0] == 6
    assert light[1] != dark[1]
    assert problems(rich) == []


def test_ticks_do_not_touch_and_phones_have_fewer(rich: WebDriver) -> None:
    set_view(rich, DESKTOP)
    assert read_ticks(rich, "sizes") == ["100", "250", "500", "1,000", "2,000", "6,707"]
    assert read_ticks(rich, "by-task") == [task.replace(" ", "") for task in TASKS]
    set_view(rich, PHONE)
    WebDriverWait(rich, 10).until(lambda page: _is_drawn_for_phones(page, "sizes"))
    assert read_ticks(rich, "sizes") == ["100", "250", "500", "2,000", "6,707"]
    assert read_ticks(rich, "worth") == ["10¹²", "10¹³", "10¹⁴"]
    set_view(rich, DESKTOP)
    assert problems(rich) == []


def test_cells_show_digits_where_there_is_room(rich: WebDriver) -> None:
    rich.find_element(By.CSS_SELECTOR, '.tabs input[value="figure-alike-13"]').send_keys(Keys.SPACE)
    WebDriverWait(rich, 60).until(lambda page: page.execute_script(_DIGITS, "alike-13"))
    assert len(read_digits(rich, "alike-13")) == 13 * 13 - 1
    assert len(read_digits(rich, "transfer")) == 25
    assert read_ticks(rich, "alike-13") == list(map(str, range(13)))
    set_view(rich, PHONE)
    WebDriverWait(rich, 10).until(lambda page: "1" not in read_ticks(page, "alike-13"))
    assert read_ticks(rich, "alike-13") == ["0", "2", "4", "6", "8", "10", "12"]
    assert read_digits(rich, "alike-13") == []
    assert len(read_digits(rich, "transfer")) == 25
    set_view(rich, DESKTOP)
    assert problems(rich) == []


def test_the_scale_of_a_grid_is_legible_in_the_dark(rich: WebDriver) -> None:
    colour = "return getComputedStyle(document.querySelector('[data-figure=transfer] .cbaxis text')).fill"
    light = rich.execute_script(colour)
    set_view(rich, DESKTOP, dark=True)
    WebDriverWait(rich, 10).until(lambda page: page.execute_script(colour) != light)
    set_view(rich, DESKTOP)
    WebDriverWait(rich, 10).until(lambda page: page.execute_script(colour) == light)
