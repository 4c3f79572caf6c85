"""The record of one finding."""

from __future__ import annotations

from typing import Literal

from tunescope._core.records import Record
from tunescope.measures.estimate import Estimate

__all__ = ["Finding"]


class Finding(Record):
    """A sentence in plain words that a figure supports.

    Attributes:
        kind: ``"result"`` for what was measured, ``"advice"`` for what to try, ``"caution"`` for what to mind.
        text: The sentence; its interval is part of it.
        figure: Key of the figure that it rests on; ``None`` where it rests on no figure of the report.
        measure: The measure of ``estimate``.
        estimate: The figure and its interval, where the finding rests on one.
        verdict: Whether fine-tuning helped, hurt, or neither can be told, for findings that ask this.
    """

    kind: Literal["result", "advice", "caution"]
    text: str
    figure: str | None = None
    measure: str | None = None
    estimate: Estimate | None = None
    verdict: Literal["helped", "hurt", "unclear"] | None = None
