"""Writing the report: the page, the figures for print, and the tables."""

from __future__ import annotations

from pathlib import Path

from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.progress import track
from tunescope.report.canvas import print_bytes
from tunescope.report.gallery import gallery, print_figure
from tunescope.report.page import render_page
from tunescope.report.tables import comparison_tables, csv_text, figure_table
from tunescope.studies.comparison import Comparison

__all__ = ["write_report"]


def write_report(comparison: Comparison, folder: Path | str) -> Path:
    """Write what a comparison found as a page, with its figures and tables beside it.

    Args:
        comparison: What was measured; anything may be missing, and the page then says so.
        folder: Where to write ``report.html``, ``figures/*.svg`` and ``*.png``, and ``tables/*.csv``; made if absent.
            Each file is replaced as a whole, and the page last.

    Returns:
        The path of ``report.html``. The page alone holds all figures and their tables and can be sent by mail.

    Raises:
        RunError: The folder cannot be written.
    """
    folder = Path(folder)
    infos = [info for section in gallery(comparison) for info in section.infos if info.missing is None]
    with readable_write_errors(folder), track("writing the report", total=len(infos) + 1) as advance:
        for name in ("figures", "tables"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, table in comparison_tables(comparison).items():
            write_atomically(folder / "tables" / f"{name}.csv", csv_text(table))
        for info in infos:
            write_atomically(folder / "tables" / f"{info.key}.csv", csv_text(figure_table(info)))
            for kind in ("svg", "png"):
                write_atomically(
                    folder / "figures" / f"{info.key}.{kind}", print_bytes(print_figure(info), kind)
                )
            advance()
        path = folder / "report.html"
        write_atomically(path, render_page(comparison))
        advance()
    return path
