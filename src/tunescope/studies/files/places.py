"""Places in a study file: keys and items on the way from its top to a value."""

from __future__ import annotations

import re

__all__ = ["Place", "dotted"]

Place = tuple[str | int, ...]
"""Keys of mappings and numbers of list items, counted from 0, from the top of a file inwards."""

_PLAIN_KEY = re.compile(r"[\w-]+")


def dotted(place: Place) -> str:
    """Return a place as people write it; nothing for the top of the file.

    >>> dotted(("models", 1, "path"))
    'models[1].path'
    >>> dotted(("options", "two words"))
    "options['two words']"
    """
    text = ""
    for part in place:
        if isinstance(part, str) and _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text
