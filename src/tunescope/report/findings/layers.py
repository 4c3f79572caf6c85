"""Which layers stayed put, where the change starts, and where the knowledge sits."""

from __future__ import annotations

import math

from tunescope.measures.estimate import Estimate
from tunescope.report.escaping import quoted
from tunescope.report.findings.finding import Finding
from tunescope.report.places import find, main_split, out_of_domain
from tunescope.report.wording import (
    difference_text,
    estimate_text,
    inner_text,
    layers_text,
    level_text,
    range_text,
    value_text,
)
from tunescope.studies.comparison import Comparison

__all__ = [
    "CHANGED",
    "STAYED_PUT",
    "apart",
    "freezing_advice",
    "knowledge_findings",
    "layers_that_stayed_put",
    "similarity_findings",
]

STAYED_PUT = 0.95
"""A layer stayed put where even the lower end of the interval of its RSA reaches this: of the variance in how the
targets stand to each other, at least 90 % (0.95²) is as before."""

CHANGED = 0.90
"""A layer changed where even the upper end of the interval of its RSA is below this: at least 19 % (1 − 0.90²) of
that variance is new. Between the two thresholds neither is said."""

Layers = dict[int, Estimate]


def similarity_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return which layers stayed put and where the change starts, then in domain against out of domain."""
    layers = _by_layer(comparison, "rsa", "both", main_split(comparison))
    if not layers:
        return ()
    last = min(layers, key=lambda layer: layers[layer].value)
    changed = [
        layer for layer, estimate in layers.items() if estimate.has_interval and estimate.high < CHANGED
    ]
    parts = [_stayed_text(layers)]
    if changed and changed[0] != last:
        parts.append(
            f"the change starts at layer {changed[0]} (RSA {inner_text('rsa', layers[changed[0]])}) and is largest"
            f" at layer {last} ({inner_text('rsa', layers[last])})"
        )
    elif changed:
        parts.append(f"only layer {last} clearly changed (RSA {inner_text('rsa', layers[last])})")
    else:
        parts.append(
            f"no layer clearly changed; the lowest RSA is {estimate_text('rsa', layers[last])}, at layer {last}"
        )
    text = "; ".join(filter(None, parts))
    result = Finding(
        kind="result",
        text=f"{text[:1].upper()}{text[1:]}, {level_text(layers[last])} intervals.",
        figure="similarity-rsa",
        measure="rsa",
        estimate=layers[last],
    )
    return (result, *_by_domain(comparison, layers))


def layers_that_stayed_put(layers: Layers) -> tuple[int, ...]:
    """Return the layers for which even the lower end of the interval reaches :data:`STAYED_PUT`."""
    return tuple(layer for layer, e in layers.items() if e.has_interval and e.low >= STAYED_PUT)


def _stayed_text(layers: Layers) -> str:
    put = layers_that_stayed_put(layers)
    if not put:
        return ""
    least = min(layers[layer].low for layer in put)
    return f"{layers_text(put)} stayed put (RSA at least {value_text('rsa', least)})"


def _by_domain(comparison: Comparison, inside: Layers) -> tuple[Finding, ...]:
    """Compare the out-of-domain sets with the main split at the layer that changed most in domain."""
    layer = min(inside, key=lambda layer: inside[layer].value)
    found = []
    for split in out_of_domain(comparison):
        outside = _by_layer(comparison, "rsa", "both", split).get(layer)
        if outside is None or not outside.has_interval:
            continue
        if not apart(inside[layer], outside):
            verdict = f"the vectors of {quoted(split)} changed about as much as those in domain: the intervals overlap"
        elif outside.value > inside[layer].value:
            verdict = f"the change is weaker on {quoted(split)} than in domain"
        else:
            verdict = f"the change is stronger on {quoted(split)} than in domain"
        figures = f"RSA {inner_text('rsa', outside)}, against {inner_text('rsa', inside[layer])}"
        text = f"At layer {layer}, {verdict} ({figures})."
        found.append(
            Finding(kind="result", text=text, figure="similarity-rsa", measure="rsa", estimate=outside)
        )
    return tuple(found)


def knowledge_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return at which layer of the base model a linear probe reads the labels best, against the top layer."""
    measure, split = f"probe_{comparison.metric}", main_split(comparison)
    layers = _by_layer(comparison, measure, "base", split)
    top = layers.get(comparison.n_layers)
    if top is None or len(layers) < 2:
        return ()
    best = max(layers, key=lambda layer: layers[layer].value)
    if best == comparison.n_layers:
        text = f"Before fine-tuning, the labels were easiest to read at the top layer ({inner_text(measure, top)})."
    else:
        clear = apart(layers[best], top)
        tail = "" if clear else "; the intervals overlap, so the two cannot be told apart"
        text = (
            f"Before fine-tuning, the labels were easiest to read at layer {best}"
            f" ({inner_text(measure, layers[best])}), against {estimate_text(measure, top)} at the top{tail}."
        )
    key = f"probe-{comparison.metric}"
    result = Finding(kind="result", text=text, figure=key, measure=measure, estimate=layers[best])
    return (result, *_against_best(comparison, best, split))


