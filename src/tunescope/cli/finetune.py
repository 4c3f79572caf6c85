"""``tunescope finetune``."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from tunescope._core.errors import InputError
from tunescope._core.files import readable_write_errors, write_atomically
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
from tunescope.cli.tables import print_table

__all__ = ["finetune_command"]

Steps = Annotated[
    str | None,
    typer.Option("--snapshot-steps", help="Snapshots after these steps: '0,10,50'.", metavar="N,N,…"),
]
Every = Annotated[int | None, typer.Option("--snapshot-every", help="Snapshots every so many steps.", min=1)]
LogSpaced = Annotated[
    int | None,
    typer.Option("--snapshots", help="So many snapshots, evenly spaced on a logarithmic scale.", min=1),
]


def finetune_command(
    base: Annotated[str, typer.Argument(help="The pre-trained model: a folder, or a name on the hub.")],
    task: TaskName,
    out: Out,
    train: Train = None,
    test: Test = None,
    dev: Dev = None,
    ood: OutOfDomain = None,
    option: OptionPairs = None,
    metric: Metric = None,
    preset: Annotated[
        str, typer.Option(help="Settings by name: usual, or closer-look (Zhou and Srikumar 2022).")
    ] = "usual",
    epochs: Annotated[int | None, typer.Option(help="Passes over the training set.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sentences per update.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Weight decay; 0 makes AdamW Adam.")] = None,
    lora_rank: Annotated[
        int | None, typer.Option(help="Train a LoRA adapter of this rank instead of all weights.")
    ] = None,
    freeze: Annotated[
        int | None,
        typer.Option(help="Freeze the embeddings and so many of the lowest layers; 0: the embeddings alone."),
    ] = None,
    top_layer: Annotated[
        int | None, typer.Option(help="Leave out the layers above this one, and put the head on it.")
    ] = None,
    from_scratch: Annotated[
        bool,
        typer.Option("--from-scratch", help="Draw all weights at random first: what did pre-training bring?"),
    ] = False,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16.")] = False,
    seed: Annotated[int, typer.Option(help="Of the head, the order of the data and dropout.")] = 0,
    random_split: Annotated[
        bool,
        typer.Option(
            "--random-split",
            help="Train on the random division of train and test sentences: the control for 'compare --control'.",
        ),
    ] = False,
    split_seed: Annotated[int, typer.Option(help="Seed of --random-split; that of compare.")] = 0,
    snapshots: LogSpaced = None,
    snapshot_every: Every = None,
    snapshot_steps: Steps = None,
    max_gigabytes: Annotated[float, typer.Option(help="Most disk space for snapshots.")] = 50.0,
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Fine-tune a model on a task, with snapshots of the weights on the way.

    A run that was interrupted or killed goes on when the same command is started again, and ends with the same
    figures.

    Example:

        tunescope finetune bert-base-uncased --task conllu:pos --train 'pud.conllu[:800]' --test 'pud.conllu[800:]'
        --epochs 3 --snapshots 8 --out runs/pos
    """
    from tunescope.finetuning.finetune import finetune
    from tunescope.finetuning.settings import preset as make_settings
    from tunescope.models.checkpoint import find_checkpoint
    from tunescope.studies.finetune_scores import finetune_scores

    loaded = load_task(task, train, test, dev, ood, option, metric)
    if random_split:
        loaded = loaded.random_split(split_seed)
    settings = make_settings(
        preset,
        n_layers=getattr(find_checkpoint(base).model_config, "num_hidden_layers", 0),
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        weight_decay=weight_decay,
        lora_rank=lora_rank,
        frozen_layers=freeze,
        top_layer=top_layer,
        from_scratch=from_scratch or None,
        bf16=bf16,
        seed=seed,
    )
    with show_progress():
        tuned = finetune(
            base,
            loaded,
            out,
            settings=settings,
            snapshots=_snapshot_options(snapshots, snapshot_every, snapshot_steps),
            max_gigabytes=max_gigabytes,
            device=device,
            overwrite=overwrite,
        )
    scores = finetune_scores(tuned, loaded)
    with readable_write_errors(out):
        write_atomically(out / "scores.csv", scores.to_csv(index=False))
    console = Console()
    print_table(
        console,
        scores,
        f"{loaded.name}: the fine-tuned model's own predictions, 95 % intervals over sentences",
    )
    console.print(f"model: {tuned.model}", soft_wrap=True, highlight=False, markup=False)


def _snapshot_options(log_spaced: int | None, every: int | None, steps: str | None) -> dict[str, Any] | None:
    try:
        numbers = None if steps is None else [int(step) for step in steps.split(",")]
    except ValueError as error:
        raise InputError(
            "The steps are no numbers.", where="--snapshot-steps", expected="such as 0,10,50", got=steps
        ) from error
    given = {"log_spaced": log_spaced, "every": every, "steps": numbers}
    return {name: value for name, value in given.items() if value is not None} or None
