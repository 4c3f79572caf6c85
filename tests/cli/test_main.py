"""The command itself: help that teaches, Ctrl-C, usage errors, and the ordinary way through all commands."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tunescope = Callable[..., Any]


def test_help_teaches(tunescope: Tunescope) -> None:
    assert "tunescope compare BASE TUNED" in " ".join(tunescope("--help").out.split())
    for command in ("finetune", "extract", "compare"):
        text = tunescope(command, "--help").out
        assert "Example" in text
        assert "--task" in text


def test_usage_errors_exit_with_2(tunescope: Tunescope) -> None:
    assert tunescope("finetune").exit_code == 2
    assert tunescope("no-such-command").exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_schedulers_end_say_how_to_go_on(
    number: signal.Signals,
    tunescope: Tunescope,
    tiny_model: Path,
    tagged: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt(*_: object, **__: object) -> None:
        signal.raise_signal(number)

    with monkeypatch.context() as patched:
        patched.setattr("tunescope.finetuning.finetune.train", interrupt)
        outcome = tunescope("finetune", tiny_model, *tagged, "--out", tmp_path / "run")
    assert outcome.exit_code == 130
    assert "start the same command again to go on" in outcome.err
    assert "status: interrupted" in tunescope("info", tmp_path / "run").out
    assert tunescope("finetune", tiny_model, *tagged, "--out", tmp_path / "run").exit_code == 0
    for each, handler in before.items():
        signal.signal(each, handler)


def test_all_commands_in_a_row(
    tunescope: Tunescope, tiny_model: Path, tagged: list[str], tmp_path: Path
) -> None:
    run, compared = tmp_path / "run", tmp_path / "compared"
    tuned = tunescope("finetune", tiny_model, *tagged, "--epochs=1", "--snapshots=2", "--out", run)
    assert tuned.exit_code == 0, tuned.err
    assert "accuracy" in tuned.out
    assert (run / "scores.csv").read_text().startswith("split,metric,value,low,high")
    extracted = tunescope("extract", run / "nothing", *tagged, "--out", tmp_path / "x")
    assert extracted.exit_code == 2
    extracted = tunescope(
        "extract", tiny_model, *tagged, "--split=test", "--layer=2", "--out", tmp_path / "x"
    )
    assert extracted.exit_code == 0, extracted.err
    assert "test: 1 ×" in extracted.out
    result = tunescope("compare", tiny_model, run, *tagged, "--resamples=20", "--out", compared)
    assert result.exit_code == 0, result.err
    assert f"report: {compared.resolve()}" in result.out
    assert "• " in result.out
    (compared / "report.html").unlink()
    assert tunescope("report", compared).exit_code == 0
    assert (compared / "report.html").exists()
    assert "kind: compare" in tunescope("info", compared).out
    assert "layers: 2" in tunescope("info", tiny_model).out
    assert "torch" in tunescope("info").out


def test_the_formats_and_their_options(tunescope: Tunescope) -> None:
    assert "conllu:pos" in tunescope("tasks").out
    assert "label_kind" in tunescope("tasks", "table").out
    assert tunescope("tasks", "tabel").exit_code == 2
