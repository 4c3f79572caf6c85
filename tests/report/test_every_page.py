"""What holds of every page that is written: whole, alone, deaf to what its data say, and at work in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from tests.report.browser import check_page, open_page, problems, text_of_figures
from tests.report.factory import HOSTILE, make_comparison
from tests.report.reader import Reader, page_text, read_page, shown
from tests.report.study.factory import make_study_result

from tunescope._core.errors import RunError
from tunescope.report import write_report
from tunescope.report.study import write_study_report

PAGES = [("reports", name) for name in ("usual", "hostile", "empty")]
PAGES += [("study_reports", name) for name in ("rich", "hostile", "empty")]


@pytest.fixture(scope="module", params=PAGES, ids="-".join)
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of each report in turn."""
    kind, name = request.param
    found: Path = request.getfixturevalue(kind)[name]
    return found


@pytest.fixture(scope="module")
def page(folder: Path) -> Reader:
    return read_page(folder)


@pytest.fixture(scope="module", params=["reports", "study_reports"])
def folders(request: pytest.FixtureRequest) -> dict[str, Path]:
    """The folders of the reports of a kind, each kind in turn."""
    found: dict[str, Path] = request.getfixturevalue(request.param)
    return found


def test_tags_match_and_identifiers_are_unique(page: Reader) -> None:
    assert page.open == []
    identifiers = page.values("id")
    assert len(set(identifiers)) == len(identifiers)


def test_links_lead_somewhere(page: Reader) -> None:
    inside = {link[1:] for link in page.values("href") if link.startswith("#")}
    assert inside <= set(page.values("id"))
    assert {*page.values("aria-labelledby")} <= set(page.values("id"))


def test_nothing_is_fetched(page: Reader) -> None:
    assert page.values("src") == []
    assert not {"link", "img", "iframe", "object", "base"} & set(page.tags)
    beside = r"#|tables/[\w-]+\.csv$|figures/[\w-]+\.(svg|png)$"
    assert [link for link in page.values("href") if not re.match(beside, link)] == []
    policy = next(value for value in page.values("content") if "default-src" in value)
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_no_attribute_runs_anything(page: Reader) -> None:
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert page.tags.count("script") == 3


def test_plotly_is_there_once_and_the_page_is_small(folder: Path) -> None:
    text = page_text(folder)
    assert text.count("Copyright 2012-") == 1
    assert len(text.encode()) < 6_000_000


def test_every_file_that_is_linked_is_there(folder: Path, page: Reader) -> None:
    linked = {link for link in page.values("href") if not link.startswith("#")}
    assert {link for link in linked if not (folder / link).is_file()} == set()
    assert not list(folder.rglob("*.partial"))


def test_nothing_is_written_outside_the_folder(folders: dict[str, Path]) -> None:
    assert {path.name for path in folders["hostile"].parent.iterdir()} == set(folders)


def test_hostile_text_shows_as_text(folders: dict[str, Path]) -> None:
    page = read_page(folders["hostile"])
    for text in HOSTILE:
        assert shown(text) in page.text
    assert "b" not in page.tags


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: write_report(make_comparison(), folder),
        lambda folder: write_study_report(make_study_result(), folder),
    ],
    ids=["comparison", "study"],
)
def test_a_folder_that_cannot_be_written_is_refused(write: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="a part of the path is a file"):
        write(tmp_path / "file" / "report")


def test_the_page_works_in_a_browser(folder: Path) -> None:
    check_page(folder / "report.html")


@pytest.mark.parametrize(
    ("kind", "entity"),
    [("reports", "_leading & &lt;en…"), ("study_reports", "_leading & &lt;entity&gt;")],
)
def test_hostile_text_shows_as_text_in_a_browser(
    kind: str, entity: str, request: pytest.FixtureRequest
) -> None:
    with open_page(request.getfixturevalue(kind)["hostile"] / "report.html") as driver:
        texts = text_of_figures(driver)
        assert "<b>x</b>" in texts
        assert "$x$ and \\$y\\$" in texts
        assert entity in texts
        assert "NUL␀ and ␛[31m" in texts
        assert "<script>alert(1)</script>" in driver.find_element(By.ID, "main").text
        assert problems(driver) == []
