"""The head of the page: one paragraph, and the figures that a reader looks for first."""

from __future__ import annotations

import math
from typing import Literal

from tunescope._core.records import Record
from tunescope.report.escaping import quoted
from tunescope.report.findings.scores import Gain, find_gain
from tunescope.report.places import defined, find, main_split, out_of_domain
from tunescope.report.wording import (
    count_text,
    describe,
    difference_text,
    level_text,
    range_text,
    split_title,
    value_text,
)
from tunescope.studies.comparison import Comparison

__all__ = ["Tile", "summary_text", "tiles"]

_MOST_SETS = 3


class Tile(Record):
    """A figure in large type: what it is, the figure, and its interval."""

    name: str
    figure: str
    detail: str
    figure_key: str
    verdict: Literal["helped", "hurt", "unclear"] | None = None


def summary_text(comparison: Comparison) -> str:
    """Return in a few sentences what was compared, on what, and what came out."""
    tuned, base = comparison.tuned, comparison.base
    with_adapter = f" with {tuned.adapter}" if tuned.adapter else ""
    text = (
        f"{quoted(base.name)} ({base.n_layers} layers, {base.n_parameters / 1e6:,.1f} million parameters) was"
        f" fine-tuned{with_adapter} into {quoted(tuned.name)}. Both were measured on the task"
        f" {quoted(comparison.task)}{_counts(comparison)}."
    )
    gain = find_gain(comparison, main_split(comparison))
    return f"{text} {_outcome(gain)}" if gain is not None else text


def _counts(comparison: Comparison) -> str:
    info = next((info for info in comparison.data if info.split == main_split(comparison)), None)
    if info is None:
        return ""
    targets, sentences = count_text(info.n_targets, "target"), count_text(info.n_sentences, "sentence")
    return f", {targets} in {sentences} of the {info.split} set"


def _outcome(gain: Gain) -> str:
    verdict = {
        "helped": "Fine-tuning helped there",
        "hurt": "Fine-tuning hurt there",
        "unclear": "Whether fine-tuning helped there cannot be told",
    }[gain.verdict]
    before, after = value_text(gain.measure, gain.before.value), value_text(gain.measure, gain.after.value)
    title = describe(gain.measure).title.rpartition(": ")[2]
    return f"{verdict}: {title} {before} before, {after} after ({difference_text(gain.measure, gain.difference)})."


def tiles(comparison: Comparison) -> tuple[Tile, ...]:
    """Return the scores before and after by set, the top layer's similarity, and the largest weight change."""
    sets = (main_split(comparison), *out_of_domain(comparison)[:_MOST_SETS])
    gains = [find_gain(comparison, split) for split in sets]
    scores = [_score_tile(comparison, gain) for gain in gains if gain is not None]
    return (*scores, *_similarity_tile(comparison), *_weight_tile(comparison))


def _score_tile(comparison: Comparison, gain: Gain) -> Tile:
    title = describe(gain.measure).title.rpartition(": ")[2]
    return Tile(
        name=f"{split_title(gain.split)}: {title}",
        figure=f"{value_text(gain.measure, gain.before.value)} → {value_text(gain.measure, gain.after.value)}",
        detail=difference_text(gain.measure, gain.difference),
        figure_key=f"scores-{comparison.metric}",
        verdict=gain.verdict,
    )


def _similarity_tile(comparison: Comparison) -> tuple[Tile, ...]:
    top = find(comparison, "rsa", "both", main_split(comparison), layer=comparison.n_layers)
    if top is None or not math.isfinite(top.value):
        return ()
    interval = f"{level_text(top)} interval {range_text('rsa', top)}; " if top.has_interval else ""
    detail = f"{interval}1 would be unchanged"
    return (
        Tile(
            name="Top layer: RSA with base",
            figure=value_text("rsa", top.value),
            detail=detail,
            figure_key="similarity-rsa",
        ),
    )


def _weight_tile(comparison: Comparison) -> tuple[Tile, ...]:
    found = defined(comparison.select(measure="weight_change", step=None))
    if not found:
        return ()
    most = max(found, key=lambda m: m.estimate.value)
    return (
        Tile(
            name="Largest weight change",
            figure=value_text("weight_change", most.estimate.value),
            detail=f"{most.part}, relative to its weights; exact",
            figure_key="weight-change",
        ),
    )
