"""The examples on which the two models differ, sorted into fixed, broken, and changed otherwise."""

from __future__ import annotations

from typing import Literal

from tunescope._core.records import Record
from tunescope.studies.comparison import ChangedPrediction, Comparison

__all__ = ["KINDS", "ChangedExample", "changed_examples"]

Kind = Literal["fixed", "broken", "other"]

KINDS: dict[Kind, str] = {
    "fixed": "Fixed: wrong before, right after",
    "broken": "Broken: right before, wrong after",
    "other": "Other change: wrong both times",
}
"""Kinds of change with their meaning."""


class ChangedExample(Record):
    """An example and how its prediction changed."""

    kind: Kind
    example: ChangedPrediction


def changed_examples(comparison: Comparison) -> tuple[ChangedExample, ...]:
    """Return the examples in the order fixed, broken, other; within a kind in their own order."""
    found = [ChangedExample(kind=_kind(example), example=example) for example in comparison.changed]
    order = list(KINDS)
    return tuple(sorted(found, key=lambda item: order.index(item.kind)))


def _kind(example: ChangedPrediction) -> Kind:
    if example.after == example.gold:
        return "fixed"
    return "broken" if example.before == example.gold else "other"
