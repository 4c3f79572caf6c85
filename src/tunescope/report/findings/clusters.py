"""Whether hyperplanes tell the labels apart, whether that says anything, and whether the labels moved apart."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunescope.report.escaping import quoted
from tunescope.report.findings.finding import Finding
from tunescope.report.places import defined, find
from tunescope.report.wording import count_text, value_text
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["cluster_findings"]


def cluster_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return what the clusters and distances of the labels at the top layer say, with their controls."""
    rules = (_linearity, _distances, _movement, _division)
    return tuple(finding for rule in rules for finding in rule(comparison))


def _linearity(comparison: Comparison) -> Iterator[Finding]:
    before, after = (_at_top(comparison, "clusters", model) for model in ("base", "tuned"))
    n_labels = len({m.label for m in comparison.select(measure="minimum_distance")})
    if not (math.isfinite(before) and math.isfinite(after)):
        return
    count = f"{before:.0f} clusters before and after"
    if before != after:
        count = f"{before:.0f} clusters before, {after:.0f} after"
    was_linear = before == n_labels and _at_top(comparison, "shared_vectors", "base") == 0
    is_linear = after == n_labels and _at_top(comparison, "shared_vectors", "tuned") == 0
    apart = {
        (True, True): "hyperplanes tell all labels apart",
        (False, True): "only after fine-tuning do hyperplanes tell all labels apart",
        (True, False): "only before fine-tuning did hyperplanes tell all labels apart",
        (False, False): "no hyperplanes tell all labels apart",
    }[was_linear, is_linear]
    yield Finding(
        kind="result",
        text=(
            f"At the top layer the training targets of {count_text(n_labels, 'label')} form {count}: {apart}."
            f" These counts are exact.{_fragile(comparison)}{_control(comparison, before, after)}"
        ),
        figure="clusters",
        measure="clusters",
        estimate=find(comparison, "clusters", "tuned", "train", layer=comparison.n_layers),
    )


def _control(comparison: Comparison, before: float, after: float) -> str:
    """Say for each model whether shuffled labels need more clusters."""
    shuffled = [_at_top(comparison, "clusters_shuffled", model) for model in ("base", "tuned")]
    if not all(map(math.isfinite, shuffled)):
        return " How many clusters shuffled labels would give is not known, so what the counts say cannot be told."
    text = f" With shuffled labels there would be {shuffled[0]:.0f} before and {shuffled[1]:.0f} after"
    vacuous = [
        name
        for name, count, control in zip(("before", "after"), (before, after), shuffled, strict=True)
        if control <= count
    ]
    if not vacuous:
        return f"{text}."
    return (
        f"{text}: at this number of targets and dimensions the count {' and the count '.join(vacuous)} says nothing"
        " about the labels; look at the distances."
    )


def _fragile(comparison: Comparison) -> str:
    counts = [_at_top(comparison, "fragile_decisions", model) for model in ("base", "tuned")]
    if not any(count > 0 for count in counts):
        return ""
    return f" Of the decisions behind them, {counts[0]:.0f} before and {counts[1]:.0f} after are fragile."


def _distances(comparison: Comparison) -> Iterator[Finding]:
    place = {"measure": "minimum_distance", "layer": comparison.n_layers, "step": None}
    before, after = (
        {str(m.label): m for m in defined(comparison.select(subject=model, **place))}
        for model in ("base", "tuned")
    )
    labels = sorted(before.keys() & after.keys())
    if not labels:
        return
    grew = [
        label for label in labels if after[label].estimate.value > before[label].estimate.value * (1 + 1e-6)
    ]
    shrank = [
        label for label in labels if after[label].estimate.value < before[label].estimate.value * (1 - 1e-6)
    ]
    nearest = min(after.values(), key=lambda m: m.estimate.value)
    yield Finding(
        kind="result",
        text=(
            f"The distance to the nearest other label grew for {len(grew)} of {count_text(len(labels), 'label')} and"
            f" shrank for {len(shrank)}, at the top layer, by exact distances in the unit of the vectors. Closest to"
            f" another label after fine-tuning is {quoted(str(nearest.label))}, {_change(before, nearest)}."
        ),
        figure="minimum-distance",
        measure="minimum_distance",
        estimate=nearest.estimate,
    )


def _change(before: dict[str, Measurement], after: Measurement) -> str:
    now = value_text("minimum_distance", after.estimate.value)
    was = before.get(str(after.label))
    return (
        f"at {now}"
        if was is None
        else f"at {now} (before: {value_text('minimum_distance', was.estimate.value)})"
    )


def _movement(comparison: Comparison) -> Iterator[Finding]:
    """Say how much of the movement of the centroids is rotation or scaling, which no classifier would mind."""
    parts = [
        _at_top(comparison, f"centroid_{part}_share", "both") for part in ("rotation", "scaling", "remaining")
    ]
    directions = _at_top(comparison, "centroid_directions", "both")
    n_labels = len({m.label for m in comparison.select(measure="minimum_distance")})
    if not all(map(math.isfinite, parts)):
        return
    rotation, scaling, remaining = (value_text("centroid_rotation_share", part) for part in parts)
    ways = (
        f" The centroids moved in about {value_text('centroid_directions', directions)} directions."
        if math.isfinite(directions)
        else ""
    )
    caveat = (
        " With so many more dimensions than labels, movement at random would read as rotation, too."
        if comparison.base.hidden_size > 2 * n_labels
        else ""
    )
    yield Finding(
        kind="result",
        text=(
            f"Of the way that the label centroids went at the top layer, a rotation accounts for {rotation}, scaling"
            f" for {scaling}; the other {remaining} changed how the labels lie to each other.{caveat}{ways}"
        ),
        figure="centroid-shift",
        measure="centroid_remaining_share",
        estimate=find(comparison, "centroid_remaining_share", "both", "train", layer=comparison.n_layers),
    )


def _division(comparison: Comparison) -> Iterator[Finding]:
    measure = "train_test_similarity_large"
    place = {"layer": comparison.n_layers}
    before, after = (find(comparison, measure, model, "test", **place) for model in ("base", "tuned"))
    control = find(comparison, measure, "base", "test", **place, partition="random")
    if before is None or after is None or not (math.isfinite(before.value) and math.isfinite(after.value)):
        return
    by_chance = (
        f"on a random split of the base model it is {value_text(measure, control.value)}"
        if control is not None and math.isfinite(control.value)
        else "there is no random split to compare with"
    )
    figures = [value_text(measure, each.value) for each in (before, after)]
    course = f"{'rose' if after.value > before.value else 'fell'} from {figures[0]} to {figures[1]}"
    if figures[0] == figures[1]:
        course = f"stayed at {figures[0]}"
    yield Finding(
        kind="result",
        text=(
            f"How far the labels of test lie as those of train do {course} at the top layer (correlation of label"
            f" distances, labels of more than five examples); {by_chance}. No interval is known for these figures."
        ),
        figure="train-test-similarity-large",
        measure=measure,
        estimate=after,
    )


def _at_top(comparison: Comparison, measure: str, subject: str) -> float:
    found = find(comparison, measure, subject, "train", layer=comparison.n_layers)
    return math.nan if found is None else found.value
