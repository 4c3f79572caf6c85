"""Numbers in words: digits, per cent, signs and ranges as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tunescope.measures.catalogue import MEASURES, MeasureDescription
from tunescope.measures.estimate import Estimate

__all__ = [
    "count_text",
    "describe",
    "difference_text",
    "estimate_text",
    "inner_text",
    "layers_text",
    "level_text",
    "listed",
    "range_text",
    "signed_text",
    "split_title",
    "value_text",
]

_MINUS = "\u2212"
_THIN = "\u202f"
_FIXED = "\u00a0"
_SPLIT_TITLES = {"train": "Train", "dev": "Dev", "test": "Test"}


def describe(measure: str) -> MeasureDescription:
    """Return the catalogue's description of a measure, or a bare one for a measure that it lacks."""
    unknown = MeasureDescription(
        key=measure,
        title=measure.replace("_", " "),
        higher_means="a higher figure",
        low=None,
        high=None,
        source="",
    )
    return MEASURES.get(measure, unknown)


def value_text(measure: str, value: float) -> str:
    """Return a figure with the digits and unit in which people read the measure.

    >>> value_text("rsa", -0.834)
    '−0.83'
    """
    return _number(measure, value, _decimals(measure, value), unit=f"{_THIN}%")


def signed_text(measure: str, value: float) -> str:
    """Return a difference with its sign, without unit.

    >>> signed_text("probe_accuracy", 0.0691)
    '+6.9'
    """
    return _with_sign(_number(measure, value, _decimals(measure, value)))


def range_text(measure: str, estimate: Estimate, *, signed: bool = False) -> str:
    """Return both ends of the interval, such as ``"+6.0 … +7.8"``; empty where there is no interval."""
    if not estimate.has_interval:
        return ""
    decimals = _decimals(measure, estimate.value, estimate.low, estimate.high)
    ends = [_number(measure, end, decimals) for end in (estimate.low, estimate.high)]
    return f"{_FIXED}…{_FIXED}".join(map(_with_sign, ends) if signed else ends)


def estimate_text(measure: str, estimate: Estimate) -> str:
    """Return a figure and its interval, or why it is not defined.

    >>> estimate_text("rsa", Estimate(value=0.834, low=0.812, high=0.851)).replace("\u00a0", " ")
    '0.83 (0.81 … 0.85)'
    """
    parts = _estimate_parts(measure, estimate)
    return f"{parts[0]} ({parts[1]})" if len(parts) > 1 else parts[0]


def inner_text(measure: str, estimate: Estimate) -> str:
    """Return what :func:`estimate_text` does, with a comma instead of parentheses, to stand inside of some."""
    return ", ".join(_estimate_parts(measure, estimate))


def _estimate_parts(measure: str, estimate: Estimate) -> list[str]:
    if not math.isfinite(estimate.value):
        return [f"not defined: {estimate.status}" if estimate.status != "ok" else "not defined"]
    if not estimate.has_interval:
        return [value_text(measure, estimate.value)]
    decimals = _decimals(measure, estimate.value, estimate.low, estimate.high)
    return [_number(measure, estimate.value, decimals, unit=f"{_THIN}%"), range_text(measure, estimate)]


def difference_text(measure: str, estimate: Estimate) -> str:
    """Return a difference, its interval and the interval's coverage."""
    if not math.isfinite(estimate.value):
        return estimate_text(measure, estimate)
    unit = " points" if describe(measure).percent else ""
    text = f"{signed_text(measure, estimate.value)}{unit}"
    if not estimate.has_interval:
        return f"{text}, no interval"
    return f"{text}, {level_text(estimate)} interval {range_text(measure, estimate, signed=True)}"


def level_text(estimate: Estimate) -> str:
    """Return the coverage of the interval, such as ``"95 %"``."""
    return f"{100 * estimate.level:g}{_THIN}%"


def count_text(count: int, noun: str) -> str:
    """Return a count with its noun, such as ``"1,234 sentences"``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def layers_text(layers: Sequence[int]) -> str:
    """Return layers as ranges.

    >>> layers_text([0, 1, 2, 5])
    'layers 0–2 and 5'
    """
    runs: list[list[int]] = []
    for layer in sorted(layers):
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return f"{'layer' if len(layers) == 1 else 'layers'} {listed(texts)}"


def listed(texts: Sequence[str]) -> str:
    """Return texts as an enumeration: "a, b and c"."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def split_title(split: str | None) -> str:
    """Return the name of a split for people; the names of out-of-domain sets stay as they are."""
    return "All" if split is None else _SPLIT_TITLES.get(split, split)


def _with_sign(text: str) -> str:
    return text if text.startswith((_MINUS, "not")) else f"+{text}"


def _number(measure: str, value: float, decimals: int, unit: str = "") -> str:
    """Write a number in the measure's scale; ``unit`` is for measures read in per cent."""
    percent = describe(measure).percent
    if math.isnan(value):
        return "not defined"
    if math.isinf(value):
        return f"{_MINUS if value < 0 else ''}∞"
    shown = f"{100 * value if percent else value:.{decimals}f}"
    if float(shown) == 0:
        shown = shown.removeprefix("-")
    return shown.replace("-", _MINUS) + (unit if percent else "")


def _decimals(measure: str, *values: float) -> int:
    """Return 1 decimal for per cent; else 2, or 3 where two would hide a figure: near 0 and just below 1."""
    if describe(measure).percent:
        return 1
    sizes = [abs(value) for value in values if math.isfinite(value)]
    if any(size >= 100 for size in sizes):
        return 0
    return 3 if any(0 < size < 0.1 or 0.99 <= size < 1 for size in sizes) else 2
