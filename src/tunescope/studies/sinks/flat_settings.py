"""The settings of a study as the flat list of a tracker's parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tunescope.studies.sinks.metric_points import name_part

__all__ = ["flat_settings"]

_LONGEST = 250
"""Of a value: some trackers take no more; the whole stands in the study's file."""


def flat_settings(settings: Mapping[str, object]) -> dict[str, str]:
    """Return settings by dotted names, such as ``finetune.epochs`` and ``models.0.name``.

    Texts stay as they are, other values are as JSON has them. A list of plain values is one parameter. Long values are
    cut, which an ellipsis at their end tells.
    """
    return {name: _shortened(value) for name, value in _flat(settings, ())}


def _flat(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _flat(each, (*path, name_part(str(name))))
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for number, each in enumerate(value):
            yield from _flat(each, (*path, str(number)))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        yield ".".join(path)[:_LONGEST], text


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
