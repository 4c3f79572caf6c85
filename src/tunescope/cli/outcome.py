"""What a command says when a comparison is done: the findings, and where the report is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tunescope.report.findings import findings
from tunescope.report.write import write_report
from tunescope.studies.comparison import Comparison

__all__ = ["print_outcome"]


def print_outcome(comparison: Comparison, folder: Path) -> None:
    """Write the report into ``folder`` and print its findings and its path."""
    path = write_report(comparison, folder)
    console = Console()
    for finding in findings(comparison):
        console.print(f"• {finding.text}", markup=False, highlight=False)
    console.print(f"report: {path.resolve()}", soft_wrap=True, markup=False, highlight=False)
