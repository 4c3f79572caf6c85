"""Labels that are numbers: read from text, refused where they are not finite."""

from __future__ import annotations

import math
import re

from tunescope._core.errors import InputError

__all__ = ["parse_number"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def parse_number(value: object, where: str) -> float:
    """Return a finite number from a number or its text, such as ``"3.5"``.

    Args:
        value: An integer, a float or text; anything else is refused, and so are truth values.
        where: File, line and column, for the error.

    Raises:
        InputError: The value is no number, or not finite.
    """
    number = math.nan
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = _float(value)
    if not math.isfinite(number):
        raise InputError(
            "A label is no finite number.",
            where=where,
            expected="a number such as 3.5",
            got="nothing" if value is None or value == "" else repr(value)[:80],
            fix="correct the label or remove its row",
        )
    return number


def _float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond 1.8e308
        return math.inf
