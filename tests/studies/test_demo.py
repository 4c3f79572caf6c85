"""The demo, from the real model to the page in a real browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.report.browser import check_page

from tunescope._core.errors import MissingExtraError, ModelError
from tunescope.report.write import write_report
from tunescope.studies import demo
from tunescope.studies.comparison import Comparison
from tunescope.studies.demo import find_demo_model, run_demo


def _value(comparison: Comparison, **fields: object) -> float:
    (measurement,) = comparison.select(partition="given", step=None, **fields)
    return measurement.estimate.value


def _check(comparison: Comparison, folder: Path) -> None:
    probe = _value(comparison, measure="probe_accuracy", subject="base", split="test", layer=6)
    tuned = _value(comparison, measure="probe_accuracy", subject="tuned", split="test", layer=6)
    assert probe <= 0.95
    assert tuned > probe
    rsa = [_value(comparison, measure="rsa", split="test", layer=layer) for layer in range(7)]
    assert rsa[0] > 0.9 > rsa[6]
    assert any("sentence-transformers" in note for note in comparison.notes)
    check_page(write_report(comparison, folder))


def test_a_short_demo_ends_with_a_page_that_works(minilm: Path, tmp_path: Path) -> None:
    _check(run_demo(tmp_path, n_sentences=120, device="cpu"), tmp_path / "report")


@pytest.mark.slow
def test_the_whole_demo(minilm: Path, tmp_path: Path) -> None:
    comparison = run_demo(tmp_path, device="cpu")
    assert _value(comparison, measure="head_accuracy", subject="tuned", split="test") > 0.96
    _check(comparison, tmp_path / "report")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_PACKAGE", "no_such_package")
    with pytest.raises(MissingExtraError, match=r"tunescope\[demo\]"):
        find_demo_model()


def test_another_model_in_its_place(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "other_package"
    shutil.copytree(tiny_model, package / "model")
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(demo, "_PACKAGE", "other_package")
    with pytest.raises(ModelError, match="not the one it was made for"):
        find_demo_model()
