"""The real model and tasks that the benchmarks run on."""

from __future__ import annotations

import sys
from pathlib import Path

from tunescope import Task, read_task
from tunescope.studies.demo import find_demo_model

__all__ = ["DATA", "MODEL", "dependencies", "preposition_functions", "preposition_roles", "pud", "trec"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
if not DATA.exists():
    sys.exit(f"benchmarks: the real data is not there: {DATA}")
MODEL = find_demo_model()


def pud() -> Task:
    """Return POS tagging of UD English PUD: 800 sentences to train on, 200 to test on."""
    path = DATA / "ud" / "PUD-r2.5" / "en_pud-ud-test.conllu"
    return read_task("conllu:pos", train=f"{path}[:800]", test=f"{path}[800:]", name="pud")


def trec() -> Task:
    """Return TREC with fine labels."""
    folder = DATA / "trec"
    return read_task(
        "trec:fine", train=folder / "train_5500.label", test=folder / "TREC_10.label", name="trec"
    )


def dependencies() -> Task:
    """Return dependency relations of UD English PUD, a pair of a word and its head each."""
    path = DATA / "ud" / "PUD-r2.5" / "en_pud-ud-test.conllu"
    return read_task("conllu:dep", train=f"{path}[:800]", test=f"{path}[800:]", name="pud-dep")


def preposition_roles() -> Task:
    """Return the semantic roles of prepositions and possessives in STREUSLE."""
    return _streusle("role")


def preposition_functions() -> Task:
    """Return the functions of prepositions and possessives in STREUSLE."""
    return _streusle("function")


def _streusle(what: str) -> Task:
    train, test = (DATA / "streusle-4.2" / f"streusle.ud_{split}.conllulex" for split in ("train", "test"))
    return read_task(f"conllulex:{what}", train=train, test=test, name=f"streusle-{what}")
