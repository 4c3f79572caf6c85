"""The structure: imports flow one way, the measures need no torch, importing has no side effects."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src" / "tunescope"
LAYERS = (
    "_core",
    "runs",
    "tasks",
    "models",
    "finetuning",
    "representations",
    "measures",
    "landscapes",
    "studies",
    "report",
    "cli",
)
"""Each package imports only from itself and from those before it."""


def _imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def _modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)


def test_every_package_has_a_place() -> None:
    assert {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} <= {*LAYERS}


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_flow_one_way(path: Path) -> None:
    mine = LAYERS.index(path.relative_to(ROOT).parts[0])
    for module in _imported_modules(path):
        if module == "tunescope":
            raise AssertionError(f"{path} imports the whole package")
        if module.startswith("tunescope."):
            theirs = module.split(".")[1]
            assert LAYERS.index(theirs) <= mine, f"{path} imports {module}, which is below it"


def test_the_test_would_notice_a_wrong_import(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from tunescope.cli.main import main\n", encoding="utf8")
    assert list(_imported_modules(wrong)) == ["tunescope.cli.main"]
    assert LAYERS.index("cli") > LAYERS.index("measures")


def _modules_loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "package",
    [
        "tunescope",
        "tunescope.measures",
        "tunescope.tasks",
        "tunescope.report",
        "tunescope.representations.store",
    ],
)
def test_reading_measuring_and_reporting_need_no_torch(package: str) -> None:
    folder = ROOT.joinpath(*package.split(".")[1:])
    names = [package]
    if folder.is_dir() and package != "tunescope":
        files = (
            path
            for path in folder.rglob("*.py")
            if path.name != "__init__.py" and path.parent.name != "engine"
        )
        names += ["tunescope." + ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    loaded = _modules_loaded_after("\n".join(f"import {name}" for name in names))
    assert names[-1] in loaded
    assert not {"torch", "transformers"} & loaded


@pytest.mark.parametrize("path", sorted((ROOT / "measures").rglob("*.py")), ids=lambda path: path.name)
def test_only_functions_import_what_trains_probes(path: Path) -> None:
    if path.parent.name == "engine":
        return
    at_the_top = [
        node for node in ast.parse(path.read_text(encoding="utf8")).body if isinstance(node, ast.ImportFrom)
    ]
    assert not [
        node.module for node in at_the_top if ".engine." in str(node.module) or node.module == "torch"
    ]


def test_the_measures_work_where_there_is_no_torch() -> None:
    code = """
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoTorch())
import numpy as np
from tunescope.measures.similarity.rsa import rsa
x = np.random.default_rng(0).normal(size=(9, 4))
assert abs(rsa(x, 2 * x) - 1) < 1e-12
"""
    assert "tunescope.measures.similarity.rsa" in _modules_loaded_after(code)


def test_every_public_name_can_be_had() -> None:
    import tunescope

    for name in tunescope.__all__:
        assert getattr(tunescope, name).__doc__
