"""Running the command line in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.task import Task


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    exit_code: int
    out: str
    err: str


@pytest.fixture
def tunescope(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Return a function that runs ``tunescope`` with some arguments."""
    from tunescope.cli.main import main

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["tunescope", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def tagged(tiny_task: Task, tmp_path: Path) -> list[str]:
    """Return the options that read the tiny task from files."""
    for name, examples in tiny_task.all_sets.items():
        write_edge_probing(examples, tmp_path / f"{name}.jsonl")
    return [
        "--task=edge-probing",
        f"--train={tmp_path}/train.jsonl",
        f"--test={tmp_path}/test.jsonl",
        f"--ood=other={tmp_path}/other.jsonl",
    ]
