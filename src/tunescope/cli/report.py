"""``tunescope report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunescope.cli.outcome import print_outcome

__all__ = ["report_command"]


def report_command(
    run: Annotated[Path, typer.Argument(help="Run folder of a finished comparison.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the report goes; by default into the run folder.")
    ] = None,
) -> None:
    """Write the report of a finished comparison anew, without measuring anything again."""
    from tunescope.studies.compare import read_comparison

    print_outcome(read_comparison(run), out or run)
