"""Writing the report of a study: the page, the figures for print, and the tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.progress import track
from tunescope.report.canvas import print_bytes
from tunescope.report.study.drawn_series import is_drawable
from tunescope.report.study.figures import study_print_figure
from tunescope.report.study.names import NamedFigure, named_figures, named_tables
from tunescope.report.study.page import render_study_page
from tunescope.report.study.tables import full_table, has_points, points_table
from tunescope.report.tables import csv_text
from tunescope.studies.study_result import StudyResult

__all__ = ["write_study_report"]

_BESIDE = re.compile(r'href="((?:tables|figures)/[\w-]+\.(?:csv|svg|png))"', re.ASCII)
"""How a page names the files beside it."""


def write_study_report(result: StudyResult, folder: Path) -> Path:
    """Write what a study found as a page, with its figures and tables beside it.

    Args:
        result: What the study found; anything may be missing, and the page then says so.
        folder: Where to write ``report.html``, ``tables/*.csv`` for every table and every figure's points, and
            ``figures/*.svg`` and ``*.png``; made if absent. A file is named after the key of its table or figure, with
            unsafe characters replaced. Each file is replaced as a whole, the page after the others; then the files of
            an older report that this one does not have are removed.

    Returns:
        The path of ``report.html``. The page alone holds all figures and tables and can be sent by mail.

    Raises:
        RunError: The folder cannot be written.
    """
    path = folder / "report.html"
    figures = named_figures(result)
    with readable_write_errors(folder), track("writing the report", total=len(figures) + 1) as advance:
        for name in ("figures", "tables"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        older = _files_beside(path.read_text("utf-8", errors="replace")) if path.exists() else set()
        written = _write_tables(result, folder)
        for figure in figures:
            written |= _write_figure(figure, folder)
            advance()
        write_atomically(path, render_study_page(result))
        for name in older - written:
            (folder / name).unlink(missing_ok=True)
        advance()
    return path


def _write_tables(result: StudyResult, folder: Path) -> set[str]:
    """Write the tables and return the names of their files below the folder."""
    files = {f"tables/{name}.csv": csv_text(full_table(table)) for name, table in named_tables(result)}
    return _write(folder, files)


def _write_figure(named: NamedFigure, folder: Path) -> set[str]:
    """Write a figure's points and drawings, as far as it has any, and return the names of the files."""
    name, figure = named
    files: dict[str, str | bytes] = {}
    if has_points(figure):
        files[f"tables/{name}.csv"] = csv_text(points_table(figure))
    if is_drawable(figure):
        drawn = study_print_figure(figure)
        files |= {f"figures/{name}.{kind}": print_bytes(drawn, kind) for kind in ("svg", "png")}
    return _write(folder, files)


def _write(folder: Path, files: Mapping[str, str | bytes]) -> set[str]:
    for name, content in files.items():
        write_atomically(folder / name, content)
    return set(files)


def _files_beside(page: str) -> set[str]:
    """Return the files that a page names as its own."""
    return set(_BESIDE.findall(page))
