"""Running a study from its file to its result."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.hashing import hash_value
from tunescope._core.provenance import collect_provenance
from tunescope.runs import Run, StepRecord, StepStore
from tunescope.studies.engine.cluster import check_cluster, connect
from tunescope.studies.engine.execution import execute, finished
from tunescope.studies.engine.plan import Plan
from tunescope.studies.engine.work import Outcome
from tunescope.studies.files.paths import check_paths
from tunescope.studies.files.study_file import StudyFile, read_study_file
from tunescope.studies.steps.rows import read_rows
from tunescope.studies.study import Study, find_studies
from tunescope.studies.study_result import StudyResult

__all__ = ["PlannedStudy", "plan_study", "read_study_result", "run_study"]

_RESULT = "study.json"
_STORE = "tunescope-store"


@dataclass(frozen=True)
class PlannedStudy:
    """A study that is ready to run.

    Attributes:
        study: Which study.
        file: Its file.
        plan: Its steps.
        store: Folder of the results of steps.
        done: Keys of the steps whose results are there.
    """

    study: Study
    file: StudyFile
    plan: Plan
    store: Path
    done: set[str]


def plan_study(path: Path | str, *, store: Path | str | None = None, device: str = "auto") -> PlannedStudy:
    """Read a study file, check what it names, and plan its steps; nothing is computed.

    Args:
        path: The study file.
        store: Folder of the results of steps; studies that share it do nothing twice. By default
            ``tunescope-store`` beside the study file.
        device: Where models are to run.

    Raises:
        InputError: The file is not what it has to be, or names what is not there.
        ModelError: A model cannot be found.
    """
    studies = find_studies()
    file = read_study_file(path, {name: study.settings for name, study in studies.items()})
    check_paths(file)
    study = studies[file.study]
    plan = study.plan(file, device)
    folder = Path(store) if store is not None else file.folder / _STORE
    return PlannedStudy(study, file, plan, folder.absolute(), finished(plan, folder.absolute()))


def run_study(
    planned: PlannedStudy,
    folder: Path | str,
    *,
    cluster: str = "in-process",
    workers: int | None = None,
    overwrite: bool = False,
) -> StudyResult:
    """Do the steps of a study that are not done yet, and gather what they found.

    Called again after a kill, it goes on. A step that fails costs only what needs it; the result names it.

    Args:
        planned: The study.
        folder: Where the result goes.
        cluster: As for :func:`~tunescope.studies.engine.cluster.connect`.
        workers: As there.
        overwrite: Remove the result of a study of other settings that is in ``folder``.

    Returns:
        The result; also written to ``study.json``, and every figure to ``records.json`` and ``records.parquet``.

    Raises:
        InputError: There is no such cluster.
        RunError: The folder cannot be written, or holds a run of other settings.
    """
    check_cluster(cluster, workers)
    run = Run.open(
        folder,
        "study",
        settings=planned.file.settings.model_dump(mode="json"),
        inputs={"steps (which change with data, models and code)": _identity(planned.plan)},
        about={"study file": str(planned.file.path), "store": str(planned.store)},
        overwrite=overwrite,
    )
    with run.recording(), readable_write_errors(run.folder):
        threads, memory = planned.file.settings.threads_per_step, _largest_step(planned.plan)
        with connect(cluster, workers, threads, memory) as client:
            outcomes = execute(planned.plan, planned.store, client)
        records, notes = gather(planned.plan, planned.store, outcomes)
        _write_records(records, run.folder)
        content = planned.study.content(planned.file, records)
        result = StudyResult(
            study=planned.study.name,
            name=planned.file.settings.name,
            question=planned.study.question,
            source=planned.study.source,
            findings=content.findings,
            tables=content.tables,
            figures=content.figures,
            claims=content.claims,
            failures=tuple(each for each in outcomes.values() if not each.has_result),
            notes=(*content.notes, *notes),
            settings=planned.file.settings.model_dump(mode="json"),
            provenance=collect_provenance().without_time(),
        )
        write_atomically(run.folder / _RESULT, result.model_dump_json(indent=1))
    return result


def _largest_step(plan: Plan) -> float:
    """Return the gigabytes of memory that the step that needs most may need."""
    return max((step.memory_gigabytes for step in plan), default=1.0)


def read_study_result(folder: Path | str) -> StudyResult:
    """Read the result of a study from the folder that it was run in.

    Raises:
        OSError: There is none.
    """
    return StudyResult.model_validate_json((Path(folder) / _RESULT).read_bytes())


def gather(plan: Plan, store: Path, outcomes: Mapping[str, Outcome]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return all figures of a plan, one row each with the places that they belong to, and what to know of them.

    These are the notes of its steps, and how many figures are undefined, and why.
    """
    found, notes = [], []
    undefined: Counter[tuple[str, str]] = Counter()
    steps, made_by = StepStore(store), set[str]()
    for reading in plan.readings:
        if not outcomes[reading.step.key].has_result:
            continue
        rows = read_rows(store / reading.step.folder_name)
        record = steps.record_of(reading.step.step(store))
        if record is not None:
            made_by.add(_maker(record))
        notes += [f"{reading.step.title}: {note}" for note in rows.notes]
        for row in rows.rows:
            figure = row.model_dump(exclude={"estimate"}) | row.estimate.model_dump()
            found.append({**reading.place, **figure})
            if math.isnan(row.estimate.value):
                status = row.estimate.status
                undefined[row.measure, "undefined" if status == "ok" else status] += 1
    for (measure, status), n in undefined.items():
        notes.append(f"{measure}: {n} {'figure' if n == 1 else 'figures'} {status}")
    if len(made_by) > 1:
        notes.append(f"The steps were not all done with the same software: {'; '.join(sorted(made_by))}.")
    return pd.DataFrame(found), tuple(dict.fromkeys(notes))


def _maker(record: StepRecord) -> str:
    versions = record.provenance.versions
    known = [
        f"{name} {versions[name]}" for name in ("tunescope", "torch", "transformers") if name in versions
    ]
    return ", ".join([*known, f"commit {str(record.provenance.commit)[:7]}", record.provenance.platform])


def _identity(plan: Plan) -> str:
    return f"{len(plan)} steps, {hash_value(sorted(step.key for step in plan))[:12]}"


def _write_records(records: pd.DataFrame, folder: Path) -> None:
    rows = records.astype(object).where(records.notna(), None).to_dict("records")
    write_atomically(folder / "records.json", json.dumps(rows, indent=1, ensure_ascii=False))  # floats whole
    partial = folder / ".records.parquet.partial"
    records.to_parquet(partial, index=False)
    partial.replace(folder / "records.parquet")
