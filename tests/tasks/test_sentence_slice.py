from pathlib import Path

import pytest

from tunescope.tasks.sentence_slice import split_slice


@pytest.mark.parametrize(
    ("path", "file", "part"),
    [
        ("a.conllu", "a.conllu", slice(None)),
        ("a.conllu[:800]", "a.conllu", slice(None, 800)),
        ("a.conllu[800:]", "a.conllu", slice(800, None)),
        ("b/a[1].conllu[-5:-1]", "b/a[1].conllu", slice(-5, -1)),
        ("a.conllu[:]", "a.conllu", slice(None)),
        ("[x]/a.conllu", "[x]/a.conllu", slice(None)),
    ],
)
def test_paths(path, file, part):
    assert split_slice(path, folder=Path("data")) == (Path("data") / file, part)


def test_absolute_path_and_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert split_slice("~/a[:1]", folder=Path("data")) == (tmp_path / "a", slice(None, 1))
    assert split_slice(f"{tmp_path}/a[:1]", folder=Path("data")) == (tmp_path / "a", slice(None, 1))


def test_file_whose_name_looks_so(write, tmp_path):
    path = write("a[:1]", "x")
    assert split_slice("a[:1]", folder=tmp_path) == (path, slice(None))


@pytest.mark.parametrize("brackets", ["[:10%]", "[800]", "[a:b]", "[::2]", "[]"])
def test_brackets_without_a_slice(refusal, brackets):
    message = refusal(split_slice, f"a.conllu{brackets}")
    assert "hold no slice" in message
    assert f"got: {brackets}" in message
    assert "[:800] or [800:]" in message
