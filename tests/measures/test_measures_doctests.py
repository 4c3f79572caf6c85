from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import tunescope.measures

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(tunescope.measures.__path__, "tunescope.measures.")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize(
    "name", [name for name in MODULES if ".hulls" not in name and ".engine" not in name]
)  # these are for inside use
def test_every_public_function_has_an_example_or_is_covered_by_its_class(name: str) -> None:
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if callable(thing) and getattr(thing, "__module__", None) == name and not isinstance(thing, type):
            documented = thing.__doc__ or ""
            assert ">>>" in documented or public.startswith("check_") or public == "number_sentences", public


def test_no_measure_imports_torch_but_where_a_probe_is_trained() -> None:
    names = [name for name in MODULES if ".engine." not in name]
    imports = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\n"
    code = imports + "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
