"""A step: a piece of work whose result is a folder, found again by the hash of all that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tunescope._core.hashing import hash_value
from tunescope._core.provenance import Provenance
from tunescope._core.records import Record

__all__ = ["Step", "StepRecord"]


@dataclass(frozen=True)
class Step:
    """A piece of work that leaves its result in a folder of its own.

    Args:
        name: Short name for people, such as ``"extract-base-test"``; becomes part of the folder's name.
        inputs: Everything that the result depends on, as plain JSON values: hashes of data and weights, keys
            of earlier steps, settings, seeds. What only changes how fast the work goes is left out.
        compute: Writes the result into the folder that it is given. To run on another machine it must
            pickle: a module-level function with paths and records bound by :func:`functools.partial`.
        version: Version of the code behind ``compute``; raised by one whenever its result changes.
        resumable: Whether ``compute`` carries on from what an earlier, interrupted attempt left in the folder.
            Otherwise it is given an empty folder.
    """

    name: str
    inputs: Mapping[str, object]
    compute: Callable[[Path], None]
    version: int = 1
    resumable: bool = False

    @cached_property
    def key(self) -> str:
        """SHA-256 of name, version and inputs: equal keys mean equal results."""
        return hash_value([self.name, self.version, dict(self.inputs)])

    @property
    def folder_name(self) -> str:
        """Name of the step's folder: its name and the first 16 digits of its key."""
        return f"{self.name}-{self.key[:16]}"


class StepRecord(Record):
    """What is written beside a finished step's result."""

    schema_version: int = 1
    name: str
    key: str
    version: int
    inputs: dict[str, object]
    elapsed_seconds: float
    provenance: Provenance
