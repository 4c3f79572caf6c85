"""JSON schemas of study files, for editors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tunescope.studies.files.common_settings import StudySettings
from tunescope.studies.files.located_yaml import read_located_yaml
from tunescope.studies.files.study_file import read_study_file
from tunescope.studies.files.template import schema_comment, schema_of
from tunescope.tasks.formats import FORMATS

Classes = Mapping[str, type[StudySettings]]


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a schema that has properties."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


def _fits(value: object, schema: dict[str, Any], top: dict[str, Any]) -> bool:
    """Return whether a value fits a schema, by the words of JSON schema that ours use."""
    if "$ref" in schema:
        return _fits(value, top["$defs"][schema["$ref"].split("/")[-1]], top)
    if "anyOf" in schema:
        return any(_fits(value, part, top) for part in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = {"string": str, "integer": int, "number": int | float, "boolean": bool, "null": type(None)}
    kinds |= {"array": list, "object": dict}
    if not isinstance(value, kinds[schema["type"]]) or (
        isinstance(value, bool) and schema["type"] != "boolean"
    ):
        return False
    if isinstance(value, int | float) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and value > schema.get("exclusiveMinimum", value - 1)
        and value < schema.get("exclusiveMaximum", value + 1)
    ):
        return False
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(
            _fits(item, schema["items"], top) for item in value
        )
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
        return {*schema.get("required", ())} <= {*value} and all(
            _fits(inner, known.get(key, others), top) if known.get(key, others) else False
            for key, inner in value.items()
        )
    return True


GOOD = """\
study: closer-look
models: [a/b, {path: ./c, name: d}]
tasks:
  - {name: pos, format: conllu:pos, train: x, test: y, out_of_domain: {web: z}, options: {encoding: utf-8}}
seeds: [0, 1]
layers: [0, 2]
finetune: {preset: closer-look, epochs: 2, learning_rate: 0.0003}
"""


def test_the_schema_takes_what_the_records_take(
    write: Callable[..., Path], settings_classes: Classes
) -> None:
    path = write(GOOD)
    read_study_file(path, settings_classes)
    values = read_located_yaml(path).values
    schema = schema_of(settings_classes["closer-look"])
    assert _fits(values, schema, schema)
    for bad in (
        {"seeds": []},
        {"seeds": [-1]},
        {"layers": "some"},
        {"zzz": 1},
        {"models": [{"name": "x"}]},
        {"models": [3]},
        {"level": 2},
        {"n_resamples": 3},
        {"finetune": {"preset": "none"}},
        {"finetune": {"epochs": 0}},
        {"finetune": {"learning_rate": 0}},
        {"tasks": [{"name": "x", "format": "none"}]},
    ):
        assert not _fits(values | bad, schema, schema), bad


def test_the_schema_is_plain_json_with_a_dialect(settings_classes: Classes) -> None:
    for settings_class in settings_classes.values():
        schema = schema_of(settings_class)
        assert json.loads(json.dumps(schema)) == schema
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["title"] == settings_class.__name__
        assert schema["additionalProperties"] is False
        assert schema["required"] == ["study", "models", "tasks"]


def test_every_key_is_explained(settings_classes: Classes) -> None:
    schema = schema_of(settings_classes["closer-look"])
    parts = list(_objects(schema))
    assert len(parts) == 4
    for part in parts:
        assert part["description"].endswith(".")
        assert "Attributes" not in part["description"]
        for name, entry in part["properties"].items():
            text = entry["description"]
            assert text, name
            assert "``" not in text
            assert ":data:" not in text
    assert schema["properties"]["max_targets"]["description"] == (
        "Most targets; see FORMATS and `train`, over two lines."
    )
    assert schema["properties"]["level"]["description"] == "Coverage of the intervals."
    task = schema["$defs"]["TaskEntry"]["properties"]
    assert task["dev"]["description"] == "Path of a development set."
    assert "study file's folder" in task["train"]["description"]
    assert task["format"]["enum"] == [*FORMATS]


def test_the_comment_is_what_editors_look_for(write: Callable[..., Path], settings_classes: Classes) -> None:
    line = schema_comment("closer-look.schema.json")
    assert line == "# yaml-language-server: $schema=closer-look.schema.json"
    assert schema_comment(PurePosixPath("a/b.json")).endswith("$schema=a/b.json")
    read = read_study_file(write(f"{line}\n{GOOD}"), settings_classes)
    assert read.source.line_of(("study",)) == 2
