"""Bad input gives one clear message, exit code 2, and loses nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

Tunescope = Callable[..., Any]


def _refused(outcome: Any, *parts: str) -> None:
    assert outcome.exit_code == 2, outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.err.count("tunescope: ") == 1
    for part in parts:
        assert part in outcome.err


def _table(path: Path, rows: list[str], header: str = "text,label") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf8")
    return path


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return _table(tmp_path / "reviews.csv", ["the cat,good", "a dog,bad"] * 10)


def _sentences(path: Path, *options: str, test: Path | None = None) -> list[str]:
    return ["--task=table", f"--train={path}", f"--test={test or path}", *options]


def test_missing_file(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    outcome = tunescope("finetune", tiny_model, *_sentences(tmp_path / "no.csv"), "--out", tmp_path / "run")
    _refused(outcome, "no.csv")


def test_a_folder_that_is_no_model(tunescope: Tunescope, reviews: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    outcome = tunescope("finetune", tmp_path / "folder", *_sentences(reviews), "--out", tmp_path / "run")
    _refused(outcome, "no model", "config.json", "an empty folder")


def test_a_model_that_does_not_exist(tunescope: Tunescope, reviews: Path, tmp_path: Path) -> None:
    outcome = tunescope("finetune", tmp_path / "gone", *_sentences(reviews), "--out", tmp_path / "run")
    _refused(outcome, "no such model folder")
    outcome = tunescope("finetune", "nobody/no-model", *_sentences(reviews), "--out", tmp_path / "run")
    _refused(outcome, "neither a folder nor to be had", "nobody/no-model")


def test_a_pickled_checkpoint(tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (pickled / name).write_bytes((tiny_model / name).read_bytes())
    torch.save({}, pickled / "pytorch_model.bin")
    outcome = tunescope("finetune", pickled, *_sentences(reviews), "--out", tmp_path / "run")
    _refused(outcome, "pickled", "pytorch_model.bin", "convert it", "save_pretrained")


def test_damaged_weights(tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for path in tiny_model.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes())
    weights = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    outcome = tunescope("finetune", damaged, *_sentences(reviews), "--out", tmp_path / "run")
    _refused(outcome, "cannot be loaded", str(damaged))


def test_models_of_different_size(
    tunescope: Tunescope, tiny_model: Path, minilm: Path, reviews: Path, tmp_path: Path
) -> None:
    outcome = tunescope("compare", tiny_model, minilm, *_sentences(reviews), "--out", tmp_path / "run")
    _refused(outcome, "not states of one architecture", "hidden_size", "16", "384")
    assert not (tmp_path / "run").exists()


def test_wrong_column(tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path) -> None:
    options = _sentences(reviews, "--option=label=stars")
    _refused(
        tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run"),
        "stars",
        "reviews.csv",
        "label",
    )


def test_wrong_option(tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path) -> None:
    options = _sentences(reviews, "--option=lable=stars")
    _refused(tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run"), "did you mean 'label'?")
    options = _sentences(reviews, "--option=label")
    _refused(tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run"), "NAME=VALUE")


def test_empty_file(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    _refused(
        tunescope("finetune", tiny_model, *_sentences(empty), "--out", tmp_path / "run"), "empty", "empty.csv"
    )


def test_label_only_in_test(tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path) -> None:
    other = _table(tmp_path / "test.csv", ["the bird,good", "the bird,odd"])
    outcome = tunescope("finetune", tiny_model, *_sentences(reviews, test=other), "--out", tmp_path / "run")
    _refused(outcome, "labels that the training set lacks", "'odd'", "test.csv", "out-of-domain")


def test_label_only_out_of_domain_is_left_out_and_reported(
    tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path
) -> None:
    other = _table(tmp_path / "other.csv", ["the bird,good"] * 6 + ["the bird,odd"])
    options = _sentences(reviews, f"--ood=web={other}")
    assert tunescope("finetune", tiny_model, *options, "--out", tmp_path / "tuned").exit_code == 0
    command = ("compare", tiny_model, tmp_path / "tuned", *options, "--out", tmp_path / "run")
    outcome = tunescope(*command)
    assert outcome.exit_code == 0, outcome.err
    result = json.loads((tmp_path / "run" / "comparison.json").read_text())
    assert [(info["split"], info["left_out"]) for info in result["data"]] == [
        ("train", 0),
        ("test", 0),
        ("web", 1),
    ]
    assert any("web" in note and "left out" in note for note in result["notes"])


def test_one_class(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    one = _table(tmp_path / "one.csv", ["the cat,good"] * 4)
    _refused(
        tunescope("finetune", tiny_model, *_sentences(one), "--out", tmp_path / "run"),
        "single class",
        "'good'",
    )


@pytest.mark.parametrize("number", ["nan", "inf", "", "four"])
def test_bad_numbers(tunescope: Tunescope, tiny_model: Path, tmp_path: Path, number: str) -> None:
    path = _table(tmp_path / "numbers.csv", ["the cat,1.5", "a dog,2.5", f"the bird,{number}"])
    options = _sentences(path, "--option=label_kind=number")
    outcome = tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run")
    _refused(outcome, "numbers.csv, line 4", "label")


def _words(path: Path, words: list[str]) -> list[str]:
    rows = [
        {
            "tokens": ["the", "cat"],
            "targets": [{"span1": [0, 1], "label": "D"}, {"span1": [1, 2], "label": "N"}],
        },
        {"tokens": words, "targets": [{"span1": [1, 2], "label": "N"}]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf8")
    return ["--task=edge-probing", f"--train={path}", f"--test={path}"]


def test_a_target_without_subwords(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    options = _words(tmp_path / "words.jsonl", ["the", "\u200b", "dog"])
    outcome = tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run")
    _refused(outcome, "no subword", "words.jsonl", "words 1 to 2")


def test_an_empty_token(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    options = _words(tmp_path / "words.jsonl", ["the", "", "dog"])
    outcome = tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run")
    _refused(outcome, "words.jsonl, line 2", "tokens")


def test_a_sentence_beyond_the_length(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    options = _words(tmp_path / "words.jsonl", ["cat"] * 100)
    for command in ("finetune", "extract"):
        outcome = tunescope(command, tiny_model, *options, "--out", tmp_path / command)
        _refused(outcome, "longer than the model takes", "words.jsonl", "at most 64", "102 subwords")
    windowed = tunescope(
        "extract", tiny_model, *options, "--long-sentences=window", "--out", tmp_path / "windows"
    )
    assert windowed.exit_code == 0, windowed.err


def test_latin_1_read_as_utf_8(tunescope: Tunescope, tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("text,label\nthe café,good\nthe cat,bad\n".encode("latin-1"))
    _refused(
        tunescope("finetune", tiny_model, *_sentences(path), "--out", tmp_path / "run"),
        "latin.csv",
        "encoding",
    )
    read = tunescope(
        "extract", tiny_model, *_sentences(path, "--option=encoding=latin-1"), "--out", tmp_path / "vectors"
    )
    assert read.exit_code == 0, read.err


def test_an_output_folder_that_cannot_be(tunescope: Tunescope, tiny_model: Path, reviews: Path) -> None:
    outcome = tunescope("finetune", tiny_model, *_sentences(reviews), "--out", reviews / "run")
    _refused(outcome, str(reviews), "not a folder")
    if Path("/proc/self").exists():
        outcome = tunescope("finetune", tiny_model, *_sentences(reviews), "--out", "/proc/self/run")
        _refused(outcome, "/proc/self/run", "cannot be made")


_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from tunescope.cli.main import main
sys.argv = ["tunescope", *{arguments!r}]
main()
"""


