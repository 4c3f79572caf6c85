"""From which layer on two states of a model differ, told from the vectors of the same sentences.

Such vectors differ as soon as the weights do, so that only rounding has to be told from a change.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.measures.direction import direction
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.measures.shapes import AnyVectors, SentenceIds, Vectors
from tunescope.measures.similarity.cka import cka_estimate
from tunescope.measures.validation import check_resampling, check_vectors, number_sentences

__all__ = ["LayerEvidence", "Layers", "Onset", "OtherLayers", "Precision", "check_states", "onset_layer"]

Layers = Sequence[AnyVectors] | Float[np.ndarray, "layer example hidden"]
OtherLayers = Sequence[AnyVectors] | Float[np.ndarray, "layer other_example hidden"]
"""The vectors of the same examples at each layer, layer 0 for the embeddings; hidden sizes may differ by layer."""

Precision = Literal["float32", "float16", "bfloat16"]
"""The coarsest number format in which vectors were computed or stored."""

ROUNDING = 16
"""How many units in the last place, of the length of a vector, pass for rounding. Two runs of a small BERT of 6 layers
in other batches differ by 2 units in float32, and bfloat16 differs from float32 by 1.3 of its own."""

REPETITION = 3
"""How many times the difference of two runs of one model passes for rounding, where there are two runs."""

_EPSILON = {
    "float32": float(np.finfo(np.float32).eps),
    "float16": float(np.finfo(np.float16).eps),
    "bfloat16": 2.0**-7,
}

_FIX = {
    True: "take onset_layer_unpaired for other sentences, or a similarity such as CKA for other hidden sizes",
    False: "take states of one model, whose hidden dimensions are the same",
}

Verdict = Literal["same", "differs", "unclear"]

_VERDICTS: dict[int, Verdict] = {-1: "same", 0: "unclear", 1: "differs"}


class LayerEvidence(Record):
    """What speaks for a change at a layer.

    Attributes:
        layer: 0 for the embeddings.
        verdict: ``"differs"``; ``"same"`` where what differs is no more than rounding, which only the same sentences
            can tell; ``"unclear"`` where neither is.
        change: Of the same sentences: mean distance of a vector before and after, as a share of the vectors' length.
        tolerance: Of the same sentences: the largest such share that passes for rounding.
        shift: Of different sentences: by how many standard deviations the two samples differ more than random ones.
        p_value: Of different sentences: how often a random division of the sentences differs as much at any layer.
    """

    layer: int
    verdict: Verdict
    change: Estimate | None = None
    tolerance: float = math.nan
    shift: float = math.nan
    p_value: float = math.nan


class Onset(Record):
    """From which layer on two states of a model differ.

    Attributes:
        schema_version: Version of this record.
        layer: The lowest layer that clearly differs; ``None`` where none does.
        layers: The evidence for each layer, by rising layer.
        paired: Whether both states read the same sentences.
        level: Confidence of all verdicts together, between 0 and 1.
        similarity: Debiased CKA of the two states at ``layer``, of the same sentences.
        status: ``"ok"``, or a sentence that says why nothing can be told.
    """

    schema_version: int = 1
    layer: int | None
    layers: tuple[LayerEvidence, ...]
    paired: bool
    level: float
    similarity: Estimate | None = None
    status: str = "ok"

    @property
    def text(self) -> str:
        """The finding as a sentence."""
        if self.status != "ok":
            return f"Whether the two models differ cannot be told: {self.status}."
        if self.paired:
            return self._nothing_but_rounding() if self.layer is None else self._change_from(self.layer)
        return self._nothing_but_chance() if self.layer is None else self._no_chance(self.layer)

    def _layers_that_are(self, *verdicts: Verdict, above: int = -1, below: float = math.inf) -> list[int]:
        return [each.layer for each in self.layers if each.verdict in verdicts and above < each.layer < below]

    def _nothing_but_rounding(self) -> str:
        sizes = {each.layer: each.change.value for each in self.layers if each.change is not None}
        most = max(sizes, key=lambda layer: (math.isfinite(sizes[layer]), sizes[layer]))
        size = f"at most {_digits(sizes[most])} of the vectors' length, at layer {most}"
        unclear = self._layers_that_are("unclear")
        if not unclear:
            return f"All layers are as they were: what differs is rounding ({size})."
        return f"No layer clearly differs, but {_named(unclear)} cannot be told from rounding ({size})."

    def _change_from(self, onset: int) -> str:
        same = self._layers_that_are("same", below=onset)
        unclear = self._layers_that_are("unclear", below=onset)
        other = self._layers_that_are("same", "unclear", above=onset)
        start = f"from layer {onset} on" if onset < self.layers[-1].layer else f"at layer {onset}, the last,"
        parts = [
            f"{_named(same)} {'is as it was' if len(same) == 1 else 'are as they were'}" if same else "",
            f"{_named(unclear)} cannot be told from rounding" if unclear else "",
            f"{start} the vectors differ ({self._how_much(onset)})",
            f"not clearly so at {_named(other)}" if other else "",
        ]
        text = "; ".join(filter(None, parts))
        return f"{text[0].upper()}{text[1:]}."

    def _how_much(self, onset: int) -> str:
        change = self.layers[onset].change
        size = f"by {_digits(math.nan if change is None else change.value)} of their length"
        alike = self.similarity
        if alike is None or not math.isfinite(alike.value):
            return size
        return f"debiased CKA {_below_one(alike)}; {size}"

    def _nothing_but_chance(self) -> str:
        p_values = self._p_values()
        least = min(p_values, key=lambda layer: p_values[layer])
        return (
            f"No layer can be told to differ (smallest p {_digits(p_values[least])}, at layer {least}, corrected for"
            f" {len(p_values)} layers); a small change may have gone unnoticed."
        )

    def _no_chance(self, onset: int) -> str:
        p_values = self._p_values()
        evidence = f"p {_digits(p_values[onset])}, corrected for {len(p_values)} layers"
        below = [p_values[layer] for layer in range(onset) if layer in p_values]
        if not below:
            return (
                f"Already layer {onset} differs ({evidence}): it was changed, or the two samples are of different kinds"
                " of text."
            )
        return (
            f"The change starts at layer {onset}, which does something else with what it is given ({evidence}); below,"
            f" no difference can be told (smallest p {_digits(min(below))})."
        )

    def _p_values(self) -> dict[int, float]:
        return {each.layer: each.p_value for each in self.layers if math.isfinite(each.p_value)}


def onset_layer(
    before: Layers,
    after: Layers,
    sentence_ids: SentenceIds,
    *,
    again: Layers | None = None,
    precision: Precision = "float32",
    with_cka: bool = True,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Onset:
    """Return the lowest layer whose vectors of the same sentences differ by more than rounding.

    At each layer the figure is the mean over examples of ‖bᵢ − aᵢ‖ / √(mean ‖aⱼ‖²), a before and b after. A layer
    differs where the lower end of its interval over sentences, widened for the number of layers (Bonferroni), is above
    what passes for rounding: 16 units in the last place of ``precision``. It is the same where the upper end is not.

    No similarity is asked here, for a change too small to matter is one all the same; how much it matters, the
    debiased CKA at the layer found says. One or two odd sentences (cut off, or tokenised in another way) do not make a
    change: the interval then reaches down to rounding.

    Args:
        before: For each layer, 0 for the embeddings, shape (example, hidden), finite.
        after: The same of the other state: as many layers, rows and columns. The coordinates must be the same, so one
            has to be a fine-tuned state of the other.
        sentence_ids: Shape (example,); the sentence of each example.
        again: The first state run a second time in other batches or on another machine; three times its difference
            from ``before``, at any layer up to the one in question, then passes for rounding too.
        precision: The coarsest format that vectors were computed or stored in; ``"float32"`` by default. Arrays of
            float16 count as such anyway.
        with_cka: Whether to compute the similarity at the layer found, which costs more than all else.
        n_resamples: Half-samples, at least 10; default 200.
        level: Confidence of all layers together, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The layer, or ``None``; with fewer than five sentences ``None``, with a status.

    Raises:
        InputError: A side has no layer, the numbers of layers, rows or columns differ, a vector is not finite, the ids
            do not fit, the precision is unknown, or the resampling settings are out of range.

    >>> rng = np.random.default_rng(0)
    >>> before = rng.normal(size=(4, 60, 8))
    >>> after = before + 1e-8 * rng.normal(size=before.shape)
    >>> after[2:] += 0.1 * rng.normal(size=(2, 60, 8))
    >>> onset = onset_layer(before, after, np.arange(60) // 3, rng=rng)
    >>> onset.layer, [each.verdict for each in onset.layers]
    (2, ['same', 'same', 'differs', 'differs'])
    >>> print(onset.text.replace("; from", ";\\nfrom"))
    Layers 0 and 1 are as they were;
    from layer 2 on the vectors differ (debiased CKA 0.990, 0.987 … 0.992; by 0.096 of their length).
    """
    first, second = check_states(before, after)
    check_resampling(n_resamples, level)
    sentences = number_sentences(sentence_ids, len(first[0]))
    tolerances = _tolerances(first, second, again, precision)
    changes = [
        mean_estimate(distances, sentences, n_resamples=n_resamples, level=level, rng=rng)
        if distances is not None
        else Estimate(value=math.nan, level=level, status="undefined: all vectors before are zero")
        for distances in itertools.starmap(_distances, zip(first, second, strict=True))
    ]
    layers = tuple(
        LayerEvidence(
            layer=layer,
            verdict=_verdict(change, tolerance, len(changes)),
            change=change,
            tolerance=tolerance,
        )
        for layer, (change, tolerance) in enumerate(zip(changes, tolerances, strict=True))
    )
    onset = next((each.layer for each in layers if each.verdict == "differs"), None)
    alike = None
    if with_cka and onset is not None and len(sentences) >= 4:
        alike = cka_estimate(
            first[onset], second[onset], sentences, n_resamples=n_resamples, level=level, rng=rng
        )
    told = any(change.has_interval for change in changes)
    status = "ok" if told else changes[0].status
    return Onset(layer=onset, layers=layers, paired=True, level=level, similarity=alike, status=status)


def check_states(
    before: Layers,
    after: OtherLayers,
    *,
    same_rows: bool = True,
    names: tuple[str, str] = ("before", "after"),
) -> tuple[list[AnyVectors], list[AnyVectors]]:
    """Return the layers of two states of one model as matrices.

    Raises:
        InputError: A side has no layer, the numbers of layers, columns or (if ``same_rows``) rows differ, those of one
            side's rows do, or a layer fails :func:`check_vectors`.
    """
    first, second = (_check_layers(side, name) for side, name in zip((before, after), names, strict=True))
    if len(first) != len(second):
        raise InputError(
            f"{names[0]} and {names[1]} have different numbers of layers.",
            expected="the same layers of two states of one model",
            got=f"{len(first)} and {len(second)}",
        )
    for layer, (x, y) in enumerate(zip(first, second, strict=True)):
        if x.shape[1] != y.shape[1] or (same_rows and len(x) != len(y)):
            raise InputError(
                f"{names[0]} and {names[1]} have different shapes.",
                where=f"layer {layer}",
                expected=f"the same {'examples and ' if same_rows else ''}hidden dimensions",
                got=f"{x.shape} and {y.shape}",
                fix=_FIX[same_rows],
            )
    return first, second


def _check_layers(layers: Layers, name: str) -> list[AnyVectors]:
    found = [check_vectors(each, f"{name}[{layer}]") for layer, each in enumerate(layers)]
    if not found:
        raise InputError(f"{name} has no layers.", expected="a matrix for each layer", got="none")
    counts = sorted({len(each) for each in found})
    if len(counts) > 1:
        raise InputError(
            f"The layers of {name} have different numbers of rows.",
            expected="the same examples at every layer",
            got=", ".join(map(str, counts)),
        )
    return found


def _distances(before: Vectors, after: Vectors) -> Float[np.ndarray, " example"] | None:
    """Return how far each vector is from what it was, in units of the vectors' length; None where they have none."""
    size = float(max(np.abs(before).max(), np.abs(after).max())) or 1.0
    first = before.astype(np.float64, copy=False) / size  # so that squares neither overflow nor vanish
    length = math.sqrt(float(np.mean(np.einsum("eh,eh->e", first, first))))
    if not length:
        return None
    moved = after.astype(np.float64, copy=False) / size - first
    shares: Float[np.ndarray, " example"] = np.linalg.norm(moved, axis=1) / length
    return shares


def _tolerances(
    before: list[AnyVectors], after: list[AnyVectors], again: Layers | None, precision: str
) -> list[float]:
    if precision not in _EPSILON:
        raise InputError("precision is unknown.", expected=" or ".join(_EPSILON), got=precision)
    units = [_EPSILON[precision]]
    units += [_EPSILON["float16"]] * any(each.dtype == np.float16 for each in (*before, *after))
    floor = ROUNDING * max(units)
    if again is None:
        return [floor] * len(before)
    repeated = check_states(before, again, names=("before", "again"))[1]
    found = [_distances(*pair) for pair in zip(before, repeated, strict=True)]
    sizes = [0.0 if each is None else REPETITION * float(each.mean()) for each in found]
    return [max(floor, size) for size in itertools.accumulate(sizes, max)]


def _verdict(change: Estimate, tolerance: float, n_layers: int) -> Verdict:
    excess = change.model_copy(
        update={name: getattr(change, name) - tolerance for name in ("value", "low", "high")}
    )
    return _VERDICTS[direction(excess, n_layers)]


def _named(layers: Sequence[int]) -> str:
    """Return layers for people, such as ``"layers 0 to 3 and 5"``."""
    texts = []
    for _, run in itertools.groupby(enumerate(layers), key=lambda pair: pair[1] - pair[0]):
        numbers = [layer for _, layer in run]
        if len(numbers) > 2:
            texts.append(f"{numbers[0]} to {numbers[-1]}")
        else:
            texts += map(str, numbers)
    listed = f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]
    return f"{'layer' if len(layers) == 1 else 'layers'} {listed}"


def _digits(value: float) -> str:
    """Return a number with two digits that count."""
    return f"{value:.2g}"


def _below_one(alike: Estimate) -> str:
    """Return a similarity and its interval with the decimals that tell them from 1: two at least, six at most."""
    ends = (alike.low, alike.high) if alike.has_interval else ()
    gap = 1 - max(alike.value, *ends) if ends else 1 - alike.value
    decimals = min(max(2, -math.floor(math.log10(gap))), 6) if gap > 0 else 6
    figures = [f"{each:.{decimals}f}" for each in (alike.value, *ends)]
    return f"{figures[0]}, {figures[1]} … {figures[2]}" if ends else figures[0]
