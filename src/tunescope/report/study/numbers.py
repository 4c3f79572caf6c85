"""Numbers and cells of a study as people read them."""

from __future__ import annotations

import math

__all__ = ["cell_text", "number_text"]

_MINUS = "\u2212"
_PER_CENT = "\u202f%"


def number_text(value: float, format_spec: str = ",.4g", *, percent: bool = False) -> str:
    """Return a number with a true minus sign; ``"not defined"`` where it is none.

    Args:
        value: The number; of a share that is read in per cent, between 0 and 1.
        format_spec: How digits are written; per cent have one decimal whatever it says.
        percent: Whether to write the number in per cent.

    >>> number_text(-0.5), number_text(0.1234, percent=True).replace("\u202f", " "), number_text(float("nan"))
    ('−0.5', '12.3 %', 'not defined')
    """
    if math.isnan(value):
        return "not defined"
    if math.isinf(value):
        return f"{_MINUS if value < 0 else ''}∞"
    shown = f"{100 * value:.1f}" if percent else f"{value:{format_spec}}"
    if not any(digit in shown for digit in "123456789"):
        shown = shown.removeprefix("-")
    return shown.replace("-", _MINUS) + (_PER_CENT if percent else "")


def cell_text(value: str | int | float | None, decimals: int | None = None) -> str:
    """Return a cell of a table; without ``decimals``, a number has the digits that it has, at most ten.

    >>> cell_text(1 / 3, 2), cell_text(-12345), cell_text(0.1 + 0.2), cell_text(None)
    ('0.33', '−12,345', '0.3', '')
    """
    if value is None or isinstance(value, str):
        return value or ""
    if decimals is not None:
        return number_text(value, f",.{decimals}f")
    return number_text(value, ",d" if isinstance(value, int) else ",.10g")
