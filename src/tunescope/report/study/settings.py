"""Settings of a study as names and texts, however deep they are nested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tunescope.report.study.numbers import cell_text

__all__ = ["settings_texts"]


def settings_texts(settings: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return each setting's name, with its place among others, and its value in words.

    >>> settings_texts({"seeds": [0, 1], "training": {"rate": 0.0003, "frozen": None}})
    [('seeds', '0, 1'), ('training: rate', '0.0003'), ('training: frozen', 'none')]
    """
    return list(_flattened(settings))


def _flattened(settings: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flattened(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", _value_text(value)


def _value_text(value: object) -> str:
    if value is None or value == () or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, float)):
        return cell_text(value) if value != "" else "(empty)"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value_text(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value_text, value))
    return str(value)