def _run_with_limit(limit: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    code = _LIMITED.format(limit=limit, arguments=[str(argument) for argument in arguments])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("command", "limit"), [("extract", 20_000), ("finetune", 15_000)])
def test_a_disk_that_takes_no_more(
    command: str, limit: int, tiny_model: Path, tagged: list[str], tmp_path: Path
) -> None:
    """A limit on the size of files stands in for a full disk; the run goes on once there is room."""
    arguments = (command, tiny_model, *tagged, "--out", tmp_path / "run")
    refused = _run_with_limit(limit, *arguments)
    assert refused.returncode == 2, refused.stderr
    assert "Nothing more can be written" in refused.stderr
    assert "Traceback" not in refused.stderr
    finished = _run_with_limit(10**9, *arguments)
    assert finished.returncode == 0, finished.stderr


def test_a_run_of_other_settings(
    tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path
) -> None:
    arguments = ("finetune", tiny_model, *_sentences(reviews), "--out", tmp_path / "run")
    assert tunescope(*arguments, "--epochs=1").exit_code == 0
    _refused(tunescope(*arguments, "--epochs=2"), "other settings", "epochs: 1 → 2", "--overwrite")
    assert tunescope(*arguments, "--epochs=2", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--epochs=0", "epochs"),
        ("--learning-rate=-1", "learning_rate"),
        ("--preset=nope", "closer-look"),
        ("--device=tpu9", "no such device"),
        ("--snapshot-steps=a,b", "--snapshot-steps"),
    ],
)
def test_settings_out_of_range(
    tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path, option: str, message: str
) -> None:
    outcome = tunescope("finetune", tiny_model, *_sentences(reviews), option, "--out", tmp_path / "run")
    _refused(outcome, message)


def test_no_room_for_snapshots(tunescope: Tunescope, tiny_model: Path, reviews: Path, tmp_path: Path) -> None:
    options = (*_sentences(reviews), "--snapshots=3", "--max-gigabytes=1e-6")
    outcome = tunescope("finetune", tiny_model, *options, "--out", tmp_path / "run")
    _refused(outcome, "more disk space than is allowed", "--max-gigabytes")


def test_a_report_without_a_comparison(tunescope: Tunescope, tmp_path: Path) -> None:
    _refused(tunescope("report", tmp_path), "no finished comparison", str(tmp_path))
