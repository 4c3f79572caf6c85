"""The real model and tasks that the benchmarks run on."""

from __future__ import annotations

import sys
from pathlib import Path

from tunescope import Task, read_task
from tunescope.studies.demo import find_demo_model

__all__ = ["MODEL", "pud", "trec"]

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
if not _DATA.exists():
    sys.exit(f"benchmarks: the real data is not there: {_DATA}")
MODEL = find_demo_model()


def pud() -> Task:
    """Return POS tagging of UD English PUD: 800 sentences to train on, 200 to test on."""
    path = _DATA / "ud" / "PUD-r2.5" / "en_pud-ud-test.conllu"
    return read_task("conllu:pos", train=f"{path}[:800]", test=f"{path}[800:]", name="pud")


def trec() -> Task:
    """Return TREC with fine labels."""
    folder = _DATA / "trec"
    return read_task(
        "trec:fine", train=folder / "train_5500.label", test=folder / "TREC_10.label", name="trec"
    )
