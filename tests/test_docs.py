"""The documentation: its blocks run, and it names every command and measure."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tunescope.measures.catalogue import MEASURES
from tunescope.studies.run_study import plan_study
from tunescope.tasks.formats import FORMATS
from tunescope.tasks.treebank import generate_sentences, to_conllu

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")
MODEL = "google-bert/bert-base-uncased"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with small files of the names that the README uses."""
    monkeypatch.chdir(tmp_path)
    generated = generate_sentences(900, seed=0, domain="news")
    sentences = tuple(sentence for sentence in generated if sum(map(len, sentence.words)) < 55)
    (tmp_path / "pud.conllu").write_text(to_conllu(sentences), encoding="utf8")
    (tmp_path / "web.conllu").write_text(to_conllu(sentences[:40]), encoding="utf8")
    rng = np.random.default_rng(0)
    for name in ("before", "after"):
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(60, 8)))
    np.save(tmp_path / "sentences.npy", np.arange(60) // 3)
    np.save(tmp_path / "labels.npy", np.array(["noun", "verb", "other"])[np.arange(60) % 3])
    return tmp_path


def test_the_python_example_runs(folder: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = _blocks("python")[0]
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    code = example.replace(MODEL, str(tiny_model)).replace("[:800]", "[:70]").replace("[800:]", "[70:100]")
    exec(compile(code, "README.md", "exec"), {})
    assert str(folder / "runs/pos-compare/report.html") in str(
        Path(capsys.readouterr().out.split()[-1]).resolve()
    )
    assert (folder / "runs/pos-compare/report.html").exists()


def test_the_example_on_arrays_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(_blocks("python")[1], "README.md", "exec"), {})
    assert "n_sentences=20" in capsys.readouterr().out


def test_the_example_of_directprobe_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(_blocks("python")[2], "README.md", "exec"), {})
    assert "True" in capsys.readouterr().out


def test_the_example_of_probes_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(_blocks("python")[3], "README.md", "exec"), {})
    accuracy, compression = map(float, capsys.readouterr().out.split())
    assert 0 <= accuracy <= 1
    assert compression > 0


def test_the_command_lines_run(folder: Path, tiny_model: Path) -> None:
    (lines,) = (block for block in _blocks("sh") if "tunescope" in block)
    assert len(lines.splitlines()) <= 5
    script = (
        lines.replace(MODEL, shlex.quote(str(tiny_model)))
        .replace("[:800]", "[:70]")
        .replace("[800:]", "[70:100]")
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", script], capture_output=True, text=True, env={**os.environ, "PATH": path}, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report: ") == 2
    assert "kind: compare" in done.stdout


def test_every_command_is_documented() -> None:
    from tunescope.cli.main import app

    for command in app.registered_commands:
        assert f"| `tunescope {command.name}` |" in README
        assert command.callback is not None
        assert command.callback.__doc__


def test_every_measure_is_documented() -> None:
    text = (ROOT / "docs" / "measures.md").read_text(encoding="utf8")
    assert [key for key in MEASURES if f"`{key}`" not in text] == []


def test_every_format_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from tunescope.cli.tasks import tasks_command

    for name in FORMATS:
        tasks_command(name)
        assert name in capsys.readouterr().out


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_version_is_one() -> None:
    import tomllib
    from importlib.metadata import version

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]["version"]
    assert declared == version("tunescope")
    assert f"version: {declared}" in (ROOT / "CITATION.cff").read_text(encoding="utf8")
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf8")


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_studies_can_be_planned(path: Path, tiny_model: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf8")
    assert f"tunescope study {path.stem} examples/{path.name}" in (ROOT / "docs/studies.md").read_text(
        encoding="utf8"
    )
    assert text.count("sentence-transformers/all-MiniLM-L6-v2") == 1
    text = text.replace("sentence-transformers/all-MiniLM-L6-v2", str(tiny_model))
    copy = tmp_path / path.name
    copy.write_text(text.replace("layers: [0, 2, 4, 6]", "layers: [0, 2]"), encoding="utf8")
    planned = plan_study(copy, device="cpu")
    assert planned.study.name == path.stem
    assert len(planned.plan) > 40
