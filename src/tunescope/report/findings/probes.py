"""What trained probes say was kept and what was lost, how much of it is memory, and where in the layers it sits."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunescope.measures.direction import direction
from tunescope.measures.estimate import Estimate
from tunescope.report.findings.finding import Finding
from tunescope.report.wording import (
    count_text,
    difference_text,
    estimate_text,
    inner_text,
    layers_text,
    level_text,
    listed,
    value_text,
)
from tunescope.studies.comparison import Comparison

__all__ = ["probe_findings"]

_PROBES = (
    ("perceptron_accuracy", "what a perceptron reads", "perceptron-accuracy"),
    ("compression", "how far the labels compress", "compression"),
    ("edge_f1", "what an edge probe reads", "edge-f1"),
    ("uuas", "how much of the trees a structural probe rebuilds", "uuas"),
)


def probe_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return what was kept and lost by each probe, then selectivity, and where in the layers the task is solved."""
    kept = (finding for probe in _PROBES for finding in _kept_and_lost(comparison, *probe))
    return (*kept, *_selectivity(comparison), *_expected_layer(comparison))


def _kept_and_lost(comparison: Comparison, measure: str, subject: str, figure: str) -> Iterator[Finding]:
    differences = _by_layer(comparison, measure, "difference")
    before, after = (_by_layer(comparison, measure, model) for model in ("base", "tuned"))
    if not differences or not before or not after:
        return
    gained = [layer for layer, each in differences.items() if direction(each, len(differences)) > 0]
    lost = [layer for layer, each in differences.items() if direction(each, len(differences)) < 0]
    rest = [layer for layer in differences if layer not in (*gained, *lost)]
    parts = [
        f"{verb} at {layers_text(layers)}"
        for verb, layers in (("rose", gained), ("fell", lost), ("cannot be told from what it was", rest))
        if layers
    ]
    best_before, best_after = (
        max(layers, key=lambda layer: layers[layer].value) for layers in (before, after)
    )
    largest = max(differences, key=lambda layer: abs(differences[layer].value))
    yield Finding(
        kind="result",
        text=(
            f"By fine-tuning, {subject} {listed(parts)} ({level_text(differences[largest])} overall, over"
            f" {count_text(len(differences), 'layer')}; over sentences, not over trainings of the probes). The"
            f" highest figure was layer {best_before}’s ({inner_text(measure, before[best_before])}) and is layer"
            f" {best_after}’s ({inner_text(measure, after[best_after])}); the largest change, at layer {largest}, is"
            f" {difference_text(measure, differences[largest])}."
        ),
        figure=figure,
        measure=measure,
        estimate=differences[largest],
    )


def _selectivity(comparison: Comparison) -> Iterator[Finding]:
    top = comparison.n_layers
    before, after = (_by_layer(comparison, "selectivity", model).get(top) for model in ("base", "tuned"))
    control = _by_layer(comparison, "control_accuracy", "tuned").get(top)
    if before is None or after is None or control is None:
        return
    yield Finding(
        kind="result",
        text=(
            f"At the top layer the perceptron's selectivity is {estimate_text('selectivity', before)} before and"
            f" {estimate_text('selectivity', after)} after: on labels given to words at random it still reaches"
            f" {value_text('control_accuracy', control.value)} after fine-tuning, by memory and by the labels’"
            " frequencies."
        ),
        figure="selectivity",
        measure="selectivity",
        estimate=after,
    )


def _expected_layer(comparison: Comparison) -> Iterator[Finding]:
    found = {
        subject: m.estimate
        for subject in ("base", "tuned", "difference")
        for m in comparison.select(measure="expected_layer", subject=subject)
        if math.isfinite(m.estimate.value)
    }
    if len(found) < 3:
        return
    change = found["difference"]
    clear = change.has_interval and not change.low <= 0 <= change.high
    verdict = "" if clear else " They cannot be told apart."
    yield Finding(
        kind="result",
        text=(
            f"Spans give their labels away at layer {estimate_text('expected_layer', found['base'])} on average before"
            f" and {estimate_text('expected_layer', found['tuned'])} after (expected layer of edge probes; intervals"
            f" over test sentences, not over trainings of the probes).{verdict}"
        ),
        figure="edge-f1-cumulative",
        measure="expected_layer",
        estimate=change,
    )


def _by_layer(comparison: Comparison, measure: str, subject: str) -> dict[int, Estimate]:
    found = comparison.select(measure=measure, subject=subject, step=None, partition="given")
    estimates = {m.layer: m.estimate for m in found if m.layer is not None}
    return {layer: estimates[layer] for layer in sorted(estimates) if math.isfinite(estimates[layer].value)}
