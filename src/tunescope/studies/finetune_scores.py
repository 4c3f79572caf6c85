"""Scores of a fine-tuned model on every split, with intervals."""

from __future__ import annotations

import pandas as pd

from tunescope.finetuning.finetune import FinetunedModel
from tunescope.studies.measuring.scores import Scorer
from tunescope.studies.settings import CompareSettings
from tunescope.tasks.example import LabelKind
from tunescope.tasks.metrics import METRICS_BY_KIND
from tunescope.tasks.task import Task

__all__ = ["finetune_scores"]


def finetune_scores(finetuned: FinetunedModel, task: Task, *, seed: int = 0) -> pd.DataFrame:
    """Return one row per split and metric: split, metric, value, low, high, level, n_examples, n_sentences, status.

    The intervals resample sentences. Macro-F1 weighs rare classes as much as common ones.
    """
    settings = CompareSettings(seed=seed)
    rows = []
    for split in task.all_sets:
        table = finetuned.predictions(split)
        labels = table["label"].to_numpy(dtype=float if task.label is LabelKind.NUMBER else str)
        predicted = table["predicted"].to_numpy(dtype=labels.dtype if labels.dtype.kind == "f" else str)
        sentence_ids = pd.factorize(table["sentence_id"])[0]
        for metric in METRICS_BY_KIND[task.label]:
            estimate = Scorer(metric, settings).estimate(labels, predicted, sentence_ids)
            rows.append({"split": split, "metric": metric, **estimate.model_dump()})
    return pd.DataFrame(rows)
