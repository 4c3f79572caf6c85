"""The tables of what a model knew before and knows after."""

from __future__ import annotations

from tunescope.studies.recipes.what_happens.frame import Frame, Place
from tunescope.studies.recipes.what_happens.points import OVER_SEEDS, points, with_ends
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["knowledge_tables"]


def knowledge_tables(frame: Frame, places: list[Place]) -> tuple[StudyTable, ...]:
    """Return the tables."""
    return (
        _structure(frame, places),
        _edges(frame, places),
        _codes(frame, places),
        _masked(frame, places),
    )


def _structure(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for measure, title in (("uuas", "UUAS"), ("dspr", "DSpr")):
            before = frame.by_layer(place, kind="structure before", measure=measure)
            after = frame.by_layer(place, kind="structure after", measure=measure)
            gain = frame.by_layer(place, kind="structure gain", measure=f"{measure}_gain")
            rows += [
                {
                    "model": place.model,
                    "task": place.task,
                    "score": title,
                    "layer": layer,
                    **points(before.get(layer), "before", "before low", "before high"),
                    **points(after.get(layer), "after", "after low", "after high"),
                    **points(gain[layer], "change", "change low", "change high"),
                }
                for layer in gain
            ]
    return StudyTable.of(
        "structure",
        "What structural probes read, before and after",
        rows,
        note=f"In hundredths; the change is paired over sentences. {OVER_SEEDS}",
        decimals=1,
    )


def _edges(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for text in frame.probed_texts(place):
            before = frame.by_layer(place, kind="edges before", domain=text, measure="edge_f1")
            after = frame.by_layer(place, kind="edges after", domain=text, measure="edge_f1")
            gain = frame.by_layer(place, kind="edges gain", domain=text, measure="edge_f1_gain")
            left = frame.by_layer(place, kind="edges gain", domain=text, measure="share_left")
            verdicts = frame.verdicts(place, text)
            rows += [
                {
                    "model": place.model,
                    "task": place.task,
                    "probed": text,
                    "layer": layer,
                    **points(before.get(layer), "before", "before low", "before high"),
                    **points(after.get(layer), "after", "after low", "after high"),
                    **points(gain[layer], "change", "change low", "change high"),
                    **points(left.get(layer), "% left", "% left low", "% left high"),
                    "it was": verdicts.get(layer),
                }
                for layer in gain
            ]
    return StudyTable.of(
        "edges",
        "What edge probes read of labelled words, before and after",
        rows,
        note=(
            "Micro-F1 in hundredths, of a probe that was trained anew on each layer; the change is paired over"
            " sentences. Left is the share of what the vectors gave beyond the most frequent label (of accuracy): lost"
            " is clearly less than half of it, kept clearly more than nine tenths, corrected for the number of layers."
            f" {OVER_SEEDS}"
        ),
        decimals=1,
    )


def _codes(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for text in frame.probed_texts(place):
            before = frame.by_layer(place, kind="codes before", domain=text, measure="compression")
            after = frame.by_layer(place, kind="codes after", domain=text, measure="compression")
            gain = frame.by_layer(place, kind="codes gain", domain=text, measure="compression_gain")
            rows += [
                {
                    "model": place.model,
                    "task": place.task,
                    "probed": text,
                    "layer": layer,
                    **with_ends(before.get(layer), "before", "before low", "before high"),
                    **with_ends(after.get(layer), "after", "after low", "after high"),
                    **with_ends(gain[layer], "change", "change low", "change high"),
                }
                for layer in gain
            ]
    return StudyTable.of(
        "codes",
        "How many times shorter labels become for someone who has the vectors",
        rows,
        note=(
            "Compression by an online code (minimum description length) against one that takes every label as equally"
            f" likely; higher is easier to learn. {OVER_SEEDS}"
        ),
        decimals=2,
    )


def _masked(frame: Frame, places: list[Place]) -> StudyTable:
    rows: list[dict[str, Cell]] = []
    for place in places:
        for text in frame.texts_with_masks(place):
            before, after, change = (
                frame.at(place, kind=f"masked {when}", domain=text, measure=f"masked_language_loss{suffix}")
                for when, suffix in (("before", ""), ("after", ""), ("gain", "_change"))
            )
            rows.append(
                {
                    "model": place.model,
                    "task": place.task,
                    "text": text,
                    **with_ends(before, "before", "before low", "before high"),
                    **with_ends(after, "after", "after low", "after high"),
                    **with_ends(change, "change", "change low", "change high"),
                }
            )
    return StudyTable.of(
        "masked",
        "How well the model's own head still guesses masked words",
        rows,
        note=(
            "Nats for each masked subword, lower is better; the head is the pre-trained one. A rise says that this head"
            f" cannot read the words from the vectors any more, not that they are no longer there. {OVER_SEEDS}"
        ),
        decimals=2,
    )
