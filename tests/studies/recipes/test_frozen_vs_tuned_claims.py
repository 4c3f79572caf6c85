"""How claims on frozen and tuned models are judged, on made-up figures."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from tunescope.studies.recipes.frozen_vs_tuned.claims import frozen_vs_tuned_claims
from tunescope.studies.recipes.frozen_vs_tuned.frame import Frame
from tunescope.studies.recipes.frozen_vs_tuned.likeness import likeness_claim, likeness_table

CLAIMS = ("as good as frozen", "gains most on pairs", "ten times cheaper", "over-fits", "domain lies")


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({}, ("holds", "holds", "holds", "holds")),
        ({"pair_gain": (-0.05, -0.08, -0.02)}, ("does not hold", "does not hold", "holds", "holds")),
        ({"word_gain": (0.0, -0.03, 0.03)}, ("cannot be told", "holds", "holds", "holds")),
        ({"pair_gain": (0.0, -0.005, 0.03)}, ("holds", "cannot be told", "holds", "holds")),
        ({"seconds": 3.0}, ("holds", "holds", "cannot be told", "holds")),
        ({"seconds": 3.0, "operations": 30.0}, ("holds", "holds", "does not hold", "holds")),
        ({"small_gain": (0.03, 0.01, 0.05)}, ("holds", "holds", "holds", "does not hold")),
        ({"small_gap": (0.02, -0.01, 0.05)}, ("holds", "holds", "holds", "cannot be told")),
        ({"small_gap": (-0.1, -0.2, -0.05)}, ("holds", "holds", "holds", "does not hold")),
        (
            {"word_gain": (math.nan, math.nan, math.nan)},
            ("cannot be told", "cannot be told", "holds", "holds"),
        ),
    ],
)
def test_claims_are_judged_by_their_rules(changes: dict[str, object], verdicts: tuple[str, ...]) -> None:
    claims = frozen_vs_tuned_claims(Frame(_made_up_rows(changes)))
    assert [word in claim.text for word, claim in zip(CLAIMS, claims, strict=True)] == [True] * 5
    assert tuple(claim.verdict for claim in claims) == (*verdicts, "cannot be told")


def _made_up_rows(changes: dict[str, object]) -> pd.DataFrame:
    figures = {
        "word_gain": (0.01, 0.0, 0.02),
        "pair_gain": (0.07, 0.04, 0.1),
        "small_gain": (-0.1, -0.15, -0.05),
        "small_gap": (0.2, 0.1, 0.3),
        "seconds": 10.0,
        "operations": 10.0,
    } | changes
    rows = []
    for task, target in (("word", "token"), ("pair", "sentence-pair")):
        place = {"model": "m", "task": task, "target": target, "metric": "accuracy", "seed": 0}
        for size in (20, 100):
            at = {**place, "n_train": size, "is_largest": int(size == 100)}
            gain = figures["small_gain"] if size == 20 else figures[f"{task}_gain"]
            for measure, split, figure in (("gain", "test", gain), ("gap_gain", None, figures["small_gap"])):
                value, low, high = figure  # type: ignore[misc]
                pair = {"condition": "tuned", "against": "mix", "measure": measure, "split": split}
                rows.append({**at, **pair, "value": value, "low": low, "high": high})
            for measure in ("seconds", "operations"):
                for condition, value in (("mix", 2.0), ("tuned", 2.0 * figures[measure])):  # type: ignore[operator]
                    rows.append({**at, "condition": condition, "measure": measure, "value": value})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("gains", "distances", "verdict"),
    [
        ((0.1, 0.2, 0.3, 0.4, 0.5), (0.5, 0.4, 0.3, 0.2, 0.1), "does not hold"),
        ((0.5, 0.4, 0.3, 0.2, 0.1), (0.5, 0.4, 0.3, 0.2, 0.1), "does not hold"),
        ((0.1, 0.2, 0.3, 0.4), (0.5, 0.4, 0.3, 0.2), "cannot be told"),
        ((0.1, 0.3, 0.2, 0.5, 0.4), (0.1, 0.5, 0.2, 0.4, 0.3), "cannot be told"),
        ((0.1, 0.2, 0.3), (0.5, 0.4, 0.3), "cannot be told"),
        ((0.1, 0.2, 0.3, 0.4, 0.5), (math.nan,) * 5, "cannot be told"),
    ],
)
def test_gains_are_correlated_with_likeness(
    gains: tuple[float, ...], distances: tuple[float, ...], verdict: str
) -> None:
    frame = Frame(_tasks(gains, distances))
    assert likeness_claim(frame).verdict == verdict
    rows = likeness_table(frame).rows
    assert [row[4] for row in rows] == pytest.approx([100 * gain for gain in gains])
    assert [row[7] for row in rows] == pytest.approx(list(distances), nan_ok=True)


def _tasks(gains: tuple[float, ...], distances: tuple[float, ...]) -> pd.DataFrame:
    """Return tasks whose frozen scores are equal."""
    rows = []
    for number, (gain, distance) in enumerate(zip(gains, distances, strict=True)):
        place = {"model": "m", "task": f"t{number}", "target": "token", "metric": "accuracy"}
        at = {**place, "n_train": 100, "is_largest": 1, "seed": 0, "split": "test"}
        rows += [
            {**at, "condition": "mix", "measure": "score", "value": 0.5, "low": 0.4, "high": 0.6},
            {
                **at,
                "condition": "tuned",
                "against": "mix",
                "measure": "gain",
                "value": gain,
                "low": gain - 0.01,
                "high": gain + 0.01,
            },
            {**place, "measure": "text_divergence", "split": "train", "value": distance},
            {**place, "measure": "text_divergence_by_chance", "split": "train", "value": 0.01},
        ]
    return pd.DataFrame(rows)
