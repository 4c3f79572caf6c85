"""``tunescope tasks``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tunescope.tasks.formats import FORMATS, find_format

__all__ = ["tasks_command"]


def tasks_command(
    format: Annotated[str | None, typer.Argument(help="Show one format with its options.")] = None,
) -> None:
    """List the formats that labelled text is read from, or show the options of one."""
    console = Console()
    if format is not None:
        chosen = find_format(format)
        console.print(f"{chosen.name}: {chosen.description}", markup=False, highlight=False)
        console.print(f"options: {', '.join(chosen.options) or 'none'}", markup=False, highlight=False)
        console.print(
            f"in Python: read_task({chosen.name!r}, {chosen.example})",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return
    table = Table("format", "target", "labels", "what it is")
    for known in FORMATS.values():
        table.add_row(
            known.name, known.target or "by options", known.label or "by options", known.description
        )
    console.print(table)
    console.print("'tunescope tasks FORMAT' shows the options of one.", highlight=False)
