"""Functions for steps of plans in tests."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from tunescope._core.errors import InputError
from tunescope._core.threads import number_of_threads
from tunescope.studies.engine.step_function import step_function


@step_function()
def write_number(folder: Path, *, number: int) -> None:
    (folder / "number").write_text(str(number))


@step_function()
def add_numbers(folder: Path, *, numbers: list[Path], log: str) -> None:
    """Add numbers, and note in a log, which is no part of the result, that it was done."""
    with Path(log).open("a") as file:
        file.write(f"{os.getpid()}\n")
    total = sum(int((path / "number").read_text()) for path in numbers)
    (folder / "number").write_text(str(total))


@step_function()
def refuse(folder: Path) -> None:
    raise InputError("This cannot be.", expected="something else")


@step_function()
def break_down(folder: Path) -> None:
    raise ZeroDivisionError("a fault of the code")


@step_function()
def die_at_first(folder: Path, *, marker: str) -> None:
    """End the process without a word, but not when called again."""
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "number").write_text("1")


@step_function()
def tell_threads(folder: Path) -> None:
    import torch

    (folder / "threads").write_text(f"{number_of_threads(None)} {torch.get_num_threads()}")


@step_function(memory_gigabytes=1e6)
def need_much(folder: Path) -> None:
    (folder / "number").write_text("1")


@step_function()
def multiply(folder: Path, *, size: int, seed: int) -> None:
    matrix = np.random.default_rng(seed).normal(size=(size, size))
    for _ in range(20):
        matrix = np.tanh(matrix @ matrix / size)
    (folder / "number").write_text(repr(float(matrix.sum())))


@step_function()
def die_always(folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@step_function()
def overlap(folder: Path, *, number: int, log: str) -> None:
    """Note in a log when it begins and ends."""
    with Path(log).open("a") as file:
        file.write(f"begin {number}\n")
        file.flush()
        time.sleep(0.2)
        file.write(f"end {number}\n")
    (folder / "number").write_text(str(number))


@step_function(gpu=True)
def use_device(folder: Path, *, device: str) -> None:
    (folder / "number").write_text("1")
