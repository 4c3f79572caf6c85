"""The claims of "What Happens To BERT Embeddings During Fine-tuning?", judged by the study's own figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.what_happens.comparing import OWN_TEXT
from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.study_result import Claim, Verdict

__all__ = ["what_happens_claims"]

_PAPER = "Merchant et al. 2020"
_FORGOTTEN = 0.1
"""The part of what the base model's vectors tell of syntax whose loss counts as forgetting."""
_COSTLY = 0.02
"""The loss of score that counts as a cost of freezing."""


def what_happens_claims(frame: Frame) -> tuple[Claim, ...]:
    """Return each claim with what the figures say of it."""
    places = list(frame.places())
    if not places:
        return ()
    return (
        _nothing_is_forgotten(frame, places),
        _top_layers_change_most(frame, places),
        _parsing_changes_more_layers(frame, places),
        _lower_half_can_be_frozen(frame, places),
        _other_domains_change_less(frame, places),
    )


def _nothing_is_forgotten(frame: Frame, places: list[Place]) -> Claim:
    found = [each for place in places for each in (*_syntax_kept(frame, place), *_labels_kept(frame, place))]
    evidence = "; ".join(text for _, text in found)
    return Claim(
        text="Fine-tuning does not make the model forget the linguistic structure that it knew.",
        source=f"{_PAPER}, on probes of linguistic structure",
        verdict=_all_alike(verdict for verdict, _ in found),
        evidence=(
            "At the layer where each probe read most before, the change of the structural probe's DSpr in hundredths,"
            f" and how much of what edge probes read beyond the most frequent label is left: {evidence or 'unknown'}."
            f" It holds where every interval lies above the loss of {_FORGOTTEN:.0%} of what was there, and does not"
            " where one lies below."
        ),
        shown_in="structure"
        if any(frame.by_layer(place, kind="structure gain") for place in places)
        else "edges",
    )


def _syntax_kept(frame: Frame, place: Place) -> Iterator[tuple[Verdict, str]]:
    before = frame.by_layer(place, kind="structure before", measure="dspr")
    gains = frame.by_layer(place, kind="structure gain", measure="dspr_gain")
    best = _best_layer(before)
    if best is not None and best in gains:
        was, gain = before[best].value, gains[best]
        text = f"{place.title}, trees, layer {best}: {_points(gain)} of {100 * was:.0f}"
        yield _above(gain, -_FORGOTTEN * was), text


def _labels_kept(frame: Frame, place: Place) -> Iterator[tuple[Verdict, str]]:
    for name in frame.probed_texts(place):
        best = _best_layer(frame.by_layer(place, kind="edges before", domain=name, measure="edge_f1"))
        left = frame.by_layer(place, kind="edges gain", domain=name, measure="share_left")
        if best is not None and best in left:
            share = left[best]
            text = f"{place.title}, {name}, layer {best}: {share.value:.0%} ({share.low:.0%} … {share.high:.0%}) left"
            yield _above(share, 1 - _FORGOTTEN), text


def _best_layer(found: Mapping[int, OverSeeds]) -> int | None:
    known = {layer: figure.value for layer, figure in found.items() if math.isfinite(figure.value)}
    return max(known, key=lambda layer: known[layer]) if known else None


