"""The paper's scores beside ours, in one unit: points, which are hundredths of a score."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

import pandas as pd

from tunescope.studies.files.scored_task import ScoredTaskEntry
from tunescope.studies.published.numbers import compared_rows, published
from tunescope.studies.recipes.frozen_vs_tuned.frame import CONDITIONS, Frame, Place
from tunescope.studies.recipes.frozen_vs_tuned.settings import FrozenVsTunedSettings
from tunescope.studies.study_result import StudyTable

__all__ = ["PAPER_SETTINGS", "paper_scores", "published_table"]

PAPER_SETTINGS = {"mix": "frozen", "tuned": "tuned"}
"""What the paper calls our conditions; it has no linear head on frozen features."""

_COLUMNS = {
    "ner_span_f1": ("NER", 100.0),
    "sst2_accuracy": ("SST-2", 1.0),
    "mrpc_accuracy": ("MRPC", 1.0),
    "stsb_pearson": ("STS-B", 1.0),
}
"""The paper's task and by what its numbers are multiplied to be points, for each column."""

_PAPER_TASKS = {
    ("glue:sst2", "accuracy"): "SST-2",
    ("glue:mrpc", "accuracy"): "MRPC",
    ("glue:stsb", "pearson"): "STS-B",
}
_ENTITIES = "NER"
_TEST_SETS = {"glue:mrpc": "msr_paraphrase_test"}
"""The file of the paper's test set by format, where its labels are public."""


def paper_scores() -> pd.DataFrame:
    """Return the paper's scores in points: paper_task, setting and score.

    >>> scores = paper_scores().set_index(["paper_task", "setting"])["score"]
    >>> [round(float(score), 1) for score in (scores["NER", "frozen"], scores["STS-B", "tuned"])]
    [92.2, 87.1]
    """
    wide = published("frozen_vs_tuned")
    rows = [
        {"paper_task": task, "setting": row["setting"], "score": factor * row[column]}
        for column, (task, factor) in _COLUMNS.items()
        for _, row in wide.iterrows()
    ]
    return pd.DataFrame(rows)


def published_table(frame: Frame, settings: FrozenVsTunedSettings, same_models: set[str]) -> StudyTable:
    """Return our scores at the largest size beside the paper's, and the gains by fine-tuning.

    Args:
        frame: All figures.
        settings: The study file's.
        same_models: Names of our models that are of the paper's architecture.
    """
    entries = {entry.name: entry for entry in settings.tasks}
    ours = pd.DataFrame(
        [row for place in frame.places() for row in _ours(frame, place, entries[place.task])],
        columns=["our_model", "our_task", "condition", "paper_task", "setting", "score"],
    )
    theirs = _with_gains(paper_scores())
    beside = compared_rows(
        ours.astype({"score": "float64", "paper_task": object, "setting": object}),
        theirs,
        ["paper_task", "setting"],
        "score",
        same_model=lambda row: str(row["our_model"]) in same_models,
        same_data=lambda row: _is_paper_data(entries[str(row["our_task"])], settings),
    )
    rows = [
        {
            "model": own["our_model"],
            "task": own["our_task"],
            "condition": own["condition"],
            "ours": float(own["score"]),
            "published task": str(own["paper_task"]),
            "published": float(both["published"]),
            "difference": None if own["paper_task"] == _ENTITIES else float(both["difference"]),
            "mark": str(both["mark"]),
        }
        for (_, own), (_, both) in zip(ours.iterrows(), beside.iterrows(), strict=True)
    ]
    return StudyTable.of(
        "published",
        "Beside the published numbers",
        rows,
        note=(
            "Scores in points, means over seeds at the largest size of the training set, beside those of Peters, Ruder"
            " and Smith (2019) for BERT-base, and ours minus theirs. Their named entities (CoNLL-2003) stand beside any"
            " task that is scored by span F1, without a difference: they are another task. Their frozen model is our"
            " mix of layers, with heads of their own. Marks: m, another model; d, other data: another corpus, a part of"
            " it, or another test set than theirs, whose labels are not public for SST-2 and STS-B."
        ),
        decimals=1,
    )


def _ours(frame: Frame, place: Place, entry: ScoredTaskEntry) -> Iterable[dict[str, object]]:
    paper_task = _ENTITIES if entry.scores_spans else _PAPER_TASKS.get((entry.format, place.metric))
    if paper_task is None:
        return
    shared: dict[str, object] = {
        "our_model": place.model,
        "our_task": place.task,
        "paper_task": paper_task,
    }
    points = {
        (CONDITIONS[condition], setting): frame.largest(place, "score", condition=condition, split="test")
        for condition, setting in PAPER_SETTINGS.items()
    }
    points["fine-tuned minus frozen mix", "gain"] = frame.largest(place, "gain", against="mix", split="test")
    for (condition, setting), point in points.items():
        if point is not None:
            yield {**shared, "condition": condition, "setting": setting, "score": 100 * point.value}


def _with_gains(scores: pd.DataFrame) -> pd.DataFrame:
    wide = scores.pivot(index="paper_task", columns="setting", values="score")
    gains = (wide["tuned"] - wide["frozen"]).rename("score").reset_index().assign(setting="gain")
    return pd.concat([scores, gains], ignore_index=True)


def _is_paper_data(entry: ScoredTaskEntry, settings: FrozenVsTunedSettings) -> bool:
    """Return whether a task is one of the paper's corpora, whole, with the paper's test set."""
    name = _TEST_SETS.get(entry.format)
    if name is None or entry.train is None or entry.test is None:
        return False
    sliced = "[" in entry.train or "[" in entry.test
    limited = settings.test_limit is not None or "all" not in settings.sizes
    return PurePath(entry.test).name.startswith(name) and not sliced and not limited
