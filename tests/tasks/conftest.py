"""Fixtures of the readers' tests: files with given content, and the message of a refusal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.task import Task


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Return a function that writes a file and returns its path."""

    def to_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


@pytest.fixture
def refusal() -> Callable[..., str]:
    """Return a function that calls its argument, which must raise an InputError, and returns the message."""

    def message(function: Callable[..., object], *args: object, **options: object) -> str:
        with pytest.raises(InputError) as caught:
            function(*args, **options)
        return str(caught.value)

    return message


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """Put a small generator in the place of the built-in treebank, and return the list of its calls."""
    calls: list[tuple[str, dict[str, object]]] = []

    def treebank_task(kind: str, *, seed: int = 0, n_train: int = 2) -> Task:
        calls.append((kind, {"seed": seed} if n_train == 2 else {"seed": seed, "n_train": n_train}))
        examples = tuple(
            Example(f"s{i}", ("a", "b"), (Target("x", (Span(0, 1),)), Target("y", (Span(1, 2),))))
            for i in range(n_train)
        )
        splits = {"train": examples, "test": examples}
        return Task(f"treebank:{kind}", TargetKind.TOKEN, LabelKind.CLASS, splits)

    module = ModuleType("tunescope.tasks.treebank")
    module.treebank_task = treebank_task  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tunescope.tasks.treebank", module)
    return calls
