"""How claims on loss landscapes are judged, on made-up figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd
import pytest

from tunescope.studies.recipes.visualizing.claims import visualizing_claims
from tunescope.studies.recipes.visualizing.figures import visualizing_figures
from tunescope.studies.recipes.visualizing.findings import visualizing_findings
from tunescope.studies.recipes.visualizing.frame import Frame
from tunescope.studies.recipes.visualizing.tables import visualizing_tables
from tunescope.studies.study_result import Verdict

Figure = tuple[float, float, float]
HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
OPEN: Verdict = "cannot be told"
NOTHING = (math.nan, math.nan, math.nan)
AT_LEAST_2 = (2.0, 1.9, math.nan)
STEPS = (0, 10, 20, 30)
FIGURES: dict[str, Figure] = {
    "first loss": (2.0, 1.9, 2.1),
    "tuned loss": (0.5, 0.4, 0.6),
    "scratch loss": (1.0, 0.9, 1.1),
    "tuned width": (1.2, 1.1, 1.3),
    "scratch width": (0.6, 0.5, 0.7),
    "tuned way": (0.5, 0.45, 0.55),
    "scratch way": (0.4, 0.35, 0.44),
    "tuned length": (10.0, math.nan, math.nan),
    "scratch length": (10.0, math.nan, math.nan),
    "least error": (0.20, 0.15, 0.25),
    "last error": (0.21, 0.16, 0.26),
    "rise": (0.01, 0.005, 0.015),
    "training error": (0.0, 0.0, 0.01),
    "agreement": (0.95, 0.9, 0.98),
    "low layers back": (0.3, 0.25, 0.35),
    "high layers back": (0.6, 0.55, 0.65),
}


def _frame(**changes: Figure) -> Frame:
    figures = FIGURES | {name.replace("_", " "): value for name, value in changes.items()}
    return Frame(pd.DataFrame(list(_rows(figures))))


def _rows(figures: dict[str, Figure]) -> Iterator[dict[str, object]]:
    for start, name in (("pre-trained", "tuned"), ("scratch", "scratch")):
        found: list[tuple[dict[str, object], Figure]] = [
            (
                {"kind": "random line", "measure": "width", "split": "train", "group": None},
                figures[f"{name} width"],
            ),
            (
                {"kind": "travel", "measure": "random_direction_length", "group": None},
                figures[f"{name} length"],
            ),
            (
                {"kind": "training", "measure": "width_towards_start", "split": "train", "group": None},
                figures[f"{name} way"],
            ),
            ({"kind": "training", "measure": "agreement_with_error", "group": None}, figures["agreement"]),
        ]
        at = {"kind": "trace", "step": 20, "group": None}
        found.append(({**at, "measure": "error_rise", "split": "unseen"}, figures["rise"]))
        for step in STEPS:
            at = {"kind": "trace", "step": step, "group": None}
            wrong = figures["least error" if step == 20 else "last error"]
            found += [
                (
                    {**at, "measure": "loss", "split": "train"},
                    figures[f"{name} loss" if step else "first loss"],
                ),
                ({**at, "measure": "loss", "split": "unseen"}, figures[f"{name} loss"]),
                ({**at, "measure": "error", "split": "unseen"}, wrong),
                ({**at, "measure": "error", "split": "train"}, figures["training error"]),
            ]
        for group in ("low", "high"):
            at = {"kind": "training", "group": group}
            for label, wrong in (("0", figures[f"{group} layers back"]), ("1", figures["last error"])):
                found.append(({**at, "label": label, "measure": "error", "split": "unseen"}, wrong))
                found.append(({**at, "label": label, "measure": "loss", "split": "train"}, wrong))
        for where, (value, low, high) in found:
            cut = math.isnan(high) and where["measure"] == "width" and value > 0
            status = "at least: the grid ends at 1" if cut else "ok"
            place = {
                "status": status,
                "model": "m",
                "task": "questions",
                "start": start,
                "seed": 0,
                "label": None,
            }
            yield {**place, **where, "value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({}, (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"scratch_loss": (0.3, 0.2, 0.35)}, (FAILS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"scratch_loss": (0.7, 0.55, 0.8)}, (OPEN, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"scratch_width": (1.5, 1.4, 1.6)}, (HOLDS, OPEN, HOLDS, HOLDS, HOLDS)),
        ({"scratch_way": (0.6, 0.56, 0.64)}, (HOLDS, OPEN, HOLDS, HOLDS, HOLDS)),
        ({"scratch_way": NOTHING}, (HOLDS, OPEN, HOLDS, HOLDS, HOLDS)),
        (
            {"scratch_width": (1.5, 1.4, 1.6), "scratch_way": (0.6, 0.56, 0.64)},
            (HOLDS, FAILS, HOLDS, HOLDS, HOLDS),
        ),
        (
            {"scratch_width": AT_LEAST_2, "scratch_way": (0.6, 0.56, 0.64)},
            (HOLDS, FAILS, HOLDS, HOLDS, HOLDS),
        ),
        ({"tuned_width": AT_LEAST_2}, (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"tuned_width": AT_LEAST_2, "scratch_width": AT_LEAST_2}, (HOLDS, OPEN, HOLDS, HOLDS, HOLDS)),
        ({"scratch_length": (30.0, *NOTHING[1:])}, (HOLDS, OPEN, HOLDS, HOLDS, HOLDS)),
        (
            {"scratch_width": (1.5, 1.4, 1.6), "scratch_length": (5.0, *NOTHING[1:])},
            (HOLDS, OPEN, HOLDS, HOLDS, HOLDS),
        ),
        (
            {"scratch_width": AT_LEAST_2, "scratch_length": (5.0, *NOTHING[1:])},
            (HOLDS, OPEN, HOLDS, HOLDS, HOLDS),
        ),
        ({"tuned_width": NOTHING}, (HOLDS, OPEN, HOLDS, HOLDS, HOLDS)),
        ({"rise": (0.06, 0.03, 0.09)}, (HOLDS, HOLDS, FAILS, HOLDS, HOLDS)),
        ({"rise": (0.01, -0.01, 0.03)}, (HOLDS, HOLDS, OPEN, HOLDS, HOLDS)),
        ({"rise": NOTHING}, (HOLDS, HOLDS, OPEN, HOLDS, HOLDS)),
        ({"training_error": (0.2, 0.15, 0.25)}, (HOLDS, OPEN, OPEN, HOLDS, HOLDS)),
        ({"training_error": NOTHING}, (HOLDS, OPEN, OPEN, HOLDS, HOLDS)),
        ({"scratch_loss": NOTHING}, (OPEN, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"agreement": (0.5, 0.3, 0.7)}, (HOLDS, HOLDS, HOLDS, FAILS, HOLDS)),
        ({"agreement": NOTHING}, (HOLDS, HOLDS, HOLDS, OPEN, HOLDS)),
        ({"low_layers_back": (0.8, 0.75, 0.85)}, (HOLDS, HOLDS, HOLDS, HOLDS, FAILS)),
        ({"low_layers_back": (0.58, 0.5, 0.66)}, (HOLDS, HOLDS, HOLDS, HOLDS, OPEN)),
    ],
)
def test_verdicts_follow_the_intervals(changes: dict[str, Figure], verdicts: tuple[Verdict, ...]) -> None:
    assert tuple(claim.verdict for claim in visualizing_claims(_frame(**changes))) == verdicts


def test_a_model_that_has_not_fitted_its_training_set_cannot_have_over_fitted() -> None:
    claim = visualizing_claims(_frame(training_error=(0.2, 0.15, 0.25)))[2]
    assert "20.0% of training examples are wrong still" in claim.evidence


def test_evidence_tells_of_both_starts_and_of_what_is_undefined() -> None:
    claims = visualizing_claims(_frame(agreement=NOTHING))
    told = "+1.0 (+0.5 … +1.5) points above the least error, 20.0% (15.0% … 25.0%), of update 20"
    assert f"{told} (from scratch {told})" in claims[2].evidence
    assert "undefined" in claims[3].evidence
    claims = visualizing_claims(
        _frame(agreement=NOTHING, rise=(0.01, *NOTHING[1:]), least_error=(0.2, *NOTHING[1:]))
    )
    assert (
        "+1.0 (no interval) points above the least error, 20.0% (no interval), of update 20"
        in claims[2].evidence
    )
    assert not any("nan" in claim.evidence for claim in claims)


def test_a_snapshot_after_an_update_of_learning_rate_0_is_the_start() -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    warming = (rows["measure"] == "loss") & (rows["step"] == 10)
    rows.loc[warming, ["value", "low", "high"]] = FIGURES["first loss"]
    assert "lower at 2 of 2 snapshots" in visualizing_claims(Frame(rows))[0].evidence


def test_widths_are_over_directions_and_in_both_units() -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    widths = rows[rows["measure"] == "width"].assign(direction=1)
    wider = widths.assign(direction=2, value=1.0, low=0.9, high=1.25)
    frame = Frame(pd.concat([rows[rows["measure"] != "width"], widths, wider], ignore_index=True))
    claim = visualizing_claims(frame)[1]
    assert "filters: 1.10 (0.90 … 1.30) against 0.80 (0.50 … 1.25)" in claim.evidence
    assert "at random, as a distance: 11.00 (9.00 … 13.00) against 8.00 (5.00 … 12.50)" in claim.evidence
    assert claim.verdict == OPEN
    optima = next(table for table in visualizing_tables(frame) if table.key == "optima")
    columns = {column: number for number, column in enumerate(optima.columns)}
    told = {row[columns["figure"]]: row for row in optima.rows if row[columns["from"]] == "pre-trained"}
    assert told["width at random"][columns["value"]] == pytest.approx(1.1)
    assert told["width at random, as a distance"][columns["high"]] == pytest.approx(13)
    assert told["width at random"][columns["seeds"]] == 1


def test_distances_are_of_each_seeds_own_length() -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    longer = pd.DataFrame(list(_rows({**FIGURES, "tuned length": (20.0, *NOTHING[1:])}))).assign(seed=1)
    claim = visualizing_claims(Frame(pd.concat([rows, longer], ignore_index=True)))[1]
    assert "1.20 (1.10 … 1.30) against 0.60" in claim.evidence
    assert "at random, as a distance: 18.00 (11.00 … 26.00) against 6.00" in claim.evidence


def test_a_width_that_the_line_cuts_off_counts_with_its_lower_end() -> None:
    claim = visualizing_claims(_frame(scratch_width=AT_LEAST_2))[1]
    assert (
        "1.20 (1.10 … 1.30) against at least 1.90, at random, as a distance: 12.00 (11.00 … 13.00)"
        in claim.evidence
    )
    mixed = pd.DataFrame(list(_rows({**FIGURES, "scratch width": AT_LEAST_2})))
    other = mixed[mixed["measure"] == "width"].assign(direction=2, value=1.0, low=math.nan, high=math.nan)
    claim = visualizing_claims(Frame(pd.concat([mixed, other], ignore_index=True)))[1]
    assert claim.verdict == OPEN


@pytest.mark.parametrize(
    ("number", "measure"),
    [(0, "loss"), (1, "width"), (2, "error_rise"), (3, "agreement_with_error"), (4, "error")],
)
def test_a_claim_on_all_tasks_takes_figures_of_all(number: int, measure: str) -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    other = rows[~rows["measure"].str.startswith(measure)].assign(task="topics")
    claim = visualizing_claims(Frame(pd.concat([rows, other], ignore_index=True)))[number]
    assert claim.verdict == OPEN
    assert "topics, m: unknown" in claim.evidence


@pytest.mark.parametrize("start", ["pre-trained", "scratch"])
def test_a_training_that_diverged_leaves_no_nan_in_sentences(start: str) -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    late = (rows["start"] == start) & (rows["kind"] == "trace") & (rows["step"] > 10)
    rows.loc[late, ["value", "low", "high"]] = math.nan
    frame = Frame(rows[(rows["start"] != start) | (rows["kind"] == "trace")])
    claims = visualizing_claims(frame)
    sentences = [*visualizing_findings(frame), *(claim.evidence for claim in claims)]
    assert not any("nan" in sentence for sentence in sentences)
    assert "an unknown share (the training diverged)" in sentences[0]
    assert "lower at 1 of 3 snapshots, higher at 0, undefined at 2" in claims[0].evidence
    assert visualizing_figures(frame)
    assert visualizing_tables(frame)


def test_findings_tell_when_the_loss_was_halved() -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    later = (rows["measure"] == "loss") & (rows["step"] > 0)
    rows.loc[later, "value"] = 1.5
    rows.loc[later & (rows["start"] == "pre-trained") & (rows["step"] >= 20), "value"] = 0.1
    found = visualizing_findings(Frame(rows))
    halved = "the training loss halves, to 1.00 nats: after 20 updates; from scratch not within 30 updates."
    errors = "21.0% (16.0% … 26.0%) of unseen examples wrong, 21.0% (16.0% … 26.0%) from scratch."
    assert [finding.partition(": ")[2] for finding in found] == [errors, halved]


@pytest.mark.parametrize("failed", ["pre-trained", "scratch"])
def test_a_training_that_failed_costs_its_own_lines_only(failed: str) -> None:
    rows = pd.DataFrame(list(_rows(FIGURES)))
    other = rows[rows["start"] != failed].assign(task="topics")
    frame = Frame(pd.concat([rows, other], ignore_index=True))
    names = {
        series.name
        for figure in visualizing_figures(frame)
        for series in figure.series
        if "topics" in figure.tab
    }
    assert any(failed in name for name in names) is False
    assert names
    assert {row[1] for table in visualizing_tables(frame) for row in table.rows} == {"questions", "topics"}
    assert visualizing_findings(frame)
    assert all(claim.evidence for claim in visualizing_claims(frame))


def test_nothing_is_claimed_of_nothing() -> None:
    assert visualizing_claims(Frame(pd.DataFrame(columns=["model", "task"]))) == ()
