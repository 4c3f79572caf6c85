"""How the claims of a closer look are judged, on made-up figures."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from tunescope.studies.recipes.closer_look.claims import closer_look_claims
from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame, Place

MODEL = ComparedModel("m", 6, 384, "small", is_same=False)
TASKS = ("a", "b", "c", "d", "e", "f")
SECTIONS = {
    "in most cases": "4.1",
    "does not always help": "4.1",
    "diverge: their": "4.1",
    "the less fine-tuning": "4.1",
    "simpler": "4.2",
    "most lie farther": "4.3",
    "on another task": "4.4",
    "Higher layers": "4.5",
    "arbitrarily": "4.5",
    "Small models": "4.2",
}


def _rows(changes: dict[str, Any]) -> pd.DataFrame:
    """Return figures of tasks that speak for every claim, with changes by task."""
    rows: list[dict[str, Any]] = []
    for number, task in enumerate(TASKS):
        figures = (
            {
                "gain": 0.05 + 0.01 * number if task != "f" else -0.05,
                "similarity": (0.9, 0.6 + 0.01 * number if task != "f" else 0.2),
                "clusters": (30, 5),
                "moved": {f"l{i}": 1.0 for i in range(20)},
                "moved across": {f"l{i}": -1.0 for i in range(20)},
                "rsa": (0.95, 0.5),
                "places": 0.8,
            }
            | changes.get("*", {})
            | changes.get(task, {})
        )
        before = {"model": "m", "task": task, "stage": "before", "layer": 6}
        after = {**before, "stage": "after", "tuned_on": task, "seed": 0}
        gain = figures["gain"]
        ends = {"value": gain, "low": gain - 0.01, "high": gain + 0.01, "n_sentences": 200}
        rows.append({**after, "measure": "accuracy_gain", "split": "test", **ends})
        for place, which in ((before, 0), (after, 1)):
            train = {**place, "split": "train"}
            rows += [
                {
                    **place,
                    "measure": "train_test_similarity",
                    "split": "test",
                    "value": figures["similarity"][which],
                },
                {**train, "measure": "clusters", "value": figures["clusters"][which]},
                {**train, "measure": "labels", "value": 5},
                {
                    **train,
                    "measure": "rsa",
                    "layer": 6 * which,
                    "step": 9,
                    "stage": "after",
                    "tuned_on": task,
                    "seed": 0,
                    **_around(figures["rsa"][which]),
                },
            ]
        rows.append({**after, "measure": "spatial_similarity", "split": "train", "value": figures["places"]})
        for label, moved in figures["moved"].items():
            distance = {"measure": "minimum_distance", "split": "train", "label": label}
            rows += [{**before, **distance, "value": 2.0}, {**after, **distance, "value": 2.0 + moved}]
            if task == "a":
                across = {**after, "tuned_on": "b", **distance}
                rows.append({**across, "value": 2.0 + figures["moved across"].get(label, math.nan)})
    return pd.DataFrame(rows)


def _around(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.02, "high": value + 0.02}


def _verdicts(changes: dict[str, Any]) -> dict[str, str]:
    places = [Place("m", task, 0) for task in TASKS]
    claims = closer_look_claims(Frame(_rows(changes)), places, {"m": MODEL})
    assert len(claims) == len(SECTIONS)
    found = {}
    for (words, section), claim in zip(SECTIONS.items(), claims, strict=True):
        assert words in claim.text
        assert f"section {section}" in claim.source
        found[words] = claim.verdict
    return found


def test_figures_like_the_papers_speak_for_its_claims() -> None:
    verdicts = _verdicts({})
    assert verdicts.pop("Small models") == "cannot be told"  # there is one model
    assert set(verdicts.values()) == {"holds"}


NAN = math.nan


@pytest.mark.parametrize(
    ("changes", "words", "verdict"),
    [
        ({"*": {"gain": -0.05}}, "in most cases", "does not hold"),
        ({"*": {"gain": 0.0}}, "in most cases", "cannot be told"),
        ({"f": {"gain": 0.05}}, "does not always help", "does not hold"),
        ({"f": {"gain": -0.0105}}, "does not always help", "cannot be told"),  # clear alone, not among six
        ({"b": {"similarity": (0.9, 0.95)}}, "diverge: their", "does not hold"),
        ({"b": {"similarity": (0.9, 0.8999)}}, "diverge: their", "does not hold"),
        ({"b": {"similarity": (NAN, 0.5)}}, "diverge: their", "cannot be told"),
        ({task: {"similarity": (NAN, 0.5)} for task in "ab"}, "the less fine-tuning", "cannot be told"),
        ({"*": {"gain": 0.05}}, "the less fine-tuning", "cannot be told"),
        ({"b": {"clusters": (30, 31)}}, "simpler", "does not hold"),
        ({"b": {"clusters": (30, NAN)}}, "simpler", "cannot be told"),
        ({"b": {"clusters": (5, 5)}}, "simpler", "holds"),
        ({"*": {"clusters": (5, 5)}}, "simpler", "cannot be told"),
        ({"*": {"clusters": (5, 6)}}, "simpler", "does not hold"),
        ({"b": {"moved": {f"l{i}": -1.0 for i in range(20)}}}, "most lie farther", "does not hold"),
        ({"b": {"moved": {f"l{i}": (-1.0) ** i for i in range(20)}}}, "most lie farther", "cannot be told"),
        ({"b": {"moved": {f"l{i}": NAN for i in range(20)}}}, "most lie farther", "cannot be told"),
        ({"a": {"moved across": {}}}, "on another task", "cannot be told"),
        ({"a": {"moved across": {f"l{i}": 2.0 for i in range(20)}}}, "on another task", "does not hold"),
        (
            {"a": {"moved across": {f"l{i}": 1.0 + 0.1 * (-1) ** i for i in range(20)}}},
            "on another task",
            "cannot be told",
        ),
        ({"b": {"rsa": (0.5, 0.95)}}, "Higher layers", "does not hold"),
        ({"b": {"rsa": (0.5, 0.51)}}, "Higher layers", "cannot be told"),
        ({"b": {"rsa": (0.9, NAN)}}, "Higher layers", "cannot be told"),
        ({"b": {"places": 0.3}}, "arbitrarily", "does not hold"),
        ({"b": {"places": NAN}}, "arbitrarily", "cannot be told"),
    ],
)
def test_claims_are_judged_by_their_rules(changes: dict[str, Any], words: str, verdict: str) -> None:
    assert _verdicts(changes)[words] == verdict


def test_a_case_whose_steps_failed_keeps_claims_on_all_cases_open() -> None:
    rows = _rows({})
    some = rows[rows["task"] != "c"]
    claims = closer_look_claims(Frame(some), [Place("m", task, 0) for task in TASKS], {"m": MODEL})
    verdicts = {words: claim.verdict for words, claim in zip(SECTIONS, claims, strict=True)}
    for words in ("diverge: their", "simpler", "most lie farther", "Higher layers", "arbitrarily"):
        assert verdicts[words] == "cannot be told"


def test_without_figures_there_are_no_claims() -> None:
    assert closer_look_claims(Frame(pd.DataFrame()), [Place("m", "a", 0)], {"m": MODEL}) == ()


@pytest.mark.parametrize(
    ("small", "large", "verdict"),
    [
        ((0.2, 0.3), (0.01, 0.02), "holds"),
        ((0.2, 0.01), (0.01, 0.2), "does not hold"),
        ((0.2, 0.05), (0.01, 0.05), "cannot be told"),
        ((0.2, NAN), (0.01, 0.05), "cannot be told"),
    ],
)
def test_models_are_compared_by_size(
    small: tuple[float, ...], large: tuple[float, ...], verdict: str
) -> None:
    models = {"m": MODEL, "large": ComparedModel("large", 12, 768, "base", is_same=False)}
    rows = [
        {
            "model": model,
            "task": task,
            "stage": "before",
            "layer": 6,
            "beside": "linear",
            "measure": "accuracy_gain",
            **_around(value),
        }
        for model, values in (("large", large), ("m", small))
        for task, value in zip("ab", values, strict=True)
    ]
    frame = Frame(pd.concat([_rows({}), pd.DataFrame(rows)]))
    claim = closer_look_claims(frame, [Place("m", "a", 0)], models)[-1]
    assert claim.verdict == verdict
    assert claim.shown_in == "sizes"
