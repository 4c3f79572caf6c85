"""Makes the factory and the browser importable by the tests of other packages, and writes each report once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# So that the tests of this and of other packages find `tests.report.factory` and `tests.report.browser`.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.report.factory import make_comparison, make_empty_comparison, make_hostile_comparison
from tests.report.study.factory import (
    make_empty_study_result,
    make_hostile_study_result,
    make_study_result,
)

from tunescope.report import write_report
from tunescope.report.study import write_study_report


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of a usual, a hostile and an empty report."""
    folder = tmp_path_factory.mktemp("reports")
    made = {
        "usual": make_comparison(),
        "hostile": make_hostile_comparison(),
        "empty": make_empty_comparison(),
    }
    for name, comparison in made.items():
        write_report(comparison, folder / name)
    return {name: folder / name for name in made}


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
