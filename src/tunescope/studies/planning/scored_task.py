"""A task of a study file that models are scored on."""

from __future__ import annotations

from typing import Protocol, cast

from tunescope._core.errors import InputError
from tunescope.finetuning.frozen.features import covers_every_word
from tunescope.studies.files.problems import Problem, refuse
from tunescope.studies.files.scored_task import ScoredTaskEntry
from tunescope.studies.planning.planned_task import PlannedTask
from tunescope.tasks.span_f1 import spans_of_tags

__all__ = ["ScoredTask"]


class _Limited(Protocol):
    test_limit: int | None
    analysis_seed: int


class ScoredTask(PlannedTask):
    """A task with its metric, and the sample of its test sentences that is scored."""

    @property
    def scored(self) -> ScoredTaskEntry:
        """What the study file says of it."""
        return cast(ScoredTaskEntry, self.entry)

    @property
    def metric(self) -> str:
        """The metric that predictions are scored by."""
        return self.scored.scored_by(self.task)

    @property
    def n_test(self) -> int:
        """How many test sentences are scored."""
        n = len(self.task.splits["test"])
        return min(n, self._limited.test_limit or n)

    @property
    def test_size(self) -> int | None:
        """The size of the sample; ``None`` for all sentences."""
        return None if self.n_test == len(self.task.splits["test"]) else self.n_test

    @property
    def test_seed(self) -> int:
        """What decides which sentences are scored: nothing where they are all."""
        return 0 if self.test_size is None else self._limited.analysis_seed

    def check_spans(self) -> None:
        """Refuse a task whose tags mark no spans, where spans are scored."""
        if not self.scored.scores_spans:
            return
        expected = "a tag O, B-… or I-… for every word"
        if not covers_every_word(self.task.splits["test"]) or not self.task.labels:
            raise self._refused(expected, "targets that are not all words of their sentences")
        try:
            spans_of_tags(self.task.labels)
        except InputError as error:
            raise self._refused(expected, str(error.got)) from error

    @property
    def _limited(self) -> _Limited:
        return cast(_Limited, self.file.settings)

    def _refused(self, expected: str, got: str) -> InputError:
        key = "metric_of_spans" if self.scored.metric_of_spans else "format"
        problem = Problem(("tasks", self.number, key), "Spans cannot be scored here.", expected, got)
        return refuse(self.file.source, [problem])
