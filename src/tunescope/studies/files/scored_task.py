"""A task of a study file that models are scored on, perhaps by the spans that its tags mark."""

from __future__ import annotations

from pydantic import model_validator

from tunescope._core.errors import InputError
from tunescope.studies.files.common_settings import TaskEntry
from tunescope.tasks.span_f1 import SPAN_F1
from tunescope.tasks.task import Task

__all__ = ["ScoredTaskEntry"]

_FORMATS_OF_SPANS = ("conllulex:entities",)


class ScoredTaskEntry(TaskEntry):
    """A task, and whether its tags are scored as spans.

    Attributes:
        metric_of_spans: Whether the score is F1 of the spans that BIO tags mark, in place of ``metric``; by default
            for the format ``conllulex:entities`` alone.
    """

    metric_of_spans: bool | None = None

    @model_validator(mode="after")
    def _check_metric_of_spans(self) -> ScoredTaskEntry:
        if self.metric_of_spans and self.metric:
            raise InputError(
                "A task has two metrics.",
                where="metric",
                expected="none beside metric_of_spans: true",
                got=repr(self.metric),
                fix="remove one of the two",
            )
        return self

    @property
    def scores_spans(self) -> bool:
        """Whether spans are scored."""
        if self.metric_of_spans is not None:
            return self.metric_of_spans
        return self.format in _FORMATS_OF_SPANS and not self.metric

    def scored_by(self, task: Task) -> str:
        """Return the name of the metric that its predictions are scored by."""
        return SPAN_F1 if self.scores_spans else task.metric
