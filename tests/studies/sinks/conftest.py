"""A finished study that cost nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tunescope.runs import Run
from tunescope.studies.engine.work import Outcome
from tunescope.studies.study_result import Claim, StudyResult

SETTINGS: dict[str, Any] = {
    "name": "small",
    "models": [{"name": "tiny", "path": "models/tiny"}],
    "layers": [0, 1],
    "finetune": {"epochs": 1, "learning_rate": None},
}
ROWS = (
    {"measure": "accuracy", "stage": "before", "layer": 0, "value": 0.5, "low": 0.4, "high": 0.6},
    {"measure": "accuracy", "stage": "before", "layer": 1, "value": 0.75},
    {"measure": "rsa", "stage": "after", "layer": 1, "step": 10, "value": 0.25},
    {"measure": "gain", "stage": "after", "layer": 1, "value": math.nan},
)

FinishedStudy = Callable[..., Path]


def records_of(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return rows as a study has them."""
    empty = {"split": "test", "layer": None, "step": None, "label": None}
    estimate = {
        "low": math.nan,
        "high": math.nan,
        "level": 0.95,
        "n_examples": 1,
        "n_sentences": 1,
        "status": "ok",
    }
    return pd.DataFrame([{"model": "tiny", "task": "tags", **empty, **estimate, **row} for row in rows])


@pytest.fixture
def finished_study(tmp_path: Path) -> FinishedStudy:
    """Return a function that writes the folder of a finished study with some rows, and returns the folder."""

    def write(*rows: dict[str, Any], name: str = "study", failed: bool = False, **settings: Any) -> Path:
        folder = tmp_path / name
        chosen = {**SETTINGS, **settings}
        run = Run.open(folder, "study", settings=chosen, inputs={"steps": ["abc"]}, overwrite=True)
        result = StudyResult(
            study="closer-look",
            name=chosen["name"],
            question="What changed?",
            source="Someone 2022",
            claims=(Claim(text="It helps.", source="4.1", verdict="holds", evidence="+7 points"),),
            failures=(Outcome(key="k", title="a step", status="failed"),) if failed else (),
            settings=chosen,
            provenance={"torch": "2.0", "processor cores": "2"},
        )
        (run.folder / "study.json").write_text(result.model_dump_json())
        (run.folder / "report.html").write_text("<p>the report</p>")
        records_of(*(rows or ROWS)).to_parquet(run.folder / "records.parquet", index=False)
        return folder

    return write
