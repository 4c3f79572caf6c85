"""The states that tables have a row for: each model before fine-tuning, once for each task, and after it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.study_rows import StudyRows

__all__ = ["State", "states"]


@dataclass(frozen=True)
class State:
    """A model before or after fine-tuning, on the task that it was or will be tuned on.

    Attributes:
        place: Model, task and seed.
        stage: ``"before"`` or ``"after"``.
        top: The figures of its top layer.
    """

    place: Place
    stage: str
    top: StudyRows

    @property
    def heading(self) -> dict[str, str | int | None]:
        """The first cells of its row."""
        seed = self.place.seed if self.stage == "after" else None
        return {"model": self.place.model, "task": self.place.task, "state": self.stage, "seed": seed}

    def whole(self, **fields: object) -> int | float | None:
        """Return a count; NaN where it is undefined, None where it was not looked for."""
        found = self.top.one(**fields)
        if found is None:
            return None
        return math.nan if math.isnan(found["value"]) else int(found["value"])


def states(frame: Frame) -> Iterator[State]:
    """Yield before and after of each model and task; the state before is the same for all seeds."""
    seen: set[tuple[str, str]] = set()
    for place in frame.places():
        top = {"layer": frame.top(place.model)}
        if (place.model, place.task) not in seen:
            yield State(place, "before", _rows(frame, place, "before", top))
        seen.add((place.model, place.task))
        yield State(place, "after", _rows(frame, place, "after", top))


def _rows(frame: Frame, place: Place, stage: str, fields: dict[str, int]) -> StudyRows:
    found = frame.before(place, **fields) if stage == "before" else frame.after(place, **fields)
    return StudyRows(found)
