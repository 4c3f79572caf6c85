"""The page and the files beside it: whole, alone, and deaf to what its data say."""

from __future__ import annotations

import csv
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.report.factory import HOSTILE, make_comparison, make_hostile_comparison

from tunescope._core.errors import RunError
from tunescope.report import write_report
from tunescope.report.canvas import print_bytes
from tunescope.report.gallery import gallery, print_figure
from tunescope.report.page import render_page
from tunescope.report.tables import Table, csv_text, measurements_table

_VOID = {"meta", "input", "br", "img", "link", "hr"}


class Reader(HTMLParser):
    """Reads a page: its text, tags, links and identifiers; fails where tags do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module", params=["usual", "hostile", "empty"])
def page(request: pytest.FixtureRequest, reports: dict[str, Path]) -> Reader:
    return Reader((reports[request.param] / "report.html").read_text(encoding="utf-8"))


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
    outside = [
        link
        for link in page.values("href")
        if not re.match(r"#|tables/[\w-]+\.csv$|figures/[\w-]+\.(svg|png)$", link)
    ]
    assert outside == []
    policy = next(value for value in page.values("content") if "default-src" in value)
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_no_attribute_runs_anything(page: Reader) -> None:
    assert [name for name, _ in page.attributes if name.startswith("on")] == []


def test_plotly_is_there_once_and_the_page_is_small(reports: dict[str, Path]) -> None:
    text = (reports["usual"] / "report.html").read_text(encoding="utf-8")
    assert text.count("Copyright 2012-") == 1
    assert len(text.encode()) < 6_000_000


def test_hostile_text_shows_as_text(reports: dict[str, Path]) -> None:
    page = Reader((reports["hostile"] / "report.html").read_text(encoding="utf-8"))
    for text in HOSTILE:
        shown = text.replace("\x00", "␀").replace("\x1b", "␛").replace("\u202e", "\ufffd")
        assert shown in page.text
    assert page.tags.count("script") == 3
    assert "b" not in page.tags


def test_missing_figures_say_why(reports: dict[str, Path]) -> None:
    page = Reader((reports["empty"] / "report.html").read_text(encoding="utf-8"))
    assert page.text.count("Not measured:") == 17
    assert "no finding" in page.text


def test_downloads_are_there(reports: dict[str, Path]) -> None:
    for folder in reports.values():
        page = Reader((folder / "report.html").read_text(encoding="utf-8"))
        linked = {link for link in page.values("href") if not link.startswith("#")}
        assert {link for link in linked if not (folder / link).is_file()} == set()
        assert not list(folder.rglob("*.partial"))


def test_the_same_comparison_gives_the_same_page_and_figures() -> None:
    assert render_page(make_comparison()) == render_page(make_comparison())
    info = gallery(make_comparison())[1].infos[0]
    assert print_bytes(print_figure(info), "svg") == print_bytes(print_figure(info), "svg")


def test_tables_survive_the_round_trip(reports: dict[str, Path]) -> None:
    comparison = make_hostile_comparison()
    path = reports["hostile"] / "tables" / "measurements.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(comparison.measurements)
    for row, m in zip(rows, comparison.measurements, strict=True):
        assert row["label"] == (m.label or "")
        assert row["split"] == (m.split or "")
        value = float(row["value"])
        assert value == m.estimate.value or math.isnan(value) == math.isnan(m.estimate.value)


def test_csv_keeps_every_character() -> None:
    table = Table(columns=("text", "figure"), rows=tuple((text, 0.1) for text in HOSTILE))
    assert [row[0] for row in csv.reader(csv_text(table).splitlines(keepends=True)[1:])][:3] == list(
        HOSTILE[:3]
    )
    assert len(measurements_table(()).rows) == 0


def test_a_report_is_written_over_an_older_one(tmp_path: Path, reports: dict[str, Path]) -> None:
    path = write_report(make_comparison(with_steps=False, labels=("A", "B")), tmp_path / "new" / "folder")
    path.write_text("old")
    assert write_report(make_comparison(with_steps=False), path.parent) == path
    assert path.stat().st_size > 1_000_000


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="a part of the path is a file"):
        write_report(make_comparison(), tmp_path / "file" / "report")


def test_importing_the_report_needs_no_torch() -> None:
    code = "import sys, tunescope.report; assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
