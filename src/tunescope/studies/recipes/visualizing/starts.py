"""From which weights a model is trained."""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["PRETRAINED", "ROLES", "SCRATCH", "Start"]

Start = Literal["pre-trained", "scratch"]

PRETRAINED: Final = "pre-trained"
SCRATCH: Final = "scratch"

ROLES: dict[str, Literal["base", "tuned"]] = {PRETRAINED: "tuned", SCRATCH: "base"}
"""The roles, and so the colours, of the two in figures."""
