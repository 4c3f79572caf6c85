"""YAML files as plain values, with the line of every key and item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tunescope._core.errors import InputError
from tunescope.studies.files.line_index import LineIndex
from tunescope.studies.files.places import Place
from tunescope.studies.files.plain_scalar import plain_scalar, written_tag
from tunescope.studies.files.yaml_syntax import syntax_refusal
from tunescope.tasks.text_file import FilePath, read_text

__all__ = ["LocatedYaml", "read_located_yaml"]

_MAP, _SEQ, _STR = (f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str"))
_MERGE, _VALUE = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"
_MOST_VALUES = 100_000


@dataclass(frozen=True)
class _Located:
    """A value, the lines of what is in it, and how many values it counts with aliases written out."""

    value: Any
    line: int
    children: dict[str | int, tuple[int, _Located]] = field(default_factory=dict)
    n_values: int = 1


@dataclass(frozen=True)
class LocatedYaml:
    """The content of a YAML file: strings, numbers, true, false and nothing in lists and mappings, with lines.

    Attributes:
        path: The file.
        values: What it holds.
    """

    path: Path
    values: dict[str, Any]
    _top: _Located = field(repr=False, compare=False)

    def line_of(self, place: Place) -> int:
        """Return the line of a key, or that at which an item begins, counted from 1.

        Args:
            place: Keys and item numbers from the top. Of a place that the file lacks, the nearest around it counts.
        """
        line, here = self._top.line, self._top
        for part in place:
            if part not in here.children:
                break
            line, here = here.children[part]
        return line

    def where(self, place: Place = ()) -> str:
        """Return the file and the line of a place, for an error's ``where``."""
        return f"{self.path}:{self.line_of(place)}"

    def has(self, place: Place) -> bool:
        """Return whether the file holds something at a place."""
        here = self._top
        for part in place:
            if part not in here.children:
                return False
            _, here = here.children[part]
        return True


def read_located_yaml(path: FilePath) -> LocatedYaml:
    """Read a YAML file with keys at its top into plain values; nothing in it is ever run or built.

    Anchors, aliases and merge keys (``<<``) are resolved. A key or value that was merged has the line at which it is
    written.

    Args:
        path: A UTF-8 file.

    Raises:
        InputError: The file is missing, not readable, not UTF-8, empty, no YAML or no mapping; a key is given twice or
            is no text; an anchor contains itself; aliases stand for too much; a tag is used; or YAML turns a value into
            a date or the like. The message names the line.
    """
    file = Path(path).expanduser()
    text = _read_utf8(file)
    lines = LineIndex(text)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        top = _Walk(file, lines).mapping_at_top(node)
    except yaml.YAMLError as error:
        raise syntax_refusal(error, file, lines) from error
    except RecursionError as error:
        raise InputError(
            "The file is nested too deeply.", where=file, expected="a few levels of keys and lists"
        ) from error
    return LocatedYaml(file, top.value, top)


def _read_utf8(path: Path) -> str:
    try:
        return read_text(path)
    except InputError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        line = str(error.where).rpartition(", line ")[2]
        raise InputError(
            error.what,
            where=f"{path}:{line}",
            expected=error.expected,
            got=error.got,
            fix="save the file as UTF-8",
        ) from error


class _Walk:
    """Turns the parser's nodes into values; each anchored node once, however many aliases it has."""

    def __init__(self, path: Path, lines: LineIndex) -> None:
        self._path = path
        self._lines = lines
        self._done: dict[yaml.Node, _Located] = {}
        self._open: list[yaml.Node] = []

    def mapping_at_top(self, node: yaml.Node | None) -> _Located:
        if node is None:
            raise InputError(
                "The file is empty.",
                where=self._path,
                expected="keys and values, such as 'study: closer-look'",
                got="nothing but comments",
            )
        if not isinstance(node, yaml.MappingNode):
            raise InputError(
                "The file holds no keys and values.",
                where=self._where(node),
                expected="keys and values, such as 'study: closer-look'",
                got="a list" if isinstance(node, yaml.SequenceNode) else repr(node.value[:80]),
            )
        return self._located(node)

    def _located(self, node: yaml.Node) -> _Located:
        if node in self._done:
            return self._done[node]
        if node in self._open:
            raise InputError(
                "An anchor contains itself.",
                where=self._where(node),
                expected="an alias that stands outside of what its anchor marks",
                fix="write the value out instead of the alias",
            )
        self._open.append(node)
        located = self._build(node)
        self._open.pop()
        self._done[node] = located
        return located

    def _build(self, node: yaml.Node) -> _Located:
        if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
            children = self._entries(node)
            values: Any = {key: child.value for key, (_, child) in children.items()}
        elif isinstance(node, yaml.SequenceNode) and node.tag == _SEQ:
            children = {i: (self._line(item), self._located(item)) for i, item in enumerate(node.value)}
            values = [child.value for _, child in children.values()]
        elif isinstance(node, yaml.ScalarNode):
            return _Located(plain_scalar(node, self._where(node)), self._line(node))
        else:
            raise InputError(
                "A YAML tag asks for something else than plain values.",
                where=self._where(node),
                expected="text, a number, true, false, a list, or keys and values",
                got=written_tag(node),
                fix="remove the tag",
            )
        n_values = 1 + sum(child.n_values for _, child in children.values())
        self._check_size(n_values, node)
        return _Located(values, self._line(node), children, n_values)

    def _entries(self, node: yaml.MappingNode) -> dict[str | int, tuple[int, _Located]]:
        """Return a mapping's entries: its own come before those merged into it, the first merged before later ones."""
        own: dict[str | int, tuple[int, _Located]] = {}
        merged: dict[str | int, tuple[int, _Located]] = {}
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node), self._line(key_node)
            if key in seen:
                raise InputError(
                    f"The key {key!r} is given twice.",
                    where=self._where(key_node),
                    expected="each key once",
                    got=f"on lines {seen[key]} and {line}",
                    fix="keep one of them",
                )
            seen[key] = line
            if key_node.tag == _MERGE:
                for source in self._sources(value_node):
                    merged = self._located(source).children | merged
            else:
                own[key] = (line, self._located(value_node))
        return merged | own

    def _key(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode) and node.tag in (_STR, _VALUE, _MERGE):
            plain_scalar(yaml.ScalarNode(_STR, node.value), self._where(node))
            return str(node.value)
        written = repr(node.value[:80]) if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        raise InputError(
            "A key is no text.",
            where=self._where(node),
            expected="text",
            got=f"{written}, which YAML reads as {written_tag(node).removeprefix('!!')}",
            fix="put it in quotes",
        )

    def _sources(self, node: yaml.Node) -> Iterator[yaml.MappingNode]:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                raise InputError(
                    "What is merged with << is no mapping.",
                    where=self._where(source),
                    expected="an alias of keys and values, or a list of such aliases",
                    got=repr(source.value[:80]) if isinstance(source, yaml.ScalarNode) else "a list",
                )
            yield source

    def _check_size(self, n_values: int, node: yaml.Node) -> None:
        if n_values > _MOST_VALUES:
            raise InputError(
                "The file holds too much, its aliases written out.",
                where=self._where(node),
                expected=f"at most {_MOST_VALUES:,} values",
                got="more",
            )

    def _line(self, node: yaml.Node) -> int:
        return self._lines.line(node.start_mark.index)

    def _where(self, node: yaml.Node) -> str:
        return f"{self._path}:{self._line(node)}"
