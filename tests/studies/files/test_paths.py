"""The files and folders of a study file: found from its folder, or told with the line of the path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tunescope._core.errors import InputError
from tunescope.studies.files.common_settings import ModelEntry, StudySettings
from tunescope.studies.files.paths import check_paths, model_location
from tunescope.studies.files.study_file import read_study_file

Write = Callable[..., Path]
Refusal = Callable[..., InputError]
Classes = Mapping[str, type[StudySettings]]

TEXT = """\
study: frozen-vs-tuned
models:
  - google-bert/bert-base-uncased
  - path: ./model
    name: mine
tasks:
  - name: mrpc
    format: glue:mrpc
    train: data/train.txt[:800]
    test: data/train.txt[800:]
    dev: data/dev.tsv
    out_of_domain:
      web: web.tsv
    options:
      leave_out: data/ids.tsv
  - name: trees
    format: treebank:pos
"""


@pytest.fixture
def folder(write: Write, tmp_path: Path) -> Path:
    for name in ("data/train.txt", "data/dev.tsv", "web.tsv", "data/ids.tsv"):
        write("x\n", name)
    (tmp_path / "model").mkdir()
    return tmp_path


def test_what_is_there_is_found_from_the_files_folder(
    folder: Path, write: Write, settings_classes: Classes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    read = read_study_file(write(TEXT), settings_classes)
    check_paths(read)
    assert [model_location(model, read.folder) for model in read.settings.models] == [
        "google-bert/bert-base-uncased",
        str(folder / "model"),
    ]


@pytest.mark.parametrize(
    ("change", "line", "place", "words"),
    [
        (
            ("data/train.txt[:", "data/trian.txt[:"),
            9,
            "tasks[0].train",
            ["trian.txt[:800]", "mean 'train.txt'?"],
        ),
        (("data/train.txt[800:]", "gone/x[:1]"), 10, "tasks[0].test", ["there is no folder"]),
        (("data/dev.tsv", "data"), 11, "tasks[0].dev", ["is a folder"]),
        (("dev: data/dev.tsv", "dev: ''"), 11, "tasks[0].dev", ["path is empty"]),
        (("data/train.txt[:800]", "data/train.txt[a:b]"), 9, "tasks[0].train", ["hold no slice", "[a:b] in"]),
        (("web: web.tsv", "web: no.tsv"), 13, "tasks[0].out_of_domain.web", ["no.tsv", "missing"]),
        (("data/ids.tsv", "data/id.tsv"), 15, "tasks[0].options.leave_out", ["mean 'ids.tsv'?"]),
        (("data/dev.tsv", "~nobody-of-that-name/x"), 11, "tasks[0].dev", ["cannot be used"]),
        (("data/dev.tsv", "x" * 5000), 11, "tasks[0].dev", ["cannot be used"]),
        (("./model", "./modell"), 4, "models[1].path", ["modell does not exist", "mean 'model'?"]),
        (("./model", "web.tsv"), 4, "models[1].path", ["is a file"]),
        (("./model", "~nobody-of-that-name/x"), 4, "models[1].path", ["cannot be used"]),
        (
            ("google-bert/bert-base-uncased", "/no/such/folder"),
            3,
            "models[0]",
            ["/no/such/folder does not exist"],
        ),
        (("google-bert/bert-base-uncased", "a/b/c"), 3, "models[0]", ["does not exist"]),
    ],
)
def test_what_is_missing_is_told_with_its_line(
    folder: Path,
    write: Write,
    refusal: Refusal,
    settings_classes: Classes,
    change: tuple[str, str],
    line: int,
    place: str,
    words: list[str],
) -> None:
    assert change[0] in TEXT
    path = write(TEXT.replace(change[0], change[1], 1))
    error = refusal(check_paths, read_study_file(path, settings_classes))
    assert error.where == f"{path}:{line}, {place}", str(error)
    assert len(str(error)) < 800
    for word in words:
        assert word in str(error)


def test_all_that_is_missing_is_told_at_once(
    write: Write, refusal: Refusal, settings_classes: Classes
) -> None:
    error = str(refusal(check_paths, read_study_file(write(TEXT), settings_classes)))
    assert "has 6 problems" in error
    assert [line.split(",")[0] for line in error.splitlines()[1:]] == [
        f"  line {line}" for line in (4, 9, 10, 11, 13, 15)
    ]


def test_a_name_too_long_for_a_folder_is_a_name() -> None:
    name = "x" * 5000
    assert model_location(ModelEntry(path=name), Path("/")) == name


def test_marked_folders(tmp_path: Path) -> None:
    assert model_location(ModelEntry(path="a/b/"), tmp_path) == str(tmp_path / "a" / "b")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert model_location(ModelEntry(path="a/b"), tmp_path) == str(tmp_path / "a" / "b")
