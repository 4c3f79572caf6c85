"""The page of a comparison and the files beside it; what holds of every page is tested elsewhere."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from pathlib import Path

from tests.report.factory import HOSTILE, make_comparison, make_hostile_comparison
from tests.report.reader import read_page

from tunescope.report import write_report
from tunescope.report.canvas import print_bytes
from tunescope.report.gallery import gallery, print_figure
from tunescope.report.page import render_page
from tunescope.report.tables import Table, csv_text, measurements_table


def test_missing_figures_say_why(reports: dict[str, Path]) -> None:
    page = read_page(reports["empty"])
    assert page.text.count("Not measured:") == 17
    assert "no finding" in page.text


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


def test_importing_the_report_needs_no_torch() -> None:
    code = "import sys, tunescope.report; assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
