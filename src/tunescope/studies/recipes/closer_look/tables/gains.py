"""What fine-tuning did to the classifier's accuracy, beside what it did to how alike training and test set lie."""

from __future__ import annotations

from collections.abc import Iterator

from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.study_result import Cell, StudyTable
from tunescope.studies.study_rows import StudyRows

__all__ = ["gains_table"]


def gains_table(frame: Frame) -> StudyTable:
    """Return a row for each model, task and seed whose gain is known."""
    return StudyTable.of(
        "gains",
        "Does fine-tuning always help?",
        list(_rows(frame)),
        note=(
            "Gain of the classifier's accuracy on the test set at the top layer, in points, with its interval, paired"
            " over sentences and not corrected for the number of cases; the accuracy of the fine-tuned model's own"
            " head; and the spatial similarity of training and test set, whose fall the paper takes for a sign of"
            " harm. On a random split, the same sentences are divided at random into sets of the same sizes, and"
            " another model is tuned on that: what falls there too falls for other reasons than how the sets were"
            " chosen."
        ),
    )


def _rows(frame: Frame) -> Iterator[dict[str, Cell]]:
    control = frame.control("random split")
    for place in frame.places():
        gain = StudyRows(frame.after(place, layer=frame.top(place.model))).one(measure="accuracy_gain")
        if gain is None:
            continue
        low, high = gain["low"], gain["high"]
        before, after = frame.at_top(place, measure="train_test_similarity", split="test")
        row: dict[str, Cell] = {
            "model": place.model,
            "task": place.task,
            "seed": place.seed,
            "gain": 100 * gain["value"],
            "low": 100 * low,
            "high": 100 * high,
            "verdict": "helps" if low > 0 else "harms" if high < 0 else "cannot be told",
            "own head": 100 * StudyRows(frame.after(place)).value(measure="head_accuracy"),
            "similarity before": before,
            "similarity after": after,
            "change": after - before,
        }
        if not control.rows.empty:
            before, after = control.at_top(place, measure="train_test_similarity", split="test")
            row |= {
                "before, random split": before,
                "after, random split": after,
                "change, random split": after - before,
            }
        yield row
