"""Where a comparison was measured: its splits and metrics, in the order in which figures show them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tunescope.measures.estimate import Estimate
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["defined", "find", "main_split", "metrics", "out_of_domain", "splits"]

_IN_DOMAIN = ("test", "dev", "train")


def splits(comparison: Comparison) -> tuple[str, ...]:
    """Return the splits: test, dev, train, then the out-of-domain sets in their order."""
    named = [info.split for info in comparison.data]
    named += [m.split for m in comparison.measurements if m.split is not None]
    return _unique([*(split for split in _IN_DOMAIN if split in named), *named])


def out_of_domain(comparison: Comparison) -> tuple[str, ...]:
    """Return the out-of-domain sets in their order."""
    inside = {*_IN_DOMAIN, *(info.split for info in comparison.data if info.domain == "in")}
    return tuple(split for split in splits(comparison) if split not in inside)


def main_split(comparison: Comparison) -> str:
    """Return the split that the headline figures rest on: ``"test"`` where it was measured."""
    found = splits(comparison)
    return found[0] if found else "test"


def metrics(comparison: Comparison) -> tuple[str, ...]:
    """Return the task's metric, then the further ones that were measured."""
    found = [comparison.metric]
    for measurement in comparison.measurements:
        origin, _, metric = measurement.measure.partition("_")
        if origin in ("probe", "head"):
            found.append(metric)
    return _unique(found)


def find(
    comparison: Comparison, measure: str, subject: str, split: str | None, **fields: object
) -> Estimate | None:
    """Return the one estimate at this place on the given split by the final models; ``None`` where there is none."""
    place = {"partition": "given", "layer": None, "step": None, "label": None, "part": None, **fields}
    found = comparison.select(measure=measure, subject=subject, split=split, **place)
    return found[0].estimate if found else None


def defined(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """Return the measurements whose figure is a finite number."""
    return tuple(m for m in measurements if math.isfinite(m.estimate.value))


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
