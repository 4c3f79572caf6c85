"""Opens a report in Chromium and checks what a reader relies on; the tests of the demo use it too."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

DESKTOP, PHONE = (1280, 900), (375, 812)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
WITH_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
WITHOUT_WEBGL = ("--disable-3d-apis",)
_HARMLESS = ("willReadFrequently", "GPU stall due to ReadPixels")
"""What Chromium says of the speed at which plotly draws the letters of a relief, and finds out what is pointed at."""

_OPEN_ALL = """
const done = arguments[arguments.length - 1];
(async () => {
  for (const tab of document.querySelectorAll('.tabs input')) {
    tab.click();
    await new Promise(resolve => setTimeout(resolve, 60));
  }
  for (const tabs of document.querySelectorAll('.tabs')) tabs.querySelector('input').click();
  done(true);
})();
"""
_UNDRAWN = """
const seen = '.trace, .point, .points path, .contourfill path, .hm image, .bars path, .js-fill, .scatterlayer path';
return [...document.querySelectorAll('.plot')]
  .filter(plot => !plot.querySelector('svg.main-svg') || !plot.querySelector(seen))
  .map(plot => plot.dataset.figure);
"""


_FITS = """
return [...document.querySelectorAll('.plot svg.main-svg')]
  .every(svg => svg.closest('[hidden]') || svg.getBoundingClientRect().right <= innerWidth);
"""


def require_browser() -> tuple[str, str]:
    """Return the paths of Chromium and its driver; without them, skip, or fail where REQUIRE_BROWSER=1."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser and driver:
        return browser, driver
    reason = "there is no chromium with chromedriver on the PATH"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@contextmanager
def open_page(
    path: Path, *, size: tuple[int, int] = DESKTOP, dark: bool = False, flags: Sequence[str] = ()
) -> Iterator[WebDriver]:
    """Open a page from disk in a fresh headless Chromium and wait until it is drawn."""
    browser, driver_path = require_browser()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with TemporaryDirectory(prefix="browser") as profile:
        for flag in (*_FLAGS, *flags, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(driver_path))
        try:
            driver.set_script_timeout(60)
            driver.execute_cdp_cmd("Page.enable", {})
            set_view(driver, size, dark=dark)
            driver.get_log("performance")
            driver.get(path.resolve().as_uri())
            wait_until_drawn(driver)
            yield driver
        finally:
            driver.quit()


def set_view(driver: WebDriver, size: tuple[int, int], *, dark: bool = False) -> None:
    """Set the size of the view and whether the reader prefers dark pages."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600},
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def wait_until_drawn(driver: WebDriver) -> None:
    """Wait until every figure that is shown is drawn."""
    shown = "[...document.querySelectorAll('.plot')].filter(plot => !plot.closest('[hidden]'))"
    drawn = f"return {shown}.every(plot => plot.querySelector('svg.main-svg'))"
    WebDriverWait(driver, 60).until(lambda page: page.execute_script(drawn))


def check_page(path: Path) -> None:
    """Assert that a report works: drawn, quiet, alone, on a phone, in the dark, and nothing in its data runs.

    Args:
        path: The report's HTML file; it is opened from disk.
    """
    with open_page(path) as driver:
        driver.execute_async_script(_OPEN_ALL)
        wait_until_drawn(driver)
        undrawn = driver.execute_script(_UNDRAWN)
        assert not undrawn, f"figures without marks: {undrawn}"
        light = _background(driver)
        set_view(driver, DESKTOP, dark=True)
        WebDriverWait(driver, 10).until(lambda page: _background(page) != light)
        set_view(driver, PHONE)
        driver.execute_async_script(_OPEN_ALL)
        assert overflow(driver) <= 0, "the page scrolls sideways at phone width"
        WebDriverWait(driver, 10).until(
            lambda page: page.execute_script(_FITS), "a figure is cut off at phone width"
        )
        assert driver.execute_script("return document.querySelectorAll('main img, main script').length") == 0
        found = problems(driver)
        assert not found, found


def problems(driver: WebDriver) -> list[str]:
    """Return complaints of the console, and addresses asked for that are neither on disk nor in the page."""
    complaints = [
        entry["message"]
        for entry in driver.get_log("browser")
        if entry["level"] in ("SEVERE", "WARNING")
        and not any(harmless in entry["message"] for harmless in _HARMLESS)
    ]
    return complaints + [url for url in _requested(driver) if not url.startswith(("file:", "data:", "blob:"))]


def _requested(driver: WebDriver) -> Iterator[str]:
    for entry in driver.get_log("performance"):
        message: dict[str, Any] = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            parameters = message["params"]
            yield parameters.get("request", parameters)["url"]


def text_of_figures(driver: WebDriver) -> list[str]:
    """Return all texts that the figures show."""
    script = "return [...document.querySelectorAll('.plot svg text')].map(text => text.textContent)"
    found: list[str] = driver.execute_script(script)
    return found


def overflow(driver: WebDriver) -> int:
    """Return by how many pixels the page is wider than the view."""
    return int(
        driver.execute_script(
            "const root = document.documentElement; return Math.max(root.scrollWidth, document.body.scrollWidth)"
            " - root.clientWidth"
        )
    )


def _background(driver: WebDriver) -> str:
    return str(driver.execute_script("return getComputedStyle(document.body).backgroundColor"))


def screenshot(driver: WebDriver, target: Path) -> None:
    """Write a picture of the whole page."""
    height = driver.execute_script("return document.documentElement.scrollHeight")
    width = driver.execute_script("return document.documentElement.clientWidth")
    picture = driver.execute_cdp_cmd(
        "Page.captureScreenshot",
        {
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
        },
    )
    target.write_bytes(base64.b64decode(picture["data"]))
