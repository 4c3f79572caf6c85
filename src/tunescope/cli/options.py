"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tunescope._core.errors import InputError
from tunescope.tasks.source import TaskSource
from tunescope.tasks.task import Task

__all__ = [
    "Dev",
    "Device",
    "Metric",
    "OptionPairs",
    "Out",
    "OutOfDomain",
    "Overwrite",
    "TaskName",
    "Test",
    "Train",
    "load_task",
]

TaskName = Annotated[
    str,
    typer.Option(
        "--task",
        help="Format of the data, such as conllu:pos or table; 'tunescope tasks' lists all.",
        metavar="FORMAT",
    ),
]
Train = Annotated[
    str | None,
    typer.Option(
        help="Training file. A slice takes some sentences of it: 'pud.conllu[:800]'.", metavar="PATH"
    ),
]
Test = Annotated[str | None, typer.Option(help="Test file, perhaps with a slice.", metavar="PATH")]
Dev = Annotated[str | None, typer.Option(help="Development file, perhaps with a slice.", metavar="PATH")]
OutOfDomain = Annotated[
    list[str] | None,
    typer.Option("--ood", help="A test file from another domain; may be repeated.", metavar="NAME=PATH"),
]
OptionPairs = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        help="Option of the format, such as 'text=review', 'label=stars' or 'encoding=latin-1'; may be repeated.",
        metavar="NAME=VALUE",
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        help="Main metric: accuracy, macro_f1, mcc, pearson or spearman; by default the task's usual one."
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Folder of the run; start again with the same to go on.")]
Device = Annotated[str, typer.Option(help="auto (a GPU where there is one), cpu, cuda, cuda:1, mps.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Remove a run of other settings that is in --out.")
]


def load_task(
    task: str,
    train: str | None,
    test: str | None,
    dev: str | None,
    out_of_domain: Sequence[str] | None,
    options: Sequence[str] | None,
    metric: str | None,
) -> Task:
    """Read the task that the options describe.

    Raises:
        InputError: A pair is not ``NAME=VALUE``, or the task cannot be read.
    """
    source = TaskSource(
        format=task,
        train=train,
        test=test,
        dev=dev,
        out_of_domain=_pairs(out_of_domain, "--ood"),
        options=dict(_pairs(options, "--option")),
        metric=metric or "",
    )
    return source.load()


def _pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError("An option is no pair.", where=option, expected="NAME=VALUE", got=repr(text))
        if name in pairs:
            raise InputError("A name is given twice.", where=option, got=repr(name))
        pairs[name] = value
    return pairs
