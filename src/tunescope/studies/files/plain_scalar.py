"""Single values of a YAML file: text, numbers, true and false, nothing; what YAML makes of others is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import yaml
from yaml.constructor import SafeConstructor

from tunescope._core.errors import InputError

__all__ = ["Scalar", "plain_scalar", "written_tag"]

Scalar = str | int | float | bool | None

_YAML = "tag:yaml.org,2002:"
_IN_QUOTES = "put it in quotes if it is meant as text"
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_BASE_8 = re.compile(r"[-+]?0[0-7_]+")
_READERS: dict[str, Callable[[SafeConstructor, yaml.ScalarNode], Scalar]] = {
    f"{_YAML}str": SafeConstructor.construct_yaml_str,
    f"{_YAML}int": SafeConstructor.construct_yaml_int,
    f"{_YAML}float": SafeConstructor.construct_yaml_float,
    f"{_YAML}bool": SafeConstructor.construct_yaml_bool,
    f"{_YAML}null": SafeConstructor.construct_yaml_null,
}
_OTHERS = {
    f"{_YAML}timestamp": "a date or time",
    f"{_YAML}value": "a sign with a meaning of its own",
    f"{_YAML}merge": "a sign with a meaning of its own",
}


def plain_scalar(node: yaml.ScalarNode, where: str) -> Scalar:
    """Return the value of a single YAML value.

    Args:
        node: The value as the parser found it.
        where: File and line, for errors.

    Raises:
        InputError: YAML makes something else of it than text, a finite number, true, false or nothing; or a number of
            base 60 or 8, which people mean as text or as something else.
    """
    if node.tag in _OTHERS:
        raise _refusal(where, _OTHERS[node.tag], node)
    if node.tag not in _READERS:
        raise InputError(
            "A YAML tag asks for something else than a plain value.",
            where=where,
            expected="text, a number, true, false, a list, or keys and values",
            got=written_tag(node),
            fix="remove the tag, or put text that begins with ! in quotes",
        )
    if node.tag != f"{_YAML}str":
        _check_notation(node, where)
    try:
        value = _READERS[node.tag](SafeConstructor(), node)
    except (ValueError, KeyError, OverflowError) as error:
        raise _refusal(where, f"no {node.tag.removeprefix(_YAML)}", node) from error
    _check_value(value, node, where)
    return value


def written_tag(node: yaml.Node) -> str:
    """Return a node's tag as it is written in a file."""
    tag = str(node.tag)
    return f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag


def _check_notation(node: yaml.ScalarNode, where: str) -> None:
    if _BASE_60.fullmatch(node.value):
        raise _refusal(where, "a number of base 60", node)
    if _BASE_8.fullmatch(node.value) and node.tag == f"{_YAML}int":
        raise _refusal(where, "a number of base 8", node)


def _check_value(value: Scalar, node: yaml.ScalarNode, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(where, "no finite number", node)
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(
            "A text holds half a character.",
            where=where,
            expected="whole characters",
            got=ascii(value),
            fix="write the character itself instead of its escape",
        )


def _refusal(where: str, meaning: str, node: yaml.ScalarNode) -> InputError:
    return InputError(
        "YAML makes something else of a value than it looks like.",
        where=where,
        expected="text, a finite number, true or false",
        got=f"{node.value[:80]!r}, which YAML reads as {meaning}",
        fix=_IN_QUOTES,
    )
