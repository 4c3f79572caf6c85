"""Lists in which nothing may be given twice."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import PydanticCustomError

__all__ = ["DUPLICATE", "check_unique"]

DUPLICATE = "duplicate"
"""Type of the error, whose context has ``pairs`` of item numbers with the value, and the ``key`` it belongs to."""


def check_unique(values: Sequence[str | int], *, key: str = "") -> None:
    """Refuse a list in which a value is given twice.

    Args:
        values: What must differ, one for each item.
        key: The key of the items that holds the value; empty where the items are the values.

    Raises:
        PydanticCustomError: A value is given twice; to be raised in a validator.
    """
    first: dict[str | int, int] = {}
    pairs = []
    for number, value in enumerate(values):
        if value in first:
            pairs.append((first[value], number, value))
        first.setdefault(value, number)
    if pairs:
        given = ", ".join(repr(value) for _, _, value in pairs)
        raise PydanticCustomError(
            DUPLICATE,
            "{what} given twice: {given}",
            {"what": key or "value", "given": given, "key": key, "pairs": pairs},
        )
