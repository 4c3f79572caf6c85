"""The figures that a step found: rows of one tidy table, whose other columns say which model and task they are of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate

__all__ = ["Row", "Rows", "read_rows", "write_rows"]

_FILE = "rows.json"


class Row(Record):
    """A figure.

    Attributes:
        measure: What was measured, such as ``"accuracy"``.
        split: On which examples.
        layer: At which layer; None where it belongs to none.
        step: After which training step; None where it belongs to none.
        label: Of which label.
        estimate: The figure and its interval.
    """

    measure: str
    split: str | None = None
    layer: int | None = None
    step: int | None = None
    label: str | None = None
    estimate: Estimate


class Rows(Record):
    """All figures of a step, and what a reader must know before trusting them."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def write_rows(folder: Path, rows: Iterable[Row], notes: Iterable[str] = ()) -> None:
    """Write what a step found into its folder."""
    found = Rows(rows=tuple(rows), notes=tuple(notes))
    (folder / _FILE).write_text(found.model_dump_json(), encoding="utf-8")


def read_rows(folder: Path) -> Rows:
    """Read what a step found."""
    return Rows.model_validate_json((folder / _FILE).read_bytes())
