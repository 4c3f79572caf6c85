"""The page of a comparison in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from tests.report.browser import open_page

_STRIPES = """
return [...document.querySelectorAll('.plot')]
  .map(plot => [plot.dataset.figure, (plot.layout?.shapes || [])[0]?.x0]);
"""


@pytest.fixture(scope="module")
def usual(reports: dict[str, Path]) -> Iterator[WebDriver]:
    """One browser for the tests of single choices, which do not undo each other."""
    with open_page(reports["usual"] / "report.html") as driver:
        yield driver


def test_choices_are_linked_and_work_by_keyboard(usual: WebDriver) -> None:
    usual.find_element(By.ID, "layer").send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    places = dict(usual.execute_script(_STRIPES))
    assert places["similarity-rsa"] == pytest.approx(3.78)
    assert places["probe-accuracy"] == pytest.approx(3.78)
    assert places["weight-change"] == pytest.approx(3.5)
    shown = usual.find_element(By.CSS_SELECTOR, "#centroid-shift .shown")
    assert shown.text == "Shown: layer 4"
    usual.find_element(By.ID, "split").send_keys("reviews")
    assert usual.find_element(By.CSS_SELECTOR, "#probe-accuracy .shown").text == "Shown: reviews"


def test_a_click_on_a_mark_chooses_its_layer(usual: WebDriver) -> None:
    plot = "document.querySelector('[data-figure=similarity-rsa]')"
    usual.execute_script(f"{plot}.emit('plotly_click', {{points: [{{x: 2, y: 0.9}}]}})")
    assert usual.find_element(By.ID, "layer-shown").text == "2"


def test_findings_open_the_figure_that_they_rest_on(usual: WebDriver) -> None:
    link = usual.find_element(By.CSS_SELECTOR, '.finding a[href="#training-rsa"]')
    assert not usual.find_element(By.ID, "training-rsa").is_displayed()
    link.send_keys(Keys.ENTER)
    assert usual.find_element(By.ID, "training-rsa").is_displayed()
    assert not usual.find_element(By.ID, "training-accuracy").is_displayed()


def test_examples_can_be_filtered(usual: WebDriver) -> None:
    usual.find_element(By.CSS_SELECTOR, '.filters [data-kind="broken"]').send_keys(Keys.ENTER)
    rows = [row for row in usual.find_elements(By.CSS_SELECTOR, ".examples tbody tr") if row.is_displayed()]
    assert len(rows) == 1
    assert "well" in rows[0].text
