"""A finished study as it is sent to a tracker, read from the folder that it was run in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tunescope._core.hashing import hash_value
from tunescope.runs import Run
from tunescope.studies.run_study import read_study_result
from tunescope.studies.sinks.flat_settings import flat_settings
from tunescope.studies.sinks.metric_points import MetricPoint, metric_points, name_part
from tunescope.studies.study_result import StudyResult

__all__ = ["TrackedStudy", "read_tracked_study"]

_FILES = ("report.html", "study.json", "records.parquet")


@dataclass(frozen=True)
class TrackedStudy:
    """What a tracker is told of a study.

    Attributes:
        study: Which study it is, such as ``"closer-look"``.
        name: Its name in the study file.
        identity: Hash of the study's inputs: settings, and keys of all steps, which hash models and data. The same
            study run again has the same.
        description: What it asks, after which work.
        settings: Its settings, flat.
        tags: Versions and platform, claims with verdicts, and how much failed or is not defined.
        points: Its figures.
        files: The report, the result and all records.
    """

    study: str
    name: str
    identity: str
    description: str
    settings: Mapping[str, str]
    tags: Mapping[str, str]
    points: tuple[MetricPoint, ...]
    files: tuple[Path, ...]

    @property
    def collection(self) -> str:
        """Where studies of this kind are together, so that runs with the same metrics stand side by side."""
        return f"tunescope-{self.study}"

    @cached_property
    def content(self) -> str:
        """Hash of all that is sent: it differs where a step failed before and now has a result."""
        return hash_value([dict(self.settings), dict(self.tags), self.points])


def read_tracked_study(folder: Path | str) -> TrackedStudy:
    """Read what a tracker is told of a study.

    Args:
        folder: The folder that the study was run in.

    Raises:
        RunError: It holds no run.
        OSError: It holds no result of a study.
    """
    folder = Path(folder)
    record = Run.read(folder).record
    result = read_study_result(folder)
    records = pd.read_parquet(folder / "records.parquet")
    return TrackedStudy(
        study=result.study,
        name=result.name,
        identity=hash_value([result.study, record.settings, record.inputs]),
        description=f"{result.question} After {result.source}.",
        settings=flat_settings(result.settings),
        tags={
            "study": result.study,
            "failed steps": str(len(result.failures)),
            "undefined figures": str(_n_undefined(records)),
            **{f"provenance.{name_part(name)}": value for name, value in result.provenance.items()},
            **_claims(result),
        },
        points=metric_points(records),
        files=tuple(folder / name for name in _FILES if (folder / name).exists()),
    )


def _n_undefined(records: pd.DataFrame) -> int:
    return 0 if records.empty else int((~np.isfinite(records["value"].astype(float))).sum())


def _claims(result: StudyResult) -> dict[str, str]:
    tags: dict[str, str] = {}
    for number, claim in enumerate(result.claims, start=1):
        tags[f"claim.{number:02d}.verdict"] = claim.verdict
        tags[f"claim.{number:02d}.text"] = claim.text
        tags[f"claim.{number:02d}.evidence"] = claim.evidence
    return tags
