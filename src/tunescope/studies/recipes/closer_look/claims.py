"""The claims of "A Closer Look at How Fine-tuning Changes BERT", judged by the study's own figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd
from scipy.stats import binomtest, spearmanr

from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.recipes.closer_look.tables.cross_task import label_moves
from tunescope.studies.recipes.closer_look.tables.sizes import BEYOND_LINEAR
from tunescope.studies.study_result import Claim, Verdict
from tunescope.studies.study_rows import StudyRows

__all__ = ["closer_look_claims"]

_PAPER = "Zhou and Srikumar 2022"
_ALIKE = 0.5
"""A spatial similarity from which labels are said to have kept their places."""


def closer_look_claims(frame: Frame, models: Mapping[str, ComparedModel]) -> tuple[Claim, ...]:
    """Return each claim with what the figures say of it.

    Args:
        frame: All figures.
        models: The study's models by name.
    """
    places = list(frame.places())
    if not places:
        return ()
    judged = (
        _always_helps(frame, places),
        _divergence(frame, places),
        _conjecture(frame, places),
        _simpler(frame, places),
        _farther_apart(frame, places),
        _higher_layers(frame, places),
        _keeps_places(frame, places),
        *_related_tasks(frame),
        _small_needs_more(frame, models),
    )
    return tuple(judged)


def _always_helps(frame: Frame, places: list[Place]) -> Claim:
    gains = {
        place: StudyRows(frame.after(place, layer=frame.top(place.model))).one(measure="accuracy_gain")
        for place in places
    }
    known = {place: gain for place, gain in gains.items() if gain is not None and math.isfinite(gain["low"])}
    harmed = [place for place, gain in known.items() if gain["high"] < 0]
    helped = [place for place, gain in known.items() if gain["low"] > 0]
    verdict: Verdict = (
        "holds" if harmed else "does not hold" if len(helped) == len(gains) else "cannot be told"
    )
    return Claim(
        text="Fine-tuning almost always helps the classifier, but not always.",
        source=f"{_PAPER}, section 4.1",
        verdict=verdict,
        evidence=(
            f"It helps in {len(helped)} of {len(gains)} cases, harms in {len(harmed)}, and cannot be told apart in the"
            f" others: {_listed(known)} points."
        ),
        shown_in="gains",
    )


def _listed(gains: dict[Place, pd.Series]) -> str:
    return ", ".join(f"{place.task} {_points(gain)}" for place, gain in gains.items())


def _divergence(frame: Frame, places: list[Place]) -> Claim:
    changes = _similarity_changes(frame, places)
    control = _similarity_changes(frame.control("random split"), places)
    fell = sum(change < 0 for change in changes.values())
    verdict: Verdict = "cannot be told"
    if changes:
        verdict = "holds" if fell == len(changes) else "does not hold"
    return Claim(
        text="Fine-tuning makes training and test set diverge: their spatial similarity falls in every case.",
        source=f"{_PAPER}, section 4.1",
        verdict=verdict,
        evidence=(
            f"It fell in {fell} of {len(changes)} cases: {_changes(changes)}. Where the same sentences are divided at"
            f" random: {_changes(control)}."
        ),
        shown_in="gains",
    )


def _changes(changes: dict[Place, float]) -> str:
    return ", ".join(f"{place.task} {change:+.2f}" for place, change in changes.items()) or "not measured"


def _conjecture(frame: Frame, places: list[Place]) -> Claim:
    changes = _similarity_changes(frame, places)
    gains = {
        place: StudyRows(frame.after(place, layer=frame.top(place.model))).value(measure="accuracy_gain")
        for place in changes
    }
    pairs = [(changes[place], gain) for place, gain in gains.items() if math.isfinite(gain)]
    verdict: Verdict = "cannot be told"
    evidence = f"There are only {len(pairs)} cases with both figures; four are the least that could be told."
    if len(pairs) >= 4:
        found = spearmanr(*zip(*pairs, strict=True))
        if found.pvalue < 0.05:
            verdict = "holds" if found.statistic > 0 else "does not hold"
        evidence = (
            f"Over {len(pairs)} cases, gain and change of similarity have a rank correlation of {found.statistic:+.2f}"
            f" (p = {found.pvalue:.2f})."
        )
    return Claim(
        text="The more training and test set diverge, the less fine-tuning helps.",
        source=f"{_PAPER}, section 4.1 (conjecture)",
        verdict=verdict,
        evidence=evidence,
        shown_in="gains",
    )


def _similarity_changes(frame: Frame, places: list[Place]) -> dict[Place, float]:
    if frame.rows.empty:
        return {}
    pairs = {place: frame.at_top(place, measure="train_test_similarity", split="test") for place in places}
    changes = {place: after - before for place, (before, after) in pairs.items()}
    return {place: change for place, change in changes.items() if math.isfinite(change)}


def _simpler(frame: Frame, places: list[Place]) -> Claim:
    counts = {place: frame.at_top(place, measure="clusters", split="train") for place in places}
    known = {place: pair for place, pair in counts.items() if all(map(math.isfinite, pair))}
    rose = sum(after > before for before, after in known.values())
    fell = sum(after < before for before, after in known.values())
    verdict: Verdict = (
        "cannot be told" if not known or not (rose or fell) else "does not hold" if rose else "holds"
    )
    return Claim(
        text="Fine-tuning makes the representation simpler: fewer clusters, down to one for each label.",
        source=f"{_PAPER}, section 4.2",
        verdict=verdict,
        evidence=(
            f"Clusters became fewer in {fell} and more in {rose} of {len(known)} cases: "
            + ", ".join(
                f"{place.task} {before:.0f} → {after:.0f}" for place, (before, after) in known.items()
            )
            + ". With as many dimensions as here, few examples are one cluster per label under any labelling."
        ),
        shown_in="representations",
    )


def _farther_apart(frame: Frame, places: list[Place]) -> Claim:
    counts = [label_moves(frame, place.model, place.task, place.task, place.seed) for place in places]
    grew, shrank = (sum(count[which] for count in counts) for which in (0, 1))
    verdict: Verdict = "cannot be told"
    p = binomtest(grew, grew + shrank).pvalue if grew + shrank else 1.0
    if p < 0.05:
        verdict = "holds" if grew > shrank else "does not hold"
    return Claim(
        text="Fine-tuning pushes the labels apart: each lies farther from its nearest neighbour.",
        source=f"{_PAPER}, section 4.2",
        verdict=verdict,
        evidence=(
            f"Of the labels of all tasks, {grew} lie farther and {shrank} nearer (sign test, p = {p:.2g}; labels of one"
            " task are not independent)."
        ),
        shown_in=f"distances-{places[0].key}",
    )


def _higher_layers(frame: Frame, places: list[Place]) -> Claim:
    verdicts, parts = [], []
    for place in places:
        found = frame.after(place, measure="rsa")
        if found.empty:
            continue
        end = found[found["step"] == found["step"].max()].sort_values("layer")
        lowest, highest = end.iloc[0], end.iloc[-1]
        verdicts.append(0 if _overlap(lowest, highest) else 1 if highest["value"] < lowest["value"] else -1)
        parts.append(
            f"{place.task} {lowest['value']:.2f} at layer {lowest['layer']:.0f} → {highest['value']:.2f}"
        )
    verdict: Verdict = "cannot be told"
    if verdicts and all(each > 0 for each in verdicts):
        verdict = "holds"
    elif any(each < 0 for each in verdicts):
        verdict = "does not hold"
    return Claim(
        text="Higher layers change more than lower ones.",
        source=f"{_PAPER}, section 4.3",
        verdict=verdict,
        evidence=f"Similarity to the original at the lowest and at the top layer: {', '.join(parts) or 'none'}.",
        shown_in=f"similarity-{places[0].key}",
    )


def _overlap(one: pd.Series, other: pd.Series) -> bool:
    ends = [each[end] for each in (one, other) for end in ("low", "high")]
    if not all(map(math.isfinite, ends)):
        return True
    return bool(one["low"] <= other["high"] and other["low"] <= one["high"])


def _keeps_places(frame: Frame, places: list[Place]) -> Claim:
    lowest = {}
    for place in places:
        found = frame.after(place, measure="spatial_similarity").dropna(subset=["value"])
        if len(found):
            lowest[place] = found.sort_values("value").iloc[0]
    verdict: Verdict = "cannot be told"
    if lowest:
        verdict = "holds" if all(row["value"] >= _ALIKE for row in lowest.values()) else "does not hold"
    parts = ", ".join(
        f"{place.task} {row['value']:.2f} at layer {row['layer']:.0f}" for place, row in lowest.items()
    )
    return Claim(
        text="Fine-tuning does not change higher layers arbitrarily: labels keep their places relative to each other.",
        source=f"{_PAPER}, section 4.3",
        verdict=verdict,
        evidence=(
            f"The lowest spatial similarity to the original over the layers: {parts or 'none'}; {_ALIKE} and more is"
            " taken for kept. No interval: hull distances cannot be resampled."
        ),
        shown_in="representations",
    )


def _related_tasks(frame: Frame) -> Iterator[Claim]:
    crossed = frame.rows[(frame.rows["stage"] == "after") & (frame.rows["tuned_on"] != frame.rows["task"])]
    parts = []
    for model, task, tuned_on, seed in (
        crossed[["model", "task", "tuned_on", "seed"]].drop_duplicates().itertuples(index=False)
    ):
        grew, shrank, _ = label_moves(frame, model, task, tuned_on, seed)
        own, _, _ = label_moves(frame, model, task, task, seed)
        parts.append((task, tuned_on, grew, shrank, own))
    if not parts:
        return
    fewer = all(grew < own for _, _, grew, _, own in parts)
    yield Claim(
        text="Fine-tuning on another task pushes the labels apart less than fine-tuning on their own, or together.",
        source=f"{_PAPER}, section 4.2, Table 5",
        verdict="holds" if fewer else "does not hold",
        evidence="; ".join(
            f"{task} tuned on {tuned_on}: {grew} grew, {shrank} shrank (on its own: {own} grew)"
            for task, tuned_on, grew, shrank, own in parts
        )
        + ".",
        shown_in="cross-task",
    )


def _small_needs_more(frame: Frame, models: Mapping[str, ComparedModel]) -> Claim:
    """Compare, task by task, what the smallest and the largest model gain by a classifier that is not linear."""
    control = frame.control(BEYOND_LINEAR)
    gains = control.select(measure="accuracy_gain", stage="before")
    by_size = sorted(set(gains["model"]), key=lambda name: models[name].n_parameters)
    signs, parts = [], []
    for task, rows in gains.groupby("task", sort=False):
        found = {row["model"]: row for _, row in rows.iterrows()}
        parts += [f"{task}, {name} {_points(found[name])}" for name in by_size if name in found]
        if len(by_size) > 1 and {by_size[0], by_size[-1]} <= found.keys():
            small, large = found[by_size[0]], found[by_size[-1]]
            signs.append(0 if _overlap(small, large) else 1 if small["value"] > large["value"] else -1)
    verdict: Verdict = "cannot be told"
    if signs and all(sign > 0 for sign in signs):
        verdict = "holds"
    elif any(sign < 0 for sign in signs):
        verdict = "does not hold"
    needed = "" if len(by_size) > 1 else " It takes two models at least."
    return Claim(
        text="Small models need classifiers that are not linear, large ones less.",
        source=f"{_PAPER}, section 4.1",
        verdict=verdict,
        evidence=(
            "What the chosen classifier gains on a linear one before fine-tuning, in points:"
            f" {'; '.join(parts) or 'not measured'}.{needed}"
        ),
        shown_in="sizes" if parts else "",
    )


def _points(row: pd.Series) -> str:
    return f"{100 * row['value']:+.1f} ({100 * row['low']:+.1f} … {100 * row['high']:+.1f})"
