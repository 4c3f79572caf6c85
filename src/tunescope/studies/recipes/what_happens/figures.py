"""The figures of what happens to a model's layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from tunescope.studies.metric_names import METRICS, is_share
from tunescope.studies.over_seeds import OverSeeds
from tunescope.studies.recipes.what_happens.comparing import OWN_TEXT
from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.study_result import Grid, Series, StudyFigure

__all__ = ["what_happens_figures"]

Role = Literal["base", "tuned", "baseline", ""]

_BANDS = "Bands reach from the lowest to the highest end of the seeds' intervals over sentences."
_SIMILARITIES = {
    "rsa": "RSA",
    "rsa_correlation": "RSA of correlations",
    "rsa_euclidean": "RSA of distances",
    "rsa_spearman": "RSA by ranks",
    "cka": "debiased CKA",
    "rbf_cka": "RBF CKA",
    "svcca": "SVCCA",
    "pwcca": "PWCCA",
    "neighbourhood_overlap": "neighbourhood overlap",
}
"""Those where 1 means no change."""


def what_happens_figures(frame: Frame) -> tuple[StudyFigure, ...]:
    """Return the figures, those of one kind one after the other, a tab for each model and task."""
    places = list(frame.places())
    kinds: tuple[Callable[[Frame, Place], StudyFigure | None], ...] = (
        _freezing,
        _truncation,
        _similarity,
        _map,
        _domains,
        _structure,
        _rollback,
        _weights,
    )
    found = [kind(frame, place) for kind in kinds for place in places]
    found += [_knowledge(frame, place, text) for place in places for text in frame.probed_texts(place)]
    return tuple(figure for figure in found if figure is not None)


def _freezing(frame: Frame, place: Place) -> StudyFigure:
    return _scores(
        frame,
        place,
        "freeze",
        "How many layers have to be trained? Score by number of frozen layers",
        "−1: all weights are trained; 0: the embeddings are frozen; at the right end only the head is trained."
        " Nothing is dropped out in frozen layers.",
        "frozen layers",
    )


def _truncation(frame: Frame, place: Place) -> StudyFigure:
    return _scores(
        frame,
        place,
        "truncate",
        "How many layers does the task take? Score with the upper layers left out",
        "The head is put on this layer, and all layers up to it are trained.",
        "layers kept",
    )


def _scores(frame: Frame, place: Place, kind: str, title: str, how_to_read: str, x_title: str) -> StudyFigure:
    line = _line("test set", frame.ablations(place, kind, "score", "test"), "tuned")
    return _figure(
        kind,
        place,
        title,
        f"{how_to_read} {_BANDS}",
        [line],
        x_title=x_title,
        y_title=METRICS[place.metric],
        percent=is_share(place.metric),
    )


def _similarity(frame: Frame, place: Place) -> StudyFigure:
    where = {"kind": "similarity", "domain": OWN_TEXT}
    lines = [
        _line(name, frame.by_layer(place, measure=measure, **where))
        for measure, name in _SIMILARITIES.items()
    ]
    return _figure(
        "similarity",
        place,
        "Which layers change? Similarity of the words' vectors before and after",
        f"1: the words stand to each other as they did. Words of the task's own test sentences. {_BANDS}",
        lines,
        x_title="layer",
        y_title="similarity",
    )


def _map(frame: Frame, place: Place) -> StudyFigure | None:
    found = frame.layer_map(place)
    if found.empty:
        return None
    return StudyFigure(
        key=f"map-{place.key}",
        title="Which layer has become like which? Similarity of all layers before and after",
        tab=place.title,
        how_to_read=(
            "A strong diagonal: layers stayed what they were. Words of the task's own test sentences; means over seeds."
        ),
        kind="grid",
        grid=Grid(
            columns=tuple(map(str, found.columns)),
            rows=tuple(map(str, found.index)),
            values=tuple(tuple(map(float, row)) for row in found.to_numpy()),
            value_title="debiased CKA",
            value_range=(0.0, 1.0),
        ),
        x_title="layer after",
        y_title="layer before",
    )


def _domains(frame: Frame, place: Place) -> StudyFigure | None:
    domains = frame.domains(place)
    if len(domains) < 2:
        return None
    lines = [
        _line(domain, frame.by_layer(place, kind="similarity", domain=domain, measure="rsa"))
        for domain in domains
    ]
    return _figure(
        "domains",
        place,
        "Does text of other domains change as much? RSA before and after",
        f"Higher: the text's vectors stayed more as they were. {_BANDS}",
        lines,
        x_title="layer",
        y_title="RSA",
    )


def _structure(frame: Frame, place: Place) -> StudyFigure | None:
    before = frame.by_layer(place, kind="structure before", measure="dspr")
    after = frame.by_layer(place, kind="structure after", measure="dspr")
    if not before and not after:
        return None
    return _figure(
        "structure",
        place,
        "Is syntax kept? What structural probes read from each layer",
        f"DSpr: how well distances between vectors follow distances in the trees. {_BANDS}",
        [_line("before", before, "base"), _line("after", after, "tuned")],
        x_title="layer",
        y_title="DSpr",
    )


def _knowledge(frame: Frame, place: Place, text: str) -> StudyFigure:
    before, after = (
        frame.by_layer(place, kind=f"edges {when}", domain=text, measure="edge_f1")
        for when in ("before", "after")
    )
    figure = _figure(
        f"edges-{text}".lower(),
        place,
        "Is what the model knew of words kept? What edge probes read from each layer",
        f"Probes of {text}, trained anew on each layer before and after. {_BANDS}",
        [_line("before", before, "base"), _line("after", after, "tuned")],
        x_title="layer",
        y_title="micro-F1",
        percent=True,
    )
    return figure.model_copy(update={"tab": f"{text}: {place.title}"})


def _rollback(frame: Frame, place: Place) -> StudyFigure | None:
    changes = {
        variant: figure
        for variant in frame.variants(place)
        if (figure := frame.at(place, kind="rollback", measure="change", label=variant)) is not None
    }
    top = place.n_layers + 1
    families = (
        ("this layer alone", "layer ", {n: n for n in range(top)}),
        ("the embeddings and all layers up to it", "lower ", {n: n for n in range(top)}),
        ("it and all layers above", "upper ", {n: top - n for n in range(top)}),
    )
    lines = [
        _line(
            name,
            {
                layers[int(variant.removeprefix(prefix))]: figure
                for variant, figure in changes.items()
                if variant.startswith(prefix)
            },
        )
        for name, prefix, layers in families
    ]
    if not changes:
        return None
    return _figure(
        "rollback",
        place,
        "Which layers' training matters? Change of the score with layers rolled back",
        f"Layers of the fine-tuned model get their pre-trained weights back; nothing is trained. {_BANDS}",
        lines,
        x_title="layer",
        y_title=f"change of {METRICS[place.metric]}",
        percent=is_share(place.metric),
    )


def _weights(frame: Frame, place: Place) -> StudyFigure:
    line = _line("relative update", frame.by_layer(place, kind="weights", measure="weight_change"), "tuned")
    return _figure(
        "weights",
        place,
        "How far did the weights move? By layer",
        "Norm of the update over that of the weights; layer 0 are the embeddings. Mean over seeds.",
        [line],
        x_title="layer",
        y_title="relative update",
    )


def _line(name: str, found: Mapping[int, OverSeeds], role: Role = "") -> Series:
    numbers = sorted(found)
    figures = [found[number] for number in numbers]
    bands = any(math.isfinite(figure.low) for figure in figures)
    return Series(
        name=name,
        x=tuple(float(number) for number in numbers),
        y=tuple(figure.value for figure in figures),
        low=tuple(figure.low for figure in figures) if bands else (),
        high=tuple(figure.high for figure in figures) if bands else (),
        role=role,
    )


def _figure(
    key: str, place: Place, title: str, how_to_read: str, series: Iterable[Series], **more: Any
) -> StudyFigure:
    drawn = tuple(each for each in series if each.x)
    return StudyFigure(
        key=f"{key}-{place.key}",
        title=title,
        tab=place.title,
        how_to_read=how_to_read,
        series=drawn,
        missing=None if drawn else "no step has found these figures",
        **more,
    )
