"""Surfaces in 3-D in a real browser: drawn when asked for, turned by keys, given back, and told where impossible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from tests.report.browser import (
    DESKTOP,
    PHONE,
    WITH_WEBGL,
    WITHOUT_WEBGL,
    open_page,
    overflow,
    problems,
    set_view,
)
from tests.report.study.factory import make_study_result, make_surface_figures

from tunescope.report.study import write_study_report

pytestmark = pytest.mark.slow  # drawn without a graphics card, each takes a minute

_CANVASES = "return document.querySelectorAll('.relief canvas').length"
_EYE = "return document.getElementById(`relief-${arguments[0]}`).layout.scene.camera.eye"
_INK = "return document.getElementById(`relief-${arguments[0]}`).layout.font.color"
_FITS = """
return [...document.querySelectorAll('.relief canvas')]
  .every((canvas) => canvas.getBoundingClientRect().right <= innerWidth);
"""
_COLOURS = """
const canvas = document.querySelector('.relief:not([hidden]) canvas');
const gl = canvas.getContext('webgl');
const plot = canvas.closest('.js-plotly-plot');
plot._fullLayout.scene._scene.glplot.redraw();
const pixels = new Uint8Array(4 * gl.drawingBufferWidth * gl.drawingBufferHeight);
gl.readPixels(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
const seen = new Set();
for (let i = 0; i < pixels.length; i += 4)
  if (pixels[i + 3] === 255) seen.add(`${pixels[i] >> 4} ${pixels[i + 1] >> 4} ${pixels[i + 2] >> 4}`);
return seen.size;
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = make_study_result(figures=make_surface_figures(), tables=())
    return write_study_report(result, tmp_path_factory.mktemp("surfaces"))


@pytest.fixture
def driver(page: Path) -> Iterator[WebDriver]:
    with open_page(page, flags=WITH_WEBGL) as driver:
        driver.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
        yield driver


def switch_of(driver: WebDriver, figure: str) -> WebElement:
    return driver.find_element(By.CSS_SELECTOR, f'[aria-controls="relief-{figure}"]')


def wait_for_reliefs(driver: WebDriver, count: int) -> None:
    drawn = "return [...document.querySelectorAll('.relief canvas')].filter(c => c.offsetParent).length"
    WebDriverWait(driver, 120).until(lambda page: page.execute_script(drawn) == count)


def test_a_relief_is_drawn_when_asked_for_and_goes_again(driver: WebDriver) -> None:
    assert driver.execute_script(_CANVASES) == 0
    switch = switch_of(driver, "plane")
    assert switch.get_attribute("aria-pressed") == "false"
    switch.send_keys(Keys.SPACE)
    wait_for_reliefs(driver, 1)
    assert switch.get_attribute("aria-pressed") == "true"
    assert driver.find_element(By.ID, "relief-plane").is_displayed()
    WebDriverWait(driver, 60).until(lambda page: page.execute_script(_COLOURS) > 10)
    assert overflow(driver) <= 0
    switch.send_keys(Keys.ENTER)
    assert switch.get_attribute("aria-pressed") == "false"
    assert not driver.find_element(By.ID, "relief-plane").is_displayed()
    assert driver.execute_script(_CANVASES) == 0
    set_view(driver, PHONE, dark=True)
    assert problems(driver) == []


def test_contexts_are_given_back(driver: WebDriver) -> None:
    switch = switch_of(driver, "plane-error")
    for _ in range(17):
        switch.send_keys(Keys.ENTER)
        wait_for_reliefs(driver, 1)
        switch.send_keys(Keys.ENTER)
    assert problems(driver) == []


def test_arrow_keys_turn_a_relief_and_a_tab_keeps_its_side(driver: WebDriver) -> None:
    switch_of(driver, "plane").send_keys(Keys.ENTER)
    wait_for_reliefs(driver, 1)
    relief, before = driver.find_element(By.ID, "relief-plane"), driver.execute_script(_EYE, "plane")
    relief.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_UP)
    WebDriverWait(driver, 60).until(lambda page: page.execute_script(_EYE, "plane")["z"] > before["z"])
    after = driver.execute_script(_EYE, "plane")
    assert after["x"] != before["x"]
    assert after["x"] ** 2 + after["y"] ** 2 == pytest.approx(before["x"] ** 2 + before["y"] ** 2)
    driver.find_element(By.CSS_SELECTOR, '.tabs input[value="figure-plane-scratch"]').send_keys(Keys.SPACE)
    wait_for_reliefs(driver, 1)
    assert switch_of(driver, "plane").get_attribute("aria-pressed") == "false"
    assert switch_of(driver, "plane-scratch").get_attribute("aria-pressed") == "true"
    assert driver.execute_script(_EYE, "plane-scratch") == after
    assert problems(driver) == []


def test_a_relief_takes_the_colours_of_a_dark_page_and_fits_a_phone(driver: WebDriver) -> None:
    switch_of(driver, "plane").send_keys(Keys.ENTER)
    wait_for_reliefs(driver, 1)
    light = driver.execute_script(_INK, "plane")
    set_view(driver, DESKTOP, dark=True)
    WebDriverWait(driver, 60).until(lambda page: page.execute_script(_INK, "plane") != light)
    set_view(driver, PHONE, dark=True)
    box = "return document.getElementById('relief-plane').getBoundingClientRect().height"
    WebDriverWait(driver, 60).until(lambda page: page.execute_script(box) == 360)
    WebDriverWait(driver, 60).until(lambda page: page.execute_script(_FITS) and overflow(page) <= 0)
    assert problems(driver) == []


def test_a_browser_without_webgl_is_told_so(page: Path) -> None:
    with open_page(page, flags=WITHOUT_WEBGL) as driver:
        switch_of(driver, "plane").send_keys(Keys.ENTER)
        relief = driver.find_element(By.ID, "relief-plane")
        assert relief.text.startswith("This browser cannot draw in 3-D: it has no WebGL")
        assert relief.get_attribute("role") is None
        switch_of(driver, "plane").send_keys(Keys.ENTER)
        assert not relief.is_displayed()
        assert problems(driver) == []


def test_without_a_script_there_is_no_switch(page: Path) -> None:
    assert 'aria-controls="relief-plane" hidden' in page.read_text(encoding="utf-8")
