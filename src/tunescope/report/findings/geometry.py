"""Which weights moved, whether the cone of vectors narrowed, and which labels went furthest."""

from __future__ import annotations

from tunescope.report.escaping import quoted
from tunescope.report.findings.finding import Finding
from tunescope.report.findings.layers import apart
from tunescope.report.places import defined, find, main_split
from tunescope.report.wording import estimate_text, inner_text, value_text
from tunescope.studies.comparison import Comparison

__all__ = ["anisotropy_findings", "centroid_findings", "weight_findings"]


def weight_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return the part of the model whose weights moved most and the one whose weights moved least."""
    found = defined(m for m in comparison.select(measure="weight_change", step=None) if m.part is not None)
    if len(found) < 2:
        return ()
    most, least = (choose(found, key=lambda m: m.estimate.value) for choose in (max, min))
    text = (
        f"The weights moved most in {_part(most.part)}"
        f" (relative change {value_text('weight_change', most.estimate.value)}) and least in {_part(least.part)}"
        f" ({value_text('weight_change', least.estimate.value)}); these figures are exact."
    )
    if most.estimate.value == 0:
        text = "The two models have the same weights in every layer."
    return (
        Finding(
            kind="result", text=text, figure="weight-change", measure="weight_change", estimate=most.estimate
        ),
    )


def _part(part: str | None) -> str:
    return str(part) if str(part).startswith(("layer", "decoder layer")) else f"the {part}"


def anisotropy_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return whether the top layer's vectors crowd into a narrower cone than before."""
    place = {"layer": comparison.n_layers}
    before = find(comparison, "mean_cosine", "base", main_split(comparison), **place)
    after = find(comparison, "mean_cosine", "tuned", main_split(comparison), **place)
    if before is None or after is None or not (before.has_interval and after.has_interval):
        return ()
    figures = f"mean cosine {estimate_text('mean_cosine', before)} before, {estimate_text('mean_cosine', after)} after"
    if not apart(before, after):
        text = f"Whether the top layer’s vectors crowd more or less than before cannot be told: {figures}."
    elif after.value > before.value:
        text = f"The top layer’s vectors crowd into a narrower cone than before: {figures}."
    else:
        text = f"The top layer’s vectors spread into more directions than before: {figures}."
    return (Finding(kind="result", text=text, figure="mean-cosine", measure="mean_cosine", estimate=after),)


def centroid_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Return the labels whose centroids moved most and least at the top layer."""
    found = defined(comparison.select(measure="centroid_shift", step=None, layer=comparison.n_layers))
    found = tuple(m for m in found if m.label is not None and m.split == main_split(comparison))
    if len(found) < 2 or all(m.estimate.value == 0 for m in found):
        return ()
    most, least = (choose(found, key=lambda m: m.estimate.value) for choose in (max, min))
    doubt = "" if apart(most.estimate, least.estimate) else "; their intervals overlap"
    text = (
        f"At the top layer, the label {quoted(str(most.label))} moved furthest"
        f" ({inner_text('centroid_shift', most.estimate)}, in units of its spread) and {quoted(str(least.label))} least"
        f" ({inner_text('centroid_shift', least.estimate)}){doubt}."
    )
    return (
        Finding(
            kind="result",
            text=text,
            figure="centroid-shift",
            measure="centroid_shift",
            estimate=most.estimate,
        ),
    )
