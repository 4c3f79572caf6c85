"""Writes each report of a study once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.study.factory import (
    make_empty_study_result,
    make_hostile_study_result,
    make_study_result,
)

from tunescope.report.study import write_study_report


@pytest.fixture(scope="session")
def study_reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of the reports of a rich, a hostile and an empty study."""
    folder = tmp_path_factory.mktemp("study-reports")
    made = {
        "rich": make_study_result(),
        "hostile": make_hostile_study_result(),
        "empty": make_empty_study_result(),
    }
    for name, result in made.items():
        write_study_report(result, folder / name)
    return {name: folder / name for name in made}
