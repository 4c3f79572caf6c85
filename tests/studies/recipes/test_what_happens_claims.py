"""How claims on what happens to layers are judged, and what is advised, on made-up figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd
import pytest

from tunescope.studies.recipes.what_happens.claims import what_happens_claims
from tunescope.studies.recipes.what_happens.comparing import OWN_TEXT
from tunescope.studies.recipes.what_happens.findings import what_happens_findings
from tunescope.studies.recipes.what_happens.frame import Frame

Figure = tuple[float, float, float]
FIGURES: dict[str, Figure] = {
    "syntax gain": (-0.01, -0.02, 0.0),
    "parsing, layer 1": (0.9, 0.88, 0.92),
    "parsing, top": (0.3, 0.28, 0.32),
    "snli, layer 1": (0.99, 0.98, 1.0),
    "snli, top": (0.6, 0.58, 0.62),
    "frozen half": (-0.005, -0.015, 0.005),
    "head alone": (-0.2, -0.22, -0.18),
    "one layer": (-0.05, -0.06, -0.04),
    "own minus other": (-0.1, -0.12, -0.08),
}


def _frame(**changes: Figure) -> Frame:
    figures = FIGURES | {name.replace("__", ", ").replace("_", " "): value for name, value in changes.items()}
    return Frame(pd.DataFrame(list(_rows(figures))))


def _rows(figures: dict[str, Figure]) -> Iterator[dict[str, object]]:
    for task, label, metric in (("parsing", "tree", "las"), ("snli", "class", "accuracy")):
        place = {"model": "m", "model_layers": 2, "task": task, "label_kind": label, "metric": metric}
        text = {"kind": "similarity", "domain": OWN_TEXT, "measure": "rsa", "seed": 0}
        other = {"kind": "similarity", "domain": "news", "measure": "rsa_own_minus_other", "seed": 0}
        found: list[tuple[dict[str, object], Figure]] = [
            ({"kind": "structure before", "measure": "dspr", "layer": 1}, (0.5, 0.4, 0.6)),
            ({"kind": "structure before", "measure": "dspr", "layer": 2}, (0.3, 0.2, 0.4)),
            (
                {"kind": "structure gain", "measure": "dspr_gain", "layer": 1, "seed": 0},
                figures["syntax gain"],
            ),
            ({"kind": "structure gain", "measure": "dspr_gain", "layer": 2, "seed": 0}, (-0.2, -0.3, -0.1)),
            ({**text, "layer": 1}, figures[f"{task}, layer 1"]),
            ({**text, "layer": 2}, figures[f"{task}, top"]),
            ({**other, "layer": 1}, (0.1, 0.05, 0.15)),
            ({**other, "layer": 2}, figures["own minus other"]),
        ]
        for kind, n_layers, change in (
            ("freeze", -1, None),
            ("freeze", 1, figures["frozen half"]),
            ("freeze", 2, figures["head alone"]),
            ("truncate", 1, figures["one layer"]),
            ("truncate", 2, None),
        ):
            at = {"kind": kind, "n_layers": n_layers, "seed": 0}
            score = 0.8 + (0.0 if change is None else change[0])
            found.append(({**at, "measure": "score", "split": "test"}, (score, score - 0.02, score + 0.02)))
            seconds = 10.0 / (1 if change is None else 2)
            found.append(({**at, "measure": "seconds"}, (seconds, math.nan, math.nan)))
            if change is not None:
                found.append(({**at, "measure": "gain", "split": "test"}, change))
        for layer, operations in ((1, 60.0), (2, 100.0)):
            at = {"kind": "inference", "measure": "inference_operations", "layer": layer}
            found.append((at, (operations, math.nan, math.nan)))
        for where, (value, low, high) in found:
            yield {**place, **where, "value": value, "low": low, "high": high}


HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"
NOTHING = (math.nan, math.nan, math.nan)


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({}, (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"syntax_gain": (-0.2, -0.3, -0.1)}, (FAILS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"syntax_gain": (-0.05, -0.1, 0.0)}, (OPEN, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"syntax_gain": NOTHING}, (OPEN, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"snli__layer_1": (0.5, 0.48, 0.52)}, (HOLDS, FAILS, OPEN, HOLDS, HOLDS)),
        ({"snli__layer_1": (0.6, 0.5, 0.7)}, (HOLDS, OPEN, OPEN, HOLDS, HOLDS)),
        (
            {
                "parsing__layer_1": (0.999, 0.9985, 1.0),
                "parsing__top": (0.7, 0.68, 0.72),
                "snli__layer_1": (0.9, 0.8, 0.95),
            },
            (HOLDS, HOLDS, FAILS, HOLDS, HOLDS),
        ),
        ({"frozen_half": (-0.05, -0.06, -0.04)}, (HOLDS, HOLDS, HOLDS, FAILS, HOLDS)),
        ({"frozen_half": (-0.02, -0.03, -0.01)}, (HOLDS, HOLDS, HOLDS, OPEN, HOLDS)),
        ({"own_minus_other": (0.1, 0.05, 0.2)}, (HOLDS, HOLDS, HOLDS, HOLDS, FAILS)),
        ({"own_minus_other": (0.0, -0.05, 0.05)}, (HOLDS, HOLDS, HOLDS, HOLDS, OPEN)),
    ],
)
def test_claims_are_judged_by_their_rules(changes: dict[str, Figure], verdicts: tuple[str, ...]) -> None:
    assert tuple(claim.verdict for claim in what_happens_claims(_frame(**changes))) == verdicts


def test_missing_figures_decide_nothing() -> None:
    rows = _frame().rows
    empty = Frame(rows[rows["kind"] == "weights"])
    assert what_happens_claims(empty) == ()
    scores_alone = Frame(rows[(rows["kind"] == "freeze") & (rows["measure"] == "score")])
    assert {claim.verdict for claim in what_happens_claims(scores_alone)} == {OPEN}


def test_advice_on_freezing_and_truncating() -> None:
    freeze, truncate = what_happens_findings(_frame())[:2]
    assert freeze == "parsing, m: freeze up to layer 1: -0.5 points (-1.5 … +0.5), 2.0 × faster."
    assert truncate == (
        "parsing, m: no truncated model keeps 95% of the gain; the best is truncate to layer 1: 75% of the gain over"
        " the head alone, at 60% of the inference cost: -5.0 points (-6.0 … -4.0)."
    )
    enough = what_happens_findings(_frame(one_layer=(-0.005, -0.02, 0.01)))[1]
    assert enough.startswith("parsing, m: truncate to layer 1: 98% of the gain over the head alone, at 60%")


def test_advice_where_it_costs_or_cannot_be_told() -> None:
    costly = what_happens_findings(_frame(frozen_half=(-0.05, -0.06, -0.04)))[0]
    assert costly == (
        "parsing, m: freezing costs something at every layer, least up to layer 1: -5.0 points (-6.0 … -4.0)."
    )
    useless = what_happens_findings(_frame(head_alone=(0.0, -0.02, 0.02)))
    assert useless[0].startswith("parsing, m: freeze up to layer 2: +0.0 points")
    assert "cannot be told" in useless[1]
