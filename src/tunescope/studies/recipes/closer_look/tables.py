"""The tables of a closer look, with the published numbers beside ours."""

from __future__ import annotations

import math

import pandas as pd

from tunescope.studies.published.numbers import compared_rows, published
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.study_result import StudyTable

__all__ = ["closer_look_tables", "cross_task_counts"]

_MARKS = (
    "Published numbers are Zhou and Srikumar's (2022), for the model of theirs that is nearest in size. Marks: m,"
    " another model than the paper's; d, other data."
)
Cell = str | int | float | None


def closer_look_tables(frame: Frame, nearest: dict[str, str], same: set[str]) -> tuple[StudyTable, ...]:
    """Return the tables.

    Args:
        frame: All figures.
        nearest: The paper's model that is nearest in size, by our model's name.
        same: Names of our models that are of a size of the paper's.
    """
    places = list(frame.places())
    tables = (
        _representations(frame, places, nearest, same),
        _gains(frame, places),
        _cross_task(frame, same, nearest),
    )
    return tuple(table for table in tables if table.rows)


def _representations(
    frame: Frame, places: list[Place], nearest: dict[str, str], same: set[str]
) -> StudyTable:
    """Return Table 7 of the paper: classifier, clusters, linearity and train–test similarity, before and after."""
    rows = []
    for place in places:
        for stage, found in (("original", frame.before(place)), ("tuned", frame.after(place))):
            top = Frame(found[found["layer"] == frame.top(place.model)])
            rows.append(
                {
                    "our_model": place.model,
                    "model": nearest[place.model],
                    "task": place.task,
                    "seed": place.seed if stage == "tuned" else None,
                    "stage": stage,
                    "accuracy": 100 * top.value(measure="accuracy"),
                    "sd": 100 * top.value(measure="accuracy_sd"),
                    "hidden": _sizes(top),
                    "clusters": top.value(measure="clusters", split="train"),
                    "labels": top.value(measure="labels", split="train"),
                    "linear": _yes_no(top.value(measure="is_linear", split="train")),
                    "similarity": top.value(measure="train_test_similarity"),
                }
            )
    ours = (
        pd.DataFrame(rows).drop_duplicates(["our_model", "task", "seed", "stage"]) if rows else pd.DataFrame()
    )
    cells = []
    if len(ours):
        beside = compared_rows(
            ours,
            published("closer_look_table7"),
            ["model", "task", "stage"],
            "accuracy",
            same_model=lambda row: str(row["our_model"]) in same,
            same_data=True,
        )
        theirs = published("closer_look_table7").set_index(["model", "task", "stage"])
        for (_, own), (_, other) in zip(ours.iterrows(), beside.iterrows(), strict=True):
            key = (str(own["model"]), str(own["task"]), str(own["stage"]))
            there = theirs.loc[[key]].iloc[0] if key in theirs.index else None
            cells.append(
                (
                    own["our_model"],
                    own["task"],
                    "after" if own["stage"] == "tuned" else "before",
                    _whole(own["seed"]),
                    own["accuracy"],
                    own["sd"],
                    _number(other["published"]),
                    _number(other["difference"]),
                    other["mark"] if isinstance(other["mark"], str) else None,
                    own["hidden"],
                    _whole(own["clusters"]),
                    None if there is None else int(there["n_clusters"]),
                    _whole(own["labels"]),
                    own["linear"],
                    None if there is None else ("yes" if there["linear"] else "no"),
                    own["similarity"],
                    None if there is None else _number(there["train_test_similarity"]),
                )
            )
    return StudyTable(
        key="representations",
        title="Before and after fine-tuning, top layer",
        note=(
            "Accuracy of the classifier on the test set in per cent, mean and standard deviation over five refits of"
            " the chosen configuration (Table 7 of the paper). Clusters are counted exactly: small ones count, which"
            " the paper leaves out. The similarity of training and test set is given for all label pairs with a"
            f" distance. {_MARKS}"
        ),
        columns=(
            "model",
            "task",
            "state",
            "seed",
            "accuracy",
            "sd",
            "published",
            "difference",
            "mark",
            "hidden sizes",
            "clusters",
            "published clusters",
            "labels",
            "linear",
            "published linear",
            "train–test similarity",
            "published similarity",
        ),
        rows=tuple(cells),
        decimals={
            "accuracy": 2,
            "sd": 2,
            "published": 2,
            "difference": 2,
            "train–test similarity": 2,
            "published similarity": 2,
        },
    )


