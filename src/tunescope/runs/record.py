"""The record of a run: what was asked for, on which data, how it ended."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tunescope._core.provenance import Provenance
from tunescope._core.records import Record

__all__ = ["RunRecord"]

Status = Literal["running", "finished", "failed", "interrupted"]


class RunRecord(Record):
    """What a run was asked to do and what became of it.

    Attributes:
        schema_version: Version of this record.
        kind: What the run does: ``"finetune"``, ``"extract"``, ``"compare"`` …
        settings: Settings as given and defaulted; a run folder holds the work of one set of settings.
        inputs: Hashes of the data and weights that the run reads.
        about: What else people want to know of it, such as names and folders; no part of its identity.
        status: ``"running"`` until it ends; a run that was killed keeps this status.
        error: The message of the error that ended it, if one did.
        finished: Time of the end in UTC, ISO 8601.
        provenance: What it ran with.
    """

    schema_version: int = 1
    kind: str
    settings: dict[str, object]
    inputs: dict[str, object]
    about: dict[str, object] = Field(default_factory=dict)
    status: Status = "running"
    error: str | None = None
    finished: str | None = None
    provenance: Provenance

    def differences(self, other: RunRecord) -> list[str]:
        """Return one line for each setting or input in which the two runs differ, empty where they agree."""
        if self.kind != other.kind:
            return [f"kind: {self.kind} → {other.kind}"]
        lines = []
        for mine, theirs in ((self.settings, other.settings), (self.inputs, other.inputs)):
            for name in sorted(mine.keys() | theirs.keys()):
                if mine.get(name) != theirs.get(name):
                    lines.append(f"{name}: {mine.get(name)!r} → {theirs.get(name)!r}")
        return lines
