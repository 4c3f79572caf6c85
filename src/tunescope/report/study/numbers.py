"""Numbers and cells of a study as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["cell_text", "number_text", "round_texts"]

_MINUS = "\u2212"
_PER_CENT = "\u202f%"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def round_texts(numbers: Sequence[float], *, plain_from: float = 1e-3) -> list[str]:
    """Return numbers of a logarithmic scale: plain, or all with powers of ten where one is smaller or very large.

    >>> round_texts([0.05, 2000.0]), round_texts([3e-5, 1e-4, 1e-3])
    (['0.05', '2,000'], ['3×10⁻⁵', '10⁻⁴', '10⁻³'])
    """
    if all(plain_from <= number < 1e6 for number in numbers):
        return [number_text(number, ",.6g") for number in numbers]
    return list(map(_with_power, numbers))


def _with_power(number: float) -> str:
    digits, power = f"{number:.1e}".split("e")
    shown = f"10{str(int(power)).translate(_SUPERSCRIPTS)}"
    return shown if digits == "1.0" else f"{digits.removesuffix('.0')}×{shown}"


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
