"""What is wrong with a text that is no YAML: line, column and words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tunescope._core.errors import InputError
from tunescope.studies.files.line_index import LineIndex
from tunescope.studies.files.located_yaml import read_located_yaml
from tunescope.studies.files.yaml_syntax import syntax_refusal


@pytest.mark.parametrize(
    ("text", "line", "column", "meaning", "fix"),
    [
        ("a: 1\nb: 'x\nc: 2\n", 2, 4, 'quotation mark that is never closed: "b: \'x"', "close it"),
        ('a: 1\nb: "C:\\data"\n', 2, 8, "a backslash in double quotes", "single quotes"),
        ('a: 1\nb: "\\xz"\n', 2, 7, "a backslash in double quotes", "single quotes"),
        ("a: 1\nb: [1, 2\nc: 3\n", 2, 4, "a list in brackets that is not closed", "close the bracket"),
        ("a: 1\nb: {x: p[:8]}\n", 2, 4, "braces that are not closed", "in quotes"),
        ("a: 1\nb:\n\tc: 1\n", 3, 1, "a tab", "indent with spaces"),
        ("a: 1\nb: @x\n", 2, 4, "text that begins with a character", "in quotes"),
        ("a: 1\nb: %x\n", 2, 4, "text that begins with a character", "in quotes"),
        ("a: 1\nb: *.csv\n", 2, 5, "an asterisk", "in quotes"),
        ("a: 1\nb: *x\n", 2, 4, "an alias whose anchor", "write the anchor"),
        ("a: 1\nb: c: d\n", 2, 5, "a colon where no key can stand", "indent"),
        ("a: 1\n  b: 2\n", 2, 4, "a colon where no key can stand", "indent"),
        ("a: 1\nb\nc: 3\n", 2, 1, "a key without a colon", "'key: value'"),
        ("a: 1\nb: - x\n", 2, 4, "a list item where none can stand", "a line of its own"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document", "a file of its own"),
        ("a:\n  - x\n b: 1\n", 3, 2, "does not line up", "same number of spaces"),
        ("a: 1\nb: !x!y z\n", 2, 4, "a tag", "in quotes"),
        ("a: 1\nb: !<x z\n", 2, 7, "a tag", "in quotes"),
        ("a: 1\nb: x\x01y\n", 2, 5, "the control character U+0001", "remove it"),
        ("%YAML 1.x\na: 1\n", 1, 9, "something that YAML does not allow", "in quotes"),
    ],
)
def test_line_column_and_words(
    write: Callable[..., Path],
    refusal: Callable[..., InputError],
    text: str,
    line: int,
    column: int,
    meaning: str,
    fix: str,
) -> None:
    path = write(text)
    error = refusal(read_located_yaml, path)
    assert error.what == "The file is no valid YAML."
    assert (error.where, meaning in str(error.got), fix in str(error.fix)) == (
        f"{path}:{line}, column {column}",
        True,
        True,
    ), str(error)


def test_long_lines_are_shortened(write: Callable[..., Path], refusal: Callable[..., InputError]) -> None:
    error = refusal(read_located_yaml, write(f"a: b: {'x' * 500}\n"))
    assert len(str(error)) < 500
    assert "…" in str(error)


def test_errors_without_a_place() -> None:
    error = syntax_refusal(yaml.YAMLError("odd"), Path("a.yaml"), LineIndex("a"))
    assert "odd" in str(error)
    error = syntax_refusal(yaml.MarkedYAMLError(problem="odd"), Path("a.yaml"), LineIndex("a"))
    assert error.where == "a.yaml:1, column 1"
