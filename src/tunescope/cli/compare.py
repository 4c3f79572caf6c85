"""``tunescope compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

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
from tunescope.cli.outcome import print_outcome

__all__ = ["compare_command"]


def compare_command(
    base: Annotated[str, typer.Argument(help="The model before: a folder, or a name on the hub.")],
    tuned: Annotated[
        str,
        typer.Argument(
            help="The model after: a checkpoint with or without a task head, a PEFT adapter of BASE, or the run folder "
            "of 'tunescope finetune'."
        ),
    ],
    task: TaskName,
    out: Out,
    train: Train = None,
    test: Test = None,
    dev: Dev = None,
    ood: OutOfDomain = None,
    option: OptionPairs = None,
    metric: Metric = None,
    snapshots: Annotated[
        Path | None,
        typer.Option(
            help="Folder of snapshots from your own training; a run of 'tunescope finetune' brings its own."
        ),
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(
            help="A model tuned like TUNED, but with 'finetune --random-split': puts those of a random division "
            "beside similarity, scores of linear probes and heads, and train-test similarity."
        ),
    ] = None,
    trees: Annotated[
        str | None,
        typer.Option(
            help="Parsed sentences (CoNLL-U) to train structural probes on, perhaps with a slice: 'ewt.conllu[:1000]'."
        ),
    ] = None,
    trees_test: Annotated[
        str | None, typer.Option(help="Parsed sentences to test structural probes on.")
    ] = None,
    probes: Annotated[
        Literal["none", "quick", "thorough"],
        typer.Option(
            help="Perceptrons of one configuration, or the best of 128 by cross-validation (halving; the full grid at "
            "the top layer), or no probes but linear ones."
        ),
    ] = "quick",
    probing_targets: Annotated[
        int,
        typer.Option(
            help="Most training targets of perceptrons, codelengths and edge probes (of these, test targets too)."
        ),
    ] = 3000,
    max_targets: Annotated[int, typer.Option(help="Most targets for measures over pairs of targets.")] = 2000,
    cluster_targets: Annotated[
        int, typer.Option(help="Most targets of a split whose clusters and label distances are computed.")
    ] = 2500,
    max_snapshots: Annotated[int, typer.Option(help="Most snapshots that are measured.")] = 8,
    resamples: Annotated[int, typer.Option(help="Half-samples of the sentences behind each interval.")] = 200,
    seed: Annotated[int, typer.Option(help="Of sampling, resampling and the random split.")] = 0,
    long_sentences: Annotated[
        Literal["error", "window"],
        typer.Option(help="What to do with sentences beyond the model's length: refuse, or read in windows."),
    ] = "error",
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Measure what fine-tuning changed, layer by layer, and write a report.

    The report is one HTML page that needs no network; its tables lie beside it as CSV, its figures as SVG and PNG.
    A comparison that was interrupted goes on when the same command is started again.

    Example:

        tunescope compare bert-base-uncased runs/pos --task conllu:pos --train 'pud.conllu[:800]'
        --test 'pud.conllu[800:]' --ood 'web=ewt-test.conllu[:500]' --out runs/pos-compare
    """
    from tunescope.studies.compare import compare
    from tunescope.studies.probing import read_tree_pair
    from tunescope.studies.settings import make_settings

    loaded = load_task(task, train, test, dev, ood, option, metric)
    settings = make_settings(
        max_targets=max_targets,
        cluster_targets=cluster_targets,
        probes=probes,
        probing_targets=probing_targets,
        max_snapshots=max_snapshots,
        n_resamples=resamples,
        seed=seed,
        long_sentences=long_sentences,
    )
    with show_progress():
        comparison = compare(
            base,
            tuned,
            loaded,
            out,
            snapshots=snapshots,
            control=control,
            trees=read_tree_pair(trees, trees_test),
            settings=settings,
            device=device,
            overwrite=overwrite,
        )
    print_outcome(comparison, out)
