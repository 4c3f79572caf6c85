"""What metrics are called on pages."""

from __future__ import annotations

from tunescope.tasks.span_f1 import SPAN_F1

__all__ = ["METRICS", "is_share"]

METRICS = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "mcc": "Matthews correlation",
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "las": "LAS",
    "uas": "UAS",
    "answer_f1": "answer F1",
    "exact_match": "exact match",
    SPAN_F1: "span F1",
}
"""The name of each metric."""


def is_share(metric: str) -> bool:
    """Return whether people read the metric in per cent: correlations they do not."""
    return metric not in ("mcc", "pearson", "spearman")
