"""Bad input of the probes gives one clear message before any work is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tunescope = Callable[..., Any]


def _refused(outcome: Any, *parts: str) -> None:
    assert outcome.exit_code == 2, outcome.err
    assert "Traceback" not in outcome.err
    for part in parts:
        assert part in outcome.err


def _conllu(path: Path, heads: tuple[int, ...]) -> Path:
    rows = [f"{i}\tthe\t_\tDET\t_\t_\t{head}\tdep\t_\t_" for i, head in enumerate(heads, start=1)]
    path.write_text("\n".join([*rows, "", ""]), encoding="utf8")
    return path


@pytest.fixture
def compare(tunescope: Tunescope, tiny_model: Path, tagged: list[str], tmp_path: Path) -> Callable[..., Any]:
    def run(*options: object) -> Any:
        return tunescope("compare", tiny_model, tiny_model, *tagged, *options, "--out", tmp_path / "run")

    return run


def test_trees_to_train_on_alone(compare: Callable[..., Any], tmp_path: Path) -> None:
    trees = _conllu(tmp_path / "trees.conllu", (2, 0, 2))
    _refused(compare("--trees", trees), "--trees-test", "both --trees and --trees-test")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("heads", "what"), [((2, 3, 1), "root"), ((0, 0, 1), "root"), ((2, 1, 0), "circle")])
def test_a_tree_that_is_none(
    compare: Callable[..., Any], tmp_path: Path, heads: tuple[int, ...], what: str
) -> None:
    good, bad = _conllu(tmp_path / "good.conllu", (2, 0, 2)), _conllu(tmp_path / "bad.conllu", heads)
    _refused(compare("--trees", good, "--trees-test", bad), "bad.conllu", what)
    assert not (tmp_path / "run").exists()


def test_a_slice_without_a_sentence(compare: Callable[..., Any], tmp_path: Path) -> None:
    trees = _conllu(tmp_path / "trees.conllu", (2, 0, 2))
    _refused(compare("--trees", trees, "--trees-test", f"{trees}[5:]"), "no sentence", "1 sentences")


def test_one_parsed_sentence_to_train_on(compare: Callable[..., Any], tmp_path: Path) -> None:
    trees = _conllu(tmp_path / "trees.conllu", (2, 0, 2))
    _refused(compare("--trees", trees, "--trees-test", trees), "sentence", "--trees")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("option", ["--probes=deep", "--probing-targets=3"])
def test_settings_out_of_range(compare: Callable[..., Any], option: str) -> None:
    _refused(compare(option), option.partition("=")[2])
