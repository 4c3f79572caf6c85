"""``tunescope extract``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console

from tunescope._core.progress import show_progress
from tunescope.cli.options import (
    Dev,
    Device,
    Metric,
    OptionPairs,
    Out,
    OutOfDomain,
    Overwrite,
    TaskName,
    Test,
    Train,
    load_task,
)

__all__ = ["extract_command"]


def extract_command(
    model: Annotated[str, typer.Argument(help="The model: a folder, or a name on the hub.")],
    task: TaskName,
    out: Out,
    train: Train = None,
    test: Test = None,
    dev: Dev = None,
    ood: OutOfDomain = None,
    option: OptionPairs = None,
    metric: Metric = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Which split or out-of-domain set; may be repeated; all by default."),
    ] = None,
    layer: Annotated[
        list[int] | None,
        typer.Option(help="Which layer, 0 for the embeddings; may be repeated; all by default."),
    ] = None,
    storage: Annotated[
        Literal["float32", "float16", "bfloat16"], typer.Option(help="Number format on disk.")
    ] = "float32",
    long_sentences: Annotated[
        Literal["error", "window"],
        typer.Option(help="What to do with sentences beyond the model's length: refuse, or read in windows."),
    ] = "error",
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Write the vectors of every target at every layer to disk.

    Each split becomes a folder with vectors.npy (layer × target × hidden) and targets.parquet (label, words,
    sentence id).

    Example:

        tunescope extract bert-base-uncased --task conllu:pos --train 'pud.conllu[:800]' --test 'pud.conllu[800:]'
        --out runs/vectors
    """
    from tunescope.models.encoder import load_encoder
    from tunescope.representations.extraction import extract

    loaded = load_task(task, train, test, dev, ood, option, metric)
    console = Console()
    with show_progress():
        encoder = load_encoder(model, device=device)
        for name in split or loaded.all_sets:
            vectors = extract(
                encoder,
                loaded,
                name,
                out,
                layers=layer,
                storage=storage,
                long_sentences=long_sentences,
                overwrite=overwrite,
            )
            shape = " × ".join(f"{n:,}" for n in vectors.info.shape)
            console.print(
                f"{name}: {shape} in {vectors.folder}", soft_wrap=True, highlight=False, markup=False
            )
