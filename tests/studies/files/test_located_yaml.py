"""YAML files as plain values with lines: equal to what yaml.safe_load gives, and every refusal at its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.studies.files.located_yaml import read_located_yaml
from tunescope.studies.files.places import Place

Write = Callable[..., Path]
Refusal = Callable[..., InputError]

_SCALARS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["no", "1:30", "010", "2020-01-01", "<<", "=", "~", "null", "3e-4", "*x", "&x", "!x", "a: b"]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
_KEYS = st.one_of(st.text(max_size=8), st.sampled_from(["on", "1", "null", "=", "<<", "?", "- x"]))
_DATA = st.dictionaries(
    _KEYS,
    st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=5,
)


@given(_DATA, st.sampled_from([None, True, False]), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reads_what_safe_load_reads(
    tmp_path: Path, data: dict[str, Any], flow: bool | None, unicode: bool
) -> None:
    path = tmp_path / "any.yaml"
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=unicode)
    path.write_bytes(text.encode())
    assert read_located_yaml(path).values == yaml.safe_load(text)
    assert unicode or yaml.safe_load(text) == data  # as it is, U+0085 is read back as a space


_WORDS = st.text("abcxyz", min_size=1, max_size=6).map(lambda word: f"w{word}")
_PLAIN = st.recursive(
    _WORDS | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4) | st.dictionaries(_WORDS, inner, min_size=1, max_size=4)
    ),
    max_leaves=15,
)


def _places(value: object, place: Place = ()) -> Iterator[Place]:
    """Yield the place of every key and item, in the order of a dump in block style."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*place, key)
            yield from _places(inner, (*place, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*place, number)
            yield from _places(inner, (*place, number))


def _naive_lines(text: str) -> Iterator[int]:
    """Yield the line of every key and item of a dump in block style: one for each dash and each colon."""
    for line, content in enumerate(text.splitlines(), start=1):
        dashes, key = re.fullmatch(r"((?: *- )* *)(w\w*:)?.*", content, re.DOTALL).groups()  # type: ignore[union-attr]
        yield from [line] * dashes.count("-")
        if key:
            yield line


@given(
    st.dictionaries(_WORDS, _PLAIN, min_size=1, max_size=5),
    st.integers(0, 3),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_of_every_key_and_item(
    tmp_path: Path, data: dict[str, Any], before: int, line_break: str
) -> None:
    path = tmp_path / "block.yaml"
    text = "# comment\n" * before + yaml.safe_dump(data, default_flow_style=False, sort_keys=False)
    path.write_bytes(text.replace("\n", line_break).encode())
    located = read_located_yaml(path)
    expected = list(_naive_lines(text))
    places = list(_places(data))
    assert len(expected) == len(places)
    assert [located.line_of(place) for place in places] == expected
    assert all(located.has(place) for place in places)


def test_lines_of_a_known_file(write: Write) -> None:
    path = write("models:\n  - a\n  - name: b\n    path:\n      c\ntasks: [x,\n  y]\n")
    located = read_located_yaml(path)
    lines = {
        (): 1,
        ("models", 0): 2,
        ("models", 1): 3,
        ("models", 1, "path"): 4,
        ("tasks", 0): 6,
        ("tasks", 1): 7,
        ("models", 1, "gone", "deeper"): 3,
        ("models", 7): 1,
        ("gone",): 1,
    }
    assert {place: located.line_of(place) for place in lines} == lines
    assert located.where(("models", 1, "path")) == f"{path}:4"
    assert not located.has(("models", 2))
    assert not located.has(("models", 0, "name"))


def test_anchors_and_merge_keys(write: Write) -> None:
    text = (
        "base: &base\n  x: 1\n  y: 2\n"
        "more: &more {y: 3, z: 4}\n"
        "one:\n  <<: *base\n  x: 5\n"
        "two:\n  <<: [*base, *more]\n"
        "again: *base\n"
        "'<<': text\n"
    )
    located = read_located_yaml(write(text))
    assert located.values == yaml.safe_load(text)
    assert located.line_of(("one", "x")) == 7
    assert located.line_of(("one", "y")) == 3
    assert located.line_of(("two", "z")) == 4
    assert located.line_of(("again",)) == 10
    assert located.line_of(("again", "x")) == 2


def test_a_byte_order_mark_and_other_line_breaks(write: Write) -> None:
    path = write("\ufeffa: 'x\u2028y'\nb: 1\n")
    located = read_located_yaml(path)
    assert located.line_of(("b",)) == 2
    assert located.values["b"] == 1


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, ["'a' is given twice", "on lines 1 and 3"]),
        ("m:\n  - x: 1\n    x: 2\n", 3, ["'x' is given twice", "on lines 2 and 3"]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n", 4, ["'<<' is given twice"]),
        ("a: 1\nb: &x\n  - 1\n  - *x\n", 2, ["contains itself", "instead of the alias"]),
        ("a: 1\nb: &x\n  c: 1\n  <<: *x\n", 2, ["contains itself"]),
        ("a: 1\nb:\n  <<: 3\n", 3, ["no mapping", "'3'"]),
        ("a: 1\nb:\n  <<: [[1]]\n", 3, ["no mapping", "a list"]),
        (
            "a: 1\nb: !!python/object/apply:os.system ['exit 1']\n",
            2,
            ["tag", "!!python/object/apply:os.system"],
        ),
        ("a: 1\nb: !!python/name:os.system\n", 2, ["tag", "!!python/name:os.system"]),
        ("a: 1\nb: !!python/object:os.x {}\n", 2, ["tag", "!!python/object:os.x"]),
        ("a: 1\nb: !mine x\n", 2, ["tag", "!mine"]),
        ("a: 1\nb: !!set {x, y}\n", 2, ["tag", "!!set"]),
        ("a: 1\nb: !!map [x]\n", 2, ["tag", "!!map"]),
        ("a: 1\nb: !!binary aGk=\n", 2, ["tag", "!!binary"]),
        ("a: 1\n2: 3\n", 2, ["key is no text", "'2', which YAML reads as int", "quotes"]),
        ("a: 1\nno: 3\n", 2, ["key is no text", "'no', which YAML reads as bool"]),
        ("a: 1\n~: 3\n", 2, ["key is no text", "reads as null"]),
        ("a: 1\n2020-01-01: 3\n", 2, ["key is no text", "reads as timestamp"]),
        ("a: 1\n? [x, y]\n: 3\n", 2, ["key is no text", "a list or mapping"]),
        ("a: 1\nb: 2020-01-01\n", 2, ["'2020-01-01', which YAML reads as a date", "in quotes"]),
        ("a: 1\nb: [x,\n  2020-01-01 10:00:00]\n", 3, ["a date or time", "in quotes"]),
        ("a: 1\nb: 1:30\n", 2, ["'1:30'", "base 60", "in quotes"]),
        ("a: 1\nb: 1:30.5\n", 2, ["base 60"]),
        ("a: 1\nb: 010\n", 2, ["'010'", "base 8", "in quotes"]),
        ("a: 1\nb: .nan\n", 2, ["no finite number"]),
        ("a: 1\nb: -.inf\n", 2, ["no finite number"]),
        ("a: 1\nb: 1.0e+999\n", 2, ["no finite number"]),
        ("a: 1\nb: =\n", 2, ["a meaning of its own", "in quotes"]),
        ("a: 1\nb: [<<]\n", 2, ["a meaning of its own", "in quotes"]),
        ("a: 1\nb: !!int x\n", 2, ["no int"]),
        ("a: 1\nb: !!bool x\n", 2, ["no bool"]),
        (f"a: 1\nb: {'9' * 5000}\n", 2, ["no int"]),
        ('a: 1\nb: "\\ud800"\n', 2, ["half a character", "\\ud800"]),
        ('a: 1\n"\\ud800": 2\n', 2, ["half a character"]),
        ("\n- a\n- b\n", 2, ["no keys and values", "a list"]),
        ("# x\n\njust text\n", 3, ["no keys and values", "'just text'"]),
    ],
)
def test_refusals_name_the_line(
    write: Write, refusal: Refusal, text: str, line: int, words: list[str]
) -> None:
    path = write(text)
    error = refusal(read_located_yaml, path)
    assert error.where == f"{path}:{line}"
    for word in words:
        assert word in str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty", "0 bytes"]),
        (b"  \n\n", ["empty"]),
        (b"# only\n# comments\n", ["empty", "comments"]),
        (b"---\n", ["empty|no keys"]),
        (b"a: 1\nb: caf\xe9\n", [":2", "not encoded as utf-8", "save the file as UTF-8"]),
        ("a: 1\n".encode("utf-16"), [":1", "save the file as UTF-8"]),
        (b"a: " + b"[" * 3000 + b"]" * 3000, ["nested too deeply"]),
    ],
)
def test_files_that_hold_nothing_readable(
    write: Write, refusal: Refusal, content: bytes, words: list[str]
) -> None:
    error = refusal(read_located_yaml, write(content))
    assert "study.yaml" in str(error.where)
    for word in words:
        assert re.search(word, str(error))


def test_missing_file_and_folder(tmp_path: Path, write: Write, refusal: Refusal) -> None:
    write("a: 1\n")
    assert "did you mean 'study.yaml'?" in str(refusal(read_located_yaml, tmp_path / "studi.yaml"))
    assert "folder was given instead of a file" in str(refusal(read_located_yaml, tmp_path))


def test_aliases_that_stand_for_too_much(write: Write, refusal: Refusal) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    path = write("\n".join(rows))
    error = refusal(read_located_yaml, path)
    assert "holds too much" in str(error)
    assert str(error.where).startswith(f"{path}:")


def test_nothing_is_run(write: Write, refusal: Refusal, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    refusal(read_located_yaml, write(f"a: !!python/object/apply:pathlib.Path.touch [{mark}]\n"))
    refusal(read_located_yaml, write(f"a: !!python/object/apply:os.mkdir ['{mark}']\n"))
    assert not mark.exists()