def _top_layers_change_most(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        rsa = _own_similarity(frame, place)
        layers = sorted(layer for layer in rsa if layer >= 1)
        if len(layers) < 2:
            continue
        low, top = rsa[layers[0]], rsa[layers[-1]]
        verdicts.append(_clearly_below(top, low))
        parts.append(f"{place.title}: layer {layers[0]} {_plain(low)}, layer {layers[-1]} {_plain(top)}")
    return Claim(
        text="Fine-tuning changes the top layers most.",
        source=f"{_PAPER}, on representational similarity",
        verdict=_all_alike(verdicts),
        evidence=(
            f"RSA before and after on the task's own text: {'; '.join(parts) or 'unknown'}. It holds where the interval"
            " of the top layer lies below that of the first, for all tasks."
        ),
        shown_in="similarity",
    )


def _parsing_changes_more_layers(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for parsing in (place for place in places if place.is_parsing):
        theirs = _own_similarity(frame, parsing)
        for other in (place for place in places if place.model == parsing.model and not place.is_parsing):
            signs = [
                _order(theirs[layer], figure)
                for layer, figure in _own_similarity(frame, other).items()
                if layer >= 1 and layer in theirs
            ]
            if not signs:
                continue
            below, above = signs.count(-1), signs.count(1)
            verdicts.append(_more_layers(below, above, len(signs)))
            parts.append(
                f"{parsing.task} against {other.task}, {parsing.model}: changed more at {below} of {len(signs)} layers,"
                f" less at {above}"
            )
    return Claim(
        text="Parsing changes more layers than tasks on sentences do.",
        source=f"{_PAPER}, on representational similarity",
        verdict=_all_alike(verdicts),
        evidence=(
            f"Layers at which the intervals of RSA do not overlap: {'; '.join(parts) or 'unknown'}. It holds where"
            " parsing changed more at more than half of the layers, and at none less, against every other task; it does"
            " not where another task changed more at more than half, and less at none."
        ),
        shown_in="similarity",
    )


def _lower_half_can_be_frozen(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        changes = frame.ablations(place, "freeze", "gain", "test")
        lower = [n for n in changes if 0 < n <= place.n_layers / 2]
        if not lower:
            continue
        change = changes[max(lower)]
        verdicts.append(_above(change, -_COSTLY))
        parts.append(f"{place.title}, {max(lower)} of {place.n_layers} layers: {_points(change)} points")
    return Claim(
        text="The lower half of the layers can be frozen at little cost.",
        source=f"{_PAPER}, on partial freezing",
        verdict=_all_alike(verdicts),
        evidence=(
            f"Change of the score against training all layers: {'; '.join(parts) or 'unknown'}. “Little” is up to"
            f" {100 * _COSTLY:.0f} points: it holds where every interval lies above that, and does not where one lies"
            " below."
        ),
        shown_in="ablations",
    )


def _other_domains_change_less(frame: Frame, places: list[Place]) -> Claim:
    verdicts: list[Verdict] = []
    parts = []
    for place in places:
        for domain in (name for name in frame.domains(place) if name != OWN_TEXT):
            where = {"kind": "similarity", "domain": domain}
            found = frame.by_layer(place, measure="rsa_own_minus_other", **where)
            if not found:
                continue
            top = found[max(found)]
            verdicts.append(_below(top, 0.0))
            parts.append(f"{place.title} against {domain}: {_plain(top, sign=True)}")
    return Claim(
        text="Fine-tuning changes text of other domains less than that of its own.",
        source=f"{_PAPER}, on out-of-domain text",
        verdict=_all_alike(verdicts),
        evidence=(
            "RSA before and after at the top layer, on the task's own text minus on the other:"
            f" {'; '.join(parts) or 'unknown'}. It holds where every interval lies below 0, and does not where one lies"
            " above."
        ),
        shown_in="similarity",
    )


def _own_similarity(frame: Frame, place: Place) -> Mapping[int, OverSeeds]:
    return frame.by_layer(place, kind="similarity", domain=OWN_TEXT, measure="rsa")


def _above(figure: OverSeeds, bound: float) -> Verdict:
    if figure.low > bound:
        return "holds"
    return "does not hold" if figure.high < bound else "cannot be told"


def _below(figure: OverSeeds, bound: float) -> Verdict:
    if figure.high < bound:
        return "holds"
    return "does not hold" if figure.low > bound else "cannot be told"


def _clearly_below(first: OverSeeds, second: OverSeeds) -> Verdict:
    order = _order(first, second)
    return "holds" if order < 0 else "does not hold" if order > 0 else "cannot be told"


def _order(first: OverSeeds, second: OverSeeds) -> int:
    """Return −1 or 1 where the first figure's interval lies below or above the second's, else 0."""
    return int(first.low > second.high) - int(first.high < second.low)


def _more_layers(below: int, above: int, n_layers: int) -> Verdict:
    if 2 * below > n_layers and not above:
        return "holds"
    return "does not hold" if 2 * above > n_layers and not below else "cannot be told"


def _all_alike(verdicts: Iterable[Verdict]) -> Verdict:
    """Return "does not hold" where one case speaks against the claim, "holds" where all speak for it."""
    found = list(verdicts)
    if "does not hold" in found:
        return "does not hold"
    return "holds" if found and set(found) == {"holds"} else "cannot be told"


def _points(figure: OverSeeds) -> str:
    return f"{100 * figure.value:+.1f} ({100 * figure.low:+.1f} … {100 * figure.high:+.1f})"


def _plain(figure: OverSeeds, *, sign: bool = False) -> str:
    form = "+.2f" if sign else ".2f"
    return f"{figure.value:{form}} ({figure.low:{form}} … {figure.high:{form}})"
