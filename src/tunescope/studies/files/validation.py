"""Validation of what a study file holds by a record; what pydantic refuses becomes problems in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.studies.files.located_yaml import LocatedYaml
from tunescope.studies.files.places import Place, dotted
from tunescope.studies.files.problems import Problem, refuse, shortened, shown
from tunescope.studies.files.unique import DUPLICATE

__all__ = ["nested_records", "validated"]

AnyRecord = TypeVar("AnyRecord", bound=Record)

_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "keys and values",
    "mapping": "keys and values",
    "model": "keys and values",
    "none": "nothing",
}
"""What was expected, by the first word of a type of pydantic's errors such as ``int_parsing``."""
_LIMITS = {
    "greater_than": ("gt", "a number above {}"),
    "greater_than_equal": ("ge", "a number of at least {}"),
    "less_than": ("lt", "a number below {}"),
    "less_than_equal": ("le", "a number of at most {}"),
    "string_too_short": ("min_length", "text of at least {} character(s)"),
    "string_too_long": ("max_length", "text of at most {} character(s)"),
    "too_short": ("min_length", "a list of at least {}"),
    "too_long": ("max_length", "a list of at most {}"),
    "literal_error": ("expected", "{}"),
    "enum": ("expected", "{}"),
}


def validated(record: type[AnyRecord], source: LocatedYaml) -> AnyRecord:
    """Return what a file holds as a record.

    Args:
        record: The class of the record.
        source: The file.

    Raises:
        InputError: The file does not suit the record; the message tells every problem with its line.
    """
    try:
        return record.model_validate(source.values)
    except ValidationError as error:
        problems = [found for details in error.errors() for found in _problems(details, record, source)]
        raise refuse(source, _merged(problems)) from error


def nested_records(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the records that a type names, as in ``tuple[ModelEntry, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from nested_records(argument)


def _problems(details: ErrorDetails, record: type[BaseModel], source: LocatedYaml) -> Iterator[Problem]:
    kind, context = details["type"], details.get("ctx", {})
    place, value = _resolved(details["loc"], source.values)
    if kind == DUPLICATE:
        yield from _duplicates(place, context, source)
    elif kind == "missing":
        key = str(details["loc"][-1])
        got = shown(value) if isinstance(value, dict) else "nothing"
        yield Problem((*place, key), f"The key {key!r} is missing.", f"a key {key!r}", got)
    elif kind == "extra_forbidden":
        yield _unknown_key(place, record)
    elif isinstance(context.get("error"), InputError):
        yield _told_by(context["error"], place, source)
    else:
        yield _unsuitable(place, value, kind, context, details["msg"])


def _resolved(location: Iterable[str | int], values: object) -> tuple[Place, Any]:
    """Return the place that pydantic means, without its names for the members of a union, and what stands there."""
    place: Place = ()
    here: Any = values
    for part in location:
        is_there = (
            part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)
        )
        if is_there:
            here = here[part]
            place = (*place, part)
    return place, here


def _unsuitable(place: Place, value: object, kind: str, context: Mapping[str, Any], message: str) -> Problem:
    key, words = _LIMITS.get(kind, ("", ""))
    expected = words.format(context.get(key)) if words else _EXPECTED.get(kind.split("_")[0], "")
    if not expected:
        return Problem(place, message.removeprefix("Value error, "), got=shown(value))
    fix = ""
    if kind == "string_type" and isinstance(value, bool | int | float):
        fix = "put it in quotes"
    elif expected == "a list" and value is not None:
        fix = "begin each item with a dash, or write [a, b]"
    return Problem(place, "A value does not suit its key.", expected, shown(value), fix)


def _unknown_key(place: Place, record: type[BaseModel]) -> Problem:
    key = str(place[-1])
    known = _known_keys(place[:-1], record)
    similar = get_close_matches(key, known, n=1)
    return Problem(
        place,
        "There is no such key here.",
        f"one of {', '.join(known)}",
        repr(key),
        f"did you mean {similar[0]!r}?" if similar else "remove it",
    )


def _known_keys(place: Place, record: type[BaseModel]) -> list[str]:
    records = [record]
    for part in place:
        fields = [found.model_fields[str(part)] for found in records if part in found.model_fields]
        if fields:
            records = [nested for field in fields for nested in nested_records(field.annotation)]
    return list(dict.fromkeys(name for found in records for name in found.model_fields))


def _told_by(error: InputError, place: Place, source: LocatedYaml) -> Problem:
    """Return the problem that a validator told as an error, at the value that it names where the file has it."""
    where = str(error.where)
    inner = next((end for end in ((where,), tuple(where.split("."))) if source.has((*place, *end))), ())
    return Problem(
        (*place, *inner),
        error.what,
        "" if error.expected is None else str(error.expected),
        "" if error.got is None else shortened(str(error.got)),
        error.fix or "",
    )


def _duplicates(place: Place, context: Mapping[str, Any], source: LocatedYaml) -> Iterator[Problem]:
    for first, second, value in context["pairs"]:
        ends = [(*place, number) for number in (first, second)]
        named = [(*end, context["key"]) if source.has((*end, context["key"])) else end for end in ends]
        key = context["key"]
        yield Problem(
            named[1],
            f"A {key} is given twice." if key else "A value is given twice.",
            f"a {key} of its own" if key else "each value once",
            f"{shown(value)}, as on line {source.line_of(named[0])} ({dotted(named[0])})",
            f"give one of them another {key}" if key else "remove one of them",
        )


def _merged(problems: Iterable[Problem]) -> list[Problem]:
    """Return one problem for the members of a union at one place, and none where what is inside has its own."""
    by_place: dict[Place, Problem] = {}
    for problem in problems:
        other = by_place.get(problem.place)
        if other is not None and other.expected != problem.expected:
            expected = f"{other.expected} or {problem.expected}"
            problem = Problem(problem.place, other.what, expected, other.got, other.fix or problem.fix)
        by_place[problem.place] = problem
    inside = {place[:depth] for place in by_place for depth in range(len(place))}
    return [problem for place, problem in by_place.items() if place not in inside]
