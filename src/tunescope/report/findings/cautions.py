"""What to mind before trusting the figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunescope.report.escaping import quoted
from tunescope.report.findings.finding import Finding
from tunescope.report.findings.layers import apart
from tunescope.report.places import find, main_split
from tunescope.report.wording import count_text, describe, inner_text, layers_text, split_title
from tunescope.studies.comparison import Comparison, Measurement

__all__ = ["FEW_SENTENCES", "cautions"]

FEW_SENTENCES = 100
"""With fewer sentences, an interval over sentences is itself uncertain: its ends rest on few independent pieces."""


def cautions(comparison: Comparison) -> tuple[Finding, ...]:
    """Return what to mind: few sentences, data left out, the division of the data, undefined figures."""
    rules = (_few_sentences, _left_out, _division, _train_against_test, _undefined)
    return tuple(finding for rule in rules for finding in rule(comparison))


def _few_sentences(comparison: Comparison) -> Iterator[Finding]:
    for info in comparison.data:
        if 0 < info.n_sentences < FEW_SENTENCES:
            yield Finding(
                kind="caution",
                text=(
                    f"{quoted(info.split)} has only {count_text(info.n_sentences, 'sentence')}: its intervals are wide"
                    " and themselves uncertain."
                ),
            )


def _left_out(comparison: Comparison) -> Iterator[Finding]:
    for info in comparison.data:
        if info.left_out:
            share = info.left_out / max(info.n_targets + info.left_out, 1)
            yield Finding(
                kind="caution",
                text=(
                    f"In {quoted(info.split)}, {count_text(info.left_out, 'target')} ({100 * share:.1f}\u202f%) stand"
                    " aside, since the training set lacks their label: the scores say nothing about them."
                ),
            )


def _division(comparison: Comparison) -> Iterator[Finding]:
    """Compare the base model's score on the given test set with that on a random split of the same sizes."""
    measure, split = f"probe_{comparison.metric}", main_split(comparison)
    place = {"layer": comparison.n_layers}
    given = find(comparison, measure, "base", split, **place)
    control = find(comparison, measure, "base", split, **place, partition="random")
    if given is None or not math.isfinite(given.value):
        return
    key = f"scores-{comparison.metric}"
    if control is None or not math.isfinite(control.value):
        text = (
            "There is no random-split control: how much of a difference between train and test comes from the way"
            " the data were divided cannot be told."
        )
        yield Finding(kind="caution", text=text)
    elif apart(given, control):
        harder = "harder" if given.value < control.value else "easier"
        text = (
            f"The given {split} set is {harder} than a random one of the same size, already for the base model"
            f" ({inner_text(measure, given)}, against {inner_text(measure, control)}): differences between train"
            " and test come in part from how the data were divided."
        )
        yield Finding(kind="caution", text=text, figure=key, measure=measure, estimate=given)


def _train_against_test(comparison: Comparison) -> Iterator[Finding]:
    """Mind a gap in RSA between train and test that the random split does, or might, explain."""
    place = {"layer": comparison.n_layers}
    train, test = (find(comparison, "rsa", "both", split, **place) for split in ("train", "test"))
    if train is None or test is None or not apart(train, test):
        return
    against = f"{inner_text('rsa', train)}, against {inner_text('rsa', test)}"
    figures = f"RSA at the top layer differs between train and test ({against})"
    others = [
        find(comparison, "rsa", "both", split, **place, partition="random") for split in ("train", "test")
    ]
    if others[0] is None or others[1] is None:
        tail = "without this figure for a random split, it may come from how the data were divided"
    elif apart(others[0], others[1]):
        tail = "it does so on a random split too"
    else:
        tail = "on a random split it does not, so this comes at least in part from how the data were divided"
    yield Finding(
        kind="caution", text=f"{figures}; {tail}.", figure="similarity-rsa", measure="rsa", estimate=test
    )


def _undefined(comparison: Comparison) -> Iterator[Finding]:
    """Tell which figures of the final models are not defined, once per measure and reason."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in comparison.measurements:
        if m.step is None and not math.isfinite(m.estimate.value):
            groups.setdefault((m.measure, m.estimate.status), []).append(m)
    for (measure, status), found in groups.items():
        layers = sorted({m.layer for m in found if m.layer is not None})
        labels = sorted({m.label for m in found if m.label is not None})
        places = [split_title(split) for split in dict.fromkeys(m.split for m in found) if split is not None]
        places += [layers_text(layers)] if layers else []
        places += [count_text(len(labels), "label")] if labels else []
        places += [str(m.part) for m in found if m.part is not None]
        reason = "no reason is given" if status == "ok" else status.removeprefix("undefined: ")
        where = f" ({', '.join(places)})" if places else ""
        text = f"{describe(measure).title} is not defined{where}: {reason}."
        yield Finding(kind="caution", text=text, measure=measure, estimate=found[0].estimate)
