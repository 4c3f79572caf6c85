"""What a step cost: kept beside its result, and as figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tunescope._core.records import Record
from tunescope.finetuning.cost import Cost
from tunescope.measures.estimate import Estimate
from tunescope.studies.steps.rows import Row

__all__ = ["cost_rows", "read_cost", "write_cost"]

_FILE = "cost.json"


class _Kept(Record):
    """A cost, and for how many sentences it was."""

    cost: Cost
    n_sentences: int


def write_cost(folder: Path, cost: Cost, *, n_sentences: int) -> None:
    """Write what work on some sentences cost into the folder of its result."""
    kept = _Kept(cost=cost, n_sentences=n_sentences)
    (folder / _FILE).write_text(kept.model_dump_json(), encoding="utf-8")


def read_cost(folder: Path) -> tuple[Cost, int]:
    """Read what :func:`write_cost` wrote: the cost and the number of sentences."""
    kept = _Kept.model_validate_json((folder / _FILE).read_bytes())
    return kept.cost, kept.n_sentences


def cost_rows(
    own: Cost, reading: Cost | None = None, share: float = 1.0, *, status: str = "ok"
) -> Iterator[Row]:
    """Yield the figures of a cost: seconds, operations, peak and added bytes.

    Args:
        own: Of the training itself.
        reading: Of the vectors that it needs, if any; the figures are of both.
        share: Which part of ``reading`` is needed, in (0, 1]; memory is counted whole.
        status: Why the seconds are undefined, where they are.
    """
    reading_seconds = 0.0 if reading is None else share * reading.seconds
    reading_operations = 0.0 if reading is None else share * reading.operations
    parts = [own] if reading is None else [own, reading]
    figures = {
        "seconds": own.seconds + reading_seconds,
        "operations": own.operations + reading_operations,
        "reading_seconds": reading_seconds,
        "reading_operations": reading_operations,
        "peak_bytes": float(np.max([part.peak_bytes for part in parts])),
        "added_bytes": float(np.max([part.added_bytes for part in parts])),
    }
    for name, value in figures.items():
        reason = status if name == "seconds" else "undefined: it cannot be read on this system"
        yield Row(measure=name, estimate=Estimate(value=value, status="ok" if np.isfinite(value) else reason))
