"""JSON schemas of study files, with which editors complete, explain and check them while they are written."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from tunescope.studies.files.common_settings import StudySettings
from tunescope.studies.files.validation import nested_records

__all__ = ["schema_comment", "schema_of"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ROLE = re.compile(r":\w+:`~?(?:[^`<]*<)?([^`>]*)>?`", re.DOTALL)
_ATTRIBUTE = re.compile(r"^    (\w+):\s+(.*?)(?=^    \w+:\s|\Z)", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^Attributes:\n((?:    .*\n?|\n)*)", re.MULTILINE)


def schema_of(settings_class: type[StudySettings]) -> dict[str, Any]:
    """Return the JSON schema of a study's settings.

    Args:
        settings_class: The class of the settings; what its docstring says of its attributes explains the keys.

    Returns:
        A schema of the dialect 2020-12, in plain values that can be written as JSON.
    """
    schema = settings_class.model_json_schema()
    records = {record.__name__: record for record in _all_records(settings_class)}
    _describe(schema, settings_class)
    for name, definition in schema.get("$defs", {}).items():
        for part in (definition, *definition.get("anyOf", ())):
            if name in records and "properties" in part:
                _describe(part, records[name])
    return {"$schema": _DIALECT, **schema}


def schema_comment(path: str | PurePath) -> str:
    """Return the first line of a study file that tells editors which schema it follows.

    Args:
        path: The schema's file, absolute or relative to the study file, or its address.

    >>> schema_comment("closer-look.schema.json")
    '# yaml-language-server: $schema=closer-look.schema.json'
    """
    return f"# yaml-language-server: $schema={path.as_posix() if isinstance(path, PurePath) else path}"


def _all_records(record: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield record
    for field in record.model_fields.values():
        for nested in nested_records(field.annotation):
            yield from _all_records(nested)


def _describe(schema: dict[str, Any], record: type[BaseModel]) -> None:
    """Put what the docstring says of the record and its attributes into its schema."""
    summary = _plain(_SECTION.split(inspect.getdoc(record) or "")[0])
    if summary:
        schema["description"] = summary
    attributes = _attributes(record)
    for name, entry in schema.get("properties", {}).items():
        if name in attributes:
            entry.setdefault("description", attributes[name])


def _attributes(record: type[BaseModel]) -> Mapping[str, str]:
    """Return what the docstrings of a record and its bases say of the attributes; the record's own come first."""
    texts: dict[str, str] = {}
    for owner in reversed(record.__mro__):
        section = _SECTION.search(inspect.cleandoc(owner.__dict__.get("__doc__") or ""))
        if section:
            texts |= {name: _plain(text) for name, text in _ATTRIBUTE.findall(section[1])}
    return texts


def _plain(text: str) -> str:
    """Return text without the marks of reStructuredText, on one line."""
    without_roles = _ROLE.sub(lambda match: match[1].split(".")[-1], text)
    return " ".join(without_roles.replace("``", "`").split())
