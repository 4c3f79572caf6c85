"""What produced a result: versions, commit, machine, time."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tunescope._core.records import Record

__all__ = ["Provenance", "collect_provenance", "now"]

_PACKAGES = (
    "tunescope",
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "peft",
    "numpy",
    "scipy",
    "scikit-learn",
    "xarray",
)


class Provenance(Record):
    """Where and with what a result was computed.

    Attributes:
        versions: Installed version per package; packages that are not installed are absent.
        python: Version of Python.
        platform: Operating system and processor.
        n_cores: Processor cores that this process may use.
        commit: Commit of tunescope's source where it runs from a git checkout, with ``+`` appended if the
            checkout had uncommitted changes.
        started: Time in UTC, ISO 8601.
    """

    versions: dict[str, str]
    python: str
    platform: str
    n_cores: int
    commit: str | None
    started: str

    def without_time(self) -> dict[str, str]:
        """Return name and value of everything but the time: equal for equal installations."""
        own = {"python": self.python, "platform": self.platform, "processor cores": str(self.n_cores)}
        return {**self.versions, **own, "commit": self.commit or "not from a checkout"}


def collect_provenance() -> Provenance:
    """Return the provenance of a result that is about to be computed."""
    return Provenance(
        versions=_versions(),
        python=platform.python_version(),
        platform=platform.platform(),
        n_cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        commit=_source_commit(),
        started=now(),
    )


@cache
def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def now() -> str:
    """Return the time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _source_commit() -> str | None:
    """Return the commit of the code that this process has loaded."""
    source = Path(__file__).resolve().parents[3]
    if not (source / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        result = subprocess.run(
            ["git", "-C", str(source), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
        return result.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + (
            "+" if git("status", "--porcelain", "--untracked-files=no") else ""
        )
    except (OSError, subprocess.SubprocessError):
        return None