def _gains(frame: Frame, places: list[Place]) -> StudyTable:
    """Return what fine-tuning did to the classifier's accuracy, paired over test sentences."""
    rows: list[tuple[Cell, ...]] = []
    for place in places:
        top = frame.top(place.model)
        gain = Frame(frame.after(place, layer=top)).one(measure="accuracy_gain")
        head = Frame(frame.after(place)).value(measure="head_accuracy")
        before, after = (
            Frame(found[found["layer"] == top]).value(measure="train_test_similarity")
            for found in (frame.before(place), frame.after(place))
        )
        if gain is None:
            continue
        low, high = gain["low"], gain["high"]
        verdict = "helps" if low > 0 else "harms" if high < 0 else "cannot be told"
        rows.append(
            (
                place.model,
                place.task,
                place.seed,
                100 * gain["value"],
                100 * low,
                100 * high,
                verdict,
                100 * head,
                before,
                after,
                after - before,
            )
        )
    return StudyTable(
        key="gains",
        title="Does fine-tuning always help?",
        note=(
            "Gain of the classifier's accuracy on the test set at the top layer, in points, with its interval, paired"
            " over sentences; the accuracy of the fine-tuned model's own head; and the spatial similarity of training"
            " and test set, whose fall the paper takes for a sign of harm."
        ),
        columns=(
            "model",
            "task",
            "seed",
            "gain",
            "low",
            "high",
            "verdict",
            "own head",
            "similarity before",
            "similarity after",
            "change of similarity",
        ),
        rows=tuple(rows),
        decimals={
            "gain": 2,
            "low": 2,
            "high": 2,
            "own head": 2,
            "similarity before": 2,
            "similarity after": 2,
            "change of similarity": 2,
        },
    )


def _cross_task(frame: Frame, same: set[str], nearest: dict[str, str]) -> StudyTable:
    """Return Table 5: labels whose smallest distance grew or shrank by fine-tuning on none, this or another task."""
    theirs = published("closer_look_table5_cross_task").set_index("fine_tuned_on")
    rows: list[tuple[Cell, ...]] = []
    crossed = frame.rows[(frame.rows["stage"] == "after") & (frame.rows["tuned_on"] != frame.rows["task"])]
    for model, task in crossed[["model", "task"]].drop_duplicates().itertuples(index=False):
        for tuned_on, seed in _tunings(frame, model, task):
            counts = cross_task_counts(frame, model, task, tuned_on, seed)
            found = frame.select(
                model=model, task=task, tuned_on=tuned_on, seed=seed, after_step=None, layer=frame.top(model)
            )
            accuracy = 100 * Frame(found).value(measure="accuracy")
            like_paper = task == "PS-fxn" and str(tuned_on or "none") in theirs.index
            there = theirs.loc[str(tuned_on or "none")] if like_paper else None
            rows.append(
                (
                    model,
                    task,
                    tuned_on or "none",
                    _whole(seed),
                    *(counts if tuned_on is not None else (None, None, None)),
                    accuracy,
                    *(
                        (None, None, None, None)
                        if there is None
                        else (
                            _number(there["labels_increased"]),
                            _number(there["labels_decreased"]),
                            _number(there["mean_min_distance_change"]),
                            _number(there["accuracy"]),
                        )
                    ),
                    None
                    if there is None
                    else ("" if model in same and nearest[str(model)] == "base" else "m"),
                )
            )
    return StudyTable(
        key="cross-task",
        title="Fine-tuning on another task",
        note=(
            "Of the labels of one task: how many lie farther from their nearest neighbour, and how many nearer, after"
            " fine-tuning on a task than before, the mean change, and the classifier's accuracy in per cent (Table 5 of"
            " the paper, for BERT-base). Mark m: another model."
        ),
        columns=(
            "model",
            "task",
            "tuned on",
            "seed",
            "grew",
            "shrank",
            "mean change",
            "accuracy",
            "published grew",
            "published shrank",
            "published change",
            "published accuracy",
            "mark",
        ),
        rows=tuple(rows),
        decimals={
            "mean change": 2,
            "accuracy": 2,
            "published grew": 0,
            "published shrank": 0,
            "published change": 2,
            "published accuracy": 2,
        },
    )


def cross_task_counts(
    frame: Frame, model: str, task: str, tuned_on: str | None, seed: int | None
) -> tuple[int, int, float]:
    """Return how many labels' smallest distance grew and shrank, and the mean change, of the labels that have one."""
    place = {
        "model": model,
        "task": task,
        "measure": "minimum_distance",
        "split": "train",
        "layer": frame.top(model),
    }
    before = frame.select(**place, stage="before").set_index("label")["value"]
    after = frame.select(**place, stage="after", tuned_on=tuned_on, seed=seed, after_step=None)
    change = (after.set_index("label")["value"] - before).dropna()
    return int((change > 0).sum()), int((change < 0).sum()), float(change.mean()) if len(change) else math.nan


def _tunings(frame: Frame, model: str, task: str) -> list[tuple[str | None, int | None]]:
    found = frame.select(model=model, task=task, measure="accuracy", layer=frame.top(model), after_step=None)
    pairs = found[["tuned_on", "seed"]].drop_duplicates().itertuples(index=False)
    return [
        (None if pd.isna(tuned_on) else str(tuned_on), None if pd.isna(seed) else int(seed))
        for tuned_on, seed in pairs
    ]


def _sizes(found: Frame) -> str | None:
    first, second = (found.value(measure=f"hidden_{number}") for number in (1, 2))
    return None if math.isnan(first) else f"{first:.0f}, {second:.0f}"


def _yes_no(value: float) -> str | None:
    return None if math.isnan(value) else ("yes" if value else "no")


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if math.isnan(number) else number


def _whole(value: object) -> int | float | None:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return None
    return int(value)  # type: ignore[call-overload,no-any-return]
