"""Makes the factory and the browser importable by the tests of other packages, and writes each report once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# So that the tests of this and of other packages find `tests.report.factory` and `tests.report.browser`.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.report.factory import make_comparison, make_empty_comparison, make_hostile_comparison

from tunescope.report import write_report


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
