"""The ``tunescope`` command."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer
from rich.console import Console

from tunescope._core.errors import TunescopeError
from tunescope.cli.compare import compare_command
from tunescope.cli.demo import demo_command
from tunescope.cli.extract import extract_command
from tunescope.cli.finetune import finetune_command
from tunescope.cli.info import info_command
from tunescope.cli.report import report_command
from tunescope.cli.study import study_app
from tunescope.cli.tasks import tasks_command

__all__ = ["app", "main"]

_BAD_INPUT = 2
_INTERRUPTED = 130

app = typer.Typer(
    name="tunescope",
    help=(
        "Shows what fine-tuning did to a pre-trained transformer: which layers moved, how the geometry of the labels "
        "changed, whether it helped, and where.\n\n"
        "Start with 'tunescope demo'. With your own models: 'tunescope compare BASE TUNED --task … --out …'."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("demo")(demo_command)
app.command("finetune")(finetune_command)
app.command("extract")(extract_command)
app.command("compare")(compare_command)
app.add_typer(study_app, name="study")
app.command("report")(report_command)
app.command("tasks")(tasks_command)
app.command("info")(info_command)


def main() -> None:
    """Run the command line; bad input gives one message and exit code 2, Ctrl-C and SIGTERM exit code 130."""
    console = Console(stderr=True, soft_wrap=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except TunescopeError as error:
        console.print(f"tunescope: {error}", markup=False, highlight=False, style="red")
        sys.exit(_BAD_INPUT)
    except SystemExit as end:  # typer turns Ctrl-C into this exit
        if end.code == _INTERRUPTED:
            message = "tunescope: interrupted; start the same command again to go on"
            console.print(message, markup=False, highlight=False)
        raise


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as on Ctrl-C, so that what a job's scheduler stops is recorded as interrupted."""
    del number, frame
    raise KeyboardInterrupt