def _against_best(comparison: Comparison, best: int, split: str) -> tuple[Finding, ...]:
    """Compare the tuned model's own head with the probe on the base model's best layer, where that is not the top."""
    measure = f"head_{comparison.metric}"
    gain = find(comparison, measure, "difference", split, layer=best)
    if gain is None or not gain.has_interval or best == comparison.n_layers:
        return ()
    verdict = ", which cannot be told apart from none" if gain.low <= 0 <= gain.high else ""
    text = (
        f"Against a linear probe on layer {best} of the untouched base model, the tuned model’s gain is"
        f" {difference_text(measure, gain)}{verdict}. That layer was picked on the same data, which favours the base."
    )
    return (
        Finding(
            kind="result", text=text, figure=f"probe-{comparison.metric}", measure=measure, estimate=gain
        ),
    )


def freezing_advice(comparison: Comparison) -> tuple[Finding, ...]:
    """Return layers to try to freeze (they stayed put) and layers to try to drop (lower ones score as well)."""
    return (*_freeze(comparison), *_truncate(comparison))


def _freeze(comparison: Comparison) -> tuple[Finding, ...]:
    layers = _by_layer(comparison, "rsa", "both", main_split(comparison))
    put = set(layers_that_stayed_put(layers))
    lowest = [layer for layer in range(comparison.n_layers + 1) if set(range(layer + 1)) <= put]
    if not lowest or lowest == [0] or lowest[-1] == comparison.n_layers:
        return ()
    text = (
        f"Freezing the embeddings and {layers_text(lowest[1:])} is a candidate for cheaper fine-tuning, since they"
        " stayed put; it was not tried here."
    )
    least = min((layers[layer] for layer in lowest), key=lambda estimate: estimate.low)
    return (Finding(kind="advice", text=text, figure="similarity-rsa", measure="rsa", estimate=least),)


def _truncate(comparison: Comparison) -> tuple[Finding, ...]:
    """Find the lowest layer of the tuned model whose probe cannot be told from, or beats, the top layer's."""
    measure = f"probe_{comparison.metric}"
    layers = _by_layer(comparison, measure, "tuned", main_split(comparison))
    top = layers.get(comparison.n_layers)
    if top is None or not top.has_interval:
        return ()
    enough = [layer for layer, e in layers.items() if e.value >= top.low and layer > 0]
    if not enough or min(enough) == comparison.n_layers:
        return ()
    layer = min(enough)
    text = (
        f"After fine-tuning, a linear probe at layer {layer} already reaches"
        f" {value_text(measure, layers[layer].value)}, within the top layer’s interval ({range_text(measure, top)}) or"
        f" above it: dropping the layers above {layer} is a candidate for a smaller model; it was not tried here."
    )
    key = f"probe-{comparison.metric}"
    return (Finding(kind="advice", text=text, figure=key, measure=measure, estimate=layers[layer]),)


def apart(one: Estimate, other: Estimate) -> bool:
    """Whether two estimates have intervals that do not overlap."""
    if not (one.has_interval and other.has_interval):
        return False
    return one.high < other.low or other.high < one.low


def _by_layer(comparison: Comparison, measure: str, subject: str, split: str) -> Layers:
    """Return the defined estimates by rising layer."""
    found = {
        layer: find(comparison, measure, subject, split, layer=layer)
        for layer in range(comparison.n_layers + 1)
    }
    return {layer: e for layer, e in found.items() if e is not None and math.isfinite(e.value)}
