"""Fixtures of the study files' tests: files with given content, small studies, the message of a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import Field

from tunescope._core.errors import InputError
from tunescope.studies.files.common_settings import FinetuneEntry, StudySettings


class CloserLookLike(StudySettings):
    """Settings of a study that fine-tunes.

    Attributes:
        finetune: How the models are fine-tuned.
        max_targets: Most targets; see :data:`~tunescope.tasks.formats.FORMATS` and ``train``,
            over two lines.
    """

    finetune: FinetuneEntry = FinetuneEntry()
    max_targets: int = Field(default=100, ge=20)


@pytest.fixture
def settings_classes() -> Mapping[str, type[StudySettings]]:
    return {"closer-look": CloserLookLike, "frozen-vs-tuned": StudySettings}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a file and returns its path."""

    def to_file(content: str | bytes, name: str = "study.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


@pytest.fixture
def refusal() -> Callable[..., InputError]:
    """Return a function that calls its argument, which must raise an InputError, and returns it."""

    def error(function: Callable[..., object], *args: object) -> InputError:
        with pytest.raises(InputError) as caught:
            function(*args)
        return caught.value

    return error
