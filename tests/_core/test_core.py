"""The foundations: errors, optional imports, records, files, seeds, progress."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path

import pytest
from rich.console import Console
from safetensors import SafetensorError

from tunescope._core.errors import InputError, MissingExtraError, RunError, TunescopeError
from tunescope._core.files import flush_tree, readable_write_errors, write_atomically
from tunescope._core.hashing import hash_files
from tunescope._core.optional import import_optional
from tunescope._core.progress import say, show_progress, track
from tunescope._core.provenance import collect_provenance
from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.estimate import Estimate


def test_an_error_says_what_where_expected_got_and_what_to_do() -> None:
    error = InputError("It broke.", where="a.csv, line 3", expected="a number", got="'x'", fix="correct it")
    assert str(error).splitlines() == [
        "It broke.",
        "  where: a.csv, line 3",
        "  expected: a number",
        "  got: 'x'",
        "  what to do: correct it",
    ]
    assert isinstance(error, TunescopeError)
    assert isinstance(error, ValueError)
    assert str(InputError("It broke.")) == "It broke."


def test_optional_dependencies() -> None:
    assert import_optional("json", extra="x", purpose="read") is not None
    with pytest.raises(MissingExtraError, match=r"needed to fly(.|\n)*tunescope\[wings\]"):
        import_optional("no_such_module.below", extra="wings", purpose="fly")


def test_an_optional_dependency_that_is_broken_is_no_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text("import something_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="something_that_is_not_there") as caught:
        import_optional("broken_module", extra="x", purpose="y")
    assert not isinstance(caught.value, MissingExtraError)


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf, -math.inf])
def test_records_survive_the_round_trip(value: float) -> None:
    estimate = Estimate(value=value, n_examples=3, status="x")
    again = Estimate.model_validate_json(estimate.model_dump_json())
    assert again.model_dump_json() == estimate.model_dump_json()
    assert math.isnan(again.value) == math.isnan(value)


def test_records_are_frozen_and_closed() -> None:
    estimate = Estimate(value=1)
    with pytest.raises(ValueError, match="frozen"):
        estimate.value = 2  # type: ignore[misc]
    with pytest.raises(ValueError, match="Extra inputs"):
        Estimate(value=1, colour="red")  # type: ignore[call-arg]


def test_files_are_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_atomically(path, "one")
    write_atomically(path, b"two")
    assert path.read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]
    (tmp_path / "below").mkdir()
    flush_tree(tmp_path)


def test_safetensors_errors_are_read_too(tmp_path: Path) -> None:
    message = "Error while serializing: I/O error: No space left on device (os error 28)"
    with pytest.raises(RunError, match="the disk is full"), readable_write_errors(tmp_path):
        raise SafetensorError(message)
    with pytest.raises(SafetensorError, match="header"), readable_write_errors(tmp_path):
        raise SafetensorError("invalid header")


def test_hashes_see_names_and_contents(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("1")
    b.write_text("2")
    first = hash_files([a, b])
    assert first == hash_files([b, a])
    b.write_text("3")
    assert first != hash_files([a, b])


def test_seeds_depend_on_every_word() -> None:
    seeds = {derive_seed(s, *w) for s in (0, 1) for w in ((), ("a",), ("a", "b"), ("ab",), ("a", 1))}
    assert len(seeds) == 10
    assert make_rng(3, "x").random() == make_rng(3, "x").random()


def test_progress_is_silent_unless_asked_for() -> None:
    say("nothing")
    with track("work", total=2) as advance:
        advance()
    output = io.StringIO()
    with (
        show_progress(Console(file=output, force_terminal=True, width=80)),
        track("work", total=2) as advance,
    ):
        say("half [way]")
        advance(2)
    assert "half [way]" in output.getvalue()
    assert "work" in output.getvalue()


def test_progress_in_a_log_is_a_line_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 600, 50))
    monkeypatch.setattr("tunescope._core.progress.time.monotonic", lambda: float(next(seconds)))
    output = io.StringIO()
    with show_progress(Console(file=output, width=80)), track("steps [of] a study", total=4) as advance:
        for amount in (0, 0, 1, 1, 1, 1):
            advance(amount)
    lines = [f"steps [of] a study: {told} min left" for told in ("1 of 4, about 8", "3 of 4, about 1")]
    assert output.getvalue().split("\n") == [*lines, "", ""]


def test_provenance_tells_versions_and_no_time_twice() -> None:
    provenance = collect_provenance()
    assert provenance.versions["torch"]
    assert provenance.n_cores >= 1
    assert provenance.without_time()["python"] == provenance.python
    assert provenance.started not in provenance.without_time().values()
    assert os.linesep not in (provenance.commit or "")
